/** A message told again elsewhere: the same content, marked with where it comes from. */

import { fileUrl } from "./api.js";
import { encoded } from "./files.js";
import { nameOf } from "./store.js";

async function copied(fileId, name, mime) {
  const response = await fetch(fileUrl(fileId));
  const blob = await response.blob();
  return encoded(new File([blob], name, { type: mime ?? blob.type }));
}

async function content(message) {
  const { photo, voice, document, sticker, location } = message;
  if (photo) return { photo: await copied(photo.at(-1).file_id, "photo.jpg") };
  if (voice) return { voice: await copied(voice.file_id, "voice", voice.mime_type) };
  if (document)
    return { document: await copied(document.file_id, document.file_name, document.mime_type) };
  if (sticker) return { sticker: await copied(sticker.file_id, "sticker") };
  if (location) return { location: { latitude: location.latitude, longitude: location.longitude } };
  return { text: message.text };
}

/** The body that forwards `message` of `room`. A private chat can't be named as a source, its sender can. */
export async function forwardBody(room, message) {
  const caption = message.caption ? { caption: message.caption } : {};
  const source = room.bot
    ? { name: nameOf(message.from) }
    : { chat: room.chat, message_id: message.message_id };
  return { ...(await content(message)), ...caption, forward: source };
}

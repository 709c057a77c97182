/** What a message carries besides text: photos, files, voice, stickers, places, polls. */

import { fileUrl } from "./api.js";
import { h, icon, shape } from "./dom.js";
import { rich } from "./entities.js";
import { t } from "./text.js";
import { length } from "./when.js";

const BUBBLE_PHOTO_PX = 640;

const largest = (sizes) => [...sizes].sort((a, b) => b.width * b.height - a.width * a.height)[0];

function fitting(sizes) {
  const wide = sizes.filter((size) => Math.max(size.width, size.height) >= BUBBLE_PHOTO_PX);
  return wide.length ? wide.reduce((a, b) => (a.width < b.width ? a : b)) : largest(sizes);
}

/** One photo tile; pressing it calls `open()`. */
export function photo(message, open) {
  const size = fitting(message.photo);
  const picture = h("img", {
    src: fileUrl(size.file_id),
    alt: message.caption ?? t("photo"),
    width: size.width,
    height: size.height,
    loading: "lazy",
    decoding: "async",
  });
  const style = { "--ratio": `${size.width || 4} / ${size.height || 3}` };
  return h(
    "button",
    {
      type: "button",
      class: "photo",
      style,
      "aria-label": message.caption || t("photo"),
      onclick: open,
      dataset: { messageId: message.message_id },
    },
    picture,
  );
}

/** The photo in full size for the lightbox. */
export const fullPhoto = (message) => fileUrl(largest(message.photo).file_id);

/** 1536 → "1.5 KB" */
export function bytes(n) {
  if (n === undefined) return "";
  const power = n < 1024 ? 0 : n < 1024 ** 2 ? 1 : 2;
  return `${power ? (n / 1024 ** power).toFixed(1) : n} ${["B", "KB", "MB"][power]}`;
}

function file({ document }) {
  const name = document.file_name ?? t("file");
  return h(
    "a",
    { class: "file", href: fileUrl(document.file_id), download: name },
    h("span", { class: "round" }, icon("file")),
    h(
      "span",
      { class: "file-text" },
      h("span", { class: "file-name", dir: "auto" }, name),
      h("span", { class: "meta" }, bytes(document.file_size)),
    ),
  );
}

let playing = null;

function voice(message) {
  const { file_id, duration = 0 } = message.voice ?? message.audio;
  const audio = new Audio();
  audio.preload = "none";
  audio.src = fileUrl(file_id);
  const time = h("span", { class: "meta" }, length(duration));
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("voice") });
  const button = h(
    "button",
    { type: "button", class: "round", "aria-label": t("play") },
    icon("play"),
  );
  wirePlayer({ audio, bar, button, time, duration });
  return h("div", { class: "voice" }, button, h("div", { class: "voice-track" }, bar, time));
}

function wirePlayer({ audio, bar, button, time, duration }) {
  const show = (name) => {
    button.replaceChildren(icon(name));
    button.setAttribute("aria-label", t(name));
  };
  button.onclick = () => (audio.paused ? audio.play().catch(() => show("play")) : audio.pause());
  audio.onplay = () => {
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    show("pause");
  };
  audio.onpause = audio.onended = () => show("play");
  audio.ontimeupdate = () => {
    const whole = Number.isFinite(audio.duration) ? audio.duration : duration || 1;
    bar.value = Math.min(1, audio.currentTime / whole);
    time.textContent = length(audio.currentTime || duration);
  };
}

function sticker({ sticker: one }) {
  const name = one.emoji ?? t("sticker");
  const instead = () =>
    h(
      "span",
      { class: "sticker-emoji", role: "img", "aria-label": t("sticker") },
      one.emoji ?? "▢",
    );
  if (one.is_animated || one.is_video) return instead();
  const picture = h("img", {
    class: "sticker",
    src: fileUrl(one.file_id),
    alt: name,
    loading: "lazy",
  });
  picture.onerror = () => picture.replaceWith(instead());
  return picture;
}

/** A drawing of streets that only depends on the coordinates: a sense of place without any network. */
export function streets(latitude, longitude) {
  const size = 240;
  const step = 58;
  const shift = (degrees) => ((((degrees * 20000) % step) + step) % step) - step;
  const lines = [];
  for (let i = 0; i < 7; i += 1) {
    const x = shift(longitude) * -1 + (i - 1) * step;
    const y = shift(latitude) + i * step;
    lines.push(
      shape("path", { d: `M${x} -20L${x + 26} ${size + 20}`, class: i % 3 ? "lane" : "road" }),
    );
    lines.push(
      shape("path", { d: `M-20 ${y}L${size + 60} ${y - 22}`, class: i % 2 ? "lane" : "road" }),
    );
  }
  return shape(
    "svg",
    {
      viewBox: `0 0 ${size} 120`,
      class: "streets",
      preserveAspectRatio: "xMidYMid slice",
      "aria-hidden": "true",
    },
    ...lines,
  );
}

/** "32.06012, 118.79650" */
export const coordinates = ({ latitude, longitude }) =>
  `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;

function place(message) {
  const spot = message.venue?.location ?? message.location;
  const title = message.venue
    ? [h("b", {}, message.venue.title), h("span", {}, message.venue.address)]
    : [h("b", {}, t("location"))];
  return h(
    "div",
    { class: "place" },
    h(
      "div",
      { class: "place-map" },
      streets(spot.latitude, spot.longitude),
      h("span", { class: "place-pin" }, icon("pin")),
    ),
    h("div", { class: "place-text" }, title, h("span", { class: "meta" }, coordinates(spot))),
  );
}

function pollOption(option, total, vote, closed) {
  const share = total ? Math.round((100 * option.voter_count) / total) : 0;
  const content = [
    h("span", { class: "poll-share" }, `${share}%`),
    h("span", { dir: "auto" }, option.text),
    h("progress", { max: 100, value: share, "aria-hidden": "true" }),
  ];
  return h(
    "li",
    {},
    h("button", { type: "button", class: "poll-option", disabled: closed, onclick: vote }, content),
  );
}

function poll(message, act) {
  const one = message.poll;
  const total = one.total_voter_count ?? 0;
  return h(
    "div",
    { class: "poll" },
    h("b", { dir: "auto" }, rich(one.question, one.question_entities)),
    h(
      "ul",
      {},
      one.options.map((option, i) =>
        pollOption(option, total, () => act.vote(message, i), one.is_closed),
      ),
    ),
    h("span", { class: "meta" }, t("votes", { n: total })),
  );
}

function video(message) {
  const { file_id } = message.video ?? message.animation ?? message.video_note;
  return h("video", {
    class: "video",
    src: fileUrl(file_id),
    controls: true,
    preload: "metadata",
    "aria-label": t("video"),
  });
}

function contact({ contact: one }) {
  const name = [one.first_name, one.last_name].filter(Boolean).join(" ");
  return h(
    "div",
    { class: "file" },
    h("span", { class: "round" }, icon("person")),
    h(
      "span",
      { class: "file-text" },
      h("span", { dir: "auto" }, name),
      h("span", { class: "meta" }, one.phone_number),
    ),
  );
}

const dice = (message) =>
  h("span", { class: "sticker-emoji" }, `${message.dice.emoji} ${message.dice.value}`);

/** First match wins: an animation also has a document, a venue also a location. */
const KINDS = [
  ["animation", video],
  ["video", video],
  ["video_note", video],
  ["voice", voice],
  ["audio", voice],
  ["sticker", sticker],
  ["venue", place],
  ["location", place],
  ["poll", poll],
  ["document", file],
  ["contact", contact],
  ["dice", dice],
];

/** The attachment of a message as an element, or null; photos are laid out by the bubble. */
export function attachment(message, act) {
  const kind = KINDS.find(([key]) => message[key]);
  return kind ? kind[1](message, act) : null;
}

const LABELS = {
  photo: "photo",
  animation: "video",
  video: "video",
  video_note: "video",
  voice: "voice",
  audio: "voice",
  venue: "venue",
  location: "location",
  poll: "poll",
  document: "document",
  contact: "contact",
};

/** A message in one line, for chat lists, quotes and the pinned bar. */
export function summary(message) {
  const words = (message.text ?? message.caption ?? "").replace(/\s+/g, " ").trim();
  if (message.sticker) return `${message.sticker.emoji ?? ""} ${t("sticker")}`.trim();
  const kind = Object.keys(LABELS).find((key) => message[key]);
  if (!kind) return words;
  const label = kind === "document" ? (message.document.file_name ?? t("file")) : t(LABELS[kind]);
  return words ? `[${label}] ${words}` : `[${label}]`;
}

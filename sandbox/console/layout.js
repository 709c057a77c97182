/** Which windows to open: the address, then this browser's memory, then the sandbox, then a good guess. */

const KEY = "sandbox.console.windows";

/** "-100:7,7:7" → [{chat: -100, user: 7}, {chat: 7, user: 7}]; a third number names the bot of a private chat. */
export function parse(text) {
  const parts = (text ?? "").split(",").map((part) => part.split(":").map(Number));
  return parts
    .filter((numbers) => numbers.length > 1 && numbers.every(Number.isFinite))
    .map(([chat, user, bot]) => ({ chat, user, ...(bot && { bot }) }));
}

/** Remember the open windows. */
export function remember(windows) {
  localStorage.setItem(
    KEY,
    windows.map(({ room, me }) => [room.chat, me, room.bot].filter(Boolean).join(":")).join(","),
  );
}

/** The part of a layout that exists in this sandbox, as [{room, me}]. */
function resolve(store, list) {
  const found = [];
  for (const { chat, user, bot } of list) {
    const known = store.chat(chat);
    if (!store.user(user)) continue;
    if (known && known.type !== "private") found.push({ room: store.room(chat), me: user });
    else if (chat === user && store.state.bots.length)
      found.push({
        room: store.room(chat, store.bot(bot)?.id ?? store.state.bots[0].id),
        me: user,
      });
  }
  return found;
}

/** A group with one of its people, and the two private chats in which most was said. */
function guess(store) {
  const [group] = store.groups();
  const privates = store
    .all()
    .filter((room) => room.bot)
    .sort((a, b) => b.messages.size - a.messages.size);
  const person = group && store.people(group)[0];
  const first = person ? [{ room: store.room(group.id), me: person.id }] : [];
  const rest = privates.filter((room) => room.messages.size || !first.length);
  return [...first, ...rest.map((room) => ({ room, me: room.chat }))].slice(0, 3);
}

/** The windows to start with, as [{room, me}]. */
export function initial(store) {
  const asked = new URLSearchParams(location.search).get("windows");
  const candidates = [parse(asked), parse(localStorage.getItem(KEY)), store.state.layout ?? []];
  for (const list of candidates) {
    const found = resolve(store, list);
    if (found.length) return found;
  }
  return guess(store);
}

/** True when the address names windows: a phone then starts in the first of them. */
export const isAsked = () => parse(new URLSearchParams(location.search).get("windows")).length > 0;

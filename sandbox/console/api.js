/** Calls to the sandbox's user side. Every refusal becomes an Error that carries the server's sentence. */

const ROOT = new URL("/sandbox/", location.href);

async function call(method, path, body) {
  const options = { method, headers: { "content-type": "application/json" } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const response = await fetch(new URL(path, ROOT), options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `HTTP ${response.status}`);
  return answer;
}

const post = (path, body = {}) => call("POST", path, body);

export const state = () => call("GET", "state");
export const fileUrl = (id) => new URL(`files/${encodeURIComponent(id)}`, ROOT).href;
export const liveUrl = () => new URL("live", ROOT).href.replace(/^http/, "ws");

/** Events of a room after `seq`. */
export function history(room, seq) {
  const owner = room.bot ? `users/${room.chat}` : `chats/${room.chat}`;
  const bot = room.bot ? `&bot_id=${room.bot}` : "";
  return call("GET", `${owner}/messages?after=${seq}${bot}`);
}

/** A private room is one person with one bot, so the bot has to be named. */
const within = (room) => (room.bot ? { bot_id: room.bot } : {});

export const send = (room, from, body) =>
  post(`chats/${room.chat}/messages`, { from, ...within(room), ...body });
export const edit = (room, from, id, text) =>
  post(`chats/${room.chat}/messages/${id}/edit`, { from, text, ...within(room) });
export const press = (room, from, id, data) =>
  post(`chats/${room.chat}/press`, { from, message_id: id, data, ...within(room) });
export const react = (room, from, id, emoji) =>
  post(`chats/${room.chat}/react`, { from, message_id: id, emoji, ...within(room) });
export const vote = (room, from, id, options) =>
  post(`chats/${room.chat}/vote`, { from, message_id: id, options, ...within(room) });
export const start = (from, bot, payload) =>
  post("start", payload ? { from, bot_id: bot, payload } : { from, bot_id: bot });
export const startGroup = (from, bot, chat, payload) =>
  post("startgroup", payload ? { from, bot_id: bot, chat, payload } : { from, bot_id: bot, chat });
export const block = (user, bot, blocked) => post(`users/${user}/block`, { bot_id: bot, blocked });
export const addUser = (body) => post("users", body);
export const addChat = (body) => post("chats", body);
export const addBot = (body) => post("bots", body);
export const setMember = (chat, user, status) => post(`chats/${chat}/members`, { user, status });
export const addFault = (body) => post("faults", body);
export const clearFaults = () => call("DELETE", "faults");
export const limits = (enforced) => post("limits", { enforced });

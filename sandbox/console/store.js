/** What the page knows: people, chats, and one Room of messages per group and per person-with-bot. */

import * as api from "./api.js";

const READ_KEY = "sandbox.console.read";
const PARALLEL_LOADS = 4;

export const nameOf = (who) =>
  who
    ? [who.first_name, who.last_name].filter(Boolean).join(" ") ||
      who.title ||
      who.username ||
      String(who.id)
    : "";

/** One conversation: a group (`bot` null) or a person's private chat with `bot`. */
class Room {
  constructor(chat, bot) {
    Object.assign(this, { chat, bot, key: bot ? `${chat}/${bot}` : String(chat) });
    this.clear();
  }

  clear() {
    Object.assign(this, { loaded: false, loading: null, waiting: [], pinned: null });
    this.forget();
  }

  /** Drop what was said; `tail` is the last event taken, by which a new sandbox is recognised. */
  forget() {
    Object.assign(this, { seq: 0, tail: null });
    this.messages = new Map();
    this.seqs = new Map();
    this.reactions = new Map();
  }

  /** Take one event in order; false when it was known already. */
  take(event) {
    const { seq, kind, message } = event;
    if (seq <= this.seq) return false;
    this.seq = seq;
    this.tail = signature(event);
    const apply = { sent: "put", edited: "put", deleted: "drop", reaction: "put", pinned: "pin" }[
      kind
    ];
    if (apply) this[apply](message, seq);
    return true;
  }

  put(message, seq) {
    const id = message.message_id;
    if (!this.seqs.has(id)) this.seqs.set(id, seq);
    this.messages.set(id, message);
    if (message.pinned_message) this.pinned = message.pinned_message;
    this.reactions.set(id, gathered(message.reactions ?? []));
  }

  drop(message) {
    this.messages.delete(message.message_id);
    if (this.pinned?.message_id === message.message_id) this.pinned = null;
  }

  pin(message) {
    this.pinned = message.pinned_message ?? message;
  }

  get last() {
    return [...this.messages.values()].at(-1);
  }
}

const signature = ({ seq, kind, message }) => JSON.stringify([seq, kind, message]);

/** Reactions [{user, emoji}] gathered as [{emoji, by: [user id]}], in order of first use. */
function gathered(list) {
  const found = new Map();
  for (const { user, emoji } of list)
    found.set(emoji ?? "★", [...(found.get(emoji ?? "★") ?? []), user]);
  return [...found].map(([emoji, by]) => ({ emoji, by }));
}

/** Fires "state" when people or chats changed and "room" (detail: Room) when a conversation did. */
export class Store extends EventTarget {
  constructor() {
    super();
    this.state = { bots: [], users: [], chats: [], controls: null };
    this.rooms = new Map();
    this.read = JSON.parse(localStorage.getItem(READ_KEY) ?? "{}");
    this.queue = [];
    this.loads = 0;
  }

  bot(id) {
    return this.state.bots.find((bot) => bot.id === id);
  }

  botNamed(username) {
    return this.state.bots.find((bot) => bot.username?.toLowerCase() === username.toLowerCase());
  }

  user(id) {
    return this.state.users.find((user) => user.id === id);
  }

  chat(id) {
    return this.state.chats.find((chat) => chat.id === id);
  }

  groups() {
    return this.state.chats.filter((chat) => chat.type !== "private");
  }

  /** People (not bots) who are in a group now. */
  people(chat) {
    const inside = (chat?.members ?? []).filter((m) => !["left", "kicked"].includes(m.status));
    return inside.map((m) => this.user(m.user)).filter(Boolean);
  }

  /** What the state says of a private room: {started, blocked}; nothing before its first message. */
  privateChat(room) {
    return this.state.chats.find((chat) => chat.id === room.chat && chat.bot === room.bot) ?? {};
  }

  room(chat, bot = null) {
    const key = bot ? `${chat}/${bot}` : String(chat);
    if (!this.rooms.has(key)) this.rooms.set(key, new Room(chat, bot));
    return this.rooms.get(key);
  }

  title(room) {
    return room.bot
      ? nameOf(this.bot(room.bot))
      : (this.chat(room.chat)?.title ?? String(room.chat));
  }

  /** Every room of the state: groups, and each person with each bot. */
  all() {
    const groups = this.groups().map((chat) => this.room(chat.id));
    const privates = this.state.users.flatMap((user) =>
      this.state.bots.map((bot) => this.room(user.id, bot.id)),
    );
    return [...groups, ...privates];
  }

  /** Rooms that changed hands (a reset, a new sandbox on the same port) are forgotten. */
  setState(state) {
    this.state = { bots: [], users: [], chats: [], ...state };
    const alive = new Set(this.all().map((room) => room.key));
    for (const key of this.rooms.keys()) if (!alive.has(key)) this.rooms.delete(key);
    for (const chat of this.state.chats) this.setPinned(chat);
    this.dispatchEvent(new Event("state"));
  }

  setPinned(chat) {
    const room = chat.type === "private" ? this.room(chat.id, chat.bot) : this.room(chat.id);
    room.pinned = chat.pinned ?? null;
  }

  /** Take a live event. A room not yet read, or one whose numbers began again, is read instead. */
  event({ chat, bot, ...event }) {
    const room = this.room(chat, bot ?? null);
    if (room.loaded && room.take(event)) return void this.changed(room);
    if (!room.loaded) room.waiting.push(event);
    room.loaded = false;
    this.load(room);
  }

  changed(room) {
    this.dispatchEvent(new CustomEvent("room", { detail: { room } }));
  }

  /** Read a room's history; a few at a time, so that a large town doesn't flood the server. */
  load(room, first = false) {
    if (room.loading) return room.loading;
    room.loading = new Promise((resolve) =>
      this.queue[first ? "unshift" : "push"]({ room, resolve }),
    );
    this.pump();
    return room.loading;
  }

  pump() {
    while (this.loads < PARALLEL_LOADS && this.queue.length) {
      this.loads += 1;
      const { room, resolve } = this.queue.shift();
      this.fetch(room).finally(() => {
        this.loads -= 1;
        room.loading = null;
        resolve();
        this.pump();
      });
    }
  }

  async fetch(room) {
    try {
      const events = await this.missed(room);
      for (const event of [...events, ...room.waiting.splice(0)]) room.take(event);
      room.loaded = true;
    } catch (error) {
      console.warn("history", room.key, error.message);
    }
    this.changed(room);
  }

  /** Events from the last one known on; if that one is another now, the sandbox began anew: all. */
  async missed(room) {
    if (room.tail) {
      const { events } = await api.history(room, room.seq - 1);
      if (events.length && signature(events[0]) === room.tail) return events;
      room.forget();
    }
    return (await api.history(room, 0)).events;
  }

  /** After a lost connection: fetch what was missed in every room that was open. */
  catchUp() {
    for (const room of this.rooms.values()) {
      if (!room.loaded) continue;
      room.loaded = false;
      this.load(room, true);
    }
  }

  unread(room) {
    const mark = this.read[room.key] ?? 0;
    // a mark beyond the last event is from a sandbox that is gone
    const seen = mark > room.seq ? 0 : mark;
    const list = [...room.messages.values()].reverse();
    const end = list.findIndex((message) => room.seqs.get(message.message_id) <= seen);
    const fresh = end < 0 ? list : list.slice(0, end);
    return fresh.filter((message) => !(room.bot && message.from?.id === room.chat)).length;
  }

  /** True when something was unread until now. */
  markRead(room) {
    if (this.read[room.key] === room.seq) return false;
    this.read[room.key] = room.seq;
    localStorage.setItem(READ_KEY, JSON.stringify(this.read));
    return true;
  }
}

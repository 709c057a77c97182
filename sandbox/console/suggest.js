/** Hints above the composer: a bot's commands after "/", people after "@". */

import { h } from "./dom.js";
import { nameOf } from "./store.js";

const MOST = 8;

/** Scopes in the order in which the first list found counts. */
function scopes({ room, me }) {
  if (room.bot) return [`chat:${room.chat}`, "all_private_chats", "default"];
  return [`chat_member:${room.chat}:${me}`, `chat:${room.chat}`, "all_group_chats", "default"];
}

function commandsOf(win, bot) {
  const language = win.store.user(win.me)?.language_code?.slice(0, 2) ?? "";
  const lists = bot.commands ?? [];
  const found = scopes(win).flatMap((scope) =>
    [language, ""].map((one) =>
      lists.find((list) => list.scope === scope && list.language === one),
    ),
  );
  return found.find(Boolean)?.commands ?? [];
}

/** Commands of the bots in this window's room, as [{command, description, bot}]. */
function known(win) {
  const { store, room } = win;
  const members = store.chat(room.chat)?.members ?? [];
  const bots = (room.bot ? [room.bot] : members.map((member) => member.user))
    .map((id) => store.bot(id))
    .filter(Boolean);
  return bots.flatMap((bot) => commandsOf(win, bot).map((one) => ({ ...one, bot })));
}

function commandHints(win, word) {
  const suffix = (bot) => (win.room.bot ? "" : `@${bot.username}`);
  const fits = known(win).filter((one) => `/${one.command}`.startsWith(word.toLowerCase()));
  return fits.map((one) => ({
    insert: `/${one.command}${suffix(one.bot)}`,
    title: `/${one.command}`,
    note: one.description,
  }));
}

function peopleHints(win, word) {
  if (win.room.bot) return [];
  const members = win.store.chat(win.room.chat)?.members ?? [];
  const who = members.map(({ user }) => user).map((id) => win.store.user(id) ?? win.store.bot(id));
  const fits = who.filter(
    (one) =>
      one?.username &&
      (`@${one.username}`.toLowerCase().startsWith(word.toLowerCase()) ||
        nameOf(one).includes(word.slice(1))),
  );
  return fits.map((one) => ({
    insert: `@${one.username} `,
    title: nameOf(one),
    note: `@${one.username}`,
  }));
}

/** The hint list of one field: {node, update(), key(event) → taken?, commands()}. */
export function suggestions(win, field, changed) {
  const node = h("div", { class: "suggest", role: "listbox", hidden: true });
  let chosen = -1;
  let hints = [];
  const word = () => /(^|\s)([/@]\S*)$/.exec(field.value.slice(0, field.selectionStart))?.[2] ?? "";
  const close = () => {
    hints = [];
    node.hidden = true;
  };
  const take = (hint) => {
    const at = field.selectionStart;
    const from = at - word().length;
    field.setRangeText(hint.insert, from, at, "end");
    close();
    field.focus();
    changed();
    close();
  };
  const draw = () => {
    const row = (hint, i) =>
      h(
        "button",
        {
          type: "button",
          class: "suggest-row",
          role: "option",
          tabindex: "-1",
          "aria-selected": String(i === chosen),
          onclick: () => take(hint),
        },
        h("b", { dir: "auto" }, hint.title),
        h("span", { dir: "auto" }, hint.note),
      );
    node.replaceChildren(...hints.map(row));
    node.hidden = !hints.length;
  };
  const update = () => {
    const typed = word();
    const found =
      typed.startsWith("/") && field.value.startsWith("/")
        ? commandHints(win, typed)
        : typed.startsWith("@")
          ? peopleHints(win, typed)
          : [];
    hints = found.filter((hint) => hint.insert.trim() !== field.value.trim()).slice(0, MOST);
    chosen = -1;
    draw();
  };
  const key = (event) => {
    if (node.hidden || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) chosen = (Math.max(chosen, step < 0 ? 0 : -1) + step + hints.length) % hints.length;
    else if (event.key === "Escape") close();
    else if (event.key === "Tab" || (event.key === "Enter" && chosen >= 0))
      take(hints[Math.max(0, chosen)]);
    else return false;
    event.preventDefault();
    if (step) draw();
    return true;
  };
  return { node, update, key, commands: () => known(win) };
}

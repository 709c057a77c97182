/** The left column: groups and private chats with their last line, time and unread count. */

import { avatar } from "./avatar.js";
import { sender, service } from "./bubble.js";
import { addDialog, faultsDialog } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { summary } from "./media.js";
import { nameOf } from "./store.js";
import { t } from "./text.js";
import { brief } from "./when.js";

export class ChatList {
  constructor(app) {
    Object.assign(this, { app, store: app.store, who: null, query: "" });
    this.rows = h("div", { class: "list-rows" });
    this.filter = h("select", {
      "aria-label": t("personFilter"),
      onchange: (e) => this.choose(Number(e.target.value) || null),
    });
    const search = h("input", {
      type: "search",
      placeholder: t("search"),
      "aria-label": t("search"),
      oninput: (e) => this.find(e.target.value),
    });
    this.node = h(
      "nav",
      { class: "list", "aria-label": t("chats") },
      h(
        "header",
        { class: "list-head" },
        h("img", { src: "icon.svg", alt: "", width: 28, height: 28 }),
        h("h1", {}, t("title")),
        iconButton("gear", t("faults"), () => faultsDialog(), { dataset: { testid: "faults" } }),
        iconButton("add", t("addTitle"), () => addDialog(app), { dataset: { testid: "add" } }),
      ),
      h(
        "div",
        { class: "list-tools" },
        h("label", { class: "search" }, icon("search"), search),
        h("label", { class: "person-filter" }, icon("person"), this.filter, icon("down")),
      ),
      this.rows,
    );
  }

  choose(who) {
    this.who = who;
    this.draw();
  }

  find(query) {
    this.query = query.trim().toLowerCase();
    this.draw();
  }

  drawFilter() {
    const users = this.store.state.users;
    const key = users.map((user) => `${user.id}${nameOf(user)}`).join();
    if (key === this.filterKey) return;
    this.filterKey = key;
    this.filter.replaceChildren(
      ...[{ id: "", first_name: t("everyone") }, ...users].map((user) =>
        h("option", { value: user.id, selected: user.id === this.who }, nameOf(user)),
      ),
    );
  }

  /** A private chat stands in the list under the person's name, a group under its title. */
  heading(room) {
    return room.bot ? nameOf(this.store.user(room.chat)) : this.store.title(room);
  }

  visible(room) {
    const { store, who } = this;
    const theirs = room.bot
      ? room.chat === who
      : store.people(store.chat(room.chat)).some((user) => user.id === who);
    const shown = !room.bot || room.messages.size || room.bot === store.state.bots[0].id;
    return shown && (!who || theirs) && this.heading(room).toLowerCase().includes(this.query);
  }

  draw() {
    this.drawFilter();
    const rooms = this.store.all().filter((room) => this.visible(room));
    const newest = Math.max(0, ...rooms.map((room) => room.last?.date ?? 0));
    const recent = (a, b) => (b.last?.date ?? 0) - (a.last?.date ?? 0);
    const focus = document.activeElement?.dataset?.room;
    this.rows.replaceChildren(
      ...this.section(
        "groups",
        rooms.filter((room) => !room.bot),
        newest,
      ),
      ...this.section("privates", rooms.filter((room) => room.bot).sort(recent), newest),
    );
    if (!rooms.length)
      this.rows.append(h("p", { class: "empty" }, this.query ? t("noMatch") : t("noChats")));
    if (focus)
      this.rows.querySelector(`[data-room="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  section(name, rooms, newest) {
    return rooms.length
      ? [
          h("h2", { class: "list-section" }, t(name)),
          ...rooms.map((room) => this.row(room, newest)),
        ]
      : [];
  }

  lastLine(room) {
    const { last } = room;
    if (!last) return t("emptyChat");
    const name = !room.bot ? sender(last) : last.from?.id === room.chat ? t("you") : "";
    const from = name && t("says", { name });
    return service(last) ?? from + summary(last);
  }

  /** The type of a group; the bot's name of a private chat where there are several bots. */
  kind(room) {
    if (!room.bot) return t(this.store.chat(room.chat).type);
    return this.store.state.bots.length > 1 ? nameOf(this.store.bot(room.bot)) : null;
  }

  row(room, newest) {
    const heading = this.heading(room);
    const unread = this.store.unread(room);
    const kind = this.kind(room);
    const count = unread
      ? h(
          "span",
          { class: "unread", "aria-label": t("unread", { n: unread }) },
          unread > 99 ? "99+" : unread,
        )
      : null;
    return h(
      "button",
      {
        type: "button",
        class: `row chat-row ${this.app.isOpen(room) ? "open" : ""}`,
        "aria-current": this.app.active?.room === room ? "true" : null,
        dataset: { testid: "chatlist-item", chat: room.chat, room: room.key, bot: room.bot ?? "" },
        onclick: () => this.app.pick(room, this.who),
      },
      avatar(room.chat, heading, room.bot ? "person" : "group"),
      h(
        "span",
        { class: "row-main" },
        h(
          "span",
          { class: "row-top" },
          h("span", { class: "row-title", dir: "auto" }, heading),
          kind && h("span", { class: "row-kind", dir: "auto" }, kind),
          h("span", { class: "meta row-time" }, room.last ? brief(room.last.date, newest) : ""),
        ),
        h(
          "span",
          { class: "row-bottom" },
          h("span", { class: "row-last", dir: "auto" }, this.lastLine(room)),
          count,
        ),
      ),
    );
  }
}

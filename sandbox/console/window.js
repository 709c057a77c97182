/** One person's view of one chat: header, pinned bar, messages, composer. */

import * as api from "./api.js";
import { avatar, hue } from "./avatar.js";
import { bubble, service } from "./bubble.js";
import { Composer } from "./composer.js";
import { choosePerson, chooseRoom, lightbox } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { forwardBody } from "./forward.js";
import { openLink } from "./links.js";
import { summary } from "./media.js";
import { openMenu } from "./menu.js";
import { nameOf } from "./store.js";
import { t } from "./text.js";
import { day, dayKey } from "./when.js";

/** How many messages are drawn at first, and how many more each time one asks for earlier ones. */
const PAGE = 120;
/** Bubbles of one person within this time stand together. */
const RUN_SECONDS = 300;
const TOAST_MS = 4500;
const NEAR_END_PX = 60;

/** Consecutive messages of one album become one entry. */
function entries(messages) {
  const list = [];
  for (const message of messages) {
    const album = message.media_group_id;
    if (album && list.at(-1)?.[0].media_group_id === album) list.at(-1).push(message);
    else list.push([message]);
  }
  return list;
}

const together = (a, b) =>
  a &&
  b &&
  !service(a[0]) &&
  !service(b[0]) &&
  a[0].from?.id === b[0].from?.id &&
  Math.abs(b[0].date - a[0].date) < RUN_SECONDS &&
  dayKey(a[0].date) === dayKey(b[0].date);

export class ChatWindow {
  constructor(app, room, me) {
    Object.assign(this, {
      app,
      store: app.store,
      room,
      me,
      group: !room.bot,
      limit: PAGE,
      drawn: new Map(),
      pinnedToEnd: true,
      newest: 0,
      fresh: 0,
    });
    this.act = this.actions();
    this.composer = new Composer(this);
    this.build();
    this.watch();
    this.sync();
  }

  get key() {
    return `${this.room.key}:${this.me}`;
  }

  build() {
    this.header = h("header", { class: "window-head" });
    this.pinned = h("button", {
      type: "button",
      class: "pinned",
      hidden: true,
      dataset: { testid: "pinned" },
      onclick: () => this.openPinned(),
    });
    this.list = h("div", { class: "messages-list", role: "log", "aria-label": t("messages") });
    this.scroller = h(
      "div",
      {
        class: "messages",
        tabindex: "0",
        role: "region",
        "aria-label": t("messages"),
        onscroll: () => this.scrolled(),
      },
      this.list,
    );
    this.jump = h(
      "button",
      {
        type: "button",
        class: "jump",
        hidden: true,
        "aria-label": t("newMessages"),
        onclick: () => this.scrollToEnd(),
      },
      icon("down"),
      h("span", { class: "count" }),
    );
    this.toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.startBar = h("button", {
      type: "button",
      class: "start",
      hidden: true,
      dataset: { testid: "start" },
      onclick: () => this.start(),
    });
    this.node = h(
      "section",
      {
        class: "window",
        role: "region",
        dataset: {
          testid: "window",
          chat: this.room.chat,
          user: this.me,
          bot: this.room.bot ?? "",
        },
        ondragover: (e) => e.preventDefault(),
        ondrop: (e) => this.drop(e),
      },
      this.header,
      this.pinned,
      h("div", { class: "stage" }, this.scroller, this.jump, this.toasts),
      this.startBar,
      this.composer.node,
    );
    this.node.addEventListener("pointerdown", () => this.app.focusOn(this), true);
  }

  /** Pictures that load and a field that grows must not push the last line out of sight. */
  watch() {
    this.observer = new ResizeObserver(() => this.pinnedToEnd && this.toEnd());
    this.observer.observe(this.list);
    this.observer.observe(this.scroller);
  }

  close() {
    this.observer.disconnect();
    this.node.remove();
  }

  drop(event) {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    this.composer.add([...event.dataTransfer.files], false);
  }

  /** Redraw what changed. Bubbles whose messages are the same objects stay as they are. */
  sync() {
    this.drawHeader();
    this.drawPinned();
    this.drawMessages();
    this.composer.refresh();
    this.composer.offer(this.replyKeyboard());
  }

  /** The rows of the bot's latest reply keyboard for this person; none once it was removed. */
  replyKeyboard() {
    const asked = [...this.room.messages.values()]
      .reverse()
      .find((message) => message.markup && !message.markup.force_reply && this.isForMe(message));
    return asked?.markup.keyboard ?? [];
  }

  drawHeader() {
    const { store, room } = this;
    const title = store.title(room);
    const chat = store.chat(room.chat);
    const count = (chat?.members ?? []).filter(
      (m) => !["left", "kicked"].includes(m.status),
    ).length;
    const note = this.group
      ? t("members", { n: count })
      : `${t("privateChat")} · @${store.bot(room.bot)?.username ?? ""}`;
    const who = `${title} — ${nameOf(store.user(this.me))}`;
    const people = store
      .people(chat)
      .map((user) => user.id)
      .join();
    const shown = `${who} ${note} ${people}`;
    if (this.shown === shown) return;
    this.shown = shown;
    this.node.setAttribute("aria-label", who);
    this.header.replaceChildren(
      iconButton("back", t("back"), () => this.app.showList(), { class: "icon-button back" }),
      avatar(room.bot ?? room.chat, title, this.group ? "group" : "bot"),
      h(
        "div",
        { class: "head-text" },
        h("h2", { dir: "auto" }, title),
        h("p", { class: "meta" }, note),
      ),
      this.identity(),
      iconButton("more", t("chatMenu"), (event) => this.chatMenu(event.currentTarget), {
        class: "icon-button chat-menu",
        "aria-haspopup": "menu",
      }),
      iconButton("close", t("close"), () => this.app.close(this), {
        class: "icon-button close-window",
      }),
    );
  }

  /** Who I am in this window; in a group a choice among its people. */
  identity() {
    const me = this.store.user(this.me);
    const style = { "--hue": hue(this.me) };
    const face = avatar(this.me, nameOf(me));
    const people = this.group ? this.store.people(this.store.chat(this.room.chat)) : [];
    if (people.length < 2)
      return h(
        "span",
        { class: "identity", style, title: `${t("me")} ${nameOf(me)}` },
        face,
        h("span", { dir: "auto" }, nameOf(me)),
      );
    const choice = h(
      "select",
      {
        "aria-label": t("me"),
        dataset: { testid: "identity" },
        onchange: (e) => this.app.become(this, Number(e.target.value)),
      },
      people.map((user) =>
        h("option", { value: user.id, selected: user.id === this.me }, nameOf(user)),
      ),
    );
    return h(
      "label",
      { class: "identity choice", style, title: t("me") },
      face,
      choice,
      icon("down"),
    );
  }

  chatMenu(anchor) {
    const { blocked } = this.store.privateChat(this.room);
    const block = () => this.attempt(() => api.block(this.me, this.room.bot, !blocked));
    const leave = () => this.attempt(() => api.setMember(this.room.chat, this.me, "left"));
    openMenu(
      anchor,
      this.group
        ? [
            ["add", t("invite"), () => this.invite()],
            ["close", t("leave"), leave],
          ]
        : [["close", t(blocked ? "unblock" : "block"), block]],
    );
  }

  async invite() {
    const inside = new Set(this.store.people(this.store.chat(this.room.chat)));
    const guest = await choosePerson(
      t("invite"),
      this.store.state.users.filter((user) => !inside.has(user)),
    );
    if (guest) await this.attempt(() => api.setMember(this.room.chat, guest.id, "member"));
  }

  drawPinned() {
    const pinned = this.room.pinned;
    const message = pinned && (this.room.messages.get(pinned.message_id) ?? pinned);
    this.pinned.hidden = !message;
    if (!message || message === this.pinnedShown) return;
    this.pinnedShown = message;
    this.pinned.replaceChildren(
      icon("pushpin"),
      h(
        "span",
        { class: "context-text" },
        h("b", {}, t("pinned")),
        h("span", { dir: "auto" }, summary(message)),
      ),
    );
  }

  openPinned() {
    this.act.show(this.room.pinned.message_id);
  }

  drawMessages() {
    const all = [...this.room.messages.values()];
    const shown = entries(all.slice(-this.limit));
    const nodes = [];
    const kept = new Map();
    if (all.length > this.limit) nodes.push(this.earlier());
    shown.forEach((entry, i) => this.place(shown, i, nodes, kept));
    if (!all.length && this.room.loaded) nodes.push(this.empty());
    this.drawn = kept;
    arrange(this.list, nodes);
    this.afterDraw(all);
  }

  place(shown, i, nodes, kept) {
    const entry = shown[i];
    if (i === 0 || dayKey(shown[i - 1][0].date) !== dayKey(entry[0].date))
      nodes.push(
        this.once(`day${dayKey(entry[0].date)}`, kept, () =>
          h("div", { class: "day" }, h("span", {}, day(entry[0].date))),
        ),
      );
    const view = {
      room: this.room,
      me: this.me,
      own: entry[0].from?.id === this.me,
      group: this.group,
      first: !together(shown[i - 1], entry),
      last: !together(entry, shown[i + 1]),
    };
    const key = entry[0].message_id;
    const before = this.drawn.get(key);
    const same =
      before &&
      before.first === view.first &&
      before.last === view.last &&
      before.entry.length === entry.length &&
      entry.every((message, j) => message === before.entry[j]);
    const one = same
      ? before
      : { node: bubble(entry, view, this.act), entry, first: view.first, last: view.last };
    kept.set(key, one);
    nodes.push(one.node);
  }

  once(key, kept, make) {
    const one = this.drawn.get(key) ?? { node: make() };
    kept.set(key, one);
    return one.node;
  }

  earlier() {
    const more = () => {
      const height = this.scroller.scrollHeight;
      this.limit += PAGE;
      this.drawMessages();
      this.scroller.scrollTop += this.scroller.scrollHeight - height;
    };
    return h("button", { type: "button", class: "earlier", onclick: more }, t("earlier"));
  }

  empty() {
    return h("div", { class: "empty" }, h("p", {}, t("emptyChat")));
  }

  afterDraw(all) {
    const last = all.at(-1);
    this.newest = Math.min(this.newest, last?.message_id ?? 0);
    const arrived = all.filter((message) => message.message_id > this.newest);
    this.drawStart(all);
    if (last && last.message_id > this.newest) this.arrive(arrived, this.newest === 0);
    if (this.pinnedToEnd) this.toEnd();
    this.markRead();
  }

  /** An untouched or blocked private chat offers to start the bot. */
  drawStart(all) {
    const { blocked } = this.store.privateChat(this.room);
    const begun = all.some((message) => message.from?.id === this.me);
    this.startBar.hidden = this.group || !this.room.loaded || (begun && !blocked);
    this.startBar.textContent = t(blocked ? "unblock" : "start");
  }

  arrive(messages, initially) {
    this.newest = messages.at(-1).message_id;
    const mine = messages.some((message) => message.from?.id === this.me);
    if (initially || mine) this.pinnedToEnd = true;
    else if (!this.pinnedToEnd) this.fresh += messages.length;
    this.showJump();
    const asked = (initially ? messages.slice(-1) : messages).filter((message) =>
      this.asksMe(message),
    );
    if (asked.length && !this.composer.reply && !this.composer.editing)
      this.composer.setReply(asked.at(-1), asked.at(-1).markup.input_field_placeholder);
  }

  /** A ForceReply opens the reply, a selective one only for those it is meant for. */
  asksMe(message) {
    return Boolean(message.markup?.force_reply) && this.isForMe(message);
  }

  isForMe({ markup, markup_for: readers = [] }) {
    return !markup.selective || readers.includes(this.me);
  }

  markRead() {
    if (this.pinnedToEnd && this.app.isVisible(this) && this.store.markRead(this.room))
      this.app.later(this.room);
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.pinnedToEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (this.pinnedToEnd) this.fresh = 0;
    this.showJump();
    this.markRead();
  }

  showJump() {
    this.jump.hidden = this.pinnedToEnd;
    this.jump.querySelector(".count").textContent = this.fresh || "";
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  scrollToEnd() {
    this.pinnedToEnd = true;
    this.fresh = 0;
    this.toEnd();
    this.showJump();
    this.markRead();
  }

  /** A short word at the bottom of this person's screen. */
  toast(text) {
    const node = h("div", { class: "toast", dir: "auto", dataset: { testid: "toast" } }, text);
    this.toasts.replaceChildren(node);
    setTimeout(() => node.remove(), TOAST_MS);
  }

  /** An answer that wants to be read: covers this window only, so the others stay usable. */
  alert(text) {
    const before = document.activeElement;
    const close = () => {
      cover.remove();
      before?.focus?.();
    };
    const ok = h("button", { type: "button", class: "primary", onclick: close }, t("alertOk"));
    const cover = h(
      "div",
      { class: "cover" },
      h(
        "div",
        {
          class: "alert",
          role: "alertdialog",
          "aria-modal": "true",
          "aria-label": text,
          dataset: { testid: "alert" },
        },
        h("p", { dir: "auto" }, text),
        ok,
      ),
    );
    cover.addEventListener("keydown", (event) => event.key === "Escape" && close());
    this.node.append(cover);
    ok.focus();
  }

  /** Run a call; a refusal becomes a toast. */
  async attempt(work) {
    try {
      return await work();
    } catch (error) {
      this.toast(error.message);
      return undefined;
    }
  }

  start(payload) {
    return this.attempt(() => api.start(this.me, this.room.bot, payload));
  }

  actions() {
    const { room } = this;
    return {
      link: (url) => openLink(this, url),
      command: (text) => this.attempt(() => api.send(room, this.me, { text })),
      show: (id) => this.show(id),
      lightbox,
      react: (message, emoji) => this.react(message, emoji),
      vote: (message, option) =>
        this.attempt(() => api.vote(room, this.me, message.message_id, [option])),
      press: (message, button) => this.press(message, button),
      menu: (message, anchor) => this.menu(message, anchor),
    };
  }

  /** React; the same reaction again takes it back. */
  react(message, emoji) {
    const before = this.room.reactions.get(message.message_id) ?? [];
    const mine = before.some((one) => one.emoji === emoji && one.by.includes(this.me));
    return this.attempt(() => api.react(this.room, this.me, message.message_id, mine ? "" : emoji));
  }

  async press(message, button) {
    const href = button.url ?? button.login_url?.url ?? button.web_app?.url;
    if (button.copy_text) return this.copy(button.copy_text.text);
    if (href) return openLink(this, href);
    const result = await this.attempt(() =>
      api.press(this.room, this.me, message.message_id, button.callback_data),
    );
    if (result) this.answer(result.answer);
  }

  answer(answer) {
    if (!answer) this.toast(t("noAnswer"));
    else if (answer.url) openLink(this, answer.url);
    else if (answer.text) answer.show_alert ? this.alert(answer.text) : this.toast(answer.text);
  }

  async copy(text) {
    await this.attempt(() => navigator.clipboard.writeText(text));
    this.toast(t("copied"));
  }

  menu(message, anchor) {
    const words = message.text ?? message.caption;
    const mine = message.from?.id === this.me;
    openMenu(
      anchor,
      [
        ["reply", t("reply"), () => this.reply(message)],
        mine && words && ["edit", t("edit"), () => this.composer.setEdit(message)],
        words && ["copy", t("copy"), () => this.copy(words)],
        ["forward", t("forward"), () => this.forward(message)],
      ],
      (emoji) => this.act.react(message, emoji),
    );
  }

  reply(message) {
    this.composer.setReply(message);
    this.composer.field.focus();
  }

  async forward(message) {
    const to = await chooseRoom(this.app, this.me);
    if (!to) return;
    await this.attempt(async () => api.send(to, this.me, await forwardBody(this.room, message)));
    this.app.open(to, this.me);
  }

  /** Bring a message into view and let it flash, drawing earlier pages if need be. */
  show(id) {
    const ids = [...this.room.messages.keys()];
    if (!ids.includes(id)) return;
    this.limit = Math.max(this.limit, ids.length - ids.indexOf(id) + 20);
    this.drawMessages();
    const node = this.list.querySelector(`[data-message-id="${Number(id)}"]`);
    this.pinnedToEnd = false;
    node?.scrollIntoView({ block: "center" });
    node?.classList.remove("flash");
    requestAnimationFrame(() => node?.classList.add("flash"));
  }
}

/** Make `parent` hold exactly `nodes`, moving only what isn't in its place. */
function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach(
    (node, i) =>
      parent.childNodes[i] !== node && parent.insertBefore(node, parent.childNodes[i] ?? null),
  );
}

/** The console: chat list, windows, clock bar, and the line to the sandbox. */

import { liveUrl } from "./api.js";
import { ChatList } from "./chatlist.js";
import { ClockBar } from "./clock.js";
import { h } from "./dom.js";
import { initial, isAsked, remember } from "./layout.js";
import { connect } from "./live.js";
import { Store } from "./store.js";
import { language, t } from "./text.js";
import { ChatWindow } from "./window.js";

/** Events that come within this time are drawn together. */
const REDRAW_MS = 30;

const phone = matchMedia("(max-width: 760px)");

class App {
  constructor(root) {
    Object.assign(this, {
      store: new Store(),
      windows: [],
      active: null,
      dirty: new Set(),
      pending: null,
      started: false,
    });
    this.list = new ChatList(this);
    this.clock = new ClockBar(() => this.redrawAll());
    this.offline = h("div", { class: "offline", role: "status", hidden: true }, t("connecting"));
    this.desk = h("main", { class: "desk" }, this.hint());
    root.append(
      h(
        "div",
        { class: "page" },
        this.clock.node,
        this.offline,
        h("div", { class: "columns" }, this.list.node, this.desk),
      ),
    );
    this.listen();
  }

  hint() {
    return h("p", { class: "desk-hint" }, t("noWindows"));
  }

  listen() {
    this.store.addEventListener("state", () => this.stateChanged());
    this.store.addEventListener("room", ({ detail }) => this.later(detail.room));
    addEventListener("popstate", () => this.setPane("list"));
    phone.addEventListener("change", () => this.redrawAll());
    document.addEventListener("visibilitychange", () => document.hidden || this.redrawAll());
    connect(
      liveUrl(),
      (message) => this.take(message),
      (up) => (this.offline.hidden = up),
    );
  }

  take(message) {
    if (message.type === "event") this.store.event(message);
    if (!message.state) return;
    this.store.setState(message.state);
    if (message.type === "hello") this.begin();
  }

  /** On the first hello read everything and open the windows; on later ones fetch what was missed. */
  async begin() {
    this.store.catchUp();
    if (!this.started) for (const { room } of initial(this.store)) this.store.load(room, true);
    await Promise.all(
      this.store
        .all()
        .filter((room) => !room.loaded)
        .map((room) => this.store.load(room)),
    );
    if (this.started) return;
    this.started = true;
    for (const { room, me } of initial(this.store)) this.open(room, me, false);
    if (phone.matches) this.setPane(isAsked() && this.windows.length ? "chat" : "list");
    if (this.windows.length) this.focusOn(this.windows[0]);
    document.body.dataset.ready = "true";
  }

  stateChanged() {
    const gone = this.windows.filter(
      (win) => this.store.rooms.get(win.room.key) !== win.room || !this.store.user(win.me),
    );
    for (const win of gone) this.replaceGone(win);
    for (const room of this.store.all()) if (this.started && !room.loaded) this.store.load(room);
    this.clock.follow(this.store.state.controls ?? null);
    this.redrawAll();
  }

  /** A window whose group moved to a supergroup follows it; others close. */
  replaceGone(win) {
    const next = this.store.chat(win.room.last?.migrate_to_chat_id);
    this.close(win);
    if (next && this.store.user(win.me)) this.open(this.store.room(next.id), win.me, false);
  }

  /** Redraw a room's windows and the list soon, once for many events. */
  later(room) {
    this.dirty.add(room);
    this.pending ??= setTimeout(() => this.flush(), REDRAW_MS);
  }

  flush() {
    this.pending = null;
    const rooms = new Set(this.dirty);
    this.dirty.clear();
    for (const win of this.windows) if (rooms.has(win.room)) win.sync();
    this.list.draw();
  }

  redrawAll() {
    for (const win of this.windows) {
      win.drawn.clear();
      this.dirty.add(win.room);
    }
    this.pending ??= setTimeout(() => this.flush(), REDRAW_MS);
  }

  isOpen(room) {
    return this.windows.some((win) => win.room === room);
  }

  isVisible(win) {
    return (
      !document.hidden &&
      (!phone.matches || (win === this.active && document.body.dataset.pane === "chat"))
    );
  }

  find(room, me) {
    return this.windows.find((win) => win.room === room && win.me === me);
  }

  /** Open (or bring forward) the window of `me` in `room`. */
  open(room, me, focus = true) {
    const win = this.find(room, me) ?? this.add(new ChatWindow(this, room, me));
    if (!room.loaded) this.store.load(room, true);
    if (focus) this.comeForward(win);
    return win;
  }

  comeForward(win) {
    this.focusOn(win);
    if (phone.matches) this.setPane("chat", true);
    win.node.scrollIntoView({ inline: "nearest", block: "nearest" });
    if (matchMedia("(hover: hover)").matches) win.composer.field.focus({ preventScroll: true });
    this.flush();
  }

  add(win, place = this.windows.length) {
    this.windows.splice(place, 0, win);
    this.desk.querySelector(".desk-hint")?.remove();
    this.desk.insertBefore(win.node, this.desk.children[place] ?? null);
    win.scrollToEnd();
    if (this.started) remember(this.windows);
    return win;
  }

  close(win) {
    const place = this.windows.indexOf(win);
    this.windows.splice(place, 1);
    win.close();
    if (this.active === win) this.focusOn(this.windows[Math.max(0, place - 1)] ?? null);
    if (!this.windows.length) this.desk.replaceChildren(this.hint());
    if (phone.matches) this.setPane("list");
    if (this.started) remember(this.windows);
    this.list.draw();
  }

  /** Go on as another person in the same window. */
  become(win, me) {
    const place = this.windows.indexOf(win);
    const twin = this.find(win.room, me);
    if (twin) return this.comeForward(twin);
    win.close();
    this.windows.splice(place, 1);
    this.comeForward(this.add(new ChatWindow(this, win.room, me), place));
  }

  focusOn(win) {
    if (this.active === win) return;
    this.active = win;
    for (const one of this.windows) one.node.classList.toggle("active", one === win);
    this.later(win?.room);
  }

  /** A press in the chat list: as the chosen person, as whoever has it open, or as its first member. */
  pick(room, who) {
    const opened = this.windows.find(
      (win) => win.room === room && (!who || win.me === who || room.bot),
    );
    const me =
      opened?.me ??
      (room.bot ? room.chat : (who ?? this.store.people(this.store.chat(room.chat))[0]?.id));
    if (me) this.open(room, me);
  }

  async openPrivate(user) {
    await this.known(() => this.store.user(user));
    const [bot] = this.store.state.bots;
    if (bot) this.open(this.store.room(user, bot.id), user);
  }

  async openGroup(chat, me) {
    await this.known(() => this.store.chat(chat));
    if (me) this.open(this.store.room(chat), me);
  }

  /** Wait (up to 3 s) until the live line has told about something just created. */
  async known(test) {
    for (let i = 0; i < 60 && !test(); i += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** On a phone one pane shows at a time; the browser's own back button leads to the list. */
  setPane(pane, remembered = false) {
    if (remembered && document.body.dataset.pane !== "chat") history.pushState({ pane }, "");
    document.body.dataset.pane = pane;
    this.later(this.active?.room);
  }

  showList() {
    if (history.state?.pane === "chat") history.back();
    else this.setPane("list");
  }
}

document.documentElement.lang = language;
document.title = t("title");
document.body.dataset.pane = "list";
new App(document.getElementById("app"));

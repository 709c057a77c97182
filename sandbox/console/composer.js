/** Where a person writes: text, photos, files, voice, location; as a new message, a reply or an edit. */

import * as api from "./api.js";
import { chooseLocation } from "./dialogs.js";
import { h, icon, iconButton } from "./dom.js";
import { encoded } from "./files.js";
import { bytes, summary } from "./media.js";
import { openMenu } from "./menu.js";
import { record } from "./recorder.js";
import { sender } from "./bubble.js";
import { suggestions } from "./suggest.js";
import { t } from "./text.js";

/** Telegram takes 2–10 items in one album. */
const ALBUM_MOST = 10;
/** Where the location pad starts when nobody has sent a location yet. */
const SOMEWHERE = { latitude: 32.0603, longitude: 118.7969 };

/** Photos go together, up to ten to an album; every other file is a message of its own. */
export function bundles(pieces) {
  const photos = pieces.filter((piece) => piece.photo);
  const groups = [];
  for (let i = 0; i < photos.length; i += ALBUM_MOST) groups.push(photos.slice(i, i + ALBUM_MOST));
  return [...groups, ...pieces.filter((piece) => !piece.photo).map((piece) => [piece])];
}

async function bodyOf(bundle) {
  const media = await Promise.all(bundle.map((piece) => encoded(piece.file)));
  if (media.length > 1) return { album: media };
  return { [bundle[0].kind ?? (bundle[0].photo ? "photo" : "document")]: media[0] };
}

export class Composer {
  constructor(win) {
    Object.assign(this, {
      win,
      pieces: [],
      reply: null,
      editing: null,
      sending: Promise.resolve(),
      asFile: false,
    });
    this.build();
    this.refresh();
  }

  build() {
    this.field = h("textarea", {
      class: "composer-text",
      rows: 1,
      dir: "auto",
      placeholder: t("message"),
      "aria-label": t("message"),
      dataset: { testid: "composer" },
      oninput: () => this.refresh(),
      onkeydown: (e) => this.key(e),
      onpaste: (e) => this.paste(e),
    });
    this.input = h("input", {
      type: "file",
      multiple: true,
      hidden: true,
      tabindex: "-1",
      "aria-hidden": "true",
      dataset: { testid: "file" },
      onchange: () => this.chosen(),
    });
    this.attach = iconButton("attach", t("attach"), () => this.attachMenu(), {
      dataset: { testid: "attach" },
      "aria-haspopup": "menu",
    });
    this.slash = iconButton("slash", t("commands"), () => this.listCommands());
    this.sendButton = iconButton("send", t("send"), () => this.submit(), {
      class: "icon-button send",
      dataset: { testid: "send" },
    });
    this.mic = iconButton("mic", t("record"), () => this.voice(), { dataset: { testid: "voice" } });
    this.context = h("div", { class: "composer-context", hidden: true });
    this.tray = h("div", { class: "tray", hidden: true, "aria-label": t("attach") });
    this.suggest = suggestions(this.win, this.field, () => this.refresh());
    this.offers = h("div", {
      class: "offers",
      hidden: true,
      role: "group",
      "aria-label": t("bot"),
    });
    this.bar = h(
      "div",
      { class: "composer-bar" },
      this.attach,
      this.field,
      this.slash,
      this.mic,
      this.sendButton,
    );
    this.node = h(
      "div",
      { class: "composer" },
      this.suggest.node,
      this.context,
      this.tray,
      this.input,
      this.offers,
      this.bar,
    );
  }

  /** Show what can be done with what is there now, and let the field grow with its text. */
  refresh() {
    const ready = this.field.value.trim() !== "" || this.pieces.length > 0;
    this.sendButton.hidden = !ready;
    this.mic.hidden = ready || Boolean(this.editing);
    this.slash.hidden = ready || !this.suggest.commands().length;
    this.attach.hidden = Boolean(this.editing);
    this.field.style.setProperty("height", "auto");
    this.field.style.setProperty("height", `${Math.min(this.field.scrollHeight, 160)}px`);
    this.suggest.update();
  }

  /** Enter sends, except while an input method is composing Chinese; Shift+Enter is a new line. */
  key(event) {
    if (this.suggest.key(event)) return;
    if (event.key === "Escape") this.cancel();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229)
      return;
    event.preventDefault();
    this.submit();
  }

  paste(event) {
    const files = [...event.clipboardData.files];
    if (!files.length) return;
    event.preventDefault();
    this.add(files, false);
  }

  attachMenu() {
    const pick = (accept, asFile) => () => {
      this.asFile = asFile;
      this.input.accept = accept;
      this.input.click();
    };
    openMenu(this.attach, [
      ["image", t("photoOrFile"), pick("image/*", false)],
      ["file", t("file"), pick("", true)],
      ["pin", t("location"), () => this.location()],
    ]);
  }

  chosen() {
    this.add([...this.input.files], this.asFile);
    this.input.value = "";
    this.asFile = false;
  }

  /** Put files on the tray; images become photos unless sent `asFile`. */
  add(files, asFile) {
    const isPhoto = (file) => !asFile && /^image\/(jpeg|png|webp|gif|bmp)$/.test(file.type);
    this.pieces.push(...files.map((file) => ({ file, photo: isPhoto(file) })));
    this.drawTray();
    this.field.focus();
  }

  drawTray() {
    this.tray.replaceChildren(...this.pieces.map((piece) => this.piece(piece)));
    this.tray.hidden = !this.pieces.length;
    this.field.placeholder = this.pieces.length ? t("caption") : t("message");
    this.refresh();
  }

  piece(piece) {
    const drop = () => {
      this.pieces.splice(this.pieces.indexOf(piece), 1);
      this.drawTray();
    };
    const remove = iconButton("close", t("remove"), drop, { class: "icon-button tray-remove" });
    if (!piece.photo)
      return h(
        "div",
        { class: "tray-file" },
        icon("file"),
        h("span", { dir: "auto" }, piece.file.name),
        h("span", { class: "meta" }, bytes(piece.file.size)),
        remove,
      );
    piece.url ??= URL.createObjectURL(piece.file);
    return h(
      "div",
      { class: "tray-photo" },
      h("img", { src: piece.url, alt: piece.file.name }),
      remove,
    );
  }

  setReply(message, placeholder) {
    Object.assign(this, { reply: message, editing: null });
    this.drawContext("reply", t("replyTo", { name: sender(message) }), message);
    this.field.placeholder = placeholder || t("message");
  }

  setEdit(message) {
    Object.assign(this, { reply: null, editing: message });
    this.drawContext("edit", t("editing"), message);
    this.field.value = message.text ?? message.caption ?? "";
    this.refresh();
    this.field.focus();
  }

  drawContext(name, title, message) {
    const words = h(
      "span",
      { class: "context-text" },
      h("b", { dir: "auto" }, title),
      h("span", { dir: "auto" }, summary(message)),
    );
    this.context.replaceChildren(
      icon(name),
      words,
      iconButton("close", t("cancel"), () => this.cancel()),
    );
    this.context.hidden = false;
    this.refresh();
  }

  cancel() {
    if (this.editing) this.field.value = "";
    this.endContext();
  }

  endContext() {
    Object.assign(this, { reply: null, editing: null });
    this.context.hidden = true;
    this.field.placeholder = t("message");
    this.refresh();
  }

  /** Take what is written, empty the field at once, and send in order of writing. */
  submit() {
    const taken = {
      text: this.field.value.trim(),
      pieces: this.pieces,
      reply: this.reply,
      editing: this.editing,
    };
    if (!taken.text && !taken.pieces.length) return;
    this.field.value = "";
    this.pieces = [];
    this.drawTray();
    this.endContext();
    this.sending = this.sending
      .then(() => this.deliver(taken))
      .catch((error) => this.giveBack(taken, error));
  }

  giveBack({ text, pieces }, error) {
    this.win.toast(error.message);
    if (!this.field.value) this.field.value = text;
    this.pieces = [...pieces, ...this.pieces];
    this.drawTray();
  }

  async deliver({ text, pieces, reply, editing }) {
    const { room, me } = this.win;
    if (editing) return void (await api.edit(room, me, editing.message_id, text));
    const bodies = await Promise.all(bundles(pieces).map(bodyOf));
    if (!bodies.length) bodies.push({});
    const lead = {
      ...(reply && { reply_to: reply.message_id }),
      ...(text && { [pieces.length ? "caption" : "text"]: text }),
    };
    Object.assign(bodies[0], lead);
    for (const body of bodies) await api.send(room, me, body);
    for (const piece of pieces) if (piece.url) URL.revokeObjectURL(piece.url);
    this.win.scrollToEnd();
  }

  /** Send one body at once (voice, location), as a reply if one is open. */
  sendNow(body) {
    const reply = this.reply ? { reply_to: this.reply.message_id } : {};
    this.endContext();
    const { room, me } = this.win;
    this.sending = this.sending
      .then(() => api.send(room, me, { ...body, ...reply }))
      .catch((error) => this.win.toast(error.message));
  }

  async location() {
    const known = [...this.win.room.messages.values()]
      .reverse()
      .find((message) => message.location)?.location;
    const { latitude, longitude } = known ?? SOMEWHERE;
    const spot = await chooseLocation({ latitude, longitude });
    if (spot) this.sendNow({ location: spot });
  }

  async voice() {
    const file = await record(this.bar, (note) => this.win.toast(note));
    if (file) this.sendNow({ voice: await encoded(file) });
  }

  /** Show the bot's reply keyboard: pressing a key sends its text, or asks for the place. */
  offer(rows) {
    const key = JSON.stringify(rows);
    if (key === this.offered) return;
    this.offered = key;
    const press = (one) => () =>
      one.request_location ? this.location() : this.sendNow({ text: one.text });
    this.offers.replaceChildren(
      ...rows.map((row) =>
        h(
          "div",
          { class: "key-row" },
          row.map((one) =>
            h(
              "button",
              { type: "button", class: "key", dataset: { testid: "offer" }, onclick: press(one) },
              one.text,
            ),
          ),
        ),
      ),
    );
    this.offers.hidden = !rows.length;
  }

  listCommands() {
    this.field.value = "/";
    this.field.focus();
    this.refresh();
  }
}

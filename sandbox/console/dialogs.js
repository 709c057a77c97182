/** Page-wide dialogs: add, faults, forward, location, lightbox. Built on <dialog>, so focus stays inside. */

import * as api from "./api.js";
import { avatar } from "./avatar.js";
import { h, icon, iconButton } from "./dom.js";
import { fullPhoto, streets } from "./media.js";
import { nameOf } from "./store.js";
import { t } from "./text.js";

/** Degrees from the middle of the location pad to its edge, about 1 km. */
const PAD_DEGREES = 0.01;

function modal(title, ...content) {
  const close = iconButton("close", t("cancel"), () => node.close());
  const node = h(
    "dialog",
    { class: "dialog", "aria-label": title },
    h("header", {}, h("h2", {}, title), close),
    content,
  );
  node.addEventListener("close", () => node.remove());
  node.addEventListener("click", (event) => event.target === node && node.close());
  document.body.append(node);
  node.showModal();
  return node;
}

const field = (label, input) => h("label", { class: "field" }, h("span", {}, label), input);
const text = (name, props = {}) =>
  h("input", { name, type: "text", autocomplete: "off", ...props });
const tick = (name, label, props = {}) =>
  h(
    "label",
    { class: "tick" },
    h("input", { type: "checkbox", name, ...props }),
    h("span", {}, label),
  );
const select = (name, options) =>
  h(
    "select",
    { name },
    options.map(([value, label]) => h("option", { value }, label)),
  );
const given = (object) =>
  Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) => value !== "" && value !== undefined && value !== null,
    ),
  );

/** A form whose `submit(values)` may throw; its sentence is then shown. */
function form(label, submit, ...content) {
  const note = h("p", { class: "form-note", role: "status" });
  const node = h(
    "form",
    { method: "dialog" },
    content,
    note,
    h("div", { class: "form-end" }, h("button", { type: "submit", class: "primary" }, label)),
  );
  node.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      note.className = "form-note";
      note.textContent = (await submit(new FormData(node))) ?? "";
    } catch (error) {
      note.className = "form-note error";
      note.textContent = error.message;
    }
  });
  return node;
}

function personForm(app, close) {
  const languages = [
    ["zh-hans", "简体中文"],
    ["zh-hant", "繁體中文"],
    ["en", "English"],
  ];
  const submit = async (data) => {
    const { id } = await api.addUser(
      given({
        first_name: data.get("first_name").trim(),
        username: data.get("username").trim(),
        language_code: data.get("language_code"),
      }),
    );
    close();
    await app.openPrivate(id);
  };
  return form(
    t("create"),
    submit,
    field(t("name"), text("first_name", { required: true, maxlength: 64 })),
    field(t("username"), text("username")),
    field(t("language"), select("language_code", languages)),
  );
}

function groupForm(app, close) {
  const { users, bots } = app.store.state;
  const submit = async (data) => {
    const members = data.getAll("members").map(Number);
    const role = data.get("admin") ? "administrator" : "member";
    const { id } = await api.addChat({
      type: data.get("type"),
      title: data.get("title").trim(),
      members,
      bot_id: Number(data.get("bot_id")),
      bot_role: role,
    });
    close();
    await app.openGroup(id, members[0]);
  };
  const people = h(
    "fieldset",
    { class: "ticks" },
    h("legend", {}, t("membersLabel")),
    users.map((user, i) => tick("members", nameOf(user), { value: user.id, checked: i < 3 })),
  );
  return form(
    t("create"),
    submit,
    field(t("name"), text("title", { required: true, maxlength: 128 })),
    field(
      t("type"),
      select("type", [
        ["supergroup", t("supergroup")],
        ["group", t("group")],
      ]),
    ),
    people,
    field(
      t("bot"),
      select(
        "bot_id",
        bots.map((bot) => [bot.id, nameOf(bot)]),
      ),
    ),
    tick("admin", t("botAdmin"), { checked: true }),
  );
}

function botForm() {
  const submit = async (data) => {
    const { token } = await api.addBot({
      username: data.get("username").trim(),
      privacy: Boolean(data.get("privacy")),
    });
    return t("botToken", { token });
  };
  return form(
    t("create"),
    submit,
    field(t("usernameBot"), text("username", { required: true })),
    tick("privacy", t("privacy"), { checked: true }),
  );
}

/** Add a person, a group or a bot, one tab each. */
export function addDialog(app) {
  const close = () => node.close();
  const tabs = [
    ["person", personForm],
    ["group", groupForm],
    ["bot", botForm],
  ];
  const body = h("div", { role: "tabpanel" });
  const pick = (i) => {
    body.replaceChildren(tabs[i][1](app, close));
    bar.childNodes.forEach((tab, j) => tab.setAttribute("aria-selected", String(i === j)));
  };
  const bar = h(
    "div",
    { class: "tabs", role: "tablist" },
    tabs.map(([key], i) =>
      h("button", { type: "button", role: "tab", onclick: () => pick(i) }, t(key)),
    ),
  );
  const node = modal(t("addTitle"), bar, body);
  pick(0);
}

const FAULTS = [
  "429",
  "5xx",
  "reset",
  "hang_after_accept",
  "blocked",
  "kicked",
  "migrated",
  "duplicate",
  "reorder",
  "bad_json",
];
const METHODS = [
  "sendMessage",
  "editMessageText",
  "sendPhoto",
  "answerCallbackQuery",
  "getUpdates",
  "deleteMessage",
  "pinChatMessage",
];

/** Order faults of the Bot API side, and switch its limits on or off. */
export function faultsDialog() {
  const number = (value) => (value === "" ? undefined : Number(value));
  const submit = async (data) => {
    const value = (name) => data.get(name).trim();
    await api.addFault(
      given({
        kind: value("kind"),
        method: value("method"),
        chat: number(value("chat")),
        count: number(value("count")),
        skip: number(value("skip")),
        retry_after: number(value("retry_after")),
      }),
    );
    return t("faultSet");
  };
  const digits = (name, value = "") =>
    text(name, { inputmode: "numeric", pattern: "-?[0-9]*", value });
  const pairs = h(
    "div",
    { class: "pair" },
    field(t("count"), digits("count", "1")),
    field(t("faultSkip"), digits("skip")),
    field(t("faultRetry"), digits("retry_after")),
  );
  const list = h(
    "datalist",
    { id: "methods" },
    METHODS.map((value) => h("option", { value })),
  );
  const faults = form(
    t("inject"),
    submit,
    field(
      t("faultKind"),
      select(
        "kind",
        FAULTS.map((kind) => [kind, kind]),
      ),
    ),
    field(t("faultMethod"), text("method", { list: "methods" })),
    list,
    field(t("faultChat"), digits("chat")),
    pairs,
  );
  const clear = h(
    "button",
    { type: "button", class: "plain", onclick: () => api.clearFaults().then(() => node.close()) },
    t("clearFaults"),
  );
  faults.querySelector(".form-end").prepend(clear);
  const limits = tick("limits", t("limits"), {
    onchange: (event) => api.limits(event.target.checked),
  });
  const node = modal(t("faults"), faults, h("hr"), limits);
}

/** Choose one of the rooms of `me`; resolves to a Room or null. */
export function chooseRoom(app, me, { title = t("forwardTo"), groupsOnly = false } = {}) {
  return new Promise((resolve) => {
    const { store } = app;
    const mine = store
      .all()
      .filter((room) =>
        room.bot
          ? !groupsOnly && room.chat === me
          : store.people(store.chat(room.chat)).some((user) => user.id === me),
      );
    const entry = (room) =>
      h(
        "button",
        {
          type: "button",
          class: "row",
          onclick: () => {
            resolve(room);
            node.close();
          },
        },
        avatar(room.bot ?? room.chat, store.title(room), room.bot ? "bot" : "group"),
        h("span", { dir: "auto" }, store.title(room)),
      );
    const node = modal(title, h("div", { class: "rows" }, mine.map(entry)));
    node.addEventListener("close", () => resolve(null));
  });
}

/** Choose one of `users`; resolves to a user or null. */
export function choosePerson(title, users) {
  return new Promise((resolve) => {
    const entry = (user) =>
      h(
        "button",
        {
          type: "button",
          class: "row",
          onclick: () => {
            resolve(user);
            node.close();
          },
        },
        avatar(user.id, nameOf(user)),
        h("span", { dir: "auto" }, nameOf(user)),
      );
    const node = modal(title, h("div", { class: "rows" }, users.map(entry)));
    node.addEventListener("close", () => resolve(null));
  });
}

/** Choose a spot around `middle`; resolves to {latitude, longitude} or null. */
export function chooseLocation(middle) {
  return new Promise((resolve) => {
    const spot = { ...middle };
    const inputs = ["latitude", "longitude"].map((name) =>
      h("input", {
        name,
        type: "number",
        step: "any",
        required: true,
        min: name === "latitude" ? -90 : -180,
        max: name === "latitude" ? 90 : 180,
      }),
    );
    const pin = h("span", { class: "place-pin" }, icon("pin"));
    const pad = h(
      "div",
      { class: "pad", tabindex: "0", role: "application", "aria-label": t("pad") },
      streets(middle.latitude, middle.longitude),
      pin,
    );
    wirePad({ pad, pin, inputs, spot, middle });
    const submit = async () => {
      resolve(spot);
      node.close();
    };
    const hint = h("p", { class: "meta" }, t("pad"));
    const node = modal(
      t("location"),
      form(
        t("sendLocation"),
        submit,
        pad,
        hint,
        h(
          "div",
          { class: "pair" },
          field(t("latitude"), inputs[0]),
          field(t("longitude"), inputs[1]),
        ),
      ),
    );
    node.addEventListener("close", () => resolve(null));
  });
}

function wirePad({ pad, pin, inputs, spot, middle }) {
  const draw = (typing) => {
    pin.style.setProperty(
      "left",
      `${50 + (50 * (spot.longitude - middle.longitude)) / PAD_DEGREES}%`,
    );
    pin.style.setProperty("top", `${50 - (50 * (spot.latitude - middle.latitude)) / PAD_DEGREES}%`);
    if (!typing)
      inputs.forEach((input) => (input.value = String(Number(spot[input.name].toFixed(6)))));
  };
  const move = (dy, dx) => {
    spot.latitude += dy;
    spot.longitude += dx;
    draw(false);
  };
  pad.onclick = (event) => {
    const box = pad.getBoundingClientRect();
    spot.longitude =
      middle.longitude + ((event.clientX - box.left) / box.width - 0.5) * 2 * PAD_DEGREES;
    spot.latitude =
      middle.latitude - ((event.clientY - box.top) / box.height - 0.5) * 2 * PAD_DEGREES;
    draw(false);
  };
  pad.onkeydown = (event) => {
    const step = PAD_DEGREES / 40;
    const [dy, dx] =
      { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[
        event.key
      ] ?? [];
    if (dy === undefined) return;
    event.preventDefault();
    move(dy, dx);
  };
  for (const input of inputs)
    input.oninput = () =>
      input.checkValidity() && ((spot[input.name] = Number(input.value)), draw(true));
  draw(false);
}

/** Photos one at a time, full size; arrow keys turn the page. */
export function lightbox(messages, at) {
  let i = at;
  const picture = h("img", { alt: "" });
  const words = h("p", { dir: "auto" });
  const turn = (step) => {
    i = (i + step + messages.length) % messages.length;
    picture.src = fullPhoto(messages[i]);
    picture.alt = messages[i].caption ?? t("photo");
    words.textContent = messages[i].caption ?? "";
  };
  const many = messages.length > 1;
  const node = h(
    "dialog",
    { class: "lightbox", "aria-label": t("photo") },
    iconButton("close", t("cancel"), () => node.close(), { class: "icon-button lightbox-close" }),
    many &&
      iconButton("back", t("previous"), () => turn(-1), { class: "icon-button lightbox-back" }),
    h("figure", {}, picture, words),
    many && iconButton("back", t("next"), () => turn(1), { class: "icon-button lightbox-next" }),
  );
  node.addEventListener(
    "keydown",
    (event) => many && turn({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0),
  );
  node.addEventListener("click", (event) => event.target.closest("img, button") || node.close());
  node.addEventListener("close", () => node.remove());
  document.body.append(node);
  turn(0);
  node.showModal();
}

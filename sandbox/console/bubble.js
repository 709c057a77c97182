/** One message (or album) as it stands in a window. */

import { avatar, hue } from "./avatar.js";
import { h, icon, iconButton } from "./dom.js";
import { rich } from "./entities.js";
import { attachment, photo, summary } from "./media.js";
import { nameOf } from "./store.js";
import { t } from "./text.js";
import { clock } from "./when.js";

const SERVICE = {
  new_chat_members: (m) =>
    m.new_chat_members.map((who) => t("joined", { name: nameOf(who) })).join("，"),
  left_chat_member: (m) => t("left", { name: nameOf(m.left_chat_member) }),
  pinned_message: (m) => t("pinnedIt", { name: nameOf(m.from) }),
  migrate_to_chat_id: () => t("migrated"),
  migrate_from_chat_id: () => t("migrated"),
  new_chat_title: (m) => t("titleChanged", { name: m.new_chat_title }),
  group_chat_created: () => t("groupCreated"),
  supergroup_chat_created: () => t("groupCreated"),
};

/** The words of a service message, or null for a message somebody wrote. */
export function service(message) {
  const key = Object.keys(SERVICE).find((name) => message[name]);
  return key ? SERVICE[key](message) : null;
}

/** The sender's line for lists and quotes. */
export const sender = (message) => nameOf(message.sender_chat ?? message.from);

function origin({ forward_origin: from }) {
  if (!from) return null;
  const name = from.sender_user_name ?? nameOf(from.sender_user ?? from.sender_chat ?? from.chat);
  return h("div", { class: "forwarded" }, icon("forward"), t("forwarded", { name }));
}

function quote(message, act) {
  const source = message.reply_to_message;
  if (!source) return null;
  const style = { "--hue": hue(source.from?.id ?? 0) };
  return h(
    "button",
    { type: "button", class: "quote-reply", style, onclick: () => act.show(source.message_id) },
    h("b", { dir: "auto" }, sender(source)),
    h("span", { dir: "auto" }, message.quote?.text ?? (summary(source) || service(source) || "")),
  );
}

function words(message, act) {
  const text = message.text ?? message.caption;
  if (!text) return null;
  return h(
    "div",
    { class: "words", dir: "auto" },
    rich(text, message.text ? message.entities : message.caption_entities, act),
  );
}

function stamp(message) {
  const date = new Date(message.date * 1000).toISOString();
  const edited = message.edit_date ? h("span", {}, t("edited"), " ") : null;
  return h("span", { class: "stamp" }, edited, h("time", { datetime: date }, clock(message.date)));
}

function photos(messages, act) {
  const tiles = messages.map((message, i) => photo(message, () => act.lightbox(messages, i)));
  return tiles.length > 1
    ? h("div", { class: "album", dataset: { count: Math.min(tiles.length, 4) } }, tiles)
    : tiles[0];
}

function reactions(message, view, act) {
  const list = view.room.reactions.get(message.message_id) ?? [];
  if (!list.length) return null;
  const one = ({ emoji, by }) =>
    h(
      "button",
      {
        type: "button",
        class: by.includes(view.me) ? "reaction mine" : "reaction",
        "aria-label": t("react", { emoji }),
        onclick: () => act.react(message, emoji),
      },
      emoji,
      by.length > 1 ? h("span", {}, by.length) : null,
    );
  return h("div", { class: "reactions" }, list.map(one));
}

function inlineButton(button, message, act) {
  const kind = button.url || button.login_url ? "link" : button.copy_text ? "copy" : null;
  const node = h(
    "button",
    { type: "button", class: `key ${button.style ?? ""}`, dataset: { testid: "button" } },
    h("span", { dir: "auto" }, button.text),
    kind ? icon(kind) : null,
  );
  node.onclick = async () => {
    node.classList.add("busy");
    node.setAttribute("aria-busy", "true");
    await act.press(message, button);
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  };
  return node;
}

function keyboard(message, act) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (!rows.length) return null;
  return h(
    "div",
    { class: "keyboard", role: "group", "aria-label": t("bot") },
    rows.map((row) =>
      h(
        "div",
        { class: "key-row" },
        row.map((button) => inlineButton(button, message, act)),
      ),
    ),
  );
}

/** Without a coloured background: a sticker speaks for itself. */
const isBare = (message) => Boolean(message.sticker || message.dice);

function body(messages, view, act) {
  const lead = messages.find((message) => message.caption || message.text) ?? messages[0];
  const pictures = messages.filter((message) => message.photo);
  const others = messages
    .filter((message) => !message.photo)
    .map((message) => attachment(message, act));
  const name =
    view.group && !view.own && view.first
      ? h(
          "div",
          { class: "sender", style: { "--hue": hue(messages[0].from?.id ?? 0) }, dir: "auto" },
          sender(messages[0]),
          messages[0].from?.is_bot ? h("span", { class: "badge" }, t("bot")) : null,
        )
      : null;
  const media = [pictures.length ? photos(pictures, act) : null, others];
  const above = lead.show_caption_above_media
    ? [words(lead, act), media]
    : [media, words(lead, act)];
  const plain = pictures.length && !lead.caption && !others.length ? "only-photo" : "";
  const marks = [
    isBare(messages[0]) && "bare",
    pictures.length && "with-photo",
    lead.edit_date && "edited",
    plain,
  ];
  return h(
    "div",
    { class: ["bubble", ...marks.filter(Boolean)].join(" ") },
    name,
    origin(lead),
    quote(messages[0], act),
    above,
    reactions(messages[0], view, act),
    stamp(lead),
  );
}

function classes(view, messages) {
  const names = ["message", view.own ? "own" : "other"];
  if (view.first) names.push("first");
  if (view.last) names.push("last");
  if (messages.some((message) => message.reply_markup?.inline_keyboard?.length))
    names.push("with-keys");
  return names.join(" ");
}

/** `view`: {room, me, own, group, first, last}; `act`: what presses do. */
export function bubble(messages, view, act) {
  const words = service(messages[0]);
  const id = { testid: "message", messageId: messages[0].message_id };
  if (words) return h("div", { class: "service", dataset: id }, h("span", { dir: "auto" }, words));
  const face =
    view.group && !view.own
      ? view.last
        ? avatar(
            messages[0].from?.id ?? 0,
            sender(messages[0]),
            messages[0].from?.is_bot ? "bot" : "person",
          )
        : h("span", { class: "avatar-space" })
      : null;
  const menu = iconButton(
    "more",
    t("openMenu"),
    (event) => act.menu(messages[0], event.currentTarget),
    { class: "icon-button message-menu", "aria-haspopup": "menu" },
  );
  const stack = h(
    "div",
    { class: "stack" },
    h("div", { class: "line" }, body(messages, view, act), menu),
    keyboard(messages.find((m) => m.reply_markup?.inline_keyboard) ?? messages[0], act),
  );
  const node = h(
    "article",
    {
      class: classes(view, messages),
      dataset: id,
      "aria-label": `${sender(messages[0])} ${clock(messages[0].date)}`,
    },
    face,
    stack,
  );
  node.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, img") || !matchMedia("(hover: none)").matches) return;
    event.preventDefault();
    act.menu(messages[0], menu);
  });
  return node;
}

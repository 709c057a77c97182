/** Text with Bot API entities as DOM nodes. Offsets count UTF-16 units, as JavaScript strings do. */

import { h } from "./dom.js";
import { t } from "./text.js";

const SAFE = new Set(["http:", "https:", "mailto:", "tel:", "tg:"]);

/** An absolute URL of a harmless scheme, or null ("javascript:" and the like). */
export function safeUrl(text) {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`);
    return SAFE.has(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function link(href, children, act) {
  const url = safeUrl(href);
  if (!url) return h("span", {}, children);
  const onclick = (event) => act.link?.(url) && event.preventDefault();
  return h(
    "a",
    { href: url.href, target: "_blank", rel: "noopener noreferrer", onclick },
    children,
  );
}

function spoiler(children) {
  const node = h(
    "span",
    { class: "spoiler", role: "button", tabindex: "0", "aria-label": t("spoiler") },
    h("span", {}, children),
  );
  const reveal = (event) => {
    if (event.type === "keydown" && !["Enter", " "].includes(event.key)) return;
    node.classList.add("open");
    for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
  };
  node.addEventListener("click", reveal);
  node.addEventListener("keydown", reveal);
  return node;
}

/** A long quote shows three lines until it is pressed. */
function foldable(children) {
  const node = h(
    "blockquote",
    { class: "folded", role: "button", tabindex: "0", "aria-expanded": "false" },
    children,
  );
  const turn = (event) => {
    if (event.type === "keydown" && event.key !== "Enter") return;
    node.setAttribute("aria-expanded", String(!node.classList.toggle("folded")));
  };
  node.addEventListener("click", turn);
  node.addEventListener("keydown", turn);
  return node;
}

function command(raw, children, act) {
  return h(
    "button",
    { type: "button", class: "command", onclick: () => act.command?.(raw) },
    children,
  );
}

const MAKE = {
  bold: (e, raw, inner) => h("b", {}, inner),
  italic: (e, raw, inner) => h("i", {}, inner),
  underline: (e, raw, inner) => h("u", {}, inner),
  strikethrough: (e, raw, inner) => h("s", {}, inner),
  code: (e, raw, inner) => h("code", {}, inner),
  pre: (e, raw, inner) => h("pre", {}, h("code", {}, inner)),
  blockquote: (e, raw, inner) => h("blockquote", {}, inner),
  expandable_blockquote: (e, raw, inner) => foldable(inner),
  spoiler: (e, raw, inner) => spoiler(inner),
  text_link: (e, raw, inner, act) => link(e.url, inner, act),
  url: (e, raw, inner, act) => link(raw, inner, act),
  email: (e, raw, inner, act) => link(`mailto:${raw}`, inner, act),
  phone_number: (e, raw, inner, act) => link(`tel:${raw.replace(/[^+\d]/g, "")}`, inner, act),
  mention: (e, raw, inner) => h("span", { class: "mention" }, inner),
  text_mention: (e, raw, inner) => h("span", { class: "mention" }, inner),
  hashtag: (e, raw, inner) => h("span", { class: "mention" }, inner),
  bot_command: (e, raw, inner, act) => command(raw, inner, act),
};

/** These stand on lines of their own, so the line break after them would show as an empty line. */
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

const end = (entity) => entity.offset + entity.length;

function build(text, from, to, entities, act) {
  const nodes = [];
  let at = from;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    if (entity.offset < at || end(entity) > to) continue;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inside = entities
      .slice(i + 1)
      .filter((other) => other.offset >= entity.offset && end(other) <= end(entity));
    const raw = text.slice(entity.offset, end(entity));
    const inner = build(text, entity.offset, end(entity), inside, act);
    nodes.push(...[(MAKE[entity.type] ?? ((e, r, n) => n))(entity, raw, inner, act)].flat());
    at = end(entity);
    if (BLOCKS.has(entity.type) && text[at] === "\n") at += 1;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

/** Nodes for `text`; `act` may hold link(URL) → handled?, and command("/text"). */
export function rich(text, entities = [], act = {}) {
  const sorted = [...(entities ?? [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, act);
}

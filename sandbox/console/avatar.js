/** Round pictures with initials; the colour depends on the id only, so a person keeps it everywhere. */

import { h } from "./dom.js";

const HUES = [168, 205, 262, 330, 18, 42, 96, 228, 290, 350];

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const letters = (text) => [...graphemes.segment(text)].map((part) => part.segment);

/** A hue in degrees for an id (negative for groups). */
export const hue = (id) => HUES[Math.abs(Number(id) * 7 + 3) % HUES.length];

/** "王阿姨" → "王", "Emma Stone" → "ES"; a leading number in a group's title is kept out. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return "·";
  const first = letters(words[0]);
  const latin = /^[\p{Script=Latin}]/u.test(words[0]) && words.length > 1;
  return (latin ? first[0] + letters(words.at(-1))[0] : first[0]).toUpperCase();
}

/** "快乐8号楼" → "快8": a building's number tells groups of one estate apart. */
function groupInitials(title) {
  const number = /\d{1,2}/.exec(title)?.[0] ?? "";
  return initials(title.replace(/^\d+/, "")) + number;
}

/** An avatar of `id`, `kind` is "person", "bot" or "group". */
export function avatar(id, name, kind = "person") {
  return h(
    "span",
    { class: `avatar ${kind}`, style: { "--hue": hue(id) }, "aria-hidden": "true" },
    kind === "group" ? groupInitials(name) : initials(name),
  );
}

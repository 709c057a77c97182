/** A small menu beside a button: arrow keys move, Escape closes, focus returns. */

import { h, icon } from "./dom.js";
import { t } from "./text.js";

/** Reactions Telegram lets everybody give, the ones a neighbourhood uses. */
const EMOJI = ["👍", "❤", "👌", "👀", "🙏", "🎉", "😢"];

let open = null;

/** Close the open menu, if any. */
export function closeMenu() {
  open?.close();
}

function placeBeside(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const own = menu.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), innerWidth - own.width - 8);
  const below = at.bottom + 4 + own.height < innerHeight;
  const top = Math.max(8, below ? at.bottom + 4 : at.top - own.height - 4);
  menu.style.setProperty("left", `${left}px`);
  menu.style.setProperty("top", `${top}px`);
}

function move(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  if (!step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("button")];
  items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
}

function show(menu, anchor) {
  const outside = (event) => menu.contains(event.target) || closeMenu();
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    open = null;
    anchor.setAttribute("aria-expanded", "false");
    if (anchor.isConnected) anchor.focus({ preventScroll: true });
  };
  closeMenu();
  open = { close };
  anchor.setAttribute("aria-expanded", "true");
  document.body.append(menu);
  placeBeside(menu, anchor);
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => move(menu, event));
  menu.querySelector("button")?.focus({ preventScroll: true });
}

/** `items`: [[icon, label, run]]; falsy ones are left out. `react(emoji)` adds the row of reactions. */
export function openMenu(anchor, items, react = null) {
  const run = (act) => () => {
    closeMenu();
    act();
  };
  const emoji =
    react &&
    h(
      "div",
      { class: "menu-emoji" },
      EMOJI.map((one) =>
        h(
          "button",
          {
            type: "button",
            role: "menuitem",
            "aria-label": t("react", { emoji: one }),
            onclick: run(() => react(one)),
          },
          one,
        ),
      ),
    );
  const entries = items
    .filter(Boolean)
    .map(([name, label, act]) =>
      h(
        "button",
        { type: "button", role: "menuitem", onclick: run(act) },
        icon(name),
        h("span", {}, label),
      ),
    );
  show(h("div", { class: "menu", role: "menu" }, emoji, entries), anchor);
}

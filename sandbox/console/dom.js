/** Elements without innerHTML: every string becomes a text node, so no text can turn into markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Paths drawn on a 24 × 24 field with a 1.8 stroke. */
const ICONS = {
  add: "M12 5v14M5 12h14",
  attach:
    "M20 11.5l-8.2 8.2a5 5 0 0 1-7.1-7.1l8.6-8.6a3.4 3.4 0 0 1 4.8 4.8l-8.6 8.6a1.7 1.7 0 0 1-2.4-2.4l7.6-7.6",
  back: "M15 5l-7 7 7 7",
  bolt: "M13 3L5 13.5h6L10 21l9-11.5h-6.5z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  down: "M6 10l6 6 6-6",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  forward: "M14 6l6 6-6 6M20 12h-9a7 7 0 0 0-7 7",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.8v4.4M8 14.8v4.4",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 4M15.5 9.5h.01",
  link: "M8 16L16 8M9 8h7v7",
  mic: "M12 4a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4zM6 11.5a6 6 0 0 0 12 0M12 17.5V20",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  pause: "M9 6v12M15 6v12",
  person: "M12 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM5 20c.6-4 3.3-6 7-6s6.400 2 7 6",
  pin: "M12 20.500s6-5.700 6-10.500a6 6 0 1 0-12 0c0 4.800 6 10.500 6 10.500zM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  play: "M8 5.500v13l10.500-6.500z",
  pushpin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  reply: "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.500 15.500L20 20",
  send: "M4 12l16-8-5 16-3.500-6.500zM11.500 13.500L20 4",
  slash: "M4 5h16v14H4zM14 8.500l-4 7",
  people:
    "M9 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM3 19c.5-3.500 2.800-5 6-5s5.500 1.500 6 5M16 5.500a3 3 0 0 1 0 5.500M17.500 14.300c2 .7 3.200 2.200 3.500 4.700",
};

function assign(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(node.dataset, value);
  else if (name === "style")
    for (const [k, v] of Object.entries(value)) node.style.setProperty(k, v);
  else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
  else node.setAttribute(name, value === true ? "" : value);
}

/** Build an element; `props` are attributes, `on<event>` listeners, `dataset` and `style` objects. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) assign(node, name, value);
  node.append(...children.flat(3).filter((child) => child || child === 0));
  return node;
}

/** A decorative line icon; its button carries the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(shape("path", { d: ICONS[name] }));
  return svg;
}

/** One SVG shape with its attributes. */
export function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A round button that shows an icon and says `label`. */
export function iconButton(name, label, onclick, props = {}) {
  return h(
    "button",
    { type: "button", class: "icon-button", title: label, "aria-label": label, onclick, ...props },
    icon(name),
  );
}

/** What a link does: t.me links stay inside the sandbox, others open in a new tab. */

import * as api from "./api.js";
import { chooseRoom } from "./dialogs.js";
import { safeUrl } from "./entities.js";
import { t } from "./text.js";

const HOSTS = new Set(["t.me", "telegram.me", "www.t.me"]);

/** Open `href` as the person of window `win`; true when the page handled it. */
export function openLink(win, href) {
  const url = safeUrl(String(href));
  if (!url) return refuse(win);
  if (HOSTS.has(url.hostname))
    return inside(win, url.pathname.split("/").filter(Boolean), url.searchParams);
  if (url.protocol === "tg:")
    return inside(win, [url.searchParams.get("domain") ?? ""], url.searchParams);
  if (typeof href !== "string") return false;
  window.open(url.href, "_blank", "noopener,noreferrer");
  return true;
}

/** `t.me/c/<id>/<message>`, `t.me/<bot>?start=<payload>`, `t.me/<bot>?startgroup=…`. */
function inside(win, path, query) {
  if (path[0] === "c") return groupMessage(win, Number(`-100${path[1]}`), Number(path.at(-1)));
  const bot = win.store.botNamed(path[0] ?? "");
  if (!bot) win.toast(t("linkUnknown"));
  else openBot(win, bot, query);
  return true;
}

function groupMessage(win, chat, message) {
  if (!win.store.chat(chat)) win.toast(t("linkUnknown"));
  else win.app.open(win.store.room(chat), win.me).show(message);
  return true;
}

async function addToGroup(win, bot, payload) {
  const room = await chooseRoom(win.app, win.me, { title: t("addTo"), groupsOnly: true });
  if (!room) return;
  const done = await win.attempt(() => api.startGroup(win.me, bot.id, room.chat, payload));
  if (done) win.app.open(room, win.me);
}

function openBot(win, bot, query) {
  if (query.has("startgroup")) return void addToGroup(win, bot, query.get("startgroup"));
  const to = win.app.open(win.store.room(win.me, bot.id), win.me);
  if (query.has("start")) to.attempt(() => api.start(win.me, bot.id, query.get("start")));
}

function refuse(win) {
  win.toast(t("linkUnknown"));
  return true;
}

/** Times as the territory's clock shows them: the zone comes from the clock controls if there are any. */

import { language } from "./text.js";

let offset = null;

/** Take over the UTC offset of an ISO time such as "2026-11-21T08:00:00+08:00"; "Z" leaves the browser's zone. */
export function adoptZone(iso) {
  const found = /([+-])(\d\d):?(\d\d)$/.exec(iso ?? "");
  if (found) offset = (found[1] + 1) * (Number(found[2]) * 60 + Number(found[3]));
}

function local(seconds) {
  const date = new Date(seconds * 1000);
  const minutes = offset ?? -date.getTimezoneOffset();
  return new Date(date.getTime() + minutes * 60000);
}

const two = (n) => String(n).padStart(2, "0");

/** "08:05" */
export function clock(seconds) {
  const date = local(seconds);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

/** "2026-11-21", equal for two messages of the same day. */
export const dayKey = (seconds) => local(seconds).toISOString().slice(0, 10);

/** "11月21日 周六" or "Sat 21 Nov". */
export function day(seconds) {
  const style = { month: "short", day: "numeric", weekday: "short", timeZone: "UTC" };
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : "zh-CN", style).format(
    local(seconds),
  );
}

/** What a chat list shows: the time of a message of the newest day, otherwise its date. */
export function brief(seconds, newest) {
  if (dayKey(seconds) === dayKey(newest)) return clock(seconds);
  const date = local(seconds);
  return `${date.getUTCMonth() + 1}/${date.getUTCDate()}`;
}

/** 75 → "1:15" */
export const length = (seconds) => `${Math.floor(seconds / 60)}:${two(Math.floor(seconds % 60))}`;

export const todayLabel = () => t("today");

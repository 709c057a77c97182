/** The top bar of a clock that somebody else owns: a label and buttons, whatever they mean over there. */

import { h, icon } from "./dom.js";
import { t } from "./text.js";
import { adoptZone } from "./when.js";

const POLL_MS = 2000;

export class ClockBar {
  /** `moved()` is called when the clock's zone may have changed what times look like. */
  constructor(moved) {
    Object.assign(this, { moved, url: null, busy: false, zone: null });
    this.label = h("span", { class: "clock-label", dataset: { testid: "clock" } });
    this.buttons = h("div", { class: "clock-actions" });
    this.node = h(
      "div",
      { class: "clock", role: "toolbar", "aria-label": "clock", hidden: true },
      h("span", { class: "clock-now" }, icon("clock"), this.label),
      this.buttons,
    );
    setInterval(() => !document.hidden && this.poll(), POLL_MS);
  }

  /** Take the address from the sandbox's state; null hides the bar. */
  follow(url) {
    if (url === this.url) return;
    this.url = url;
    this.node.hidden = !url;
    this.poll();
  }

  async poll() {
    if (this.url && !this.busy) await this.ask(this.url, "GET");
  }

  async ask(url, method) {
    try {
      const response = await fetch(url, { method, cache: "no-store" });
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.show(await response.json());
    } catch {
      this.label.textContent = t("clockLost");
    }
  }

  async press(id) {
    this.setBusy(true);
    await this.ask(`${this.url.replace(/\/$/, "")}/${encodeURIComponent(id)}`, "POST");
    this.setBusy(false);
  }

  setBusy(busy) {
    this.busy = busy;
    this.buttons.setAttribute("aria-busy", String(busy));
    for (const button of this.buttons.children) button.disabled = busy;
  }

  show({ now, label, actions = [] }) {
    this.label.textContent = label;
    this.label.title = now;
    this.drawActions(actions);
    const zone = now?.slice(-6);
    if (zone === this.zone) return;
    this.zone = zone;
    adoptZone(now);
    this.moved();
  }

  drawActions(actions) {
    const key = JSON.stringify(actions);
    if (key === this.drawn) return;
    this.drawn = key;
    this.buttons.replaceChildren(
      ...actions.map(({ id, label }) =>
        h(
          "button",
          {
            type: "button",
            class: "clock-button",
            dataset: { testid: "control", action: id },
            onclick: () => this.press(id),
          },
          label,
        ),
      ),
    );
  }
}

/** Short messages that disappear after a while. */

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { followTop } from "./modal.js";

/** @typedef {"good" | "bad" | undefined} ToastKind */

const SHORT = 5000; // ms
const A_LETTER = 60; // ms more for each letter beyond a line's
const LINE = 60; // letters
const MOST = 4; // at once

export class Toasts {
  /** @param {ShadowRoot} root
   * @param {import("../types.js").Words} words
   * @param {AbortSignal} signal */
  constructor(root, words, signal) {
    this.words = words;
    this.list = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
    followTop(root, (top) => top.append(this.list), signal);
    // toasts do not outlast a visit to another tab of the host
    const sizes = new ResizeObserver(() => {
      if (!this.list.getClientRects().length) this.list.replaceChildren();
    });
    sizes.observe(this.list);
    signal.addEventListener("abort", () => sizes.disconnect());
  }

  /** Show a message; the same message is shown only once.
   * @param {string} text
   * @param {ToastKind} [kind] */
  show(text, kind) {
    if (!text) return;
    for (const same of [...this.list.children]) {
      if (same.textContent === text) same.remove();
    }
    const time = SHORT + Math.max(0, text.length - LINE) * A_LETTER;
    const toast = el(
      "button",
      { type: "button", class: `toast surface ${kind ?? ""}`, title: this.words("dismiss") },
      kind && icon(kind === "bad" ? "warning" : "check"),
      el("span", { dir: "auto" }, text),
      el("span", { class: "toast-time", style: `animation-duration: ${time}ms` }),
    );
    toast.addEventListener("click", () => toast.remove());
    // the animated line is the clock: it stops while the pointer is over the toast
    toast.lastElementChild?.addEventListener("animationend", () => toast.remove());
    this.list.append(toast);
    while (this.list.children.length > MOST) this.list.firstElementChild?.remove();
  }
}

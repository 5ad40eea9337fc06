/** Short messages that disappear after a while. */

import type { Translate } from "../types";
import { button, el, observeSize } from "./dom";
import { icon } from "./icons";
import { followTop } from "./modal";

type ToastKind = "good" | "bad" | undefined;

const SHORT = 5000; // ms
const A_LETTER = 60; // ms more for each letter beyond a line's
const LINE = 60; // letters
const MOST = 4; // at once

export class Toasts {
  declare translate: Translate;
  declare list;

  /** @param root where the messages are added */
  constructor(root: ShadowRoot, translate: Translate, signal: AbortSignal) {
    this.translate = translate;
    this.list = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
    followTop(root, (top) => top.append(this.list), signal);
    // toasts do not outlast a visit to another tab of the host
    const clearIfHidden = () => this.list.getClientRects().length || this.list.replaceChildren();
    observeSize(this.list, clearIfHidden, signal);
  }

  /** Show a message. A message that is already shown is not shown again.
   * @param undo undoes the action that the message reports */
  show(text: string, kind?: ToastKind, undo?: () => unknown) {
    if (!text) return;
    for (const same of [...this.list.children]) {
      if (same.querySelector(".toast-text")?.textContent === text) same.remove();
    }
    const time = SHORT + Math.max(0, text.length - LINE) * A_LETTER;
    const dismiss = { type: "button", class: "toast-text", title: this.translate("dismiss") };
    const clock = el("span", { class: "toast-time" });
    clock.style.animationDuration = `${time}ms`; // a style attribute is refused by the page's CSP
    const toast = el(
      "div",
      { class: `toast surface ${kind ?? ""}` },
      el(
        "button",
        { ...dismiss, on: { click: () => toast.remove() } },
        kind && icon(kind === "bad" ? "warning" : "check"),
        el("span", { dir: "auto" }, text),
      ),
      undo &&
        button({ action: "undo", label: this.translate("do_undo"), class: "quiet" }, () => {
          toast.remove();
          return undo();
        }),
      clock,
    );
    // the animated line is the clock: it stops while the pointer is over the toast
    clock.addEventListener("animationend", () => toast.remove());
    this.list.append(toast);
    while (this.list.children.length > MOST) this.list.firstElementChild?.remove();
  }

  /** Press Undo on the newest message that offers it. Return false if no message does. */
  undoNewest() {
    const buttons = [...this.list.querySelectorAll("[data-do='undo']")];
    const newest = buttons.at(-1) as HTMLButtonElement | undefined;
    newest?.click();
    return Boolean(newest);
  }
}

/** Short messages that appear for a while over everything. */

import type { Translate } from "../types";
import { getTop } from "./dialogs";
import { button, el, icon, observeSize } from "./dom";

type ToastKind = "good" | "bad" | undefined;

const SHORT = 5000; // ms
const TO_PRESS = 3000; // ms more if there is a button
const A_LETTER = 60; // ms more for each letter beyond a line's
const LINE = 60; // letters
const MOST = 4; // at once
const MOST_UNDONE = 20;

/** A button in a toast: its `data-do`, its label, and what it does. */
interface ToastButton {
  action: string;
  label: string;
  press: () => unknown;
}

export class Toasts {
  list;
  #focused: HTMLElement | null = null; // before a message was
  /** what can still be undone, although its message is gone */
  #gone: { toast: HTMLElement; text: string; undo: () => unknown }[] = [];

  constructor(
    private readonly root: ShadowRoot,
    readonly translate: Translate,
    signal: AbortSignal,
  ) {
    // a popover: a panel that slides in would hold what is fixed in it
    const props = { class: "toasts", popover: "manual", role: "status", "aria-live": "polite" };
    this.list = el("div", props);
    this.list.addEventListener("focusin", ({ relatedTarget }) => {
      const isOutside = relatedTarget instanceof HTMLElement && !this.list.contains(relatedTarget);
      if (isOutside) this.#focused = relatedTarget;
    });
    root.addEventListener("focusin", () => this.#keepOffFocus(), { signal });
    const follow = () => {
      const top = getTop(root);
      // moved without need, its animations would begin again
      if (this.list.parentNode === top) return;
      top.append(this.list);
      if (this.list.isConnected) this.list.showPopover?.();
    };
    for (const type of ["layers", "fullscreenchange"])
      root.addEventListener(type, follow, { signal });
    follow();
    // toasts do not outlast a visit to another tab of the host
    const clearIfHidden = () =>
      this.list.getClientRects().length || [...this.list.children].forEach(drop);
    observeSize(this.list, clearIfHidden, signal);
  }

  /** Show a message. Of several messages only the newest is seen, besides errors.
   * @param kind "good" only if what the message reports is done
   * @param offer undoes the action that the message reports, or another button
   * @param before the message that this one replaces. Return the new message's element, which gets
   *     an event "gone" when the message is removed. */
  show(
    text: string,
    kind?: ToastKind,
    offer?: ToastButton | (() => unknown),
    before?: HTMLElement | null,
  ) {
    if (!text) return null;
    for (const same of [...this.list.children]) {
      if (same.querySelector(".toast-text")?.textContent === text) drop(same);
    }
    const undo = { action: "undo", label: this.translate("do_undo") };
    const look = typeof offer === "function" ? { ...undo, press: offer } : offer;
    const time = SHORT + (look ? TO_PRESS : 0) + Math.max(0, text.length - LINE) * A_LETTER;
    const dismiss = { type: "button", class: "toast-text plain", title: this.translate("dismiss") };
    const clock = el("span", { class: "toast-time" });
    // one of CSS would begin again in another layer
    const line = { transform: ["none", "scaleX(0)"] };
    const timer = clock.animate(line, { duration: time, fill: "forwards" });
    const toast = el(
      "div",
      { class: `toast surface row ${kind ?? ""}` },
      el(
        "button",
        { ...dismiss, on: { click: () => this.#leave(toast) } },
        kind && icon(kind === "bad" ? "warning" : "check"),
        el("span", { dir: "auto" }, text),
      ),
      look &&
        button({ ...look, class: "quiet" }, () => {
          this.remove(toast);
          return look.press();
        }),
      clock,
    );
    // the animated line is the clock: it stops while the pointer or the focus is on the toast
    timer.addEventListener("finish", () => toast.isConnected && drop(toast));
    const stop = () => (toast.matches(":hover, :focus-within") ? timer.pause() : timer.play());
    for (const type of ["pointerenter", "pointerleave", "focusin", "focusout"])
      toast.addEventListener(type, stop);
    if (typeof offer === "function")
      toast.addEventListener("gone", () => {
        this.#gone = [...this.#gone, { toast, text, undo: offer }].slice(-MOST_UNDONE);
      });
    if (before?.isConnected) toast.style.animation = "none"; // it is there already
    if (before) drop(before);
    this.list.append(toast);
    [...this.list.children].slice(0, -MOST).forEach(drop);
    this.#keepOffFocus();
    return toast;
  }

  /** Remove a message, and what it offers to undo. If it has the focus, give that back to what had
   * it before. */
  remove(toast: HTMLElement | null | undefined) {
    if (!toast) return;
    this.#leave(toast);
    this.#gone = this.#gone.filter((one) => one.toast !== toast);
  }

  #leave(toast: HTMLElement) {
    const hadFocus = toast.contains(this.root.activeElement);
    drop(toast);
    if (hadFocus) this.#focused?.focus({ preventScroll: true });
  }

  /** Move the messages to the window's other edge if they would cover the focused control. */
  #keepOffFocus() {
    const { activeElement } = this.root;
    if (!this.list.childElementCount || this.list.contains(activeElement)) return;
    this.list.removeAttribute("data-away");
    const focused = activeElement?.getBoundingClientRect();
    const box = this.list.getBoundingClientRect();
    const isCovered =
      focused &&
      focused.height < window.innerHeight / 2 &&
      focused.bottom > box.top &&
      focused.top < box.bottom &&
      focused.right > box.left &&
      focused.left < box.right;
    if (isCovered) this.list.setAttribute("data-away", "");
  }

  /** Undo what can be undone and was done last, and name it if its message is gone. */
  undoNewest() {
    const shown = [...this.list.querySelectorAll<HTMLElement>("[data-do='undo']")].at(-1);
    if (shown) return shown.click();
    const last = this.#gone.pop();
    const text = last && this.translate("undo_of", { text: last.text });
    this.show(text ?? this.translate("nothing_to_undo"));
    last?.undo();
  }
}

function drop(toast: Element) {
  toast.remove();
  toast.dispatchEvent(new Event("gone"));
}

/** Modal dialogs, and the messages that appear for a while over everything. */

import type { Translate } from "../types";
import { button, el, icon, observeSize } from "./dom";

/** What is open over the page, such as a dialog or a menu. */
interface Layer {
  element: HTMLElement;
  close: () => void;
}

/** by root, the topmost last */
const open = new WeakMap<Node, Layer[]>();
/** what closes a dialog */
const leaves = new WeakMap<HTMLDialogElement, () => void>();

/** Return the open layers of a page, the topmost last. */
export function listLayers(root: Node): readonly Layer[] {
  return open.get(root) ?? [];
}

/** Add a layer on top of all others, which a step back of the browser closes by `close`. Do nothing
 * if it is open. */
export function addLayer(root: Node, element: HTMLElement, close: () => void) {
  if (listLayers(root).some((layer) => layer.element === element)) return;
  setLayers(root, [...listLayers(root), { element, close }]);
}

/** Remove a layer that was closed. */
export function removeLayer(root: Node, element: HTMLElement) {
  const left = listLayers(root).filter((layer) => layer.element !== element);
  if (left.length < listLayers(root).length) setLayers(root, left);
}

function setLayers(root: Node, layers: Layer[]) {
  open.set(root, layers);
  root.dispatchEvent(new Event("layers"));
}

/** Prepare a dialog for `openModal`: call `leave` when the user presses Escape, clicks outside the
 * dialog, or leaves the tab that contains it.
 * @param signal aborted when the dialog is no longer needed */
export function makeModal(dialog: HTMLDialogElement, leave: () => void, signal: AbortSignal) {
  leaves.set(dialog, leave);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return; // a file field's cancel bubbles too
    event.preventDefault();
    leave();
  });
  // a browser may close it without asking, at the second Escape; and tells so late: it may be open
  // anew by then
  dialog.addEventListener("close", () => isOpen(dialog) && !dialog.open && leave());
  let isBeside = false; // whether the press began beside too: a selection in a field may end there
  dialog.addEventListener("pointerdown", (event) => {
    isBeside = event.target === dialog;
  });
  dialog.addEventListener("click", (event) => isBeside && event.target === dialog && leave());
  // in a host, its tab may be left while the dialog is open: unseen it would block the whole page
  const leaveIfUnseen = () => isOpen(dialog) && !dialog.getClientRects().length && leave();
  observeSize(dialog, leaveIfUnseen, signal);
}

/** Open a small dialog in the middle of the window. Return the function that closes it. */
export function openAsk(
  { root, signal }: { root: ShadowRoot; signal: AbortSignal },
  label: string,
  ...children: Node[]
) {
  const closed = new AbortController();
  const leave = () => {
    closeModal(dialog);
    dialog.remove();
    closed.abort();
  };
  const props = { class: "ask surface", "aria-label": label, tabindex: -1 };
  const dialog = el("dialog", props, el("div", {}, el("h2", {}, label), ...children));
  makeModal(dialog, leave, closed.signal);
  signal.addEventListener("abort", leave, { signal: closed.signal });
  root.append(dialog);
  openModal(dialog);
  return leave;
}

/** Open a dialog on top of all others. */
export function openModal(dialog: HTMLDialogElement) {
  if (isOpen(dialog)) return;
  dialog.showModal();
  dialog.focus(); // not its first button: the keys are the dialog's
  addLayer(dialog.getRootNode(), dialog, () => leaves.get(dialog)?.());
}

/** Close a dialog. */
export function closeModal(dialog: HTMLDialogElement) {
  if (!isOpen(dialog)) return;
  const root = dialog.getRootNode();
  removeLayer(root, dialog); // first: the toasts in the dialog must move out of it
  dialog.close();
  // a browser lets go of a field that is hidden with its next drawing: keys meanwhile were its own
  const { activeElement } = root as ShadowRoot;
  if (activeElement instanceof HTMLElement && dialog.contains(activeElement)) activeElement.blur();
}

/** Hide an open dialog until `signal` is aborted, so that the pointer reaches the page behind
 * it. */
export function setAside(dialog: HTMLDialogElement, signal: AbortSignal) {
  if (!isOpen(dialog) || signal.aborted) return;
  dialog.close();
  dialog.setAttribute("data-aside", "");
  dialog.show();
  signal.addEventListener("abort", () => {
    dialog.removeAttribute("data-aside");
    if (!isOpen(dialog)) return;
    dialog.close();
    dialog.showModal();
    dialog.focus();
  });
}

/** Return the topmost element of the page: the dialog that was opened last, or its part that fills
 * the screen. If no dialog is open, return the root. */
export function getTop(root: ShadowRoot): Element | ShadowRoot {
  const isDialog = ({ element }: Layer) => element instanceof HTMLDialogElement;
  const dialog = listLayers(root).filter(isDialog).at(-1)?.element;
  const full = root.fullscreenElement;
  return (full && dialog?.contains(full) ? full : dialog) ?? root;
}

function isOpen(dialog: HTMLDialogElement) {
  return listLayers(dialog.getRootNode()).some(({ element }) => element === dialog);
}

type ToastKind = "good" | "bad" | undefined;

const SHORT = 5000; // ms
const TO_PRESS = 3000; // ms more if there is a button
const A_LETTER = 60; // ms more for each letter beyond a line's
const LINE = 60; // letters
const MOST = 4; // at once

/** A button in a toast: its `data-do`, its label, and what it does. */
interface ToastButton {
  action: string;
  label: string;
  press: () => unknown;
}

export class Toasts {
  list;
  #focused: HTMLElement | null = null; // before a message was

  /** @param root where the messages are added */
  constructor(
    private readonly root: ShadowRoot,
    readonly translate: Translate,
    signal: AbortSignal,
  ) {
    this.list = el("div", { class: "toasts", role: "status", "aria-live": "polite" });
    this.list.addEventListener("focusin", ({ relatedTarget }) => {
      const isOutside = relatedTarget instanceof HTMLElement && !this.list.contains(relatedTarget);
      if (isOutside) this.#focused = relatedTarget;
    });
    root.addEventListener("focusin", () => this.#keepOffFocus(), { signal });
    // moved without need, its animations would begin again
    const follow = () => {
      const top = getTop(root);
      const { activeElement } = root;
      if (this.list.parentNode === top) return;
      top.append(this.list);
      const hadFocus = activeElement instanceof HTMLElement && this.list.contains(activeElement);
      if (hadFocus) activeElement.focus({ preventScroll: true });
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
    clock.style.animationDuration = `${time}ms`; // a style attribute is refused by the page's CSP
    const toast = el(
      "div",
      { class: `toast surface ${kind ?? ""}` },
      el(
        "button",
        { ...dismiss, on: { click: () => this.#remove(toast) } },
        kind && icon(kind === "bad" ? "warning" : "check"),
        el("span", { dir: "auto" }, text),
      ),
      look &&
        button({ ...look, class: "quiet" }, () => {
          this.#remove(toast);
          return look.press();
        }),
      clock,
    );
    // the animated line is the clock: it stops while the pointer is over the toast
    clock.addEventListener("animationend", () => drop(toast));
    if (before?.isConnected) toast.style.animation = "none"; // it is there already
    if (before) drop(before);
    this.list.append(toast);
    [...this.list.children].slice(0, -MOST).forEach(drop);
    this.#keepOffFocus();
    return toast;
  }

  /** Remove a message. If it has the focus, give that back to what had it before. */
  #remove(toast: HTMLElement) {
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

  /** Press Undo on the newest message that offers it. Return false if no message does. */
  undoNewest() {
    const buttons = [...this.list.querySelectorAll("[data-do='undo']")];
    const newest = buttons.at(-1) as HTMLButtonElement | undefined;
    newest?.click();
    return Boolean(newest);
  }
}

function drop(toast: Element) {
  toast.remove();
  toast.dispatchEvent(new Event("gone"));
}

/** Modal dialogs, and which layers lie over the page. */

import { el, observeSize } from "./dom";

/** What is open over the page, such as a dialog or a menu. */
export interface Layer {
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

/** Add a layer on top, unless it is there. A step back of the browser calls `close`. */
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

/** Keep a double click's second press from a layer that the first opened, and from what lies under
 * one that the first closed. */
export function stopSecondPresses(root: ShadowRoot, signal: AbortSignal) {
  let top: Layer | undefined; // at the first press
  const press = (event: Event) => {
    const now = listLayers(root).at(-1);
    if ((event as MouseEvent).detail < 2) top = now;
    if (top === now) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const how = { capture: true, signal };
  for (const type of ["mousedown", "click"]) root.addEventListener(type, press, how);
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

/** Hide an open dialog until `signal` is aborted, so that the pointer reaches the page. */
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
    // above the dialog again, as the browser orders them by when they were shown
    for (const one of dialog.querySelectorAll<HTMLElement>("[popover]")) {
      one.hidePopover?.();
      one.showPopover?.();
    }
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

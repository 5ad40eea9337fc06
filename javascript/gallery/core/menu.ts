/** Menus at a point or below a button, for mouse, finger and keyboard. */

import type { Translate } from "../types";
import { addLayer, getTop, listLayers, removeLayer } from "./dialogs";
import { button, el, type IconName, icon, iconButton } from "./dom";

/** In pixels from the window's upper left corner; isByKey: the first item gets the focus. */
export type Point = { x: number; y: number; isByKey?: boolean };

type Edges = { left: number; top: number; right: number; bottom: number };
type Size = { width: number; height: number };

export interface MenuItem {
  key: string; // the item's `data-do`
  text: string;
  do: () => unknown; // runs after the menu is closed and the focus is back
  isChecked?: boolean; // undefined for an item that is not a switch
  isDisabled?: boolean;
  startsGroup?: boolean; // draws a line above the item
  shortcut?: string; // the key that does the same
  icon?: IconName; // shown where the item is a button
}

/** Return an item of a menu; `key` is its `data-do`. */
export function makeItem(
  key: string,
  text: string,
  act: () => unknown,
  more: Partial<MenuItem> = {},
): MenuItem {
  return { key, text, do: act, ...more };
}

const MARGIN = 8; // pixels between a menu and the window's edge
const TYPING = 700; // ms within which letters make one word

/** Open a menu. The menu closes when an item is chosen, by Escape or Tab, by a press outside, and
 * when something is scrolled.
 * @param anchor a button below which the menu opens, or a point */
export function openMenu(
  root: ShadowRoot,
  anchor: Element | Point,
  items: readonly MenuItem[],
  signal: AbortSignal,
) {
  closeMenu(root);
  const abort = new AbortController();
  const focused = root.activeElement;
  const close = () => {
    const hadFocus = layer.contains(root.activeElement);
    abort.abort();
    layer.remove();
    removeLayer(root, layer);
    if (anchor instanceof HTMLButtonElement) anchor.setAttribute("aria-expanded", "false");
    if (hadFocus && focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  };
  const rows = items.map((item) => makeRow(item, close));
  const menu = el("div", { class: "popup-menu surface", role: "menu", tabindex: -1 }, ...rows);
  // Covers the window, so that a press beside the menu does nothing else. A manual popover lies over
  // all dialogs; browsers without popovers show it as any other element.
  const layer = el("div", { class: "menu-layer", popover: "manual" }, menu);
  listen(layer, menu, rows, close);
  getTop(root).append(layer);
  addLayer(root, layer, close);
  layer.showPopover?.();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const isElement = anchor instanceof Element;
  const box = isElement ? anchor.getBoundingClientRect() : new DOMRect(anchor.x, anchor.y);
  const { x, y } = placeMenu(box, menu.getBoundingClientRect(), { width, height });
  menu.style.left = `${x}px`;
  menu.style.top = `${y}px`;
  if (anchor instanceof HTMLButtonElement) anchor.setAttribute("aria-expanded", "true");
  const isAtFirst = anchor instanceof Element || anchor.isByKey;
  (isAtFirst ? rows[0] : menu)?.focus({ preventScroll: true });
  const how = { signal: abort.signal, capture: true };
  window.addEventListener("resize", close, how);
  // The event of a scroll from before the menu opened comes with the next frame, ahead of this.
  requestAnimationFrame(() => {
    window.addEventListener("scroll", close, how);
    root.addEventListener("scroll", ({ target }) => target !== menu && close(), how);
  });
  signal.addEventListener("abort", close, { signal: abort.signal });
}

/** Return an icon button that opens a menu, once `listItems` has returned its items. */
export function makeMenuButton(
  { root, translate, signal }: { root: ShadowRoot; translate: Translate; signal: AbortSignal },
  action: string,
  label: string,
  listItems: () => MenuItem[] | Promise<MenuItem[]>,
) {
  const open = async () => openMenu(root, made, await listItems(), signal);
  const made = iconButton(action, "more", translate(label), open, "quiet");
  made.setAttribute("aria-haspopup", "menu");
  return made;
}

/** Return a button that does the first of these things, beside an arrow that opens a menu with the
 * others.
 * @param how look: a class; more: the arrow's `data-do` */
export function makeSplitButton(
  { root, translate, signal }: { root: ShadowRoot; translate: Translate; signal: AbortSignal },
  [first, ...others]: MenuItem[],
  { look = "primary", more = "more-uses" } = {},
) {
  const main = button({ action: first.key, icon: first.icon, label: first.text, class: look }, () =>
    first.do(),
  );
  main.disabled = first.isDisabled ?? false;
  const open = () => openMenu(root, arrow, others, signal);
  const arrow = iconButton(more, "fold", translate("more_uses"), open, look);
  arrow.setAttribute("aria-haspopup", "menu");
  return el("div", { class: "split" }, main, others.length > 0 && arrow);
}

/** Close the open menu, if there is one. */
export function closeMenu(root: ShadowRoot) {
  for (const { element, close } of listLayers(root)) if (element.matches(".menu-layer")) close();
}

/** Return the position for a menu: below the anchor and aligned with its left edge. If there is no
 * room, the menu goes above or to the left of the anchor, but stays inside the window. */
export function placeMenu(anchor: Edges, menu: Size, screen: Size): Point {
  const isBelow = anchor.bottom + menu.height <= screen.height - MARGIN;
  const isAbove = anchor.top - menu.height >= MARGIN;
  const isRight = anchor.left + menu.width <= screen.width - MARGIN;
  const x = isRight ? anchor.left : anchor.right - menu.width;
  const y = isBelow || !isAbove ? anchor.bottom : anchor.top - menu.height;
  return {
    x: Math.max(MARGIN, Math.min(x, screen.width - MARGIN - menu.width)),
    y: Math.max(MARGIN, Math.min(y, screen.height - MARGIN - menu.height)),
  };
}

/** Return the index of the next text that begins with the typed letters, -1 if there is none.
 * Typing the same letter again finds the next text that begins with this letter.
 * @param from index of the current text, -1 for none */
export function findByLetters(texts: readonly string[], letters: string, from: number) {
  const typed = letters.toLowerCase();
  const isOneLetter = new Set(typed).size === 1;
  const wanted = isOneLetter ? typed.charAt(0) : typed;
  const start = Math.max(0, isOneLetter ? from + 1 : from);
  for (let passed = 0; passed < texts.length; passed += 1) {
    const at = (start + passed) % texts.length;
    if (texts[at].toLowerCase().startsWith(wanted)) return at;
  }
  return -1;
}

function makeRow(item: MenuItem, close: () => void) {
  const isSwitch = item.isChecked !== undefined;
  const press = () => {
    if (item.isDisabled) return;
    close();
    void item.do();
  };
  return el(
    "button",
    {
      type: "button",
      role: isSwitch ? "menuitemcheckbox" : "menuitem",
      tabindex: -1,
      "data-do": item.key,
      "data-group": item.startsGroup ?? false,
      "data-shortcut": item.shortcut || null,
      "aria-keyshortcuts": item.shortcut?.replace("Ctrl ", "Control+") || null,
      "aria-checked": isSwitch ? String(item.isChecked) : null,
      "aria-disabled": item.isDisabled ? "true" : null,
      on: { click: press },
    },
    el("span", { text: item.text, dir: "auto" }),
    item.isChecked && icon("check"),
  );
}

function listen(
  layer: HTMLElement,
  menu: HTMLElement,
  rows: readonly HTMLElement[],
  close: () => void,
) {
  let isBeside = false; // a finger that opened the menu is lifted beside it
  layer.addEventListener("pointerdown", (event) => {
    isBeside = event.target === layer;
    // the press of another button opens another menu where it is
    if (isBeside && event.button !== 0) close();
  });
  layer.addEventListener("click", (event) => isBeside && event.target === layer && close());
  layer.addEventListener("contextmenu", (event) => event.preventDefault());
  menu.addEventListener("pointermove", ({ target }) => {
    const row = rows.find((one) => target instanceof Node && one.contains(target));
    row?.focus({ preventScroll: true });
  });
  layer.addEventListener("keydown", makeKeyListener(rows, close));
  // the key has done its work: a browser would press the button now
  layer.addEventListener("keyup", (event) => event.key === " " && event.preventDefault());
}

/** Return a listener that moves the focus or closes the menu; no key reaches the page. */
function makeKeyListener(
  rows: readonly HTMLElement[],
  close: () => void,
): (event: KeyboardEvent) => void {
  let letters = ""; // typed so far
  let typedAt = 0; // ms, an event's time
  const focus = (index: number) => rows.at(index % rows.length)?.focus();
  return (event) => {
    event.stopPropagation();
    const { key, ctrlKey, metaKey, altKey, timeStamp } = event;
    const at = rows.findIndex((row) => row.matches(":focus"));
    if (timeStamp - typedAt > TYPING) letters = "";
    if (key === "Enter" || (key === " " && !letters)) rows[at]?.click();
    else if (key === "Escape" || key === "Tab") close();
    else if (key === "ArrowDown") focus(at + 1);
    else if (key === "ArrowUp") focus(at < 0 ? -1 : at - 1);
    else if (key === "Home") focus(0);
    else if (key === "End") focus(-1);
    else if (key.length === 1 && !ctrlKey && !metaKey && !altKey) {
      letters += key;
      typedAt = timeStamp;
      const texts = rows.map((row) => row.textContent ?? "");
      const found = findByLetters(texts, letters, at);
      if (found >= 0) focus(found);
    } else return;
    event.preventDefault();
  };
}

/** Creates elements. Text from strangers can only become text here, never HTML. */

import { icon } from "./icons.js";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined} Value */
/** @typedef {Partial<{[K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void}>} Listeners */
/** @typedef {{text?: string, on?: Listeners} & Record<string, Value | Listeners>} Props */

/** Create an element with attributes, listeners, text and children. An attribute is omitted for
 * null and false, and has no value for true. Children that are null or false are left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]} */
export function el(tag, { text, on, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(made, name, /** @type {Value} */ (value));
  }
  for (const [type, listener] of Object.entries(on ?? {})) {
    made.addEventListener(type, /** @type {EventListener} */ (listener));
  }
  if (text !== undefined) made.textContent = text;
  const isShown = (/** @type {Child} */ child) =>
    child !== null && child !== undefined && child !== false;
  made.append(.../** @type {(Node | string)[]} */ (children.filter(isShown)));
  return made;
}

/** Set an attribute of an element; null and false remove it, true gives it no value.
 * @param {Element} node
 * @param {string} name
 * @param {Value} value */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/**
 * @typedef {object} ButtonLooks
 * @property {string} [action]  the button's `data-do`
 * @property {import("./icons.js").IconName} [icon]
 * @property {string} label  the label
 * @property {string} [title]
 * @property {string} [class]
 */

/** Create a button with a label, and an icon before the label.
 * @param {ButtonLooks} looks
 * @param {(event: MouseEvent) => unknown} press */
export function button({ action, icon: glyph, label, title, class: look }, press) {
  // a narrow window shows the icon alone
  const props = { class: look, "data-do": action, title: title ?? (glyph ? label : null) };
  return makeButton(props, press, glyph && icon(glyph), el("span", { text: label }));
}

/** Create a button that shows only an icon.
 * @param {string} action  the button's `data-do`
 * @param {import("./icons.js").IconName} glyph
 * @param {string} label  the button's name, also shown while the pointer rests on it
 * @param {(event: MouseEvent) => unknown} press
 * @param {string} [look]  a class */
export function iconButton(action, glyph, label, press, look = "") {
  const props = { "data-do": action, "aria-label": label, title: label };
  return makeButton({ class: `${look} icon`.trim(), ...props }, press, icon(glyph));
}

/** Create an element with a name and its value, for a `dl`.
 * @param {string} name
 * @param {string} value */
export function makePair(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value));
}

/** Create a button that ignores presses while the action of a press runs, or `setDisabled` has
 * disabled it.
 * @param {Props} props
 * @param {(event: MouseEvent) => unknown} press
 * @param {...Child} children */
function makeButton(props, press, ...children) {
  const on = {
    click: (/** @type {MouseEvent} */ event) => void runWhileBusy(made, () => press(event)),
  };
  const made = el("button", { type: "button", ...props, on }, ...children);
  return made;
}

/** Set an element's text, unless it is already the same: a screen reader might repeat it.
 * @param {Element | null} node
 * @param {string} text */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/** Set the label of a button that `button` has created.
 * @param {HTMLButtonElement} labelled
 * @param {string} label */
export function setLabel(labelled, label) {
  setText(labelled.querySelector("span"), label);
}

/** Disable or enable a button that may have the focus. It keeps the focus, which the attribute
 * `disabled` would take away.
 * @param {HTMLButtonElement} element
 * @param {boolean} isDisabled */
export function setDisabled(element, isDisabled) {
  setAttribute(element, "aria-disabled", isDisabled ? "true" : null);
}

/** Call a listener now and whenever an element is resized, hidden or shown.
 * @param {Element} element
 * @param {() => void} listener
 * @param {AbortSignal} signal  ends the calls */
export function observeSize(element, listener, signal) {
  const sizes = new ResizeObserver(listener);
  sizes.observe(element);
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** Run an action and mark its button as busy until the action settles. The button is not disabled,
 * because it would lose the focus.
 * @param {HTMLElement} pressed
 * @param {() => unknown} action */
export async function runWhileBusy(pressed, action) {
  if (pressed.ariaBusy === "true" || pressed.ariaDisabled === "true") return;
  const done = action();
  if (!(done instanceof Promise)) return;
  pressed.setAttribute("aria-busy", "true");
  await done.finally(() => pressed.removeAttribute("aria-busy"));
}

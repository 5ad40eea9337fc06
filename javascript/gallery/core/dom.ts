/** Creates elements. Text from strangers can only become text here, never HTML. */

import { type IconName, icon } from "./icons";

type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined;
type Listeners = Partial<{
  [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void;
}>;
export type Props = { text?: string; on?: Listeners } & Record<string, Value | Listeners>;

/** Create an element with attributes, listeners, text and children. An attribute is omitted for
 * null and false, and has no value for true. Children that are null or false are left out. */
export function el<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  { text, on, ...attributes }: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(made, name, value as Value);
  }
  for (const [type, listener] of Object.entries(on ?? {})) {
    made.addEventListener(type, listener as EventListener);
  }
  if (text !== undefined) made.textContent = text;
  const isShown = (child: Child) => child !== null && child !== undefined && child !== false;
  made.append(...(children.filter(isShown) as (Node | string)[]));
  return made;
}

/** Set an attribute of an element; null and false remove it, true gives it no value. */
export function setAttribute(node: Element, name: string, value: Value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

interface ButtonLooks {
  action?: string; // the button's `data-do`
  icon?: IconName;
  label: string; // the label
  title?: string;
  class?: string;
}

/** Create a button with a label, and an icon before the label. */
export function button(
  { action, icon: glyph, label, title, class: look }: ButtonLooks,
  press: (event: MouseEvent) => unknown,
) {
  // a narrow window shows the icon alone
  const props = { class: look, "data-do": action, title: title ?? (glyph ? label : null) };
  return makeButton(props, press, glyph && icon(glyph), el("span", { text: label }));
}

/** Create a button that shows only an icon.
 * @param action the button's `data-do`
 * @param label the button's name, also shown while the pointer rests on it
 * @param look a class */
export function iconButton(
  action: string,
  glyph: IconName,
  label: string,
  press: (event: MouseEvent) => unknown,
  look: string = "",
) {
  const props = { "data-do": action, "aria-label": label, title: label };
  return makeButton({ class: `${look} icon`.trim(), ...props }, press, icon(glyph));
}

/** Create an element with a name and its value, for a `dl`. */
export function makePair(name: string, value: string) {
  return el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value));
}

/** Create a button that ignores presses while the action of a press runs, or `setDisabled` has
 * disabled it. */
function makeButton(props: Props, press: (event: MouseEvent) => unknown, ...children: Child[]) {
  const on = {
    click: (event: MouseEvent) => void runWhileBusy(made, () => press(event)),
  };
  const made = el("button", { type: "button", ...props, on }, ...children);
  return made;
}

/** Set an element's text, unless it is already the same: a screen reader might repeat it. */
export function setText(node: Element | null, text: string) {
  if (node && node.textContent !== text) node.textContent = text;
}

/** Set the label of a button that `button` has created. */
export function setLabel(labelled: HTMLButtonElement, label: string) {
  setText(labelled.querySelector("span"), label);
}

/** Disable or enable a button that may have the focus. It keeps the focus, which the attribute
 * `disabled` would take away. */
export function setDisabled(element: HTMLButtonElement, isDisabled: boolean) {
  setAttribute(element, "aria-disabled", isDisabled ? "true" : null);
}

/** Call a listener now and whenever an element is resized, hidden or shown.
 * @param signal ends the calls */
export function observeSize(element: Element, listener: () => void, signal: AbortSignal) {
  const sizes = new ResizeObserver(listener);
  sizes.observe(element);
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** Run an action and mark its button as busy until the action settles. The button is not disabled,
 * because it would lose the focus. */
export async function runWhileBusy(pressed: HTMLElement, action: () => unknown) {
  if (pressed.ariaBusy === "true" || pressed.ariaDisabled === "true") return;
  const done = action();
  if (!(done instanceof Promise)) return;
  pressed.setAttribute("aria-busy", "true");
  await done.finally(() => pressed.removeAttribute("aria-busy"));
}

/** Creates elements. Text from strangers can only become text here, never HTML. */

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

/** Create a button with a label, with an icon before it, or with only an icon (`isBare`). While the
 * action of a press runs, further presses are ignored.
 * @param {{action?: string, icon?: Node | null, words: string, title?: string, isBare?: boolean, class?: string}} looks
 *     action: the button's `data-do`; words: its label; class: its class
 * @param {(event: MouseEvent) => unknown} press */
export function button({ action, icon, words, title, isBare = false, class: look }, press) {
  const made = el(
    "button",
    {
      type: "button",
      class: [look, isBare && "icon"].filter(Boolean).join(" ") || null,
      "data-do": action,
      "aria-label": isBare ? words : null,
      title: title ?? (icon ? words : null), // a narrow window shows the icon alone
      on: { click: (event) => void runWhileBusy(made, () => press(event)) },
    },
    icon,
    !isBare && el("span", { text: words }),
  );
  return made;
}

/** Run an action and mark its button as busy until the action settles. The button is not disabled,
 * because it would lose the focus.
 * @param {HTMLElement} pressed
 * @param {() => unknown} action */
export async function runWhileBusy(pressed, action) {
  if (pressed.ariaBusy === "true") return;
  const done = action();
  if (!(done instanceof Promise)) return;
  pressed.setAttribute("aria-busy", "true");
  await done.finally(() => pressed.removeAttribute("aria-busy"));
}

/** Makes elements; what strangers wrote can only become text here. */

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined} Value */
/** @typedef {Partial<{[K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void}>} Listeners */
/** @typedef {{text?: string, on?: Listeners} & Record<string, Value | Listeners>} Props */

/**
 * Attributes: true is one without a value, null and false leave it out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, { text, on, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(made, name, /** @type {Value} */ (value));
  }
  for (const [type, listener] of Object.entries(on ?? {})) {
    made.addEventListener(type, /** @type {EventListener} */ (listener));
  }
  if (text !== undefined) made.textContent = text;
  made.append(...toNodes(children));
  return made;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {Value} value
 */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Child[]} children */
function toNodes(children) {
  /** @type {(Node | string)[]} */
  const present = [];
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    present.push(typeof child === "number" ? String(child) : child);
  }
  return present;
}

/**
 * A button of an action, with an icon before its words, or in their place with `isBare`. While an action
 * is under way that takes time, a further press does nothing.
 * @param {{action?: string, icon?: Node | null, words: string, title?: string, isBare?: boolean, class?: string}} looks
 * @param {(event: MouseEvent) => unknown} press
 */
export function button({ action, icon, words, title, isBare = false, class: look }, press) {
  const made = el(
    "button",
    {
      type: "button",
      class: [look, isBare && "icon"].filter(Boolean).join(" ") || null,
      "data-do": action,
      "aria-label": isBare ? words : null,
      title: title ?? (icon ? words : null), // a narrow window shows the icon alone
      on: { click: (event) => void whileBusy(made, () => press(event)) },
    },
    icon,
    !isBare && el("span", { text: words }),
  );
  return made;
}

/**
 * Not `disabled` meanwhile: that takes the focus away, and the keyboard begins at the top again.
 * @param {HTMLElement} pressed
 * @param {() => unknown} action
 */
export async function whileBusy(pressed, action) {
  if (pressed.ariaBusy === "true") return;
  const done = action();
  if (!(done instanceof Promise)) return;
  pressed.setAttribute("aria-busy", "true");
  await done.finally(() => pressed.removeAttribute("aria-busy"));
}

/** The small parts of which others are built: toolbars, popovers, rows of a list, fields, long
 * texts. */

import type { Translate } from "../types";
import { addLayer, removeLayer } from "./dialogs";
import { el, observeSize, type Props } from "./dom";

/** Return a text field; `name` is its `data-field`. */
export function makeTextField(name: string, label: string, props: Props = {}) {
  return el("input", { type: "text", "data-field": name, "aria-label": label, ...props });
}

/** Return a hidden field by whose `click()` the user chooses files.
 * @param name its `data-field`
 * @param accept types or endings of files, separated by commas */
export function makeFileField(
  name: string,
  accept: string,
  choose: (files: File[]) => unknown,
  multiple = false,
) {
  const change = () => {
    const files = [...(field.files ?? [])];
    field.value = ""; // so that the same file can be chosen again
    void choose(files);
  };
  const props = { type: "file", "data-field": name, accept, multiple, hidden: true };
  const field = el("input", { ...props, on: { change } });
  return field;
}

/** Return a listener that calls `enter` when the user presses Enter in a field. */
export function onEnter(enter: () => unknown) {
  return ({ key, isComposing }: KeyboardEvent) => key === "Enter" && !isComposing && void enter();
}

/** Return the number field in which the user sets how many images a job may read or download.
 * @param what name: the field's `data-field`; label: the key of a message; value: the first
 *     number; high: the highest allowed number, null for none */
export function makeLimitField(
  translate: Translate,
  { name, label, value, high }: { name: string; label: string; value: number; high: number | null },
) {
  const text = translate(label);
  return el("input", {
    type: "number",
    "data-field": name,
    "aria-label": text,
    title: text,
    min: 1,
    max: high,
    step: 1,
    required: true,
    value: String(value),
  });
}

const SHOWN = 3000; // letters; a prompt of a person is shorter
const PIECE = 4000;

/** Return an element with a text; of a longer one the beginning, with a button for the rest. */
export function makeLongText(
  text: string,
  translate: Translate,
  { letters = SHOWN, lines = Number.POSITIVE_INFINITY }: { letters?: number; lines?: number } = {},
): HTMLElement {
  const node = el("div", { class: "long-text", dir: "auto", tabindex: -1 });
  const first = text.split("\n").slice(0, lines).join("\n");
  if (text.length <= letters && first === text) {
    node.textContent = text;
    return node;
  }
  const [beginning] = splitText(first.slice(0, 2 * letters), letters);
  const all = el("button", { type: "button", class: "plain", "data-do": "show-all" });
  all.textContent = translate("show_all", { n: text.length });
  all.addEventListener("click", () => {
    node.replaceChildren(...splitText(text).map((piece) => el("span", { class: "piece" }, piece)));
    node.focus({ preventScroll: true });
  });
  node.append(`${beginning?.trimEnd() ?? ""}… `, all);
  return node;
}

/** Split a text into pieces, after spaces where possible. */
export function splitText(text: string, length: number = PIECE) {
  const piece = new RegExp(`.{1,${length - 1}}(?: |$)|.{1,${length}}`, "gsu");
  return text.match(piece) ?? [];
}

const GAP = 4; // pixels between the button and what it shows

/** Return a popover that a button opens and closes. The caller must append it to the root.
 * @param how id: the element's id; label: name for screen readers; getAnchor: returns the
 *     element below which the popover opens, if that is not the button */
export function makePopover(
  trigger: HTMLButtonElement,
  {
    id,
    label,
    getAnchor = () => trigger,
  }: { id: string; label: string; getAnchor?: () => HTMLElement },
  ...children: Node[]
) {
  const props = { id, popover: "auto", class: "popover surface", role: "group" };
  const element = el("div", { ...props, "aria-label": label }, ...children);
  trigger.setAttribute("popovertarget", id);
  trigger.setAttribute("aria-expanded", "false");
  element.addEventListener("beforetoggle", ({ newState }) => {
    const isOpening = newState === "open";
    trigger.setAttribute("aria-expanded", String(isOpening));
    if (isOpening) {
      placeBelow(element, getAnchor());
      addLayer(element.getRootNode(), element, () => element.hidePopover());
      return;
    }
    removeLayer(element.getRootNode(), element);
    if (element.matches(":focus-within")) getAnchor().focus();
  });
  // the focus moved on by Tab; null: to another window
  element.addEventListener("focusout", ({ relatedTarget }) => {
    const isOutside = relatedTarget instanceof Node && !element.contains(relatedTarget);
    if (isOutside && relatedTarget !== trigger) element.hidePopover();
  });
  return element;
}

/** Place a popover below an element; its style keeps it inside the window. */
function placeBelow(element: HTMLElement, anchor: Element) {
  const { left, bottom } = anchor.getBoundingClientRect();
  element.style.setProperty("--cs-left", `${left + window.scrollX}px`);
  element.style.setProperty("--cs-below", `${bottom + GAP}px`);
  element.style.top = `${bottom + GAP + window.scrollY}px`;
}

const CONTROLS = "a[href], button, input, select";
const USES_ENDS = "input, select"; // Home and End are theirs

/** Make an element a toolbar: the arrow keys move the focus between its controls, which may be added
 * and removed later. */
export function makeToolbar(element: HTMLElement, label: string, signal: AbortSignal) {
  element.setAttribute("role", "toolbar");
  element.setAttribute("aria-label", label);
  /** the control that had the focus last */
  let current: HTMLElement | undefined;
  const list = () =>
    ([...element.querySelectorAll(CONTROLS)] as HTMLElement[]).filter(
      (one) => one.getClientRects().length,
    );
  const update = () => {
    const controls = list();
    const stop = current && controls.includes(current) ? current : controls[0];
    for (const one of controls) one.tabIndex = one === stop ? 0 : -1;
  };
  let frame = 0;
  const updateSoon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  };
  const changes = new MutationObserver(updateSoon);
  changes.observe(element, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  observeSize(element, update, signal);
  signal.addEventListener("abort", () => {
    changes.disconnect();
    cancelAnimationFrame(frame);
  });
  element.addEventListener("focusin", ({ target }) => {
    current = target as HTMLElement;
    update();
  });
  element.addEventListener("keydown", (event) => {
    const next = findNext(list(), event);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

function findNext(
  controls: HTMLElement[],
  { key, target, ctrlKey, altKey, metaKey, shiftKey }: KeyboardEvent,
) {
  const at = controls.indexOf(target as HTMLElement);
  if (at < 0 || ctrlKey || altKey || metaKey || shiftKey) return undefined;
  if (key === "ArrowRight") return controls[(at + 1) % controls.length];
  if (key === "ArrowLeft") return controls.at(at - 1);
  if (controls[at].matches(USES_ENDS)) return undefined;
  if (key === "Home") return controls[0];
  return key === "End" ? controls.at(-1) : undefined;
}

/** Rows of a panel's list: each is created once and updated in place, so that neither the focus nor
 * a press is lost. */
export class Rows<Row, Drawn extends { element: Element; draw: (one: Row) => void }> {
  #drawn = new Map<string | number, Drawn>();

  /** @param keyOf returns a row's key
   * @param make creates the element of a row */
  constructor(
    readonly list: Element,
    readonly keyOf: (one: Row) => string | number,
    readonly make: (one: Row) => Drawn,
  ) {}

  /** Show these rows; existing rows are updated. */
  draw(all: Row[]) {
    const before = this.#drawn;
    this.#drawn = new Map(
      all.map((one) => [this.keyOf(one), before.get(this.keyOf(one)) ?? this.make(one)]),
    );
    for (const one of all) this.#drawn.get(this.keyOf(one))?.draw(one);
    this.#arrange([...this.#drawn.values()].map((row) => row.element));
  }

  #arrange(elements: Element[]) {
    const wanted = new Set(elements);
    for (const child of [...this.list.children]) if (!wanted.has(child)) child.remove();
    elements.forEach((element, at) => {
      const current = this.list.children[at] ?? null;
      if (current !== element) this.list.insertBefore(element, current);
    });
  }
}

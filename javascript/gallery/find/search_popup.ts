/** The list of rows below the search field, chosen by arrow keys, pointer or Enter. */

import { el } from "../core/dom";
import { icon } from "../core/icons";
import type { SearchRow } from "./search_rows";

/** what an option shows */
const drawnRows: WeakMap<HTMLElement, string> = new WeakMap();

export class SearchPopup {
  declare element;
  #field;
  #choose;
  #rows: readonly SearchRow[] = [];
  /** The key of the row that Enter chooses, "" for none. */
  #chosen = "";
  #isByUser = false; // chose it
  /** by the key of their row */
  #options: Map<string, HTMLElement> = new Map();

  /** @param label for screen readers
   * @param choose called with the row that the user clicks */
  constructor(field: HTMLInputElement, label: string, choose: (row: SearchRow) => void) {
    this.#field = field;
    this.#choose = choose;
    this.element = el("div", {
      id: "search-rows",
      class: "search-rows surface",
      role: "listbox",
      "aria-label": label,
      hidden: true,
    });
    const props = { role: "combobox", "aria-autocomplete": "list", "aria-controls": "search-rows" };
    for (const [name, value] of Object.entries(props)) field.setAttribute(name, value);
    field.setAttribute("aria-expanded", "false");
    // The field keeps the focus, without which the list closes; and only at the click, else that
    // would fall on what lies below a list that has closed.
    this.element.addEventListener("mousedown", (event) => event.preventDefault());
    this.element.addEventListener("click", (event) => this.#onClick(event));
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Return the row that Enter chooses, null for none. */
  get chosen() {
    return this.isOpen ? (this.#rows.find(({ key }) => key === this.#chosen) ?? null) : null;
  }

  /** Show these rows; close the list if there are none.
   * @param first the row to choose, unless the row that the user chose is still in the list */
  show(rows: readonly SearchRow[], first: SearchRow | null) {
    this.#isByUser &&= rows.some(({ key }) => key === this.#chosen);
    if (!this.#isByUser) this.#chosen = first?.key ?? "";
    this.#rows = rows;
    this.#draw();
  }

  close() {
    this.show([], null);
  }

  /** Choose the next or previous row; the first row follows the last one. */
  step(by: 1 | -1) {
    const count = this.#rows.length;
    const at = this.#rows.findIndex(({ key }) => key === this.#chosen);
    const next = at < 0 && by < 0 ? count - 1 : (at + by + count) % count;
    this.#chosen = this.#rows[next]?.key ?? "";
    this.#isByUser = true;
    this.#draw();
    this.#options.get(this.#chosen)?.scrollIntoView({ block: "nearest" });
  }

  #draw() {
    const before = this.#options;
    this.#options = new Map();
    const shown: HTMLElement[] = [];
    for (const [at, row] of this.#rows.entries()) {
      const option = before.get(row.key) ?? el("div", { role: "option" });
      this.#options.set(row.key, option);
      drawOption(option, row, at, row.key === this.#chosen);
      shown.push(option);
    }
    const nodes = this.#group(shown);
    const isSame =
      nodes.length === this.element.children.length &&
      nodes.every((one, at) => one === this.element.children[at]);
    if (!isSame) this.element.replaceChildren(...nodes); // else a press under way would be lost
    this.element.hidden = !this.#rows.length;
    this.#field.setAttribute("aria-expanded", String(this.isOpen));
    const id = this.#options.get(this.#chosen)?.id;
    if (id) this.#field.setAttribute("aria-activedescendant", id);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  /** Return the options, those with the same heading together in one group element. */
  #group(options: HTMLElement[]) {
    const nodes: HTMLElement[] = [];
    for (const [at, option] of options.entries()) {
      const { group, kind } = this.#rows[at];
      if (!group) nodes.push(option);
      else {
        const isNew = group !== this.#rows[at - 1]?.group;
        if (isNew) nodes.push(makeGroup(group, kind));
        nodes[nodes.length - 1].append(option);
      }
    }
    return nodes;
  }

  /** Report the row that the user has clicked. */
  #onClick(event: MouseEvent) {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    const row = this.#rows.find(({ key }) => this.#options.get(key) === option);
    if (row) this.#choose(row);
  }
}

/** Return a group of options with its heading.
 * @param kind kind of its options */
function makeGroup(label: string, kind: string) {
  const heading = el("p", { class: "dim one-line", "aria-hidden": "true", text: label });
  return el("div", { role: "group", "aria-label": label, "data-kind": kind }, heading);
}

/** Draw a row in its option element.
 * @param at index of the row */
function drawOption(
  option: HTMLElement,
  { kind, icon: glyph, text, detail, value }: SearchRow,
  at: number,
  isChosen: boolean,
) {
  option.id = `search-row-${at}`;
  option.setAttribute("aria-selected", String(isChosen));
  const drawn = JSON.stringify([text, detail, value]);
  if (drawnRows.get(option) === drawn) return;
  drawnRows.set(option, drawn);
  option.dataset.row = kind;
  option.replaceChildren(
    glyph ? icon(glyph) : "",
    el("bdi", { class: "one-line", text }),
    detail ? el("span", { class: "dim one-line", text: detail }) : "",
  );
}

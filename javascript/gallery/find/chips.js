/** The row of chips for the search and the filters, which are removed one by one or all at once. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { listChips } from "./chip_list.js";

/** @import { Context } from "../types.js" */
/** @import { Chip } from "./chip_list.js" */

export class Chips {
  #context;
  #leave;
  element;
  #drawn = "";

  /** @param {Context} context
   * @param {() => void} leave  moves the focus elsewhere when the last chip is removed */
  constructor(context, leave) {
    const { words, store, signal } = context;
    this.#context = context;
    this.#leave = leave;
    this.element = el("div", {
      class: "set-chips",
      role: "group",
      "aria-label": words("chips_set"),
    });
    store.on(["bootstrap", "where", "model", "results", "loadedFilter"], () => this.#draw(), {
      signal,
    });
    this.#draw();
  }

  /** Show the chips. When the focused chip is removed, the next one gets the focus. */
  #draw() {
    const { store, words, actions } = this.#context;
    const chips = listChips(store.get(), words, actions);
    const drawn = JSON.stringify(chips.map(({ key, text }) => [key, text]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = [...this.element.children].findIndex((one) => one.matches(":focus"));
    this.element.hidden = !chips.length;
    this.element.replaceChildren(...chips.map((chip) => makeChip(chip, words)), this.#makeReset());
    if (focused < 0) return;
    const next = this.element.children[Math.min(focused, chips.length)];
    if (chips.length && next instanceof HTMLElement) next.focus();
    else this.#leave();
  }

  #makeReset() {
    const { words, actions } = this.#context;
    const look = { action: "reset-filters", words: words("reset_filters"), class: "chip quiet" };
    return button(look, () => actions.resetFilters());
  }
}

/** Return the button of a chip, which removes the word or the filter that the chip names.
 * @param {Chip} chip
 * @param {import("../types.js").Words} words */
export function makeChip({ key, text, remove }, words) {
  const title = words("chip_remove", { text });
  const made = button({ action: "remove-chip", words: text, title, class: "chip" }, remove);
  made.setAttribute("data-chip", key);
  made.setAttribute("aria-label", title);
  made.append(icon("close"));
  return made;
}

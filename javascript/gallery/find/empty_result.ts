/** What is shown instead of images when the filters leave none: chips to remove, and one button. */

import { button, el } from "../core/dom";
import { getSearched } from "../state/state";
import type { Context, State } from "../types";
import { type Chip, listChipsOfEmptyGallery } from "./chip_list";
import { makeChip } from "./chips";
import { isForModels } from "./status_text";

export class EmptyResult {
  #context;
  #section = el("section", { class: "empty-result", hidden: true });
  #text = el("p", { role: "status" });
  #chips = el("div", { class: "actions" });
  #again;
  #models;
  #reset;

  constructor(context: Context) {
    const { page, translate, actions, store, signal } = context;
    this.#context = context;
    const look = { action: "reset-filters", label: translate("reset_filters") };
    this.#reset = button(look, () => actions.resetFilters());
    this.#again = button({ action: "read-anew", icon: "again", label: translate("do_retry") }, () =>
      actions.reloadGallery(),
    );
    this.#models = button(
      { action: "search-models", icon: "model", label: translate("row_models") },
      () => actions.searchModels(getSearched(store.get())),
    );
    const row = el("div", { class: "actions" }, this.#models, this.#reset, this.#again);
    this.#section.append(this.#text, this.#chips, row);
    page.append(this.#section);
    const list = (state: State) => listChipsOfEmptyGallery(state, translate, actions);
    const describe = (state: State) => JSON.stringify(list(state).map(({ text }) => text));
    store.on([describe], (now) => this.#draw(now, list(now)), { signal });
    this.#draw(store.get(), list(store.get()));
  }

  /** Focus the first chip. Return whether there is one. */
  focusFirst() {
    const first = this.#chips.firstElementChild;
    if (first instanceof HTMLElement) first.focus();
    return first !== null;
  }

  /** Show why the gallery is empty, with these chips and a button; show nothing without chips. */
  #draw(now: State, chips: Chip[]) {
    const { translate } = this.#context;
    const { notes } = now;
    const searched = getSearched(now);
    const author = notes.find(({ code }) => code === "no_author");
    const isDoubtful = notes.some(({ code }) => code === "empty_end");
    const filtered = translate(isDoubtful ? "gallery_empty_perhaps" : "gallery_empty_filtered");
    const text = searched ? translate("search_found_nothing", { text: searched }) : filtered;
    this.#section.hidden = !chips.length;
    this.#text.textContent = chips.length ? (author?.message ?? text) : "";
    this.#chips.replaceChildren(...chips.map((chip) => makeChip(chip, translate)));
    const isElsewhere = !isDoubtful && searched !== "" && isForModels(searched);
    this.#again.hidden = !isDoubtful;
    this.#models.hidden = !isElsewhere;
    this.#reset.hidden = isDoubtful || isElsewhere || chips.length < 2; // the only chip resets all
  }
}

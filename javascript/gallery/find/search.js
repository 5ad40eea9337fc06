/** The one field to search by: in what is loaded, in what was kept of this gallery, or in all. */

import { button, el } from "../core/dom.js";
import { hasGallery } from "../state/query.js";
import { Suggestions } from "./suggestions.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {"loaded" | "gallery" | "all"} Scope */

export class Search {
  #context;
  #field;
  #scope;
  #clear;
  #said = el("p", { class: "said", role: "status", dir: "auto" });

  /** @param {import("../types.js").Context} context */
  constructor(context) {
    this.#context = context;
    const { words, store, signal } = context;
    const label = words("search_field");
    const props = { type: "search", "data-field": "search", spellcheck: "false" };
    this.#field = el("input", {
      ...props,
      placeholder: label,
      "aria-label": label,
      autocomplete: "off",
      on: { input: () => this.#search(this.#scopeOf(store.get())) },
    });
    this.#scope = el("select", {
      "data-field": "search-scope",
      "aria-label": words("search_where"),
      on: { change: () => this.#search(/** @type {Scope} */ (this.#scope.value)) },
    });
    this.#clear = button(
      { deed: "clear-search", words: words("clear_within"), class: "quiet" },
      () => this.#empty(),
    );
    this.element = el(
      "div",
      { class: "shown", role: "search", "aria-label": words("search_where") },
      this.#scope,
      new Suggestions(context, this.#field).element,
      this.#clear,
      this.#said,
    );
    store.on(["where", "within", "notes"], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
  }

  focus() {
    this.#field.focus();
  }

  /** The gallery is live again, where there is one. */
  #empty() {
    this.#field.value = "";
    this.#search(hasGallery(this.#context.store.get().where) ? "loaded" : "all");
  }

  /** @param {Scope} scope */
  #search(scope) {
    const { acts, store } = this.#context;
    const words = this.#field.value;
    acts.setWithin({ words: scope === "loaded" ? words.trim() : "" });
    if (scope === "all") acts.openKept(words);
    else if (scope === "gallery") void acts.setWhere({ search: words });
    else if (store.get().where.search !== null) void acts.setWhere({ search: null });
  }

  /** @param {State} now */
  #draw(now) {
    const { where, within, notes } = now;
    const { words } = this.#context;
    const scope = this.#scopeOf(now);
    const scopes = hasGallery(where) ? ["loaded", "gallery", "all"] : ["all"];
    if (this.#scope.childElementCount !== scopes.length) {
      this.#scope.replaceChildren(
        ...scopes.map((value) => el("option", { value, text: words(`search_${value}`) })),
      );
    }
    this.#scope.value = scope;
    const text = where.search ?? within.words;
    if (this.#field.value.trim() !== text.trim()) this.#field.value = text; // not while one types
    this.#clear.hidden = !text.trim();
    const said = notes.find((note) => note.code === "search")?.message ?? "";
    if (this.#said.textContent !== said) this.#said.textContent = said;
    this.#said.hidden = !said;
  }

  /**
   * @param {State} state
   * @returns {Scope}
   */
  #scopeOf({ where }) {
    if (where.search === null) return "loaded";
    return hasGallery(where) ? "gallery" : "all";
  }
}

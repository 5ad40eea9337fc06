/**
 * The search field: searches the loaded images, the gallery in the library, or the whole library.
 */

import { button, el } from "../core/dom.js";
import { hasGallery } from "../state/query.js";
import { Suggestions } from "./suggestions.js";

/** @import { State } from "../types.js" */
/** @typedef {"loaded" | "gallery" | "all"} Scope */

const PAUSE = 300; // ms without a letter; longer than that of the suggestions, which come first

export class Search {
  #context;
  #field;
  #scope;
  #clear;
  #timer = 0; // > 0 while the typed words are not searched for yet
  #message = el("p", { class: "search-message warns", role: "status", dir: "auto" });

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
      on: { input: () => this.#searchLater(), change: () => this.#searchTyped() },
    });
    this.#scope = el("select", {
      "data-field": "search-scope",
      "aria-label": words("search_where"),
      on: { change: () => this.#search(/** @type {Scope} */ (this.#scope.value)) },
    });
    this.#clear = button(
      { action: "clear-search", words: words("clear_search_field"), class: "quiet" },
      () => this.#clearSearch(),
    );
    this.element = el(
      "div",
      { class: "search", role: "search", "aria-label": words("search_where") },
      this.#scope,
      new Suggestions(context, this.#field).element,
      this.#clear,
      this.#message,
    );
    store.on(["where", "loadedFilter", "notes"], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
  }

  focus() {
    this.#field.focus();
  }

  #searchLater() {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#searchTyped(), PAUSE);
  }

  /** Search for the typed words, if they have changed since the last search. */
  #searchTyped() {
    if (this.#timer) this.#search(this.#scopeOf(this.#context.store.get()));
  }

  /** Clear the search, and show the gallery of Civitai again if there is one. */
  #clearSearch() {
    this.#field.value = "";
    this.#search(hasGallery(this.#context.store.get().where) ? "loaded" : "all");
  }

  /** Search for the words in the field. @param {Scope} scope */
  #search(scope) {
    const { actions, store } = this.#context;
    window.clearTimeout(this.#timer);
    this.#timer = 0;
    const words = this.#field.value;
    actions.setLoadedFilter({ words: scope === "loaded" ? words.trim() : "" });
    if (scope === "all") actions.openLibrary(words);
    else if (scope === "gallery") void actions.setWhere({ search: words });
    else if (store.get().where.search !== null) void actions.setWhere({ search: null });
  }

  /** Show where and for what is searched, and the server's message about it. @param {State} now */
  #draw(now) {
    const { where, loadedFilter, notes } = now;
    const { words } = this.#context;
    const scope = this.#scopeOf(now);
    const scopes = hasGallery(where) ? ["loaded", "gallery", "all"] : ["all"];
    if (this.#scope.childElementCount !== scopes.length) {
      this.#scope.replaceChildren(
        ...scopes.map((value) => el("option", { value, text: words(`search_${value}`) })),
      );
    }
    this.#scope.value = scope;
    const text = where.search ?? loadedFilter.words;
    const isTyped = this.#timer > 0 || this.#field.value.trim() === text.trim();
    if (!isTyped) this.#field.value = text;
    this.#clear.hidden = !text.trim();
    const message = notes.find((note) => note.code === "search")?.message ?? "";
    if (this.#message.textContent !== message) this.#message.textContent = message;
    this.#message.hidden = !message;
  }

  /** Return the scope of the search that is shown.
   * @param {State} state
   * @returns {Scope} */
  #scopeOf({ where }) {
    if (where.search === null) return "loaded";
    return hasGallery(where) ? "gallery" : "all";
  }
}

/**
 * The sentence below the search field: which other scope was searched, and which words were
 * ignored.
 */

import { button, el, setText } from "../core/dom.js";
import { formatNumber } from "../core/format.js";

/** @import { Context, State, WidenedSearch } from "../types.js" */

export class SearchMessage {
  #context;
  #text = el("p", { role: "status", dir: "auto" });
  #on;

  /** @param {Context} context */
  constructor(context) {
    const { store, words, actions, signal } = context;
    this.#context = context;
    const look = { action: "search-on", words: words("search_on"), class: "chip" };
    this.#on = button(look, () => void actions.searchOn());
    this.element = el("div", { class: "search-message row" }, this.#text, this.#on);
    store.on(["widened", "notes", "results", "where"], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
  }

  /** @param {State} now */
  #draw({ widened, notes, results, bootstrap }) {
    const ignored = notes.find(({ code }) => code === "search")?.message ?? "";
    const wider = widened ? this.#describe(widened, bootstrap?.language) : "";
    const text = results ? "" : [wider, ignored].filter(Boolean).join(" ");
    setText(this.#text, text);
    this.#on.hidden = widened?.from !== "loaded";
    this.element.hidden = !text;
  }

  /** Return a text that says where nothing was found, and how many images were found elsewhere.
   * @param {WidenedSearch} widened
   * @param {string | undefined} language */
  #describe({ from, scope, loaded, found }, language) {
    const fromLoaded = scope === "gallery" ? "widened_gallery" : "widened_all";
    const key = from === "loaded" ? fromLoaded : "widened_from_gallery";
    const n = `${formatNumber(found.count, language)}${found.is_more ? "+" : ""}`;
    if (!found.count)
      return this.#context.words("widened_on", { loaded: formatNumber(loaded, language) });
    return this.#context.words(key, { loaded: formatNumber(loaded, language), n });
  }
}

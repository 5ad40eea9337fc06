/**
 * Searches images in the scope that the user chose, and in a wider one if nothing is found there.
 */

import type { PageContext } from "../actions";
import { hasGallery } from "../state/query";
import { countFound, type SearchScope, widenScope } from "../state/search_scope";
import { ignoreFailure, setProblem } from "./problems";
import { fetchPreview } from "./search_preview";

export class GallerySearch {
  #context;
  #abort = new AbortController();

  constructor(context: PageContext) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Show the images that match a text. If there are none, search a wider scope instead, and say
   * so. If nothing in the text can be searched for, only say why.
   * @param wanted the scope to search first */
  async search(text: string, wanted: SearchScope) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const { store, translate } = this.#context;
    const words = text.trim();
    if (!words) return this.clear();
    const from = hasGallery(store.get().where) ? wanted : "all";
    const preview = await this.#fetchPreview(words, signal);
    if (signal.aborted) return;
    if (preview?.kind === "nothing") {
      const message = preview.message || translate("search_no_value", { text: words });
      return setProblem(store, "lookup", { code: "bad_input", message });
    }
    const scope = preview ? widenScope(from, preview) : from;
    const { images, where } = store.get();
    this.#open(words, scope);
    if (!preview || scope === from) return;
    const found = countFound(scope, preview);
    store.set({ widened: { from, scope, words, loaded: images.length, found, where } });
  }

  /** End the search: close the results of a model search, or show all images of the open gallery
   * again. */
  clear() {
    this.#abort.abort();
    const { store, actions, parts } = this.#context;
    const { where, results } = store.get();
    if (results) return actions.closeResults();
    parts.loadedFilter.setWords("");
    if (where.search === null) return;
    void actions.setWhere({ search: hasGallery(where) ? null : "" });
  }

  /** Return from a wider scope to the gallery that was searched first, and load more of its pages
   * until enough images match. */
  async searchOn() {
    const { store, parts } = this.#context;
    const { widened } = store.get();
    if (!widened) return;
    const { words, where } = widened;
    void parts.navigation.openGallery({ ...where, search: null });
    parts.loadedFilter.setWords(words);
  }

  /** Show the images of a scope that match some words. */
  #open(words: string, scope: SearchScope) {
    const { store, parts } = this.#context;
    const { navigation, loadedFilter } = parts;
    const { where, results } = store.get();
    if (scope === "loaded") {
      if (where.search !== null) void navigation.openGallery({ ...where, search: null });
      else if (results) navigation.closeResults();
      loadedFilter.setWords(words);
      return;
    }
    loadedFilter.setWords("");
    if (scope === "gallery") void navigation.openGallery({ ...where, search: words });
    else void navigation.openSource({ search: words });
  }

  /** Return how many images of each scope match some words, null if the request fails. */
  async #fetchPreview(words: string, signal: AbortSignal) {
    try {
      return await fetchPreview(this.#context, words, "", signal);
    } catch (error) {
      ignoreFailure(error);
      return null;
    }
  }
}

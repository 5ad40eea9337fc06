/** Filters the loaded images by words: the server says which of them match. */

import { isAborted } from "./api.js";
import { makeProblem, setProblem } from "./problems.js";

/** @import { Context, LoadedFilterState as Change } from "../types.js" */

export class LoadedFilter {
  #context;
  #abort = new AbortController();
  /** Ids that the server was asked about, for the words as they are now. */
  #requested = new Set();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    const { store, signal } = context;
    signal.addEventListener("abort", () => this.#abort.abort());
    store.on(["images", "loadedFilter"], (now, before) => this.#onChange(now, before), { signal });
  }

  /** Change the words by which the loaded images are filtered. @param {Partial<Change>} change */
  setWords(change) {
    this.#context.store.set(({ loadedFilter }) => ({
      loadedFilter: { ...loadedFilter, ...change },
    }));
  }

  /** Send the request for matches again. */
  retry() {
    setProblem(this.#context.store, "loaded_filter", null);
    return this.#requestMatches();
  }

  /** Request matches when the words change or more images are loaded.
   * @param {import("../types.js").State} now
   * @param {import("../types.js").State} before */
  #onChange(now, before) {
    if (now.loadedFilter.words !== before.loadedFilter.words)
      this.#resetMatches(now.loadedFilter.words);
    if (now.loadedFilter.words) void this.#requestMatches();
  }

  /** Drop the matches of other words. @param {string} words */
  #resetMatches(words) {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#requested = new Set();
    const { store } = this.#context;
    setProblem(store, "loaded_filter", null);
    if (words) return;
    const notes = store.get().notes.filter((note) => note.code !== "search");
    store.set({ matches: null, notes });
  }

  /** Ask the server which images match, among those that it was not asked about before. */
  async #requestMatches() {
    const { store, api, words } = this.#context;
    const { images, loadedFilter, where } = store.get();
    const { signal } = this.#abort;
    const requested = this.#requested;
    const ids = images.map((view) => view.id).filter((id) => !requested.has(id));
    if (!ids.length) return;
    for (const id of ids) requested.add(id);
    const isFirst = requested.size === ids.length;
    try {
      const answer = await api.post(
        "loaded_filter",
        { ids, words: loadedFilter.words, model: where.model },
        { signal },
      );
      if (!signal.aborted) this.#take(answer, isFirst);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      for (const id of ids) requested.delete(id);
      setProblem(store, "loaded_filter", makeProblem(error, words));
    }
  }

  /** Add the matching ids to the matches, and show what the server says of the words.
   * @param {import("../contract").LoadedFilterResult} answer
   * @param {boolean} isFirst  whether these words have no matches yet */
  #take({ ids, message }, isFirst) {
    this.#context.store.set(({ matches, notes }) => {
      const others = notes.filter((note) => note.code !== "search");
      const matching = new Set([...(isFirst ? [] : (matches ?? [])), ...ids]);
      const newNotes = message ? [...others, { code: "search", message }] : others;
      return { matches: matching, notes: newNotes };
    });
  }
}

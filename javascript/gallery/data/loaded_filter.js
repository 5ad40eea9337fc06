/** Shows, of what was loaded, what fits a search. */

import { shownOf } from "../state/state.js";
import { isAborted } from "./api.js";
import { problemOf } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Within} Change */

export class WithinLoaded {
  #context;
  #abort = new AbortController();
  /** Ids that the server was asked about, for the words as they are now. */
  #asked = new Set();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    const { store, signal } = context;
    signal.addEventListener("abort", () => this.#abort.abort());
    store.on(["images", "within"], (now, before) => this.#follow(now, before), { signal });
  }

  /** @param {Partial<Change>} change */
  set(change) {
    this.#context.store.set(({ within }) => ({ within: { ...within, ...change } }));
  }

  retry() {
    this.#context.store.set({ problem: null });
    return this.#ask();
  }

  /**
   * @param {import("../types.js").State} now
   * @param {import("../types.js").State} before
   */
  #follow(now, before) {
    if (now.within.words !== before.within.words) this.#begin(now.within.words);
    const { images, within, matches, shown } = this.#context.store.get();
    const fitting = shownOf(images, within, matches);
    if (!isSame(fitting, shown)) this.#context.store.set({ shown: fitting });
    if (now.within.words) void this.#ask();
  }

  /** @param {string} words */
  #begin(words) {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#asked = new Set();
    if (words) return;
    const { store } = this.#context;
    const notes = store.get().notes.filter((note) => note.code !== "search");
    store.set({ matches: null, notes });
  }

  /** Asks about those pictures that it has not asked about yet. */
  async #ask() {
    const { store, api, words } = this.#context;
    const { images, within, where } = store.get();
    const { signal } = this.#abort;
    const asked = this.#asked;
    const ids = images.map((view) => view.id).filter((id) => !asked.has(id));
    if (!ids.length) return;
    for (const id of ids) asked.add(id);
    const isFirst = asked.size === ids.length;
    try {
      const answer = await api.post(
        "within",
        { ids, words: within.words, model: where.model },
        { signal },
      );
      if (!signal.aborted) this.#take(answer, isFirst);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      for (const id of ids) asked.delete(id);
      store.set({ problem: problemOf("within", error, words) });
    }
  }

  /**
   * @param {{ids: number[], said: string}} answer  said: what of the search was left out, and why
   * @param {boolean} isFirst  of these words: what others matched before is gone
   */
  #take({ ids, said }, isFirst) {
    this.#context.store.set(({ images, within, matches, notes }) => {
      const others = notes.filter((note) => note.code !== "search");
      const found = new Set([...(isFirst ? [] : (matches ?? [])), ...ids]);
      const told = said ? [...others, { code: "search", message: said }] : others;
      return { matches: found, shown: shownOf(images, within, found), notes: told };
    });
  }
}

/**
 * @param {readonly unknown[]} one
 * @param {readonly unknown[]} other
 */
function isSame(one, other) {
  return (
    one === other || (one.length === other.length && one.every((view, at) => view === other[at]))
  );
}

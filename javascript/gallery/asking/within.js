/** Shows, of what was loaded, what fits: its words, its author, saved or not, can be made here. */

import { isForServer, shownOf } from "../state/state.js";
import { isAborted } from "./api.js";
import { problemOf } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Within} Change */

export class WithinLoaded {
  #context;
  #abort = new AbortController();
  /** Ids that the server was asked about, for what is wanted now. */
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
    const isOther =
      now.within.words !== before.within.words || now.within.here !== before.within.here;
    if (isOther) this.#begin(isForServer(now.within));
    const { images, within, matches, shown } = this.#context.store.get();
    const fitting = shownOf(images, within, matches);
    if (!isSame(fitting, shown)) this.#context.store.set({ shown: fitting });
    if (isForServer(now.within)) void this.#ask();
  }

  /** @param {boolean} isAsked */
  #begin(isAsked) {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#asked = new Set();
    if (!isAsked) this.#context.store.set({ matches: null });
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
      const { words: text, here } = within;
      const wanted = { ids, words: text, here: here === "yes", model: where.model };
      const answer = await api.post("within", wanted, { signal });
      if (!signal.aborted) this.#take(answer.ids, isFirst);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      for (const id of ids) asked.delete(id);
      store.set({ problem: problemOf("within", error, words) });
    }
  }

  /**
   * @param {number[]} ids
   * @param {boolean} isFirst  of what is wanted now: what fitted before is gone
   */
  #take(ids, isFirst) {
    this.#context.store.set(({ images, within, matches }) => {
      const found = new Set([...(isFirst ? [] : (matches ?? [])), ...ids]);
      return { matches: found, shown: shownOf(images, within, found) };
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

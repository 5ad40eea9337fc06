/**
 * Filters the loaded images by words: the server says which of them match. While few match, more of
 * the gallery is loaded.
 */

import type { LoadedFilterResult } from "../contract";
import { getShown } from "../state/state";
import type { Context, State } from "../types";
import { isAborted } from "./api";
import { makeProblem, setProblem } from "./problems";

const ENOUGH = 20; // matching images
const MOST_PAGES = 10; // that are loaded for one search, until the user asks for more

export class LoadedFilter {
  #context;
  #abort = new AbortController();
  /** Ids of the images that the server has checked, or is checking, for the current words. */
  #requested = new Set();
  /** The last request for matches. */
  #matching = Promise.resolve();

  constructor(context: Context) {
    this.#context = context;
    const { store, signal } = context;
    signal.addEventListener("abort", () => this.#abort.abort());
    store.on(["images", "loadedWords"], (now, before) => this.#onChange(now, before), { signal });
  }

  /** Show only the loaded images that match some words, all images for "". Load more of the gallery
   * until enough images match. */
  setWords(words: string) {
    const { store } = this.#context;
    if (store.get().loadedWords === words && !words) return;
    store.set({ loadedWords: words, widened: null });
    if (words) void this.#readUntilEnough();
  }

  /** Send the request for matches again. */
  async retry() {
    setProblem(this.#context.store, "loaded_filter", null);
    this.#matching = this.#requestMatches();
    await this.#matching;
  }

  /** Load more pages of the gallery until more images match. */
  readOn() {
    return this.#readUntilEnough({ isMore: true });
  }

  /** Load pages of the gallery until enough images match. Stop at the gallery's end, and after
   * MOST_PAGES pages.
   * @param how isMore: do not count the images that match already */
  async #readUntilEnough({ isMore = false }: { isMore?: boolean } = {}) {
    const { store, actions } = this.#context;
    const { signal } = this.#abort;
    store.set({ searchReading: "on" });
    await this.#matching;
    const enough = ENOUGH + (isMore ? getShown(store.get()).length : 0);
    let hasEnough = false;
    for (let page = 0; page < MOST_PAGES && !signal.aborted; page++) {
      const now = store.get();
      const found = now.matches === null ? 0 : getShown(now).length;
      const isDone = now.ended || now.problems.images || now.problems.loaded_filter;
      hasEnough = found >= enough;
      if (now.searchReading !== "on" || isDone || hasEnough) break;
      await actions.more();
      await this.#matching;
    }
    if (signal.aborted || store.get().searchReading !== "on") return;
    store.set({ searchReading: hasEnough ? "enough" : "" });
  }

  /** Request the matching images when the words change or more images are loaded. */
  #onChange(now: State, before: State) {
    if (now.loadedWords !== before.loadedWords) this.#resetMatches(now.loadedWords);
    if (!now.loadedWords) return;
    this.#matching = this.#requestMatches();
    if (before.stale && !now.stale) void this.#readUntilEnough(); // with other filters
  }

  /** Abort the request for matches because the words have changed. If there are no words now, also
   * delete the matches.
   * @param words the new words */
  #resetMatches(words: string) {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#requested = new Set();
    const { store } = this.#context;
    setProblem(store, "loaded_filter", null);
    const notes = store.get().notes.filter((note) => note.code !== "search");
    store.set({ searchReading: "", ...(words ? {} : { matches: null, notes }) });
  }

  /** Ask the server which of the newly loaded images match the words. */
  async #requestMatches() {
    const { store, api, translate } = this.#context;
    const { images, loadedWords, where } = store.get();
    const { signal } = this.#abort;
    const requested = this.#requested;
    const ids = images.map((view) => view.id).filter((id) => !requested.has(id));
    if (!ids.length) return;
    for (const id of ids) requested.add(id);
    const isFirst = requested.size === ids.length;
    try {
      const answer = await api.post(
        "loaded_filter",
        { ids, words: loadedWords, model: where.model },
        { signal },
      );
      if (!signal.aborted) this.#addMatches(answer, isFirst);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      for (const id of ids) requested.delete(id);
      setProblem(store, "loaded_filter", makeProblem(error, translate));
    }
  }

  /** Add the ids of a response to the matches, and show the server's message about the words.
   * @param isFirst whether this is the first response for these words, which replaces the old
   *     matches */
  #addMatches({ ids, message }: LoadedFilterResult, isFirst: boolean) {
    this.#context.store.set(({ matches, notes }) => {
      const others = notes.filter((note) => note.code !== "search");
      const matching = new Set([...(isFirst ? [] : (matches ?? [])), ...ids]);
      const newNotes = message ? [...others, { code: "search", message }] : others;
      return { matches: matching, notes: newNotes };
    });
  }
}

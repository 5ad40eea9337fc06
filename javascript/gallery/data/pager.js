/** Loads the gallery that is looked at, page by page. */

import { imagesPath, sourceOf } from "../state/query.js";
import { emptyGallery, withPage } from "../state/state.js";
import { isAborted } from "./api.js";
import { problemOf } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {"fresh" | "kept"} Want  not what Civitai said lately · only what was kept of it */

export const PAGE = 100; // pictures

export class Feed {
  #context;
  #abort = new AbortController();
  /** @type {Promise<void> | null} */
  #running = null;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /**
   * Begins anew; what is under way is aborted.
   *
   * @param {{isSameSource?: boolean, isFresh?: boolean}} [how]  the same gallery by another filter: what is shown
   *     stays until its first page comes, and marks stay
   */
  restart({ isSameSource = false, isFresh = false } = {}) {
    const { store } = this.#context;
    this.#cancel();
    const { images, shown, matches, focus } = store.get();
    const kept =
      isSameSource && images.length ? { images, shown, matches, focus, stale: true } : {};
    store.set({ ...emptyGallery(), ...kept });
    return isFresh ? this.again() : this.more();
  }

  /** The next page; settles when it came, failed or was given up. */
  more() {
    const { ended, where } = this.#context.store.get();
    if (this.#running) return this.#running;
    if (ended || !sourceOf(where)) return Promise.resolve();
    return this.#begin();
  }

  /** Asks once more for the page that is not answered, or failed: Civitai itself, not its kept answer. */
  again() {
    this.#cancel();
    return this.#begin("fresh");
  }

  /** Shows what was kept of the page that is waited for, if anything was. */
  giveUp() {
    if (!this.#context.store.get().loading) return;
    this.#cancel();
    void this.#begin("kept");
  }

  /** @param {Want} [want] */
  #begin(want) {
    const running = this.#load(want).finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  #cancel() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#running = null;
  }

  /** @param {Want} [want] */
  async #load(want) {
    const { store, api } = this.#context;
    const { signal } = this.#abort;
    const { where, cursor, problem } = store.get();
    store.set({
      loading: true,
      since: performance.now(),
      problem: problem?.of === "images" ? null : problem,
    });
    const path = imagesPath(where, cursor, PAGE) + (want ? `&${want}=1` : "");
    try {
      const page = await api.get(path, { signal });
      if (!signal.aborted) store.set((state) => withPage(state, page));
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      store.set({ loading: false, since: 0, problem: this.#problem(error, want) });
    }
  }

  /**
   * @param {unknown} error
   * @param {Want} [want]
   */
  #problem(error, want) {
    const { words } = this.#context;
    const problem = problemOf("images", error, words);
    if (want !== "kept" || problem.code === "offline") return problem;
    return { ...problem, code: "given_up", message: words("given_up") };
  }
}

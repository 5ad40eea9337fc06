/** Loads the gallery that is looked at, page by page. */

import { isAborted } from "./api.js";
import { problemOf } from "./problems.js";
import { imagesPath, sourceOf } from "./query.js";
import { emptyGallery, withPage } from "./state.js";

/** @typedef {import("./types.js").Context} Context */

const PAGE = 100; // pictures

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
   * @param {{isSameSource?: boolean}} [how]  the same gallery by another filter: what is shown
   *     stays until its first page comes, and marks stay
   */
  restart({ isSameSource = false } = {}) {
    const { store } = this.#context;
    this.#cancel();
    const { images, shown, matches, focus } = store.get();
    const kept =
      isSameSource && images.length ? { images, shown, matches, focus, stale: true } : {};
    store.set({ ...emptyGallery(), ...kept });
    return this.more();
  }

  /** The next page; settles when it came, failed or was given up. */
  more() {
    const { ended, where } = this.#context.store.get();
    if (this.#running) return this.#running;
    if (ended || !sourceOf(where)) return Promise.resolve();
    const running = this.#load().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }

  /** Asks once more for the page that is not answered. */
  again() {
    this.#cancel();
    return this.more();
  }

  giveUp() {
    this.#cancel();
    const { store, words } = this.#context;
    if (!store.get().loading) return;
    const message = words("given_up");
    store.set({ loading: false, since: 0, problem: { of: "images", code: "given_up", message } });
  }

  #cancel() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#running = null;
  }

  async #load() {
    const { store, api, words } = this.#context;
    const { signal } = this.#abort;
    const { where, cursor } = store.get();
    const problem = store.get().problem;
    store.set({
      loading: true,
      since: performance.now(),
      problem: problem?.of === "images" ? null : problem,
    });
    try {
      const page = await api.get(imagesPath(where, cursor, PAGE), { signal });
      if (!signal.aborted) store.set((state) => withPage(state, page));
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      store.set({ loading: false, since: 0, problem: problemOf("images", error, words) });
    }
  }
}

/** Loads the open gallery page by page. */

import { buildImagesPath, getSource } from "../state/query";
import { addPage, makeEmptyGallery } from "../state/state";
import type { Context } from "../types";
import { isAborted, makeProblem } from "./api";

/** Civitai without the cache, or only the library. */
type PageSource = "fresh" | "from_library";

export const PAGE_SIZE = 100; // images

export class Pager {
  #abort = new AbortController();
  #running: Promise<void> | null = null;

  constructor(private readonly context: Context) {
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Load the gallery from its first page, after aborting the running request.
   * @param how isSameSource: only a filter has changed, so the old images are shown until the
   *     first page is loaded; isFresh: fetch from Civitai, not from the cache */
  restart({ isSameSource, isFresh }: { isSameSource?: boolean; isFresh?: boolean } = {}) {
    const { store } = this.context;
    this.#cancel();
    const { images, matches, focus, problems, total } = store.get();
    const shown = images.length ? { images, matches, focus, stale: true } : {};
    const carried = isSameSource ? { ...shown, total } : {};
    store.set({
      ...makeEmptyGallery(),
      ...carried,
      problems: { ...problems, images: null, loaded_filter: null },
    });
    return isFresh ? this.reload() : this.loadMore();
  }

  /** Load the next page. The promise settles when the page is loaded, has failed or was aborted. */
  loadMore() {
    const { ended, where } = this.context.store.get();
    if (this.#running) return this.#running;
    if (ended || !getSource(where)) return Promise.resolve();
    return this.#startLoading();
  }

  /** Abort the running request, and load its page from Civitai instead of a cache. */
  reload() {
    this.#cancel();
    return this.#startLoading("fresh");
  }

  /** Stop loading pages. A list goes on when the user asks for more. */
  stop() {
    this.#cancel();
    this.context.store.set(({ total }) => ({
      loading: false,
      requestedAt: 0,
      stopped: total !== null,
    }));
  }

  /** Stop waiting for Civitai, and load the page from the library instead. */
  loadFromLibrary() {
    if (!this.context.store.get().loading) return;
    this.#cancel();
    void this.#startLoading("from_library");
  }

  #startLoading(from?: PageSource) {
    const running = this.#loadPage(from).finally(() => {
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

  async #loadPage(from?: PageSource) {
    const { store, api, translate } = this.context;
    const { signal } = this.#abort;
    const { where, cursor, showsHidden } = store.get();
    store.set(({ problems }) => ({
      loading: true,
      stopped: false,
      requestedAt: performance.now(),
      problems: { ...problems, images: null },
    }));
    const path = buildImagesPath(where, cursor, PAGE_SIZE, showsHidden);
    try {
      const page = await api.get(`${path}${from ? `&${from}=1` : ""}`, { signal });
      if (!signal.aborted) store.set((state) => addPage(state, page));
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const problem = makeProblem(error, translate);
      const isGivenUp = from === "from_library" && problem.code !== "offline";
      const images = isGivenUp ? { code: "given_up", message: translate("given_up") } : problem;
      store.set(({ problems }) => ({
        loading: false,
        requestedAt: 0,
        problems: { ...problems, images },
      }));
    }
  }
}

/** Loads the open gallery page by page. */

import { buildImagesPath, getSource } from "../state/query";
import { addPage, makeEmptyGallery } from "../state/state";
import type { Context } from "../types";
import { isAborted, LatestRequest, makeProblem } from "./api";

/** Civitai without the cache, or only the library. */
type PageSource = "fresh" | "from_library";

export const PAGE_SIZE = 100; // images

export function makePager(context: Context) {
  const { api, store, translate } = context;
  const request = new LatestRequest(context);
  let underWay: Promise<void> | null = null;

  /** Load the gallery from its first page, after aborting the running request.
   * @param how isSameSource: only a filter has changed, so the old images are shown until the
   *     first page is loaded; isFresh: fetch from Civitai, not from the cache */
  function restart({ isSameSource, isFresh }: { isSameSource?: boolean; isFresh?: boolean } = {}) {
    cancel();
    const { images, matches, focus, problems, total } = store.get();
    const shown = images.length ? { images, focus, stale: true } : {};
    const carried = isSameSource ? { ...shown, matches, total } : {};
    store.set({
      ...makeEmptyGallery(),
      ...carried,
      problems: { ...problems, images: null, loaded_filter: null },
    });
    return isFresh ? reload() : loadMore();
  }

  /** Load the next page. The promise settles when the page is loaded, has failed or was aborted. */
  function loadMore() {
    const { ended, where } = store.get();
    if (underWay) return underWay;
    if (ended || !getSource(where)) return Promise.resolve();
    return startLoading();
  }

  /** Abort the running request, and load its page from Civitai instead of a cache. */
  function reload() {
    cancel();
    return startLoading("fresh");
  }

  /** Stop loading pages. A list goes on when the user asks for more. */
  function stop() {
    cancel();
    store.set(({ total }) => ({
      loading: false,
      requestedAt: 0,
      stopped: total !== null,
    }));
  }

  /** Stop waiting for Civitai, and load the page from the library instead. */
  function loadFromLibrary() {
    if (!store.get().loading) return;
    cancel();
    void startLoading("from_library");
  }

  function startLoading(from?: PageSource) {
    const running = loadPage(from).finally(() => {
      if (underWay === running) underWay = null;
    });
    underWay = running;
    return running;
  }

  function cancel() {
    request.begin();
    underWay = null;
  }

  async function loadPage(from?: PageSource) {
    const { signal } = request;
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
  return { restart, loadMore, reload, stop, loadFromLibrary };
}

export type Pager = ReturnType<typeof makePager>;

/** The actions that open galleries, search results and pages. */

import { getFailedParts, isHome } from "../state/state.js";

/** @import { PageContext } from "../actions.js" */
/** @import { Part } from "../types.js" */

/** Return the actions that open galleries, results and pages. @param {PageContext} context */
export function makeNavigationActions({ store, parts }) {
  /** @type {Record<Part, () => unknown>} */
  const retries = {
    bootstrap: () => parts.connection.retry(),
    lookup: () => parts.navigation.retryLookup(),
    images: () => parts.pager.reload(),
    loaded_filter: () => parts.loadedFilter.retry(),
    home: () => parts.homeData.load(),
  };
  return {
    find: (/** @type {string} */ text) => parts.navigation.lookUp(text),
    findMore: (/** @type {string} */ cursor) =>
      parts.navigation.searchModels(store.get().results?.query ?? "", cursor),
    closeResults: () => parts.navigation.closeResults(),
    openModel: (/** @type {number} */ id, /** @type {number | null} */ version = null) =>
      parts.navigation.openSource({ model: id, version }),
    waitForModel: () => parts.navigation.waitForModel(),
    openHome: () => (isHome(store.get()) ? parts.homeData.load() : parts.navigation.openSource({})),
    openUser: (/** @type {string} */ user) => parts.navigation.openSource({ user }),
    openPost: (/** @type {number} */ post) => parts.navigation.openSource({ post }),
    openLibrary: (/** @type {string} */ words) =>
      void parts.navigation.openSource({ search: words }),
    setWhere: (/** @type {Partial<import("../types.js").Where>} */ change) =>
      parts.navigation.openGallery({ ...store.get().where, ...change }),
    setLoadedFilter: (/** @type {import("../types.js").LoadedFilterState} */ change) =>
      parts.loadedFilter.setWords(change),
    // A failed page is requested again when the user says so, not on each scroll.
    more: async () => {
      if (!store.get().problems.images) await parts.pager.loadMore();
    },
    reloadGallery: () => parts.pager.restart({ isSameSource: true, isFresh: true }),
    retry(/** @type {Part | undefined} */ part) {
      const { lookupText } = store.get();
      const failed = part ? [part] : getFailedParts(store.get());
      if (!failed.length) failed.push(lookupText ? "lookup" : "images");
      for (const one of failed) void retries[one]();
    },
    checkServer: () => void parts.connection.check(),
    giveUp(/** @type {"lookup" | "images" | undefined} */ of) {
      if (of !== "images") parts.navigation.abortLookup();
      if (of !== "lookup") parts.pager.loadFromLibrary();
    },
  };
}

/** The actions that open galleries, search results and pages. */

import type { PageContext } from "../actions";
import { getFailedParts, isHome } from "../state/state";
import type { Actions, Part } from "../types";

/** Return the actions that open galleries, results and pages. */
export function makeNavigationActions({ store, parts }: PageContext) {
  const retries: Record<Part, () => unknown> = {
    bootstrap: () => parts.connection.retry(),
    lookup: () => parts.navigation.retryLookup(),
    images: () => parts.pager.reload(),
    loaded_filter: () => parts.loadedFilter.retry(),
    home: () => parts.homeData.load(),
  };
  return {
    find: (text) => parts.navigation.lookUp(text),
    findMore: (cursor) => parts.navigation.searchModels(store.get().results?.query ?? "", cursor),
    closeResults: () => parts.navigation.closeResults(),
    openModel: (id, version = null) => parts.navigation.openSource({ model: id, version }),
    waitForModel: () => parts.navigation.waitForModel(),
    openHome: () => (isHome(store.get()) ? parts.homeData.load() : parts.navigation.openSource({})),
    openUser: (user) => parts.navigation.openSource({ user }),
    openPost: (post) => parts.navigation.openSource({ post }),
    openLibrary: (words) => void parts.navigation.openSource({ search: words }),
    setWhere: (change) => parts.navigation.openGallery({ ...store.get().where, ...change }),
    filterLoaded: (words) => parts.loadedFilter.setWords(words),
    // A failed page is requested again when the user says so, not on each scroll.
    more: async () => {
      if (!store.get().problems.images) await parts.pager.loadMore();
    },
    reloadGallery: () => parts.pager.restart({ isSameSource: true, isFresh: true }),
    retry(part) {
      const { lookupText } = store.get();
      const failed = part ? [part] : getFailedParts(store.get());
      if (!failed.length) failed.push(lookupText ? "lookup" : "images");
      for (const one of failed) void retries[one]();
    },
    checkServer: () => void parts.connection.check(),
    giveUp(of) {
      if (of !== "images") parts.navigation.abortLookup();
      if (of !== "lookup") parts.pager.loadFromLibrary();
    },
  } satisfies Partial<Actions>;
}

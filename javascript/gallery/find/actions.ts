/** The actions of the search and of the filters. */

import type { PageContext } from "../actions";
import { hasGallery, makeDefaultQuery, pickFilters } from "../state/query";
import type { Actions } from "../types";

/** Return the actions of the search and the filters. */
export function makeSearchActions({ store, parts }: PageContext) {
  return {
    /** Search images by words, and show those that match. */
    search: (words, scope) => parts.search.search(words, scope),
    /** Close the panel and the viewer, and show the models that Civitai finds. */
    searchModels(words, page = null) {
      store.set({ panel: "", open: null });
      return parts.navigation.openModels(words, page);
    },
    clearSearch: () => parts.search.clear(),
    searchOn: () => (store.get().widened ? parts.search.searchOn() : parts.loadedFilter.readOn()),
    stopSearch() {
      store.set({ searchReading: "" });
      parts.pager.stop();
    },
    resetFilters() {
      const { bootstrap, where } = store.get();
      if (!bootstrap) return;
      const search = where.search === null || hasGallery(where) ? null : "";
      const filters = pickFilters(makeDefaultQuery(bootstrap));
      parts.loadedFilter.setWords("");
      void parts.navigation.openGallery({ ...where, ...filters, search });
    },
  } satisfies Partial<Actions>;
}

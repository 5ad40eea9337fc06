/** The actions of the search: in images, on Civitai, and further in the open gallery. */

/** @import { PageParts } from "../actions.js" */
/** @import { Actions, Context } from "../types.js" */

/** Return the actions of the search.
 * @param {Context} context
 * @param {PageParts} parts */
export function makeSearchActions({ store }, parts) {
  return {
    /** @type {Actions["search"]} */
    search: (words, scope) => parts.search.search(words, scope),
    /** @type {Actions["searchModels"]} */
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
  };
}

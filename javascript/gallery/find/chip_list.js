/**
 * Lists the search and the filters of the gallery as chips that can be removed one by one. Pure.
 */

import { splitWords } from "../state/caret_word.js";
import {
  hasGallery,
  listExcludingFilters,
  listSetFilters,
  makeDefaultQuery,
} from "../state/query.js";
import { getFailedGalleryPart, getSearched } from "../state/state.js";
import { getGalleryName } from "./gallery_name.js";

/** @import { SearchScope } from "../state/search_scope.js" */
/** @import { Actions, State, Translate } from "../types.js" */
/** @typedef {{key: string, text: string, remove(): void}} Chip */

/** Return the chips for the search and for each filter that is set.
 * @param {State} state
 * @param {Translate} translate
 * @param {Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">} actions
 * @returns {Chip[]} */
export function listChips(state, translate, actions) {
  return [
    ...listSearchChips(state, translate, actions),
    ...listFilterChips(state, translate, actions),
  ];
}

/** Return a chip for the scope of the search for images and one for each word, [] without a search.
 * Removing the scope's chip searches the library instead; if the scope is the library, it opens the
 * gallery that was searched first, or else the home page.
 * @param {State} state
 * @param {Translate} translate
 * @param {Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">} actions
 * @returns {Chip[]} */
function listSearchChips(state, translate, actions) {
  const { where, results, widened } = state;
  const text = getSearched(state);
  if (!text || results) return [];
  const scope = where.search === null ? "loaded" : hasGallery(where) ? "gallery" : "all";
  const title = getGalleryName(state, translate);
  const leave = () => void (widened ? actions.setWhere(widened.where) : actions.openHome());
  const widen = () => void actions.search(text, "all");
  /** @type {Record<SearchScope, Chip>} */
  const places = {
    loaded: { key: "scope", text: translate("chip_loaded", { title }), remove: widen },
    gallery: { key: "scope", text: translate("chip_gallery", { title }), remove: widen },
    all: { key: "scope", text: title, remove: leave },
  };
  const terms = splitWords(text);
  const chips = terms.map((term, at) => ({
    key: `search ${term}`,
    text: term,
    remove() {
      const rest = terms.filter((_, other) => other !== at).join(" ");
      if (rest) void actions.search(rest, scope);
      else actions.clearSearch();
    },
  }));
  return [places[scope], ...chips];
}

/** Return a chip for each filter of the open gallery that differs from its default.
 * @param {State} state
 * @param {Translate} translate
 * @param {Pick<Actions, "setWhere">} actions
 * @returns {Chip[]} */
function listFilterChips(state, translate, { setWhere }) {
  const { bootstrap, where, results } = state;
  if (!bootstrap || results) return [];
  const usual = makeDefaultQuery(bootstrap);
  return listSetFilters(where, usual).map((key) => {
    const name = translate(`pick_${key}`);
    const text =
      key === "meta" ? name : translate("chip_text", { name, value: getValueLabel(state, key) });
    return { key, text, remove: () => void setWhere({ [key]: usual[key] }) };
  });
}

/** Return the chips of the search and the filters that may have left no image in the gallery. Return
 * [] if the gallery has images or is still being loaded.
 * @param {State} state
 * @param {Translate} translate
 * @param {Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">} actions
 * @returns {Chip[]} */
export function listChipsOfEmptyGallery(state, translate, actions) {
  const { images, ended, bootstrap, where } = state;
  if (!bootstrap || !ended || images.length || getFailedGalleryPart(state)) return [];
  const excluding = listExcludingFilters(where, bootstrap);
  if (!excluding.length) return [];
  const isExcluding = (/** @type {Chip} */ { key }) => excluding.some((name) => name === key);
  const filters = listFilterChips(state, translate, actions).filter(isExcluding);
  return [...listSearchChips(state, translate, actions), ...filters];
}

/** Return the label of a filter's value, or the value if it is no known choice.
 * @param {State} state
 * @param {"version" | "period" | "level" | "type" | "base"} name */
function getValueLabel({ bootstrap, model, where }, name) {
  const value = String(where[name] ?? "");
  if (name === "version") {
    return model?.versions.find((one) => String(one.id) === value)?.name ?? value;
  }
  if (name === "base") return value;
  return bootstrap?.choices[name].find((one) => one.value === value)?.label ?? value;
}

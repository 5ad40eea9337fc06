/**
 * Lists the search and the filters of the gallery as chips that can be removed one by one. Pure.
 */

import { splitWords } from "../state/caret_word";
import { hasGallery, listExcludingFilters, listSetFilters, makeDefaultQuery } from "../state/query";
import type { SearchScope } from "../state/search_scope";
import { getFailedGalleryPart, getSearched } from "../state/state";
import type { Actions, State, Translate } from "../types";
import { getGalleryName } from "./gallery_name";

export type Chip = { key: string; text: string; remove(): void };

/** Return the chips for the search and for each filter that is set. */
export function listChips(
  state: State,
  translate: Translate,
  actions: Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">,
): Chip[] {
  return [
    ...listSearchChips(state, translate, actions),
    ...listFilterChips(state, translate, actions),
  ];
}

/** Return a chip for the scope of the search for images and one for each word, [] without a search.
 * Removing the scope's chip searches the library instead; if the scope is the library, it opens the
 * gallery that was searched first, or else the home page. */
function listSearchChips(
  state: State,
  translate: Translate,
  actions: Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">,
): Chip[] {
  const { where, results, widened } = state;
  const text = getSearched(state);
  if (!text || results) return [];
  const scope = where.search === null ? "loaded" : hasGallery(where) ? "gallery" : "all";
  const title = getGalleryName(state, translate);
  const leave = () => void (widened ? actions.setWhere(widened.where) : actions.openHome());
  const widen = () => void actions.search(text, "all");
  const places: Record<SearchScope, Chip> = {
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

/** Return a chip for each filter of the open gallery that differs from its default. */
function listFilterChips(
  state: State,
  translate: Translate,
  { setWhere }: Pick<Actions, "setWhere">,
): Chip[] {
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
 * [] if the gallery has images or is still being loaded. */
export function listChipsOfEmptyGallery(
  state: State,
  translate: Translate,
  actions: Pick<Actions, "setWhere" | "search" | "clearSearch" | "openHome">,
): Chip[] {
  const { images, ended, bootstrap, where } = state;
  if (!bootstrap || !ended || images.length || getFailedGalleryPart(state)) return [];
  const excluding = listExcludingFilters(where, bootstrap);
  if (!excluding.length) return [];
  const isExcluding = ({ key }: Chip) => excluding.some((name) => name === key);
  const filters = listFilterChips(state, translate, actions).filter(isExcluding);
  return [...listSearchChips(state, translate, actions), ...filters];
}

/** Return the label of a filter's value, or the value if it is no known choice. */
function getValueLabel(
  { bootstrap, model, where }: State,
  name: "version" | "period" | "level" | "type" | "base",
) {
  const value = String(where[name] ?? "");
  if (name === "version") {
    return model?.versions.find((one) => String(one.id) === value)?.name ?? value;
  }
  if (name === "base") return value;
  return bootstrap?.choices[name].find((one) => one.value === value)?.label ?? value;
}

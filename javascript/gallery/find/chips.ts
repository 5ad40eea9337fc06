/** The filters that are set, each as a chip that removes it. */

import type { Actions } from "../actions";
import { button, el, icon } from "../core/dom";
import {
  findSavedPlace,
  getGalleryName,
  getTagName,
  hasGallery,
  listExcludingFilters,
  listSetFilters,
  makeDefaultQuery,
  type SearchScope,
  splitWords,
} from "../state/query";
import { getFailedGalleryPart, getSearched } from "../state/state";
import type { Context, State, Translate } from "../types";

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

/** Return a chip for each word, and one for the scope, whose removal searches a wider one. */
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
  const widen = (to: SearchScope) => () => void actions.search(text, to);
  const wider = hasGallery(where) ? "gallery" : "all";
  const places: Record<SearchScope, Chip> = {
    loaded: { key: "scope", text: translate("chip_loaded"), remove: widen(wider) },
    gallery: { key: "scope", text: translate("chip_gallery", { title }), remove: widen("all") },
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
  return findSavedPlace(where) ? chips.slice(1) : [places[scope], ...chips]; // the first names it
}

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

/** Return the chips of what may have left no image; [] if there are images or may be. */
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

function getValueLabel(
  { bootstrap, model, where }: State,
  name: "version" | "tag" | "period" | "level" | "type" | "base",
) {
  const value = String(where[name] ?? "");
  if (name === "version") {
    return model?.versions.find((one) => String(one.id) === value)?.name ?? value;
  }
  if (name === "tag") return getTagName(where);
  if (name === "base") return value;
  return bootstrap?.choices[name].find((one) => one.value === value)?.label ?? value;
}

/** Return the row of chips. When the focused chip is removed, the next one gets the focus. */
export function makeChips(context: Context) {
  const { translate, store, actions } = context;
  const label = translate("chips_set");
  const element = el("div", { class: "set-chips row", role: "group", "aria-label": label });
  const look = { action: "reset-filters", label: translate("reset_filters"), class: "chip quiet" };
  const reset = button(look, () => actions.resetFilters());
  let drawn = "";
  const list = () => listChips(store.get(), translate, actions);
  const draw = () => {
    // a press is of the state as it is then, which does not tell all in the chip's text
    const chips = list().map((chip, at) => ({ ...chip, remove: () => list()[at].remove() }));
    const described = JSON.stringify(chips.map(({ key, text }) => [key, text]));
    if (described === drawn) return;
    drawn = described;
    const focused = [...element.children].findIndex((one) => one.matches(":focus"));
    element.hidden = !chips.length;
    element.replaceChildren(...chips.map((chip) => makeChip(chip, translate)), reset);
    if (focused < 0) return;
    const next = element.children[Math.min(focused, chips.length)];
    if (next instanceof HTMLElement) next.focus();
  };
  store.on(["bootstrap", "where", "model", "results", "loadedWords"], draw, context);
  draw();
  return element;
}

/** Return a chip as a button, which removes the chip's word or filter. */
export function makeChip({ key, text, remove }: Chip, translate: Translate) {
  const title = translate("chip_remove", { text });
  const made = button({ action: "remove-chip", label: text, title, class: "chip" }, remove);
  made.setAttribute("data-chip", key);
  made.setAttribute("aria-label", title);
  made.append(icon("close"));
  return made;
}

/** The rows below the search field: what the typed text opens, and where to search for it. Pure. */

import type { SearchPreview, Suggestion } from "../contract";
import { formatNumber } from "../core/format";
import type { IconName } from "../core/icons";
import type { Found } from "../data/search_preview";
import { hasGallery } from "../state/query";
import { countFound, type SearchScope } from "../state/search_scope";
import type { State, Translate } from "../types";
import { isAddress } from "./address";
import { getGalleryName } from "./gallery_name";
import { isForModels } from "./status_text";

export interface SearchRow {
  key: string; // identifies the row when the list is drawn again
  kind: "open" | SearchScope | "models" | "model" | "author" | "complete";
  icon: IconName | null;
  text: string;
  detail: string; // at the end of the row, or ""
  value: string; // the typed text, an id, a name or a completion
  isEmpty?: boolean; // whether the search is known to find nothing
  group?: string; // the heading above rows of the empty field
}

const MOST_RECENT = 6; // models below the empty field
const MOST_MODELS = 3; // models of Civitai, and recent ones that fit
const KEY_AT_END = /[:<>=]$/; // a value is yet to come

/** Return the rows below the search field. Enter runs the row that `getFirstChoice` returns.
 * @param typed the text in the field */
export function listRows(
  state: State,
  typed: string,
  found: Found,
  translate: Translate,
): SearchRow[] {
  const text = typed.trim();
  if (!text) return listStartRows(state, found, translate);
  if (isAddress(text)) {
    const open = makeRow("open", "link", translate("row_open", { text }), "", text);
    return /^\d+$/.test(text) ? [open, ...listScopeRows(state, text, found, translate)] : [open];
  }
  const kind = found.preview?.kind ?? guessKind(text);
  const completions = found.suggestions.map((one) => makeCompletionRow(state, one));
  if (kind === "nothing") return completions;
  const scopes = listScopeRows(state, text, found, translate);
  if (kind === "keys") return insertAfterFirst(scopes, completions);
  const models = listModelRows(state, text, found, translate);
  const all = listAuthorRows(state, found, translate);
  // One of the library whose name was typed; one of Civitai comes later and would move other rows.
  const named = all.filter(({ value }) => isSame(value, text) && value !== found.author);
  const authors = all.filter((one) => !named.includes(one));
  // What is open comes first: the models' cards, a gallery, the library.
  const places = showsImages(state)
    ? [...scopes, ...models.slice(0, 1), ...authors, ...models.slice(1)]
    : [...models.slice(0, 1), ...authors, ...scopes, ...models.slice(1)];
  return insertAfterFirst(places, [...completions, ...named]);
}

/** Return what a text probably searches for, until our server has answered. */
function guessKind(text: string): SearchPreview["kind"] {
  if (KEY_AT_END.test(text)) return "nothing";
  return isForModels(text) ? "words" : "keys";
}

/** Return whether two names are equal, regardless of upper and lower case. */
function isSame(one: string, other: string) {
  return one.toLowerCase() === other.toLowerCase();
}

/** Return the row that Enter runs: the first one, or a later one if the first is a model search
 * without results. Return null if there are no rows, or if the first row only completes a word.
 * @param rows as shown, from top to bottom */
export function getFirstChoice(rows: readonly SearchRow[]) {
  const [first] = rows;
  if (!first || first.kind === "complete" || first.group) return null;
  if (first.kind !== "models" || !first.isEmpty) return first;
  return rows.find(({ kind, isEmpty }) => kind !== "complete" && !isEmpty) ?? first;
}

/** Return whether the page shows images, of a gallery or of the library. */
function showsImages({ where, results }: State) {
  return !results && (hasGallery(where) || where.search !== null);
}

/** Return the rows for an empty field: recent models, and keys such as "lora:" for a search. */
function listStartRows(state: State, { suggestions }: Found, translate: Translate) {
  const { bootstrap, where } = state;
  const recent = (bootstrap?.recent ?? []).filter(({ id }) => id !== where.model);
  const models = recent
    .slice(0, MOST_RECENT)
    .map(({ id, name }) => ({ ...makeModelRow(id, name), group: translate("recent_models") }));
  const keys = suggestions.map((one) => ({
    ...makeCompletionRow(state, one),
    group: translate("row_keys"),
  }));
  return [...models, ...keys];
}

/** Return the rows that search images: first in the open gallery, last in the library. */
function listScopeRows(state: State, text: string, { preview }: Found, translate: Translate) {
  const { where, images, bootstrap } = state;
  const number = (n: number) => formatNumber(n, bootstrap?.language);
  const detail = (scope: SearchScope) => {
    if (!preview) return "";
    const { count, is_more: isMore } = countFound(scope, preview);
    if (isMore && !count) return "…";
    const n = `${number(count)}${isMore ? "+" : ""}`;
    return scope === "loaded" ? translate("row_of_loaded", { n, all: number(images.length) }) : n;
  };
  const title = translate("row_in", { title: getGalleryName(state, translate) });
  const rows: SearchRow[] = [];
  if (hasGallery(where)) {
    const isLoaded = where.search === null;
    if (isLoaded) rows.push(makeRow("loaded", "search", title, detail("loaded"), text));
    const name = isLoaded ? translate("row_gallery") : title;
    rows.push(makeRow("gallery", "search", name, detail("gallery"), text));
  }
  const isEmpty = preview !== null && !preview.library.count && !preview.library.is_more;
  const library = makeRow("all", "library", translate("row_library"), detail("all"), text);
  return [...rows, { ...library, isEmpty }];
}

/** Return the rows for models: the search on Civitai, recent models, and models found by Civitai. */
function listModelRows(
  { bootstrap }: State,
  text: string,
  { models }: Found,
  translate: Translate,
) {
  const folded = text.toLowerCase();
  const recent = (bootstrap?.recent ?? [])
    .filter(({ name }) => name.toLowerCase().includes(folded))
    .slice(0, MOST_MODELS);
  const known = new Set(recent.map(({ id }) => id));
  const others = (models?.models ?? []).filter(({ id }) => !known.has(id));
  const count = models?.models.length ?? 0;
  const detail = models
    ? `${formatNumber(count, bootstrap?.language)}${models.cursor ? "+" : ""}`
    : "";
  const isEmpty = models !== null && !count && !models.cursor;
  return [
    { ...makeRow("models", "model", translate("row_models"), detail, text), isEmpty },
    ...recent.map(({ id, name }) => makeModelRow(id, name, translate("recent_models"))),
    ...others
      .slice(0, MOST_MODELS)
      .map(({ id, name, type, creator }) =>
        makeModelRow(id, name, [type, creator].filter(Boolean).join(" · ")),
      ),
  ];
}

/** Return the rows for authors whose names begin with the text, and for an author on Civitai. */
function listAuthorRows({ bootstrap }: State, { preview, author }: Found, translate: Translate) {
  const known = (preview?.authors ?? []).map(({ text, count }) => ({
    name: text,
    detail: formatNumber(count, bootstrap?.language),
  }));
  const isNew = author && !known.some(({ name }) => isSame(name, author));
  return [...(isNew ? [{ name: author, detail: "" }] : []), ...known].map(({ name, detail }) => ({
    ...makeRow("author", "user", translate("pictures_by", { user: name }), detail, name),
    key: `author ${name}`,
  }));
}

/** Return a row that completes the word at the caret. */
function makeCompletionRow({ bootstrap }: State, { text, count }: Suggestion): SearchRow {
  const detail = count > 0 ? formatNumber(count, bootstrap?.language) : "";
  return { ...makeRow("complete", "filter", text, detail, text), key: `complete ${text}` };
}

/** Return a row that opens a model. */
function makeModelRow(id: number, name: string, detail: string = "") {
  return { ...makeRow("model", "model", name, detail, String(id)), key: `model ${id}` };
}

/** Return a row with an icon and a text. */
function makeRow(
  kind: SearchRow["kind"],
  icon: IconName,
  text: string,
  detail: string,
  value: string,
): SearchRow {
  return { key: kind, kind, icon, text, detail, value };
}

/** Return `rows` with `others` inserted after the first row. */
function insertAfterFirst([first, ...rest]: SearchRow[], others: SearchRow[]) {
  return first ? [first, ...others, ...rest] : others;
}

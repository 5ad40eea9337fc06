/** The rows below the search field: what the typed text opens, and where to search for it. Pure. */

import { formatNumber } from "../core/format.js";
import { hasGallery } from "../state/query.js";
import { countFound } from "../state/search_scope.js";
import { isAddress } from "./address.js";
import { getGalleryName } from "./gallery_name.js";
import { isForModels } from "./status_text.js";

/** @import { IconName } from "../core/icons.js" */
/** @import { Found } from "../data/search_preview.js" */
/** @import { SearchScope } from "../state/search_scope.js" */
/** @import { State, Translate } from "../types.js" */

/**
 * @typedef {object} SearchRow
 * @property {string} key  identifies the row when the list is drawn again
 * @property {"open" | SearchScope | "models" | "model" | "author" | "complete"} kind
 * @property {IconName | null} icon
 * @property {string} text
 * @property {string} detail  at the end of the row, or ""
 * @property {string} value  the typed text, an id, a name or a completion
 * @property {boolean} [isEmpty]  whether the search is known to find nothing
 * @property {string} [group]  the heading above rows of the empty field
 */

const MOST_RECENT = 6; // models below the empty field
const MOST_MODELS = 3; // models of Civitai, and recent ones that fit
const KEY_AT_END = /[:<>=]$/; // a value is yet to come

/** Return the rows below the search field. Enter runs the row that `getFirstChoice` returns.
 * @param {State} state
 * @param {string} typed  the text in the field
 * @param {Found} found
 * @param {Translate} translate
 * @returns {SearchRow[]} */
export function listRows(state, typed, found, translate) {
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

/** Return what a text probably searches for, until our server has answered.
 * @param {string} text
 * @returns {import("../contract").SearchPreview["kind"]} */
function guessKind(text) {
  if (KEY_AT_END.test(text)) return "nothing";
  return isForModels(text) ? "words" : "keys";
}

/** Return whether two names are equal, regardless of upper and lower case.
 * @param {string} one
 * @param {string} other */
function isSame(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

/** Return the row that Enter runs: the first one, or a later one if the first is a model search
 * without results. Return null if there are no rows, or if the first row only completes a word.
 * @param {readonly SearchRow[]} rows  as shown, from top to bottom */
export function getFirstChoice(rows) {
  const [first] = rows;
  if (!first || first.kind === "complete" || first.group) return null;
  if (first.kind !== "models" || !first.isEmpty) return first;
  return rows.find(({ kind, isEmpty }) => kind !== "complete" && !isEmpty) ?? first;
}

/** Return whether the page shows images, of a gallery or of the library. @param {State} state */
function showsImages({ where, results }) {
  return !results && (hasGallery(where) || where.search !== null);
}

/** Return the rows for an empty field: recent models, and keys such as "lora:" for a search.
 * @param {State} state
 * @param {Found} found
 * @param {Translate} translate */
function listStartRows(state, { suggestions }, translate) {
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

/** Return the rows that search images: first in the open gallery, last in the library.
 * @param {State} state
 * @param {string} text
 * @param {Found} found
 * @param {Translate} translate */
function listScopeRows(state, text, { preview }, translate) {
  const { where, images, bootstrap } = state;
  const number = (/** @type {number} */ n) => formatNumber(n, bootstrap?.language);
  const detail = (/** @type {SearchScope} */ scope) => {
    if (!preview) return "";
    const { count, is_more: isMore } = countFound(scope, preview);
    if (isMore && !count) return "…";
    const n = `${number(count)}${isMore ? "+" : ""}`;
    return scope === "loaded" ? translate("row_of_loaded", { n, all: number(images.length) }) : n;
  };
  const title = translate("row_in", { title: getGalleryName(state, translate) });
  /** @type {SearchRow[]} */
  const rows = [];
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

/** Return the rows for models: the search on Civitai, recent models, and models found by Civitai.
 * @param {State} state
 * @param {string} text
 * @param {Found} found
 * @param {Translate} translate */
function listModelRows({ bootstrap }, text, { models }, translate) {
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

/** Return the rows for authors whose names begin with the text, and for an author on Civitai.
 * @param {State} state
 * @param {Found} found
 * @param {Translate} translate */
function listAuthorRows({ bootstrap }, { preview, author }, translate) {
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

/** Return a row that completes the word at the caret.
 * @param {State} state
 * @param {import("../contract").Suggestion} suggestion
 * @returns {SearchRow} */
function makeCompletionRow({ bootstrap }, { text, count }) {
  const detail = count > 0 ? formatNumber(count, bootstrap?.language) : "";
  return { ...makeRow("complete", "filter", text, detail, text), key: `complete ${text}` };
}

/** Return a row that opens a model.
 * @param {number} id
 * @param {string} name
 * @param {string} [detail] */
function makeModelRow(id, name, detail = "") {
  return { ...makeRow("model", "model", name, detail, String(id)), key: `model ${id}` };
}

/** Return a row with an icon and a text.
 * @param {SearchRow["kind"]} kind
 * @param {IconName} icon
 * @param {string} text
 * @param {string} detail
 * @param {string} value
 * @returns {SearchRow} */
function makeRow(kind, icon, text, detail, value) {
  return { key: kind, kind, icon, text, detail, value };
}

/** Return `rows` with `others` inserted after the first row.
 * @param {SearchRow[]} rows
 * @param {SearchRow[]} others */
function insertAfterFirst([first, ...rest], others) {
  return first ? [first, ...others, ...rest] : others;
}

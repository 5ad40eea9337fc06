/** Which images are asked for: the page's address, the parameters of requests, and the name of what
 * is shown. */

import type { Bootstrap, SearchCount, SearchPreview } from "../contract";
import type { Context, State, Translate, Where } from "../types";
import { getPost, getSearched, getSetting, getSource, NOWHERE } from "./state";

export { getSource } from "./state";

const NUMBERS = ["model", "version", "post", "seed"] as const;
const TEXTS = ["user", "images", "tag", "sort", "period", "level", "type", "base"] as const;
const FILTERS = ["version", "tag", "period", "level", "type", "base", "meta"] as const;

/** Return a query without a gallery and with the default filters. */
export function makeDefaultQuery(bootstrap: Bootstrap): Where {
  const level = getSetting(bootstrap, "gallery_level");
  const { choices } = bootstrap;
  return {
    ...NOWHERE,
    sort: choices.sort[0]?.value ?? "",
    period: choices.period[0]?.value ?? "",
    level: String(level ?? choices.level[0]?.value ?? ""),
  };
}

/** Return a query for another gallery with the same filters. It is not in random order, which shows
 * only what was read of a gallery. */
export function withSource(where: Where, source: Partial<Where>): Where {
  const gallery = { model: null, version: null, post: null, user: "", images: "", tag: "" };
  const isRandom = where.sort === "Random" && typeof source.search !== "string";
  const order = isRandom ? { sort: "Newest", seed: null } : {};
  return { ...where, ...gallery, search: null, ...order, ...source };
}

/** Parse the page's URL. Return the query, the open image, the words of a model search and the
 * words that filter the loaded images.
 * @param search "?model=…"
 * @param usual the default for each parameter */
export function parseAddress(
  search: string,
  usual: Where,
): { where: Where; image: number | null; find: string; words: string } {
  const parameters = new URLSearchParams(search);
  const where = { ...usual };
  for (const name of NUMBERS) where[name] = parseId(parameters.get(name));
  for (const name of TEXTS) where[name] = parameters.get(name) ?? usual[name];
  where.search = parameters.get("search");
  where.meta = parameters.has("meta") ? parameters.get("meta") === "1" : usual.meta;
  const [find, words] = [parameters.get("find") ?? "", parameters.get("words") ?? ""];
  return { where, image: parseId(parameters.get("image")), find, words };
}

/** Return the page's URL for a query and the open image. Default values are left out; the host's own
 * parameters and hash are kept.
 * @param usual the default for each parameter
 * @param searched find: words of a model search whose results are shown; words: those by which the
 *     loaded images are filtered */
export function buildAddress(
  where: Where,
  image: number | null,
  usual: Where,
  href: string,
  { find = "", words = "" }: { find?: string; words?: string } = {},
) {
  const address = new URL(href);
  const { searchParams } = address;
  for (const name of NUMBERS) setParameter(searchParams, name, where[name], null);
  for (const name of TEXTS) setParameter(searchParams, name, where[name], usual[name]);
  setParameter(searchParams, "meta", where.meta ? "1" : "0", usual.meta ? "1" : "0");
  setParameter(searchParams, "search", where.search, null);
  setParameter(searchParams, "image", image, null);
  setParameter(searchParams, "find", find, "");
  setParameter(searchParams, "words", words, "");
  return address.href.replaceAll("%2C", ","); // a list of ids is long enough
}

/** Return the URL of a gallery with the current filters.
 * @param source the part of a query that names the gallery
 * @param find words of a model search; the URL then leads to its results */
export function buildHref({ store }: Pick<Context, "store">, source: Partial<Where>, find = "") {
  const { bootstrap, where } = store.get();
  const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
  return buildAddress(withSource(where, source), null, usual, location.href, { find });
}

/** Return the page's URL for an image of the open gallery. */
export function buildImageAddress(
  { bootstrap, where }: Pick<State, "bootstrap" | "where">,
  id: number,
  href: string,
) {
  return buildAddress(where, id, bootstrap ? makeDefaultQuery(bootstrap) : where, href);
}

function setParameter(
  parameters: URLSearchParams,
  name: string,
  value: string | number | null,
  usual: string | number | null,
) {
  if (value === usual || value === null) parameters.delete(name);
  else parameters.set(name, String(value));
}

function parseId(text: string | null) {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

/** Return the API path for one page of a gallery. */
export function buildImagesPath(
  where: Where,
  cursor: string | null,
  limit: number,
  showsHidden = false,
): `images?${string}` {
  const parameters = makeQueryParameters(where);
  if (cursor) parameters.set("cursor", cursor);
  parameters.set("limit", String(limit));
  if (showsHidden) parameters.set("hidden", "1");
  return `images?${parameters}`;
}

/** Return a query as URL parameters, without empty ones. */
export function makeQueryParameters(where: Where) {
  const parameters = new URLSearchParams();
  for (const name of [...NUMBERS, ...TEXTS]) {
    if (where[name]) parameters.set(name, String(where[name]));
  }
  if (where.meta) parameters.set("meta", "1");
  if (where.search !== null) parameters.set("search", where.search);
  return parameters;
}

/** Return whether a query asks for a gallery on Civitai. */
export function hasGallery(where: Where) {
  return !["", "kept"].includes(getSource(where));
}

const SAVED: Record<string, string> = { "is:favourite": "favourites", "has:note": "saved_notes" };
const COLLECTION = /^(?:collection|set)=(?:"((?:[^"]|"")+)"?|([^"]\S*))$/i;
const ITS_QUOTES = /["“”„＂]/g;

/** Return the search of the library for the images of a collection. */
export function makeCollectionSearch(name: string) {
  return `collection="${name.replace(ITS_QUOTES, "$&$&")}"`;
}

/** Return the name of the saved images that a search of the library begins with: a collection, or
 * the key of a text for the favourites and for those with a note; and the word that names them.
 * Return null for another search. */
export function findSavedPlace(where: Where) {
  const [first = ""] = splitWords(where.search ?? "");
  if (!first || hasGallery(where)) return null;
  const [, quoted, plain = ""] = COLLECTION.exec(first) ?? [];
  const collection = quoted?.replace(/(["“”„＂])\1/g, "$1") ?? plain;
  const key = collection ? "" : (SAVED[first.toLowerCase()] ?? "");
  return collection || key ? { collection, key, word: first } : null;
}

/** Return the name of the open gallery, "…" while it is unknown. */
export function getGalleryName(
  state: Pick<State, "where" | "model" | "title" | "post"> & Partial<State>,
  translate: Translate,
) {
  const { where, model } = state;
  const { user, post, tag, search } = where;
  const title = getPost(state)?.title || state.title;
  if (where.model !== null && model) return model.name;
  if (title) return title;
  const saved = findSavedPlace(where);
  if (saved) return saved.collection || translate(saved.key);
  if (user) return translate("pictures_by", { user });
  if (post !== null) return translate("post_number", { id: String(post) });
  if (tag) return translate("pictures_tagged", { tag: getTagName(where) });
  // of a list's images the address tells how many, until the first page is loaded
  const listed = /^\d/.test(where.images) ? where.images.split(",").length : "…";
  if (where.images) return translate("list_title", { n: state.total ?? listed });
  return search === null ? "…" : translate("library_title");
}

/** Return the words of the current search, without the one that names a saved place. */
export function getSearchedWords(state: Pick<State, "where" | "loadedWords">) {
  const words = splitWords(getSearched(state));
  return words.slice(findSavedPlace(state.where) ? 1 : 0).join(" ");
}

/** Return the filters that have an effect and differ from their defaults. */
export function listSetFilters(where: Where, usual: Where) {
  return FILTERS.filter((name) => where[name] !== usual[name] && isUsed(name, where));
}

/** Return the set filters that exclude images. A content rating above the default excludes none. */
export function listExcludingFilters(where: Where, bootstrap: Bootstrap) {
  const usual = makeDefaultQuery(bootstrap);
  const levels = bootstrap.choices.level.map(({ value }) => value);
  const isHigher = levels.indexOf(where.level) > levels.indexOf(usual.level);
  return listSetFilters(where, usual).filter((name) => name !== "level" || !isHigher);
}

const HELD_AFTER = 200; // images
const ABOVE_PG_13 = 0b11100; // browsing levels

/** Return the number of images after which Civitai's host seems to hold back those above PG-13:
 * they were asked for, Civitai lists some for the model, and none came, although nothing else
 * leaves out any. Return null otherwise. An end that may be a time limit's proves nothing. */
export function countBeforeHeldBack(state: State) {
  const { bootstrap, where, model, images, ended, hiddenCount, libraryDate, stale, notes } = state;
  const isNoted = (...codes: string[]) => notes.some(({ code }) => codes.includes(code));
  if (!bootstrap || !model || hiddenCount || libraryDate || stale) return null;
  if (isNoted("unrelated", "unreadable_rows") || where.sort === "Random") return null; // the library's
  if (images.length < HELD_AFTER && (!ended || isNoted("empty_end"))) return null;
  const { model: id, version, level: highest, sort } = where;
  const plain = { ...makeDefaultQuery(bootstrap), model: id, version, level: highest, sort };
  if ((Object.keys(plain) as (keyof Where)[]).some((name) => where[name] !== plain[name]))
    return null;
  const levels = bootstrap.choices.level.map(({ value }) => value);
  const asked = 2 ** (levels.indexOf(highest) + 1) - 1;
  const { level } = model.versions.find((one) => one.id === version) ?? model;
  if (!(asked & level & ABOVE_PG_13)) return null;
  const isHeld = images.every((view) => levels.indexOf(view.level) < 2);
  return isHeld ? Math.min(images.length, HELD_AFTER) : null;
}

/** Return the filters of a query. */
export function pickFilters({ version, tag, period, level, type, base, meta }: Where) {
  return { version, tag, period, level, type, base, meta };
}

/** Return whether a query's tag only filters a gallery, which something else names. */
export function isTagFilter(where: Where) {
  return hasGallery({ ...where, tag: "" });
}

/** Return the name of a query's tag, which follows the tag's number. */
export function getTagName({ tag }: Pick<Where, "tag">) {
  return tag.replace(/^\d+ /, "");
}

function isUsed(name: (typeof FILTERS)[number], where: Where) {
  if (name === "version") return where.model !== null;
  if (name === "tag") return where.search === null && isTagFilter(where); // nor tags' numbers
  return name !== "period" || hasPeriod(where);
}

/** Return whether a gallery can be filtered by period. The library and lists know none. */
export function hasPeriod({ search, images }: Where) {
  return search === null && !images;
}

const ID_LINE = /^[\d,;\s]*$/;

/** Return whether a text is a list of images: with several addresses, lines of ids, or JSON. */
export function isList(text: string) {
  if ((text.match(/\/images\/\d/g) ?? []).length > 1) return true;
  if (/^\s*[[{]/.test(text) && isJson(text)) return true;
  const lines = text.split("\n").filter((line) => ID_LINE.test(line));
  return (lines.join(" ").match(/\d+/g) ?? []).length > 1;
}

function isJson(text: string) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Return the server's name for a watched gallery, "" if the gallery cannot be watched. */
export function getWatchKey({ model, version, post, user, search }: Where) {
  if (search !== null || post !== null) return "";
  if (version !== null) return `version ${version}`;
  if (model !== null) return `model ${model}`;
  return user ? `user ${user}` : "";
}

/** The loaded images; what was read of the open gallery; the library. */
export type SearchScope = "loaded" | "gallery" | "all";

const SCOPES = ["loaded", "gallery", "all"] as const;

/** Return the narrowest scope that contains matching images, beginning with `scope`. Return `scope`
 * if no scope contains any. A scope whose count is incomplete counts as matching. */
export function widenScope(
  scope: SearchScope,
  preview: Pick<SearchPreview, "loaded" | "gallery" | "library">,
): SearchScope {
  const wider = SCOPES.slice(SCOPES.indexOf(scope));
  const hasSome = (one: SearchScope) => {
    const { count, is_more: isMore } = countFound(one, preview);
    return count > 0 || isMore;
  };
  return wider.find(hasSome) ?? scope;
}

/** Return how many images match in a scope. */
export function countFound(
  scope: SearchScope,
  { loaded, gallery, library }: Pick<SearchPreview, "loaded" | "gallery" | "library">,
): SearchCount {
  if (scope === "all") return library;
  if (scope === "gallery") return gallery ?? { count: 0, is_more: false };
  return loaded;
}

const BLANK = /\s/;
const QUOTE = /["“”„]/;

/** Return the words of a text. Words between quotes are one word. */
export function splitWords(text: string) {
  const words: string[] = [];
  for (let end = text.trimEnd().length; end > 0; ) {
    const start = findWordStart(text, end);
    words.unshift(text.slice(start, end));
    end = text.slice(0, start).trimEnd().length;
  }
  return words;
}

function findWordStart(text: string, caret: number) {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < caret; at++) {
    const letter = text.charAt(at);
    if (QUOTE.test(letter)) isQuoted = !isQuoted;
    else if (BLANK.test(letter) && !isQuoted) start = at + 1;
  }
  return start;
}

/** Return the word at the caret, without its part after the caret. */
export function getWordAt(text: string, caret: number) {
  return text.slice(findWordStart(text, caret), caret);
}

/** Replace the word before the caret, and return the new text and caret. A space is added after the
 * word, unless the word is a key such as "lora:" that needs a value. */
export function replaceWord(text: string, caret: number, word: string) {
  const rest = text.slice(caret).replace(/^\S+/, "").trimStart();
  const begun = text.slice(0, findWordStart(text, caret)) + word + (/[:>]$/.test(word) ? "" : " ");
  return { text: begun + rest, caret: begun.length };
}

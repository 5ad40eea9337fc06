/** What is looked at, to and from an address: the page's own, and that of an API request. */

import { NOWHERE, settingOf } from "./state.js";

/** @typedef {import("../types.js").Where} Where */
/** @typedef {import("../types.js").Hello} Hello */

const NUMBERS = /** @type {const} */ (["model", "version", "post"]);
const TEXTS = /** @type {const} */ (["user", "sort", "period", "level", "type", "base"]);
const FILTERS = /** @type {const} */ (["sort", "period", "level", "type", "base"]);

/**
 * Filters as they are before anything is chosen.
 *
 * @param {Hello} hello
 * @returns {Where}
 */
export function unfiltered(hello) {
  const level = settingOf(hello, "gallery_level");
  const { choices } = hello;
  return {
    ...NOWHERE,
    sort: choices.sort[0]?.value ?? "",
    period: choices.period[0]?.value ?? "",
    level: String(level ?? choices.level[0]?.value ?? ""),
  };
}

/**
 * The filters that a gallery is left with when another one is opened; a version is of one model.
 *
 * @param {Where} where
 * @param {Partial<Where>} source
 * @returns {Where}
 */
export function elsewhere(where, source) {
  const none = { model: null, version: null, post: null, user: "", search: null };
  return { ...where, ...none, ...source };
}

/**
 * @param {string} search  "?model=…"
 * @param {Where} usual  what holds where the address is silent
 * @returns {{where: Where, image: number | null, find: string}}
 */
export function fromAddress(search, usual) {
  const asked = new URLSearchParams(search);
  const where = { ...usual };
  for (const name of NUMBERS) where[name] = whole(asked.get(name));
  for (const name of TEXTS) where[name] = asked.get(name) ?? usual[name];
  where.search = asked.get("search");
  where.meta = asked.has("meta") ? asked.get("meta") === "1" : usual.meta;
  return { where, image: whole(asked.get("image")), find: asked.get("find") ?? "" };
}

/**
 * Only what differs from the usual is told; parameters and the hash that are not ours stay.
 *
 * @param {Where} where
 * @param {number | null} image
 * @param {Where} usual
 * @param {string} href  the address now
 * @param {string} [find]  words whose results stand in the gallery's place
 */
export function toAddress(where, image, usual, href, find = "") {
  const address = new URL(href);
  const { searchParams } = address;
  for (const name of NUMBERS) put(searchParams, name, where[name], null);
  for (const name of TEXTS) put(searchParams, name, where[name], usual[name]);
  put(searchParams, "meta", where.meta ? "1" : "0", usual.meta ? "1" : "0");
  put(searchParams, "search", where.search, null);
  put(searchParams, "image", image, null);
  put(searchParams, "find", find, "");
  return address.href;
}

/**
 * @param {URLSearchParams} parameters
 * @param {string} name
 * @param {string | number | null} value
 * @param {string | number | null} usual
 */
function put(parameters, name, value, usual) {
  if (value === usual || value === null) parameters.delete(name);
  else parameters.set(name, String(value));
}

/** @param {string | null} text */
function whole(text) {
  return text !== null && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : null;
}

/**
 * @param {Where} where
 * @param {string | null} cursor
 * @param {number} limit
 */
export function imagesPath(where, cursor, limit) {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(imagesQuery(where))) asked.set(name, String(value));
  if (cursor) asked.set("cursor", cursor);
  asked.set("limit", String(limit));
  return `images?${asked}`;
}

/**
 * What is asked of Civitai, without what is empty.
 *
 * @param {Where} where
 */
function imagesQuery(where) {
  /** @type {Record<string, string | number>} */
  const asked = {};
  for (const name of [...NUMBERS, ...TEXTS]) {
    const value = where[name];
    if (value) asked[name] = value;
  }
  if (where.meta) asked.meta = 1;
  if (where.search !== null) asked.search = where.search;
  return asked;
}

/**
 * The gallery without its filters, as the name that its marks are kept under: "kept" of all that
 * was read, "" is none.
 *
 * @param {Where} where
 */
export function sourceOf(where) {
  if (where.model !== null) return `model ${where.model}`;
  if (where.post !== null) return `post ${where.post}`;
  if (where.user) return `user ${where.user}`;
  return where.search === null ? "" : "kept";
}

/**
 * Whether it is a gallery of Civitai's, searched or not.
 *
 * @param {Where} where
 */
export function hasGallery(where) {
  return !["", "kept"].includes(sourceOf(where));
}

/**
 * How many filters are not as usual.
 *
 * @param {Where} where
 * @param {Where} usual
 */
export function filterCount(where, usual) {
  const changed = FILTERS.filter((name) => where[name] !== usual[name]).length;
  return changed + (where.meta !== usual.meta ? 1 : 0) + (where.version === null ? 0 : 1);
}

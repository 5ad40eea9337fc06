/** Stores preferences in this browser, such as the width of the tiles and the volume. */

const KEY = "civitai-shortcut";

/** @type {Record<string, unknown>} */
let fallback = {}; // used while the browser stores nothing

/** Return a stored preference, or `otherwise` if no value of the same type is stored.
 * @template T
 * @param {string} name
 * @param {T} otherwise
 * @returns {T} */
export function readPreference(name, otherwise) {
  const value = readAll()[name];
  return typeof value === typeof otherwise ? /** @type {T} */ (value) : otherwise;
}

/** Store a preference.
 * @param {string} name
 * @param {string | number | boolean} value */
export function savePreference(name, value) {
  fallback = { ...readAll(), [name]: value };
  writeJson(KEY, fallback);
}

/** Return all stored preferences. */
function readAll() {
  const read = readJson(KEY);
  return read !== null && typeof read === "object" && !Array.isArray(read) ? read : fallback;
}

/** Return a JSON value from the browser's storage, null if it is missing or invalid.
 * @param {string} key
 * @param {"localStorage" | "sessionStorage"} [storage]  sessionStorage belongs to this browser tab
 *     alone
 * @returns {any} */
export function readJson(key, storage = "localStorage") {
  try {
    return JSON.parse(window[storage].getItem(key) ?? "null");
  } catch {
    return null; // storage may be forbidden, or hold what another program wrote
  }
}

/** Store a value as JSON in the browser's storage.
 * @param {string} key
 * @param {unknown} value
 * @param {"localStorage" | "sessionStorage"} [storage] */
export function writeJson(key, value, storage = "localStorage") {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // full or forbidden: the value lasts until the page is closed
  }
}

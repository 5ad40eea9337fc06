/** Stores preferences in this browser, such as the width of the tiles and the volume. */

const KEY = "civitai-shortcut";

let fallback: Record<string, unknown> = {}; // used while the browser stores nothing

/** Return a stored preference, or `otherwise` if no value of the same type is stored. */
export function readPreference<T>(name: string, otherwise: T): T {
  const value = readAll()[name];
  return typeof value === typeof otherwise ? (value as T) : otherwise;
}

/** Store a preference. */
export function savePreference(name: string, value: string | number | boolean) {
  fallback = { ...readAll(), [name]: value };
  writeJson(KEY, fallback);
}

function readAll() {
  const read = readJson<Record<string, unknown>>(KEY);
  return read !== null && typeof read === "object" && !Array.isArray(read) ? read : fallback;
}

/** Return a JSON value from the browser's storage, null if it is missing or invalid. Its type is
 * what this page stores there; another program may have stored something else.
 * @param storage sessionStorage belongs to this browser tab alone */
export function readJson<T>(
  key: string,
  storage: "localStorage" | "sessionStorage" = "localStorage",
): T | null {
  try {
    return JSON.parse(window[storage].getItem(key) ?? "null");
  } catch {
    return null; // storage may be forbidden, or hold what another program wrote
  }
}

/** Store a value as JSON in the browser's storage. */
export function writeJson(
  key: string,
  value: unknown,
  storage: "localStorage" | "sessionStorage" = "localStorage",
) {
  try {
    window[storage].setItem(key, JSON.stringify(value));
  } catch {
    // full or forbidden: the value lasts until the page is closed
  }
}

/** Where one was in a gallery when the page was left, for after a reload. */

import { sourceOf } from "./query.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Place} Place */

const KEY = "civitai-shortcut-place";

/**
 * Keeps it as the page goes, and offers it once the same gallery is there again.
 *
 * @param {Context} context
 * @param {() => Place | null} placeNow
 */
export function keepPlace({ store, signal }, placeNow) {
  let left = read(); // by this tab, before it was loaded anew
  window.addEventListener("pagehide", () => write(sourceOf(store.get().where), placeNow()), {
    signal,
  });
  store.on(
    ["images"],
    ({ images, where }) => {
      if (!images.length || !left) return;
      const { source, place } = left;
      left = null;
      if (source === sourceOf(where)) store.set({ place });
    },
    { signal },
  );
}

/** @returns {{source: string, place: Place} | null} */
function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return Number.isSafeInteger(kept?.place?.id) ? kept : null;
  } catch {
    return null; // storage may be forbidden
  }
}

/**
 * @param {string} source
 * @param {Place | null} place
 */
function write(source, place) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ source, place }));
  } catch {
    // forbidden or full: then a reload begins at the top
  }
}

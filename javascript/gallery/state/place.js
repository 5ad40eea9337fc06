/** Where one was in a gallery when the page was left, for after a reload. */

import { getSource } from "./query.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").ScrollPlace} ScrollPlace */

const KEY = "civitai-shortcut-place";

/**
 * Keeps it as the page goes, and offers it once the same gallery is there again.
 *
 * @param {Context} context
 * @param {() => ScrollPlace | null} placeNow
 * @param {(place: ScrollPlace) => void} offer
 */
export function rememberPlace({ store, signal }, placeNow, offer) {
  let left = readPlace(); // by this tab, before it was loaded anew
  window.addEventListener("pagehide", () => writePlace(getSource(store.get().where), placeNow()), {
    signal,
  });
  store.on(
    ["images"],
    ({ images, where }) => {
      if (!images.length || !left) return;
      const { source, place } = left;
      left = null;
      if (source === getSource(where)) offer(place);
    },
    { signal },
  );
}

/** @returns {{source: string, place: ScrollPlace} | null} */
function readPlace() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return Number.isSafeInteger(stored?.place?.id) ? stored : null;
  } catch {
    return null; // storage may be forbidden
  }
}

/**
 * @param {string} source
 * @param {ScrollPlace | null} place
 */
function writePlace(source, place) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ source, place }));
  } catch {
    // forbidden or full: then a reload begins at the top
  }
}

/** Remembers the scroll position in a gallery through a reload of the page. */

import { readJson, writeJson } from "../core/preferences.js";
import { getSource } from "./query.js";

/** @import { Context, ScrollPlace } from "../types.js" */

const KEY = "civitai-shortcut-place";

/** Save the scroll position when the user leaves the page. After a reload, offer to return there as
 * soon as the first page of the same gallery is loaded.
 * @param {Context} context
 * @param {() => ScrollPlace | null} getPlace  returns the current scroll position */
export function rememberPlace({ store, actions, signal }, getPlace) {
  let left = readPlace(); // saved by this tab before the reload
  const write = () =>
    writeJson(KEY, { source: getSource(store.get().where), place: getPlace() }, "sessionStorage");
  window.addEventListener("pagehide", write, { signal });
  store.on(
    ["images"],
    ({ images, where }) => {
      if (!images.length || !left) return;
      const { source, place } = left;
      left = null;
      if (source === getSource(where)) actions.setView({ place });
    },
    { signal },
  );
}

/** Return the gallery and scroll position that this browser tab saved, null if there is none.
 * @returns {{source: string, place: ScrollPlace} | null} */
function readPlace() {
  const stored = readJson(KEY, "sessionStorage");
  const { id, y } = stored?.place ?? {};
  return Number.isSafeInteger(id) && Number.isFinite(y) ? stored : null;
}

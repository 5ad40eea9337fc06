/** Remembers the scroll position in a gallery through a reload of the page. */

import { readJson, writeJson } from "../core/preferences";
import type { Context, ScrollPlace } from "../types";
import { getSource } from "./query";

const KEY = "civitai-shortcut-place";

/** Save the scroll position when the user leaves the page. After a reload, offer to return there as
 * soon as the first page of the same gallery is loaded.
 * @param getPlace returns the current scroll position */
export function rememberPlace(
  { store, actions, signal }: Context,
  getPlace: () => ScrollPlace | null,
) {
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

/** Return the gallery and scroll position that this browser tab saved, null if there is none. */
function readPlace() {
  const stored = readJson<{ source: string; place: ScrollPlace }>(KEY, "sessionStorage");
  const { id, y } = stored?.place ?? ({} as Partial<ScrollPlace>);
  return Number.isSafeInteger(id) && Number.isFinite(y) ? stored : null;
}

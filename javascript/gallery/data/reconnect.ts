/** Checks now and then whether Civitai responds again. */

import { buildImagesPath } from "../state/query";
import { getFailedParts, replaceLibraryPage } from "../state/state";
import type { Context } from "../types";
import { PAGE_SIZE } from "./pager";
import { pollWhileVisible } from "./poll";
import { ignoreFailure } from "./problems";

const EVERY = 15_000; // ms

/** Repeat every 15 seconds the requests that have failed because of the network. While the gallery
 * is shown from the library, also check whether Civitai responds again.
 * @param isAtTop returns whether the gallery is at its top, where images may be replaced */
export function retryPeriodically(context: Context, isAtTop: () => boolean) {
  const { store, actions, signal } = context;
  const check = async () => {
    const { libraryDate, open } = store.get();
    for (const part of getFailedParts(store.get(), "network")) {
      // a lookup's result must not replace what the user is looking at
      if (part === "lookup" ? isAtTop() && open === null : !libraryDate) actions.retry(part);
    }
    if (libraryDate) await fetchLive(context, isAtTop);
  };
  pollWhileVisible(EVERY, check, signal);
}

/** Fetch the first page from Civitai, to replace the page from the library.
 * @param isAtTop returns whether the gallery is at its top */
async function fetchLive({ store, api, signal }: Context, isAtTop: () => boolean) {
  const { where, showsHidden } = store.get();
  try {
    const path = buildImagesPath(where, null, PAGE_SIZE, showsHidden);
    const page = await api.get(`${path}&fresh=1`, { signal });
    if (page.from_library || store.get().where !== where) return;
    store.set((state) => replaceLibraryPage(state, page, isAtTop()));
  } catch (error) {
    ignoreFailure(error);
  }
}

/** Checks now and then whether Civitai responds again, while images from the library are shown. */

import { buildImagesPath } from "../state/query.js";
import { getFailedParts, replaceLibraryPage } from "../state/state.js";
import { PAGE_SIZE } from "./pager.js";
import { pollWhileVisible } from "./poll.js";
import { ignoreFailure } from "./problems.js";

const EVERY = 15_000; // ms

export class Reconnect {
  #context;
  #isAtTop;

  /** @param {import("../types.js").Context} context
   * @param {() => boolean} isAtTop  returns whether the gallery is at its top, where images may be
   *     replaced */
  constructor(context, isAtTop) {
    this.#context = context;
    this.#isAtTop = isAtTop;
    pollWhileVisible(EVERY, () => this.#check(), context.signal);
  }

  /** Return whether the result of a retried lookup may replace what the user is looking at. */
  get #canFind() {
    return this.#isAtTop() && this.#context.store.get().open === null;
  }

  /** Retry what failed because of the network, and refresh what was loaded from the library. */
  async #check() {
    const { store, actions } = this.#context;
    const { libraryDate } = store.get();
    for (const part of getFailedParts(store.get(), "network")) {
      if (part === "lookup" ? this.#canFind : !libraryDate) actions.retry(part);
    }
    if (libraryDate) await this.#fetchLive();
  }

  /** Fetch the first page from Civitai, to replace the page from the library. */
  async #fetchLive() {
    const { store, api, signal } = this.#context;
    const { where, showsHidden } = store.get();
    try {
      const path = buildImagesPath(where, null, PAGE_SIZE, showsHidden);
      const page = await api.get(`${path}&fresh=1`, { signal });
      if (page.from_library || store.get().where !== where) return;
      store.set((state) => replaceLibraryPage(state, page, this.#isAtTop()));
    } catch (error) {
      ignoreFailure(error);
    }
  }
}

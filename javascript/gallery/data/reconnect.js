/** Checks now and then whether Civitai responds again, while images from the library are shown. */

import { buildImagesPath } from "../state/query.js";
import { getFailedParts, replaceLibraryPage } from "../state/state.js";
import { ApiError, isAborted } from "./api.js";
import { PAGE_SIZE } from "./pager.js";

const EVERY = 15_000; // ms

export class Reconnect {
  #context;
  #isAtTop;
  #clock = 0;
  #isBusy = false;

  /** @param {import("../types.js").Context} context
   * @param {() => boolean} isAtTop  returns whether the gallery is at its top, where images may be
   *     replaced */
  constructor(context, isAtTop) {
    this.#context = context;
    this.#isAtTop = isAtTop;
    const { store, signal } = context;
    store.on(["libraryDate", "problems"], () => this.#togglePolling(), { signal });
    window.addEventListener("online", () => void this.#check(), { signal });
    document.addEventListener("visibilitychange", () => void this.#check(), { signal });
    signal.addEventListener("abort", () => window.clearInterval(this.#clock));
  }

  /** Return whether Civitai did not respond to the last request. */
  get #isAway() {
    const state = this.#context.store.get();
    return state.libraryDate !== "" || getFailedParts(state, "network").length > 0;
  }

  /** Return whether the result of a retried lookup may replace what the user is looking at. */
  get #canFind() {
    return this.#isAtTop() && this.#context.store.get().open === null;
  }

  /** Start or stop polling Civitai until it responds again. */
  #togglePolling() {
    if (this.#isAway === this.#clock > 0) return;
    window.clearInterval(this.#clock);
    this.#clock = this.#isAway ? window.setInterval(() => void this.#check(), EVERY) : 0;
  }

  /** Retry what failed because of the network, and refresh what was loaded from the library. */
  async #check() {
    const { store, actions } = this.#context;
    if (!this.#isAway || this.#isBusy || document.visibilityState !== "visible") return;
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
    this.#isBusy = true;
    try {
      const path = buildImagesPath(where, null, PAGE_SIZE, showsHidden);
      const page = await api.get(`${path}&fresh=1`, { signal });
      if (page.from_library || store.get().where !== where) return;
      store.set((state) => replaceLibraryPage(state, page, this.#isAtTop()));
    } catch (error) {
      if (!(error instanceof ApiError) && !isAborted(error)) throw error; // else the clock asks again
    } finally {
      this.#isBusy = false;
    }
  }
}

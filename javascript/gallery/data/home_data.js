/** Fetches what the home page shows, each time it is shown. */

import { isHome } from "../state/state.js";
import { isAborted } from "./api.js";
import { makeProblem } from "./problems.js";

/** @import { Context, State } from "../types.js" */

export class HomeData {
  #context;
  #abort = new AbortController();

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    const { store, signal } = context;
    store.on([isHome, "bookmarksRevision"], (now) => this.#onChange(now), { signal });
    signal.addEventListener("abort", () => this.#abort.abort());
    this.#onChange(store.get());
  }

  /** Fetch what the home page shows. In the demo, wait for the demo's models too, so that the page
   * is drawn only once. */
  async load() {
    const { store, api, words } = this.#context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    store.set(({ problems }) => ({ problems: { ...problems, home: null } }));
    try {
      const [home, samples] = await Promise.all([
        api.get("home", { signal }),
        this.#fetchSamples(signal),
      ]);
      if (!signal.aborted) store.set({ home, samples });
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const home = makeProblem(error, words);
      store.set(({ problems }) => ({ problems: { ...problems, home } }));
    }
  }

  /** Return the models of the demo, [] outside of the demo. @param {AbortSignal} signal */
  async #fetchSamples(signal) {
    const { store, api } = this.#context;
    const { bootstrap, samples, where } = store.get();
    if (!bootstrap?.is_demo || samples.length) return samples;
    const query = new URLSearchParams({ q: "", level: where.level });
    const { models } = await api.get(`models?${query}`, { signal });
    return models;
  }

  /** @param {State} now */
  #onChange(now) {
    if (isHome(now)) void this.load();
    else this.#abort.abort();
  }
}

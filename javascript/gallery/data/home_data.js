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

  /** Fetch the home page's data. In the demo, fetch all its models too. */
  async load() {
    const { store, api, words } = this.#context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    store.set(({ problems }) => ({ problems: { ...problems, home: null } }));
    try {
      const home = await api.get("home", { signal });
      if (!signal.aborted) store.set({ home });
      if (store.get().bootstrap?.is_demo && !store.get().samples.length) {
        const level = store.get().where.level;
        const { models } = await api.get(`models?${new URLSearchParams({ q: "", level })}`, {
          signal,
        });
        store.set({ samples: models });
      }
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const home = makeProblem(error, words);
      store.set(({ problems }) => ({ problems: { ...problems, home } }));
    }
  }

  /** @param {State} now */
  #onChange(now) {
    if (isHome(now)) void this.load();
    else this.#abort.abort();
  }
}

/** Fetches what the home page shows, each time it is shown or the user comes back to it. */

import type { Home } from "../contract";
import { observeSize } from "../core/dom";
import { isHome } from "../state/state";
import type { Context, State } from "../types";
import { isAborted } from "./api";
import { makeProblem } from "./problems";

export class HomeData {
  #context;
  #abort = new AbortController();
  #isVisible = false;

  constructor(context: Context) {
    this.#context = context;
    const { store, root, signal } = context;
    store.on([isHome, "bookmarksRevision"], (now) => this.#onChange(now), { signal });
    signal.addEventListener("abort", () => this.#abort.abort());
    this.#onChange(store.get());
    this.#isVisible = isVisible(root.host);
    observeSize(root.host, () => this.#onVisibility(), signal); // in a host, another tab hides it
    document.addEventListener("visibilitychange", () => this.#onVisibility(), { signal });
  }

  /** Fetch what the home page shows. In the demo, wait for the demo's models too, so that the page
   * is drawn only once. */
  async load() {
    const { store, api, translate } = this.#context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    store.set(({ problems }) => ({
      startedAt: performance.now(),
      problems: { ...problems, home: null },
    }));
    try {
      const [home, samples] = await Promise.all([
        api.get("home", { signal }),
        this.#fetchSamples(signal),
      ]);
      if (!signal.aborted) store.set({ home: keepLoadedModels(home, store.get().home), samples });
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const home = makeProblem(error, translate);
      store.set(({ problems }) => ({ problems: { ...problems, home } }));
    }
  }

  /** Return the models of the demo, [] outside of the demo. */
  async #fetchSamples(signal: AbortSignal) {
    const { store, api } = this.#context;
    const { bootstrap, samples, where } = store.get();
    if (!bootstrap?.is_demo || samples.length) return samples;
    const query = new URLSearchParams({ q: "", level: where.level });
    const { models } = await api.get(`models?${query}`, { signal });
    return models;
  }

  /** Fetch the home page again if the user comes back to it: a model may have been added. */
  #onVisibility() {
    const { store, root } = this.#context;
    const before = this.#isVisible;
    this.#isVisible = isVisible(root.host);
    if (this.#isVisible && !before && isHome(store.get())) void this.load();
  }

  /** Fetch the home page's data if that page is open, else abort the request. */
  #onChange(now: State) {
    if (isHome(now)) void this.load();
    else this.#abort.abort();
  }
}

/** Return whether our tab is visible.
 * @param host our element */
function isVisible(host: Element) {
  return !document.hidden && host.getClientRects().length > 0;
}

/** Return the home page's new data together with the model files that the user has loaded beyond the
 * first ones. If the number of files has changed, return the new data alone.
 * @param home the new data, with only the first model files
 * @param before the old data */
function keepLoadedModels(home: Home, before: Home | null) {
  const { models, count } = home.local_models;
  if (before?.local_models.count !== count) return home;
  const loaded = before.local_models.models.slice(models.length);
  return { ...home, local_models: { models: [...models, ...loaded], count } };
}

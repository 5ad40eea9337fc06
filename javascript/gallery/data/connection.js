/** Fetches the bootstrap data, and polls for it while the server does not respond. */

import { makeDefaultQuery } from "../state/query.js";
import { getFailedParts, isOffline } from "../state/state.js";
import { ApiError } from "./api.js";
import { pollWhileVisible } from "./poll.js";
import { ignoreFailure, makeProblem, setProblem } from "./problems.js";

/** @import { Context } from "../types.js" */

const EVERY = 2000; // ms

export class Connection {
  #context;
  #onBack;
  #checkedAt = -Infinity;

  /** @param {Context} context
   * @param {() => void} onBack  called when the server responds again */
  constructor(context, onBack) {
    this.#context = context;
    this.#onBack = onBack;
    pollWhileVisible(EVERY, () => this.#pollIfOffline(), context.signal);
  }

  /** Fetch the data that the page starts with. Return whether the server responded. */
  async fetchBootstrap() {
    const { store, api, words, signal } = this.#context;
    try {
      const bootstrap = await api.get("bootstrap", { signal });
      this.#setBootstrap(bootstrap);
      return true;
    } catch (error) {
      if (!signal.aborted) setProblem(store, "bootstrap", makeProblem(error, words));
      return false;
    }
  }

  /** Fetch the bootstrap data again because the user asked for it. */
  async retry() {
    if (await this.fetchBootstrap()) this.#onBack();
  }

  /** Check whether the server responds, because a thumbnail has not arrived. Do nothing if the
   * server is being polled or was checked a moment ago. */
  async check() {
    const { store, api, words, signal } = this.#context;
    const now = performance.now();
    if (isOffline(store.get()) || now < this.#checkedAt + EVERY) return;
    this.#checkedAt = now;
    try {
      await api.get("bootstrap", { signal });
    } catch (error) {
      if (!signal.aborted && error instanceof ApiError && error.code === "offline") {
        setProblem(store, "bootstrap", makeProblem(error, words));
      }
    }
  }

  /** Store the data that the page starts with, since the server responds.
   * @param {import("../types.js").Bootstrap} bootstrap */
  #setBootstrap(bootstrap) {
    this.#context.store.set(({ problems, where, bootstrap: before }) => ({
      bootstrap,
      where: before ? where : makeDefaultQuery(bootstrap),
      lost: false,
      problems: { ...problems, bootstrap: null },
    }));
  }

  /** Check whether the server responds again. Do nothing if no request has failed. */
  async #pollIfOffline() {
    const { store, api, signal } = this.#context;
    if (!isOffline(store.get())) return;
    try {
      const bootstrap = await api.get("bootstrap", { signal });
      const before = store.get();
      const failed = getFailedParts(before, "offline").filter(
        (part) => part !== "bootstrap" || !before.bootstrap,
      );
      this.#setBootstrap(bootstrap);
      if (failed.length) this.#onBack();
    } catch (error) {
      ignoreFailure(error); // still away
    }
  }
}

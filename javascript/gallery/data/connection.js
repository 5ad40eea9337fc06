/** Greets the server, and again when it did not answer, until it is back. */

import { problemOf } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */

const EVERY = 2000; // ms

export class Reach {
  #context;
  #onBack;
  #clock = 0;
  #isAsking = false;

  /**
   * @param {Context} context
   * @param {() => void} onBack  called when it answers after it did not
   */
  constructor(context, onBack) {
    this.#context = context;
    this.#onBack = onBack;
    const { store, signal } = context;
    store.on(
      ["problem", "lost"],
      ({ problem, lost }) => this.#watch(lost || problem?.code === "offline"),
      { signal },
    );
    window.addEventListener("online", () => this.#askIfWatching(), { signal });
    document.addEventListener("visibilitychange", () => this.#askIfWatching(), { signal });
    signal.addEventListener("abort", () => this.#watch(false));
  }

  /** Whether it answered. */
  async greet() {
    const { store, api, words, signal } = this.#context;
    try {
      const hello = await api.get("hello", { signal });
      store.set({ hello });
      return true;
    } catch (error) {
      if (!signal.aborted) store.set({ problem: problemOf("hello", error, words) });
      return false;
    }
  }

  /** Greets it once more, for a user who does not want to wait. */
  async retry() {
    if (await this.greet()) this.#onBack();
  }

  /** @param {boolean} isOffline */
  #watch(isOffline) {
    if (isOffline && !this.#clock) {
      this.#clock = window.setInterval(() => this.#askIfWatching(), EVERY);
    } else if (!isOffline && this.#clock) {
      window.clearInterval(this.#clock);
      this.#clock = 0;
    }
  }

  async #askIfWatching() {
    if (!this.#clock || this.#isAsking || document.visibilityState !== "visible") return;
    const { store, api, signal } = this.#context;
    this.#isAsking = true;
    try {
      const hello = await api.get("hello", { signal });
      const isOffline = store.get().problem?.code === "offline";
      store.set({ hello, lost: false });
      if (isOffline) this.#onBack();
    } catch {
      // still away: the clock asks again
    } finally {
      this.#isAsking = false;
    }
  }
}

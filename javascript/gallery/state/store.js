/** The store that holds the page's state, to which the parts of the page subscribe. */

import { makeInitialState } from "./state.js";

/** @import { State } from "../types.js" */
/** @typedef {(now: State, before: State) => void} Listener */
/** @typedef {keyof State | ((state: State) => unknown)} Key  a field, or a selector */

export class Store {
  /** @type {State} */
  #state;
  /** @type {Set<{keys: Key[], listener: Listener}>} */
  #subscriptions = new Set();

  /** @param {State} [state] */
  constructor(state = makeInitialState()) {
    this.#state = state;
  }

  get() {
    return this.#state;
  }

  /** Merge a change into the state, then call the listeners whose keys have changed.
   * @param {Partial<State> | ((state: State) => Partial<State>)} change */
  set(change) {
    const before = this.#state;
    const now = { ...before, ...(typeof change === "function" ? change(before) : change) };
    this.#state = now;
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      if (subscription.keys.some((key) => readKey(now, key) !== readKey(before, key))) {
        subscription.listener(this.#state, before); // a listener before may have changed the state again
      }
    }
  }

  /** Call the listener once for each `set` that changes any of the keys, before `set` returns.
   * @param {Key[]} keys
   * @param {Listener} listener
   * @param {{signal?: AbortSignal}} [options] */
  on(keys, listener, { signal } = {}) {
    if (signal?.aborted) return;
    const subscription = { keys, listener };
    this.#subscriptions.add(subscription);
    signal?.addEventListener("abort", () => this.#subscriptions.delete(subscription));
  }
}

/** Return the value of a key: a field of the state, or the result of a function of the state.
 * @param {State} state
 * @param {Key} key */
function readKey(state, key) {
  return typeof key === "function" ? key(state) : state[key];
}

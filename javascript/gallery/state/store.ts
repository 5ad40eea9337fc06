/** The store that holds the page's state, to which the parts of the page subscribe. */

import type { State } from "../types";
import { makeInitialState } from "./state";

type Listener = (now: State, before: State) => void;
/** A field, or a selector. */
export type Key = keyof State | ((state: State) => unknown);

export class Store {
  #state: State;
  #subscriptions: Set<{ keys: Key[]; listener: Listener }> = new Set();

  constructor(state: State = makeInitialState()) {
    this.#state = state;
  }

  get() {
    return this.#state;
  }

  /** Merge a change into the state, then call the listeners whose keys have changed. */
  set(change: Partial<State> | ((state: State) => Partial<State>)) {
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

  /** Call the listener once for each `set` that changes any of the keys, before `set` returns. */
  on(keys: Key[], listener: Listener, { signal }: { signal?: AbortSignal } = {}) {
    if (signal?.aborted) return;
    const subscription = { keys, listener };
    this.#subscriptions.add(subscription);
    signal?.addEventListener("abort", () => this.#subscriptions.delete(subscription));
  }
}

/** Return the value of a key: a field of the state, or the result of a function of the state. */
function readKey(state: State, key: Key) {
  return typeof key === "function" ? key(state) : state[key];
}

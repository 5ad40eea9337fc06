/** Fetches the bootstrap data, and polls for it while the server does not respond. */

import { makeDefaultQuery } from "../state/query";
import { getFailedParts, isOffline } from "../state/state";
import type { Bootstrap, Context, Problem } from "../types";
import { ApiError } from "./api";
import { pollWhileVisible } from "./poll";
import { ignoreFailure, makeProblem, needsReload, setProblem } from "./problems";

const EVERY = 2000; // ms

export class Connection {
  #context;
  #onBack;
  #checkedAt = -Infinity;
  #requests = 0; // for the data that the page starts with

  /** @param onBack called when the server responds again and parts of the page have failed */
  constructor(context: Context, onBack: () => void) {
    this.#context = context;
    this.#onBack = onBack;
    context.api.onOffline = () => context.store.set({ lost: true });
    pollWhileVisible(EVERY, () => this.#pollIfOffline(), context.signal);
  }

  /** Fetch the data that the page starts with. Return whether the server responded. An error is not
   * shown if a newer request was sent. */
  async fetchBootstrap() {
    const { store, api, translate, signal } = this.#context;
    const number = ++this.#requests;
    store.set({ startedAt: performance.now() });
    try {
      const bootstrap = await api.get("bootstrap", { signal });
      this.#setBootstrap(bootstrap);
      return true;
    } catch (error) {
      if (!signal.aborted && number === this.#requests)
        setProblem(store, "bootstrap", makeProblem(error, translate));
      return false;
    }
  }

  /** Fetch the bootstrap data again because the user asked for it. */
  async retry() {
    const hasFailed = this.#hasFailedPart();
    if ((await this.fetchBootstrap()) && hasFailed) this.#onBack();
  }

  /** Return whether a part of the page has failed, not counting the bootstrap data.
   * @param code of the error to look for; any error if omitted */
  #hasFailedPart(code?: string) {
    return getFailedParts(this.#context.store.get(), code).some((part) => part !== "bootstrap");
  }

  /** Check whether the server responds, because a thumbnail has not arrived. Do nothing if the
   * server is being polled or was checked a moment ago. */
  async check() {
    const { store, api, translate, signal } = this.#context;
    const now = performance.now();
    if (isOffline(store.get()) || now < this.#checkedAt + EVERY) return;
    this.#checkedAt = now;
    try {
      await api.get("bootstrap", { signal });
    } catch (error) {
      if (!signal.aborted && error instanceof ApiError && error.code === "offline") {
        setProblem(store, "bootstrap", makeProblem(error, translate));
      }
    }
  }

  /** Store the data that the page starts with, since the server responds. */
  #setBootstrap(bootstrap: Bootstrap) {
    this.#context.store.set(({ problems, where, bootstrap: before }) => ({
      bootstrap,
      where: before ? where : makeDefaultQuery(bootstrap),
      lost: false,
      problems: { ...problems, bootstrap: null },
    }));
  }

  /** Check whether the server responds again. Do nothing if no request has failed. */
  async #pollIfOffline() {
    const { store, api, translate, signal } = this.#context;
    if (!isOffline(store.get())) return;
    try {
      const bootstrap = await api.get("bootstrap", { signal });
      const hasFailed = this.#hasFailedPart("offline");
      this.#setBootstrap(bootstrap);
      if (hasFailed) this.#onBack();
    } catch (error) {
      ignoreFailure(error);
      if (error instanceof ApiError && needsReload(error.code))
        this.#setRefused(makeProblem(error, translate)); // else still away
    }
  }

  /** Store that the server responds again, but refuses all requests of this page.
   * @param problem the refusal */
  #setRefused(problem: Problem) {
    this.#context.store.set((state) => {
      const failed = getFailedParts(state, "offline").map((part) => [part, problem]);
      const problems = { ...state.problems, ...Object.fromEntries(failed), bootstrap: problem };
      return { lost: false, problems };
    });
  }
}

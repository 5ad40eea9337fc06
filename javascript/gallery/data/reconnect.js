/** While what was kept is shown, or something failed for want of a network: asks now and then until Civitai is back. */

import { imagesPath } from "../state/query.js";
import { withLive } from "../state/state.js";
import { ApiError, isAborted } from "./api.js";
import { PAGE } from "./pager.js";

const EVERY = 15_000; // ms

export class Revival {
  #context;
  #isAtTop;
  #clock = 0;
  #isAsking = false;

  /**
   * @param {import("../types.js").Context} context
   * @param {() => boolean} isAtTop  of the gallery: else what is looked at stays where it is
   */
  constructor(context, isAtTop) {
    this.#context = context;
    this.#isAtTop = isAtTop;
    const { store, signal } = context;
    store.on(["kept", "problem"], () => this.#watch(), { signal });
    window.addEventListener("online", () => void this.#ask(), { signal });
    document.addEventListener("visibilitychange", () => void this.#ask(), { signal });
    signal.addEventListener("abort", () => window.clearInterval(this.#clock));
  }

  get #isAway() {
    const { kept, problem } = this.#context.store.get();
    return kept !== "" || problem?.code === "network";
  }

  /** What is found takes the place of what is looked at: not while one is deep in that. */
  get #canFind() {
    return this.#isAtTop() && this.#context.store.get().open === null;
  }

  #watch() {
    if (this.#isAway === this.#clock > 0) return;
    window.clearInterval(this.#clock);
    this.#clock = this.#isAway ? window.setInterval(() => void this.#ask(), EVERY) : 0;
  }

  async #ask() {
    const { store, acts } = this.#context;
    if (!this.#isAway || this.#isAsking || document.visibilityState !== "visible") return;
    const { kept, problem } = store.get();
    const failed = problem?.code === "network" ? problem.of : null;
    if (failed === "find" ? this.#canFind : failed && !kept) acts.retry();
    if (kept) await this.#askForLive();
  }

  async #askForLive() {
    const { store, api, signal } = this.#context;
    const { where } = store.get();
    this.#isAsking = true;
    try {
      const page = await api.get(`${imagesPath(where, null, PAGE)}&fresh=1`, { signal });
      if (page.kept || store.get().where !== where) return;
      store.set((state) => withLive(state, page, this.#isAtTop()));
    } catch (error) {
      if (!(error instanceof ApiError) && !isAborted(error)) throw error; // else the clock asks again
    } finally {
      this.#isAsking = false;
    }
  }
}

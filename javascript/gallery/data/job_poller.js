/** Knows how the downloads stand; asks the server only while something is at work. */

import { ApiError, isAborted } from "./api.js";
import { errorWords, tellLoss } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../panels/types.js").Jobs} Jobs */

const BUSY = ["queued", "running"];
const SEEN = 500; // ms between two questions while the panel is open
const BESIDE = 1000; // while only the badge is seen
const UNSEEN = 4000; // while another tab of the host is, or our server does not answer

export class Watch {
  #timer = 0;
  #abort = new AbortController();
  #isLost = false;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { signal } = context;
    signal.addEventListener("abort", () => this.#stop());
    document.addEventListener("visibilitychange", () => this.#onSight(), { signal });
    void this.now();
  }

  /** Asks at once, and goes on while something is at work. */
  async now() {
    this.#stop();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      this.take(await this.context.api.get("jobs", { signal }));
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.#isLost = true;
      tellLoss(error, this.context.store);
      this.#say(error);
      this.#goOn();
    }
  }

  /** The answer to a deed tells how all stands. @param {Jobs} jobs */
  take(jobs) {
    this.#isLost = false;
    this.context.store.set({ jobs });
    this.#goOn();
  }

  /** What cannot be read is not shown as if there were nothing. @param {ApiError} error */
  #say(error) {
    if (error.code === "offline") return; // which the page says itself
    const { store, words } = this.context;
    const before = store.get().jobs ?? { active: 0, waiting: 0, more: "", jobs: [] };
    store.set({ jobs: { ...before, notice: errorWords(error, words) } });
  }

  #goOn() {
    clearTimeout(this.#timer);
    const pause = this.#pause();
    if (!pause || document.hidden || this.context.signal.aborted) return;
    this.#timer = window.setTimeout(() => void this.now(), pause);
  }

  /** Milliseconds until the next question; 0 is none. */
  #pause() {
    if (this.#isLost) return UNSEEN; // what is at work is not known
    const { store, root } = this.context;
    const jobs = store.get().jobs?.jobs ?? [];
    const isBusy = jobs.some((job) => BUSY.includes(job.state));
    // paused with a note: not by the user, and it goes on by itself
    const isWaiting = jobs.some((job) => job.state === "paused" && job.note);
    if (!isBusy) return isWaiting ? UNSEEN : 0;
    if (!root.host.getClientRects().length) return UNSEEN;
    return store.get().panel === "jobs" ? SEEN : BESIDE;
  }

  #onSight() {
    if (document.hidden) this.#stop();
    else void this.now();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }
}

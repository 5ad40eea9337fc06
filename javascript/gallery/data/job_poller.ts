/** Polls the state of the downloads, and of the images that are made, while any of them is active. */

import type { JobList } from "../contract";
import { isMaking } from "../state/state";
import type { Context } from "../types";

const BUSY = ["queued", "running"];
const PANEL_OPEN = 500; // ms between two requests while the panel is open
const BADGE_ONLY = 1000; // while only the badge is seen
const HIDDEN = 4000; // while another tab of the host is shown, or our server does not respond

export class JobPoller {
  #timer = 0;
  #abort = new AbortController();
  #isUnknown = false; // the last request has failed
  #readsMade = true; // also ask which images are made
  #channel = new BroadcastChannel("civitai-shortcut-jobs");

  /** @param read sends the request and shows its error; returns null after an error or if newer
   *     data are shown */
  constructor(
    readonly context: Context,
    readonly read: (request: () => Promise<JobList>) => Promise<JobList | null>,
  ) {
    const { signal } = context;
    signal.addEventListener("abort", () => {
      this.#stop();
      this.#channel.close();
    });
    this.#channel.addEventListener("message", () => {
      this.#readsMade = true;
      void this.poll();
    });
    const follow = () => (document.hidden ? this.#stop() : void this.poll());
    document.addEventListener("visibilitychange", follow, { signal });
    void this.poll();
  }

  /** Poll the jobs at once, here and in other tabs, because a job was started. */
  announceStart(ofImages = false) {
    this.#channel.postMessage("started");
    this.#readsMade ||= ofImages;
    void this.poll();
  }

  /** Fetch the jobs now, and again after a pause while any of them is active. */
  async poll() {
    this.#stop();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const jobs = await this.read(() => this.#fetch(signal));
    if (signal.aborted) return;
    if (jobs) return this.setJobs(jobs);
    this.#isUnknown = true;
    this.#schedulePoll();
  }

  /** Fetch the jobs; at first, after a start and while images are made also these. */
  async #fetch(signal: AbortSignal) {
    const { api, store } = this.context;
    if (this.#readsMade) {
      const made = await api.get("made", { signal });
      this.#readsMade = made.some(isMaking);
      store.set({ made });
    }
    return api.get("jobs", { signal });
  }

  /** Store the jobs that a response lists; abort a poll that was sent before. */
  setJobs(jobs: JobList) {
    this.#stop();
    this.#isUnknown = false;
    this.context.store.set({ jobs });
    this.#schedulePoll();
  }

  #schedulePoll() {
    clearTimeout(this.#timer);
    const pause = this.#getPause();
    if (!pause || document.hidden || this.context.signal.aborted) return;
    this.#timer = window.setTimeout(() => void this.poll(), pause);
  }

  #getPause() {
    if (this.#isUnknown) return HIDDEN;
    const { store, root } = this.context;
    const jobs = store.get().jobs?.jobs ?? [];
    const isBusy = this.#readsMade || jobs.some((job) => BUSY.includes(job.state));
    // paused with a note: the server paused the job and resumes it
    const isWaiting = jobs.some((job) => job.state === "paused" && job.note);
    if (!isBusy) return isWaiting ? HIDDEN : 0;
    if (!root.host.getClientRects().length) return HIDDEN;
    return store.get().panel === "jobs" ? PANEL_OPEN : BADGE_ONLY;
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }
}

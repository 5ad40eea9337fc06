/** The connection to our server: the first request, and what happens until the server responds
 * again. */

import type { Bootstrap } from "../contract";
import { buildImagesPath, makeDefaultQuery } from "../state/query";
import { getFailedParts, isOffline, replaceLibraryPage } from "../state/state";
import type { Context } from "../types";
import { ApiError, ignoreFailure, makeProblem, needsReload, setProblem } from "./api";
import { PAGE_SIZE } from "./pager";

/** Call an asynchronous function again and again, and when the browser goes online or the page
 * comes to the front. The function is not called while the page is hidden, or while its last call
 * runs.
 * @param pause ms */
export function pollWhileVisible(pause: number, run: () => Promise<void>, signal: AbortSignal) {
  const clock = window.setInterval(runOnReturn(run, signal), pause);
  signal.addEventListener("abort", () => window.clearInterval(clock));
}

/** Call an asynchronous function when the browser goes online or the page comes to the front.
 * Return a function that calls it too, unless the page is hidden or the last call still runs. */
export function runOnReturn(run: () => Promise<void>, signal: AbortSignal) {
  let isBusy = false;
  const poll = async () => {
    if (isBusy || document.hidden) return;
    isBusy = true;
    await run().finally(() => {
      isBusy = false;
    });
  };
  window.addEventListener("online", poll, { signal });
  window.addEventListener("focus", poll, { signal });
  document.addEventListener("visibilitychange", poll, { signal });
  return poll;
}

const EVERY = 2000; // ms
const LATE = 10_000; // ms in which an image may fail by what is over
/** Of failures that pass, and are Civitai's own. */
const FROM_CIVITAI = ["network", "busy"];

export class Connection {
  #checkedAt = -Infinity;
  #backAt = -Infinity; // when Civitai sent an image again
  #nextCheck = 0; // timer
  #requests = 0; // for the data that the page starts with
  #failedImage = ""; // URL

  /** @param onBack called when the server responds again and parts of the page have failed */
  constructor(
    private readonly context: Context,
    private readonly onBack: () => void,
  ) {
    context.api.onOffline = () => context.store.set({ lost: true });
    pollWhileVisible(EVERY, () => this.#pollIfOffline(), context.signal);
  }

  /** Fetch the data that the page starts with. Return whether the server responded. */
  async fetchBootstrap() {
    const { store, api, translate, signal } = this.context;
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
    if ((await this.fetchBootstrap()) && hasFailed) this.onBack();
  }

  #hasFailedPart(code?: string) {
    return getFailedParts(this.context.store.get(), code).some((part) => part !== "bootstrap");
  }

  /** Find out why an image has not arrived, every 2 seconds for the last one. Do nothing while the
   * server is polled.
   * @param url of the image, by default the last one */
  async check(url = this.#failedImage) {
    const { store, api, signal } = this.context;
    const now = performance.now();
    if (isOffline(store.get())) return;
    window.clearTimeout(this.#nextCheck);
    const pause = this.#checkedAt + EVERY - now;
    if (pause > 0) {
      this.#nextCheck = window.setTimeout(() => void this.check(url), pause);
      return;
    }
    this.#checkedAt = now;
    const failure = await api.findFailure(url, { signal }).catch(ignoreFailure);
    if (!signal.aborted) await this.report(url, failure);
  }

  /** Show that the server or Civitai does not respond, if an image has failed by it. When Civitai is
   * back, load all images again that failed, and a moment later those that were still on their way.
   * @param failure null if the image has arrived */
  async report(url: string, failure: ApiError | null) {
    const { store, translate } = this.context;
    if (failure?.code === "offline")
      return setProblem(store, "bootstrap", makeProblem(failure, translate));
    this.#failedImage = url;
    const away = FROM_CIVITAI.includes(failure?.code ?? "");
    const now = performance.now();
    const wasAway = store.get().away;
    store.set({ away });
    if (wasAway && !away) this.#backAt = now;
    else if (failure || now > this.#backAt + LATE) return;
    await this.fetchBootstrap();
  }

  #setBootstrap(bootstrap: Bootstrap) {
    this.context.store.set(({ problems, where, bootstrap: before }) => ({
      bootstrap,
      where: before ? where : makeDefaultQuery(bootstrap),
      lost: false,
      problems: { ...problems, bootstrap: null },
    }));
  }

  async #pollIfOffline() {
    const { store, api, translate, signal } = this.context;
    if (!isOffline(store.get())) return;
    try {
      const bootstrap = await api.get("bootstrap", { signal });
      const hasFailed = this.#hasFailedPart("offline");
      this.#setBootstrap(bootstrap);
      if (hasFailed) this.onBack();
    } catch (error) {
      ignoreFailure(error);
      if (!(error instanceof ApiError) || !needsReload(error.code)) return; // still away
      // the server responds again, but refuses all requests of this page
      const problem = makeProblem(error, translate);
      store.set((state) => {
        const failed = getFailedParts(state, "offline").map((part) => [part, problem]);
        const problems = { ...state.problems, ...Object.fromEntries(failed), bootstrap: problem };
        return { lost: false, problems };
      });
    }
  }
}

const CHECK_EVERY = 15_000; // ms

/** Of a failure that passes: no answer, or one that is no data, such as a network's login page. */
const PASSING = [...FROM_CIVITAI, "bad_answer"];

/** Repeat every 15 seconds the requests that have failed because of the network. While the gallery
 * is shown from the library, also check whether Civitai responds again.
 * @param isAtTop returns whether the gallery is at its top, where images may be replaced */
export function retryPeriodically(context: Context, isAtTop: () => boolean) {
  const { store, actions, signal } = context;
  const check = async () => {
    const { libraryDate, open, away } = store.get();
    for (const part of PASSING.flatMap((code) => getFailedParts(store.get(), code))) {
      // a lookup's result must not replace what the user is looking at
      if (part === "lookup" ? isAtTop() && open === null : !libraryDate) actions.retry(part);
    }
    if (libraryDate) await fetchLive(context, isAtTop);
    if (away) actions.checkServer();
  };
  pollWhileVisible(CHECK_EVERY, check, signal);
}

async function fetchLive({ store, api, signal }: Context, isAtTop: () => boolean) {
  const { where, showsHidden } = store.get();
  const path = buildImagesPath(where, null, PAGE_SIZE, showsHidden);
  const page = await api.get(`${path}&fresh=1`, { signal }).catch(ignoreFailure);
  if (!page || page.from_library || store.get().where !== where) return;
  store.set((state) => replaceLibraryPage(state, page, isAtTop()));
}

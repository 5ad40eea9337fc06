/** Fetches which model files are needed in three places of the page, and starts their download. */

import type { PageContext } from "../actions";
import type { JobStarted, NeededFileView } from "../contract";
import { makeUuid } from "../core/text";
import {
  describeArrivals,
  listArrivals,
  makeRequest,
  markArrived,
  NO_NEEDS,
} from "../state/model_files";
import { getSetting } from "../state/state";
import type { Needs, NeedsPlace, State } from "../types";
import { isAborted, makeProblem, tryOrTell, waitFor } from "./api";

const DWELL = 400; // ms that an image is looked at before Civitai may be asked about its models
const SETTINGS = [
  "model_folders",
  "model_precision",
  "model_prefers_pruned",
  "model_folder_template",
];

export class NeededFiles {
  #aborts: Record<NeedsPlace, AbortController> = {
    image: new AbortController(),
    gallery: new AbortController(),
    list: new AbortController(),
  };
  /** the images of the list, [] if it is of something else */
  #ids: readonly number[] = [];

  constructor(readonly context: PageContext) {
    const { store, signal } = context;
    store.on([describeArrivals], (now, before) => this.#markArrived(now, before), { signal });
    store.on([describeSettings], () => this.#reload(), { signal });
    signal.addEventListener("abort", () => {
      for (const abort of Object.values(this.#aborts)) abort.abort();
    });
  }

  /** Fetch the model files that a query asks for, and show them in one part of the page.
   * @param query query string for the route `model_files`; "" empties the part */
  show(place: NeedsPlace, query: string) {
    if (this.context.store.get().needs[place].of === query) return;
    this.#ids = place === "list" ? [] : this.#ids;
    this.#aborts[place].abort();
    this.#set(place, { ...NO_NEEDS, of: query });
    if (query) void this.#load(place, query);
  }

  /** Fetch the model files that these images need, and show them in the list. */
  showForImages(ids: readonly number[]) {
    this.show("list", "");
    this.#ids = ids;
    this.#set("list", { ...NO_NEEDS, of: "images" });
    void this.#load("list", "images");
  }

  /** Fetch the model files for a part of the page again after a failure. */
  retry(place: NeedsPlace) {
    const { of } = this.context.store.get().needs[place];
    if (of) void this.#load(place, of);
  }

  /** Start the download of these model files. Errors are shown to the user. */
  get(files: readonly NeededFileView[]) {
    const { panel, needs, fileChoices } = this.context.store.get();
    const listed = panel === "model_files" ? needs.list.of : "";
    const body = {
      files: makeRequest(files, fileChoices),
      collection: new URLSearchParams(listed).get("collection") ?? "",
      request: makeUuid(),
    };
    return this.#start((how) => this.context.api.post("model_files", body, how));
  }

  /** Ask the archive in the settings for a file, and start its download. Errors are shown to the
   * user. */
  getArchived({ sha256, type, version_id }: NeededFileView) {
    const body = { sha256, kind: type, version: version_id ?? 0 };
    return this.#start((how) => this.context.api.post("archived_file", body, how));
  }

  async #start(request: (how: { signal: AbortSignal }) => Promise<JobStarted>) {
    const started = await tryOrTell(this.context, () => request(this.context));
    if (started) this.context.parts.jobs.announceStart(started.job_id, 0, started.message);
  }

  /** Show newly arrived files as present, until the server confirms it. */
  #markArrived(now: State, before: State) {
    const known = new Set(listArrivals(before));
    const fresh = new Set(listArrivals(now).filter((id) => !known.has(id)));
    const label = this.context.translate("here");
    for (const place of Object.keys(now.needs) as NeedsPlace[]) {
      if (before.jobs) this.#set(place, markArrived(now.needs[place], fresh, label));
    }
    this.#reload();
  }

  #reload() {
    const { needs } = this.context.store.get();
    for (const place of Object.keys(needs) as NeedsPlace[]) {
      if (needs[place].of) void this.#load(place, needs[place].of);
    }
  }

  /** Fetch what a query, or "images", asks for; the old is shown until then. */
  async #load(place: NeedsPlace, of: string) {
    const { api, store, translate } = this.context;
    this.#aborts[place].abort();
    this.#aborts[place] = new AbortController();
    const { signal } = this.#aborts[place];
    const before = store.get().needs[place];
    this.#set(place, { ...before, problem: null, loading: true });
    try {
      if (place === "image" && !before.answer) await waitFor(DWELL, signal);
      const { model } = store.get().where;
      const answer = await (of === "images"
        ? api.post("needed_files", { ids: [...this.#ids], model }, { signal })
        : api.get(`model_files?${of}`, { signal }));
      this.#set(place, { of, answer, problem: null, loading: false });
    } catch (error) {
      if (isAborted(error)) return;
      const problem = makeProblem(error, translate);
      this.#set(place, { ...store.get().needs[place], problem, loading: false });
    }
  }

  #set(place: NeedsPlace, value: Needs) {
    this.context.store.set(({ needs }) => ({ needs: { ...needs, [place]: value } }));
  }
}

function describeSettings({ bootstrap }: State) {
  return SETTINGS.map((name) => getSetting(bootstrap, name)).join("\n");
}

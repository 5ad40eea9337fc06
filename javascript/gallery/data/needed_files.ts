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
import { isAborted, LatestRequest, makeProblem, tryOrTell, waitFor } from "./api";

const DWELL = 400; // ms that an image is looked at before Civitai may be asked about its models
const SETTINGS = [
  "model_folders",
  "model_precision",
  "model_prefers_pruned",
  "model_folder_template",
];

export function makeNeededFiles(context: PageContext) {
  const { api, parts, signal, store, translate } = context;
  const requests: Record<NeedsPlace, LatestRequest> = {
    image: new LatestRequest(context),
    gallery: new LatestRequest(context),
    list: new LatestRequest(context),
  };
  /** the images of the list, [] if it is of something else */
  let listedIds: readonly number[] = [];
  store.on([describeArrivals], showArrivals, { signal });
  store.on([describeModelSettings], reload, { signal });

  /** Show in one part of the page the model files of a query; "" empties the part. */
  function show(place: NeedsPlace, query: string) {
    if (store.get().needs[place].of === query) return;
    listedIds = place === "list" ? [] : listedIds;
    requests[place].abort();
    set(place, { ...NO_NEEDS, of: query });
    if (query) void load(place, query);
  }

  /** Fetch the model files that these images need, and show them in the list. */
  function showForImages(ids: readonly number[]) {
    show("list", "");
    listedIds = ids;
    set("list", { ...NO_NEEDS, of: "images" });
    void load("list", "images");
  }

  /** Fetch the model files for a part of the page again after a failure. */
  function retry(place: NeedsPlace) {
    const { of } = store.get().needs[place];
    if (of) void load(place, of);
  }

  /** Start the download of these model files. Errors are shown to the user. */
  function get(files: readonly NeededFileView[]) {
    const { panel, needs, fileChoices } = store.get();
    const listed = panel === "model_files" ? needs.list.of : "";
    const body = {
      files: makeRequest(files, fileChoices),
      collection: new URLSearchParams(listed).get("collection") ?? "",
      request: makeUuid(),
    };
    return start((how) => api.post("model_files", body, how));
  }

  /** Start the download of a file from the archive. Errors are shown to the user. */
  function getArchived({ sha256, type, version_id }: NeededFileView) {
    const body = { sha256, kind: type, version: version_id ?? 0 };
    return start((how) => api.post("archived_file", body, how));
  }

  async function start(request: (how: { signal: AbortSignal }) => Promise<JobStarted>) {
    const started = await tryOrTell(context, () => request(context));
    if (started) parts.jobs.announceStart(started.job_id, 0, started.message);
  }

  /** Show newly arrived files as present, until the server confirms it. */
  function showArrivals(now: State, before: State) {
    const known = new Set(listArrivals(before));
    const fresh = new Set(listArrivals(now).filter((id) => !known.has(id)));
    const label = translate("here");
    for (const place of Object.keys(now.needs) as NeedsPlace[]) {
      if (before.jobs) set(place, markArrived(now.needs[place], fresh, label));
    }
    reload();
  }

  function reload() {
    const { needs } = store.get();
    for (const place of Object.keys(needs) as NeedsPlace[]) {
      if (needs[place].of) void load(place, needs[place].of);
    }
  }

  /** Fetch what a query, or "images", asks for; the old is shown until then. */
  async function load(place: NeedsPlace, of: string) {
    const signal = requests[place].begin();
    const before = store.get().needs[place];
    set(place, { ...before, problem: null, loading: true });
    try {
      if (place === "image" && !before.answer) await waitFor(DWELL, signal);
      const { model } = store.get().where;
      const answer = await (of === "images"
        ? api.post("needed_files", { ids: [...listedIds], model }, { signal })
        : api.get(`model_files?${of}`, { signal }));
      set(place, { of, answer, problem: null, loading: false });
    } catch (error) {
      if (isAborted(error)) return;
      const problem = makeProblem(error, translate);
      set(place, { ...store.get().needs[place], problem, loading: false });
    }
  }

  function set(place: NeedsPlace, value: Needs) {
    store.set(({ needs }) => ({ needs: { ...needs, [place]: value } }));
  }
  return { show, showForImages, retry, get, getArchived };
}

export type NeededFiles = ReturnType<typeof makeNeededFiles>;

/** Return what changes with the settings that say where models are and which are wanted. */
export function describeModelSettings({ bootstrap }: State) {
  return SETTINGS.map((name) => getSetting(bootstrap, name)).join("\n");
}

/** Makes images again in a program on the user's machine: finds the programs, starts what they make,
 * and reports when it ends. */

import type { PageContext } from "../actions";
import type { JobCard, MakeView, PlanImageBody, PlanView } from "../contract";
import { readPreference, savePreference } from "../core/preferences";
import { makeUuid } from "../core/text";
import { isMaking } from "../state/state";
import type { State, Translate } from "../types";
import { ignoreFailure, tryOrTell, waitFor } from "./api";

const FRESH = 300_000; // ms for which the found programs are remembered
const SOON = 250; // ms

/** How to make an image. weight: of the LoRA `lora` */
export type MakeOptions = PlanImageBody & { weight?: number };

/** What was begun at once, and is reported at once. isRow: one image in several variants. */
interface Batch {
  jobs: Set<number>; // ids of those that have not ended; 0 until all are begun
  ended: MakeView[];
  isRow: boolean;
}

export function makeMaking(context: PageContext) {
  const { actions, api, parts, records, signal, store, toast, translate } = context;
  let found: Promise<void> = Promise.resolve();
  let askedAt = Number.NEGATIVE_INFINITY;
  /** by the ids of jobs that began here and have not ended */
  const batches = new Map<number, Batch>();
  /** with which options the jobs that are not done began here */
  const begunWith = new Map<number, MakeOptions>();
  store.on(["made"], reportEnded, context);

  /** Find the programs that make images, unless they were found some minutes ago. */
  function findEngines(isAnew = false): Promise<void> {
    if (isAnew || performance.now() - askedAt > FRESH) {
      askedAt = performance.now();
      found = find();
    }
    return found;
  }

  /** Do the same, but do not wait longer than a menu may take to open. */
  function findEnginesSoon() {
    return Promise.race([findEngines(), waitFor(SOON, signal).catch(ignoreFailure)]);
  }

  async function find() {
    const engines = await api.post("engines/find", {}, { signal }).catch(ignoreFailure);
    if (!engines) askedAt = Number.NEGATIVE_INFINITY;
    else if (JSON.stringify(engines) !== JSON.stringify(store.get().engines))
      store.set({ engines });
  }

  /** Return what would be made of an image; null after an error, which is shown to the user. */
  function plan(id: number, options: PlanImageBody): Promise<PlanView | null> {
    return tryOrTell(context, () => api.post(`images/${id}/plan`, options, context));
  }

  /** Make these images one after another. Errors are shown to the user.
   * @param variants what differs of the options each time, to make several of an image */
  async function start(
    ids: readonly number[],
    options: MakeOptions,
    variants: readonly MakeOptions[] = [{}],
  ) {
    const batch: Batch = { jobs: new Set([0]), ended: [], isRow: variants.length > 1 };
    let n = 0;
    await tryOrTell(context, async () => {
      for (const variant of variants) {
        const chosen = { ...options, ...variant };
        const body = { ...chosen, ids: [...ids], request: makeUuid() };
        const { jobs, refused } = await api.post("made", body, { signal });
        for (const job of jobs) batches.set(job, batch);
        for (const job of jobs) batch.jobs.add(job);
        for (const job of jobs) begunWith.set(job, chosen);
        n += jobs.length;
        if (refused.length) {
          const values = { n: refused.length, message: refused[0] };
          toast(ids.length > 1 ? translate("make_refused", values) : values.message, "bad");
        }
      }
    });
    batch.jobs.delete(0);
    if (!n) return;
    const { name = "" } = store.get().engines.find(({ id }) => id === options.engine) ?? {};
    savePreference("engine", options.engine ?? "");
    toast(translate("make_started", { n, engine: name }));
    if (!batch.jobs.size) report(batch);
    parts.jobs.poller.announceStart(true);
  }

  /** Stop these jobs. */
  async function stop(jobs: readonly MakeView[]) {
    await tryOrTell(context, async () => {
      for (const { id } of jobs)
        store.set({ made: await api.post(`made/${id}/stop`, {}, { signal }) });
    });
    parts.jobs.poller.announceStart(true);
  }

  /** Make what has failed or was stopped again, as it was begun. */
  async function retry(jobs: readonly MakeView[]) {
    await findEngines();
    const ready = listReady(store.get());
    for (const { id, engine, seed, image_id, lora, weight } of jobs) {
      const same = ready.find(({ name }) => name === engine) ?? ready[0];
      if (!same) return toast(translate("make_no_engine", { engine }), "bad");
      const options = begunWith.get(id);
      await start([image_id], { ...options, engine: same.id, seed, lora, weight });
    }
  }

  /** Report the jobs that have ended, once no other job runs that began with them. */
  function reportEnded({ made }: State, { made: before }: State) {
    const running = new Set(before.filter(isMaking).map(({ id }) => id));
    for (const job of made) {
      if (isMaking(job) || !(running.has(job.id) || batches.has(job.id))) continue;
      const unknown: Batch = { jobs: new Set(), ended: [], isRow: false };
      const batch = batches.get(job.id) ?? unknown;
      batches.delete(job.id);
      batch.jobs.delete(job.id);
      batch.ended.push(job); // of the stopped ones nothing is reported
      if (job.state === "done") begunWith.delete(job.id);
      if (!batch.jobs.size) report(batch);
    }
  }

  /** Compare an image with what was made of it; several results are compared with each other. */
  async function show(jobs: readonly MakeView[]) {
    const [{ image_id: id }] = jobs;
    await tryOrTell(context, async () => {
      const [record, listed] = await Promise.all([
        records.getRecord(id, signal),
        api.get(`images/${id}/reproductions`, { signal }),
      ]);
      const row = jobs.flatMap((job) => {
        const made = listed.find(({ name }) => name === job.name);
        return made ? [{ made, label: describeVariant(job, translate) }] : [];
      });
      if (!row.length) return void toast(translate("reproduction_gone"));
      const [{ made }] = row;
      const pair = { record, made, stored: made, file: null };
      actions.comparePair(row.length > 1 ? { ...pair, row } : pair);
    });
  }

  function report({ ended, isRow }: Batch) {
    const failed = ended.filter(({ state }) => state === "failed");
    const made = ended.filter(({ state }) => state === "done").sort((a, b) => a.id - b.id);
    if (failed.length) {
      const values = { n: failed.length, message: failed[0].message };
      const press = () => retry(failed);
      const look = { action: "make-again", label: translate("do_retry"), press };
      toast(failed.length > 1 ? translate("make_failed", values) : values.message, "bad", look);
    }
    if (!made.length) return;
    const { open, panel, slideshow } = store.get();
    const [first] = made;
    const isOne = made.length === 1 || isRow;
    const show = () => (isOne ? actions.showMade(made) : actions.panel("jobs"));
    const isSeen = isOne && open === first.image_id && !panel && !slideshow;
    if (isSeen) void show();
    const look = { action: "show-made", label: translate("do_show"), press: show };
    const text = translate("make_done", { n: made.length, engine: first.engine });
    toast((made.length === 1 && first.message) || text, "good", isSeen ? undefined : look);
  }
  return { findEngines, findEnginesSoon, plan, start, stop, retry, show };
}

export type Making = ReturnType<typeof makeMaking>;

function describeVariant({ seed, lora, weight }: MakeView, translate: Translate) {
  return lora ? translate("weights_label", { weight }) : translate("make_seed", { seed });
}

/** Return the card of an image that is made. Its id is negative: a download may have it. */
export function makeMadeCard(job: MakeView, translate: Translate): JobCard {
  const { id, image_id, engine, state, part, message, created } = job;
  const actions = { done: ["show"], failed: ["again"], stopped: ["again"] };
  return {
    id: -id,
    title: engine,
    thumb: image_id,
    group: translate("made_here"),
    subject: translate("make_picture", { id: String(image_id) }),
    filters: [],
    created,
    state: isMaking(job) ? (state as JobCard["state"]) : "done",
    state_label: translate(state === "running" ? "make_state" : `state_${state}`),
    reads_only: false,
    percent: 100 * part,
    line: `${engine} · ${describeVariant(job, translate)}`,
    note: message,
    folder: "",
    saved: 0,
    skipped: 0,
    failed: state === "failed" ? 1 : 0,
    actions: isMaking(job) ? ["stop"] : actions[state as keyof typeof actions],
    report: [],
    model_files: [],
    failed_label: "",
    failures: [],
    more: "",
    toast: "",
  };
}

/** Return the programs that can make an image now, the last used one first. */
export function listReady({ engines }: Pick<State, "engines">) {
  const used = readPreference("engine", "");
  const ready = engines.filter(({ state }) => state === "ready");
  return ready.sort((a, b) => Number(b.id === used) - Number(a.id === used));
}

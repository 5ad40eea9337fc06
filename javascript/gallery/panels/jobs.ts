/** The panel of the downloads: starts, searches and controls them, and reports when they end. */

import type { PageContext } from "../actions";
import type { BeginJobBody, ImageView, JobCard } from "../contract";
import { button, el, setLabel, setText } from "../core/dom";
import { makeUuid } from "../core/text";
import { Rows } from "../core/widgets";
import { LatestRequest, tryOrTell, waitFor } from "../data/api";
import { JobPoller } from "../data/job_poller";
import { makeMadeCard } from "../data/making";
import { updateImages } from "../data/records";
import { isMaking } from "../state/state";
import type { Context, State, Where } from "../types";
import { type JobRow, makeJobRow } from "./job_row";
import { makeEmpty, Panel } from "./panel";

const FEW = 4; // downloads that need no search
const LISTED = 12; // by the server, unless it is asked for more
const MORE = 50; // with each press
const MADE = 4; // images that were made, beside those that are made now

class JobSearch {
  field;
  older;
  /** null while the newest jobs are shown */
  found: JobCard[] | null = null;
  #limit = LISTED;
  #request;

  /** @param changed called when other jobs were found */
  constructor(
    private readonly context: Context,
    private readonly changed: () => void,
  ) {
    const { translate } = context;
    const label = translate("jobs_search");
    this.field = el("input", {
      type: "search",
      "data-field": "jobs-search",
      placeholder: label,
      "aria-label": label,
      on: { input: () => void this.search() },
    });
    this.older = button({ action: "jobs-older", icon: "fold", label: "", class: "quiet" }, () => {
      this.#limit += MORE;
      return this.search();
    });
    this.#request = new LatestRequest(context);
  }

  get isActive() {
    return this.field.value.trim() !== "" || this.#limit > LISTED;
  }

  /** Show the field if there are jobs to search, and the button if there are older jobs. */
  draw(total: number, listed: number) {
    const isSearching = this.field.value !== "";
    this.field.hidden = total <= FEW && !isSearching;
    const n = total - listed;
    this.older.hidden = isSearching || n <= 0;
    setLabel(this.older, this.context.translate("jobs_older", { n }));
  }

  /** Show the newest jobs again. */
  reset() {
    this.#request.abort();
    this.field.value = "";
    this.#limit = LISTED;
    this.found = null;
    this.changed();
  }

  /** Fetch the jobs that match the words in the field; call this again when jobs have changed. */
  async search() {
    if (!this.isActive) return this.reset();
    const signal = this.#request.begin();
    const limit = this.field.value.trim() ? LISTED + MORE : this.#limit;
    const query = new URLSearchParams({ search: this.field.value, limit: String(limit) });
    const request = () => this.context.api.get(`jobs?${query}`, { signal });
    const found = await tryOrTell(this.context, request);
    if (!found || signal.aborted) return;
    this.found = found.jobs;
    this.changed();
  }
}

type Group = { name: string; jobs: JobCard[] };

function makeJobGroup(context: Context, runAction: (job: number, action: string) => Promise<void>) {
  const heading = el("h3", { dir: "auto" });
  const list = el("ol", { class: "jobs-list" });
  const rows: Rows<JobCard, JobRow> = new Rows(
    list,
    (job) => job.id,
    ({ id }) => makeJobRow(context, id, runAction),
  );
  const element = el("section", { class: "job-group" }, heading, list);

  /** Show the jobs of a group. */
  function draw({ name, jobs }: Group) {
    setText(heading, name);
    rows.draw(jobs);
  }
  return { element, draw };
}

function groupJobs(jobs: JobCard[]): Group[] {
  const groups = new Map<string, Group>();
  for (const job of jobs) {
    const group = groups.get(job.group) ?? { name: job.group, jobs: [] };
    group.jobs.push(job);
    groups.set(job.group, group);
  }
  return [...groups.values()];
}

/** Downloads that began within a few seconds, which one message reports. */
interface Batch {
  toast: HTMLElement | null;
  begun: number[]; // for each job how many images were chosen, 0 for another download
  running: Set<number>; // ids of jobs
  ended: JobCard[];
  isRetry: boolean;
}

function makeBatch(isRetry = false): Batch {
  return { toast: null, begun: [], running: new Set(), ended: [], isRetry };
}

export type JobRequest = Pick<BeginJobBody, "ids" | "query" | "limit" | "reads_only" | "checks">;

const OVER = ["done", "cancelled"];
const DOUBLE_CLICK = 1000; // ms after the server's answer in which a press is the second of a double click

const MARK_EVERY = 5000; // ms

export class Jobs {
  panel;
  poller;
  /** the ids of the last requests for a download, by what is wanted */
  #requests = new Map<string, string>();
  /** the ids of images to download, by the query of their gallery */
  #asked = new Map<Where, Set<number>>();
  #batch = makeBatch();
  #markedAt = -Infinity; // when the images were last asked which of them are saved
  #paused = new Set<number>(); // ids of jobs whose pause was announced
  /** the ids of jobs that are removed as soon as that can no longer be undone */
  #removed = new Set<number>();
  /** the messages that offer to resume a job, by its id */
  #cancelled = new Map<number, HTMLElement | null>();
  /** the messages that lead to the panel */
  #led: (HTMLElement | null)[] = [];
  /** by the id of a job that began here and has not ended */
  #batches = new Map<number, Batch>();
  #groups: Rows<Group, ReturnType<typeof makeJobGroup>>;
  #search;
  #notice = el("p", { class: "notice", role: "status" });
  #none = el("p", { class: "dim none" });
  #empty;
  #more = el("p", { class: "dim" });
  #clear;

  constructor(readonly context: PageContext) {
    const { translate } = context;
    this.#empty = makeEmpty(context, translate("jobs_none"), "jobs");
    this.#none.textContent = translate("jobs_none_found");
    this.#clear = button(
      { action: "jobs-clear", icon: "trash", label: translate("jobs_clear"), class: "quiet" },
      () => {
        const finished = this.#listCards(context.store.get().jobs).filter(isFinished);
        this.#remove(finished.map(({ id }) => id));
      },
    );
    this.#groups = new Rows(
      el("div", { class: "job-groups" }),
      ({ name }) => name,
      () => makeJobGroup(context, (job, action) => this.runAction(job, action)),
    );
    this.#search = new JobSearch(context, () => this.#draw(context.store.get()));
    context.store.on(["jobs"], (now, before) => this.#onChange(now, before), context);
    context.store.on(["made"], (now) => this.#draw(now), context);
    this.panel = new Panel(context, "jobs", {
      title: "open_jobs",
      build: () => [
        this.#notice,
        this.#search.field,
        this.#none,
        this.#empty,
        this.#groups.list,
        this.#more,
        el("div", { class: "actions" }, this.#search.older, this.#clear),
      ],
      opened: () => {
        context.actions.noteFailures(0);
        for (const message of this.#led.splice(0)) context.parts.toasts.remove(message);
        this.#search.reset();
      },
      read: () => this.poller.poll(),
    });
    this.poller = new JobPoller(context, (request) => this.panel.readData(request));
    this.#draw(context.store.get());
  }

  /** Start a download. The promise settles when the server has accepted or refused it. If the
   * request is repeated within a second, or after a lost response, no second job is started: the
   * server knows the request by its id. */
  async startJob(wanted: JobRequest) {
    const { api, signal } = this.context;
    const key = JSON.stringify(wanted);
    const request = this.#requests.get(key) ?? makeUuid();
    this.#requests.set(key, request);
    const send = () => api.post("jobs", { ...wanted, request }, { signal });
    const started = await tryOrTell(this.context, send);
    if (!started) return false;
    this.announceStart(started.job_id, wanted.ids?.length ?? 0, started.message);
    setTimeout(() => this.#requests.delete(key), DOUBLE_CLICK);
    return true;
  }

  /** Download images, together with what is asked for within a second. */
  async downloadImages(ids: Iterable<number>) {
    const query = this.context.store.get().where;
    const asked = this.#asked.get(query) ?? new Set();
    for (const id of ids) asked.add(id);
    if (this.#asked.has(query)) return;
    this.#asked.set(query, asked);
    let sent = 0;
    while (sent < asked.size) {
      const next = [...asked].slice(sent);
      sent = asked.size;
      if (!(await this.startJob({ ids: next, query }))) break;
      await waitFor(DOUBLE_CLICK);
    }
    this.#asked.delete(query);
  }

  /** Show one message for all downloads that begin within a few seconds.
   * @param id of the job, null if the server has started none
   * @param images how many were chosen one by one, 0 for another download */
  announceStart(id: number | null, images: number, message: string) {
    const { toast, translate } = this.context;
    if (id === null) return toast(message);
    if (!this.#batch.toast?.isConnected) this.#batch = makeBatch();
    const batch = this.#batch;
    batch.begun.push(images);
    batch.running.add(id);
    this.#batches.set(id, batch);
    const { begun } = batch;
    const isOfImages = !begun.includes(0);
    const text = isOfImages
      ? translate("job_started", { n: begun.reduce((sum, n) => sum + n, 0) })
      : translate("jobs_started", { n: begun.length });
    batch.toast = toast(begun.length > 1 ? text : message, undefined, undefined, batch.toast);
    return this.poller.announceStart();
  }

  #onChange(now: State, before: State) {
    // a job that began here may be over before the page hears of any job
    const ended = (now.jobs?.jobs ?? []).filter(
      (job) =>
        isEnded(job, before.jobs?.jobs) || (OVER.includes(job.state) && this.#batches.has(job.id)),
    );
    for (const job of ended) this.#onEnd(job);
    this.#announcePaused(now);
    const isLate = performance.now() > this.#markedAt + MARK_EVERY;
    const isNews = (job: JobCard) => savesImages(job) && job.saved > getSaved(before, job.id);
    if (ended.some(savesImages) || (isLate && now.jobs?.jobs.some(isNews))) void this.#markSaved();
    this.#draw(now);
    if (this.panel.isOpen && this.#search.isActive) void this.#search.search();
  }

  /** Say once why jobs wait that nobody has paused, where their rows are not seen. */
  #announcePaused({ jobs }: State) {
    const { toast, translate, actions } = this.context;
    const all = jobs?.jobs ?? [];
    for (const { id, state } of all) if (OVER.includes(state)) this.#paused.delete(id);
    const isNews = ({ id, state, note }: JobCard) =>
      state === "paused" && note && !this.#paused.has(id);
    const [first, ...others] = all.filter(isNews);
    for (const { id } of all.filter(isNews)) this.#paused.add(id);
    if (!first || this.panel.isOpen) return;
    const text = others.length ? first.note : `${first.title}: ${first.note}`;
    const press = () => actions.panel("jobs");
    toast(text, "bad", { action: "show-jobs", label: translate("open_jobs"), press });
  }

  #draw({ jobs, made }: State) {
    const all = this.#listCards(jobs);
    const over = made.filter((job) => !isMaking(job)).slice(0, MADE);
    const listed = this.#search.found ? [] : [...made.filter(isMaking).reverse(), ...over];
    const cards = listed.map((job) => makeMadeCard(job, this.context.translate));
    const others = (jobs?.total ?? 0) - this.#removed.size;
    this.#search.draw(others, all.length);
    this.#notice.textContent = jobs?.notice ?? "";
    const isEmpty = all.length + cards.length === 0 && !jobs?.notice;
    this.#none.hidden = !isEmpty || !this.#search.found;
    this.#empty.hidden = !isEmpty || Boolean(this.#search.found) || others > 0;
    this.#clear.hidden = !all.some(isFinished);
    this.#more.textContent = jobs?.more ?? "";
    this.#more.hidden = !jobs?.more;
    this.#groups.draw([...groupJobs(cards), ...groupJobs(all)]);
  }

  #listCards(jobs: State["jobs"]) {
    const all = this.#search.found ?? jobs?.jobs ?? [];
    return all.filter(({ id }) => !this.#removed.has(id));
  }

  /** Run an action on a job, such as pausing it. */
  async runAction(id: number, action: string) {
    const { api, toast, translate, signal } = this.context;
    if (id < 0) return this.#runMade(-id, action as "stop");
    if (action === "forget") return this.#remove([id]);
    if (action === "key") return this.context.actions.panel("settings");
    const request = () => api.post(`jobs/${id}/${action}`, {}, { signal });
    const jobs = await this.panel.changeData(request);
    if (!jobs) return;
    // where it fails again, its row looks as before
    if (action === "retry") this.#batches.set(id, makeBatch(true));
    this.poller.setJobs(jobs);
    if (action !== "cancel") return;
    const undo = () => this.runAction(id, "resume");
    this.#cancelled.set(id, toast(translate("job_was_cancelled"), undefined, undo));
  }

  async #runMade(id: number, action: "stop" | "show" | "again") {
    const { actions, store } = this.context;
    const jobs = store.get().made.filter((job) => job.id === id);
    const { stopMaking: stop, showMade: show, retryMaking: again } = actions;
    await { stop, show, again }[action](jobs);
  }

  /** Take jobs out of the list; they are deleted once *Undo* or the page is gone. */
  #remove(ids: number[]) {
    const { api, parts, store, toast, translate, signal } = this.context;
    // what is removed cannot be resumed
    for (const id of ids) parts.toasts.remove(this.#cancelled.get(id));
    const show = (isRemoved: boolean) => {
      for (const id of ids) this.#removed[isRemoved ? "add" : "delete"](id);
      this.#draw(store.get());
    };
    show(true);
    const text = translate("jobs_removed", { n: ids.length });
    const undo = { action: "undo", label: translate("do_undo"), press: () => show(false) };
    const message = toast(text, undefined, undo); // once it is gone, nothing can be undone
    const isOver = new AbortController();
    const forget = async () => {
      isOver.abort();
      const removed = ids.filter((id) => this.#removed.has(id));
      if (!removed.length) return;
      const how = { signal, survives: true };
      const send = () => Promise.all(removed.map((id) => api.post(`jobs/${id}/forget`, {}, how)));
      await this.panel.changeData(send);
      await this.poller.poll(); // of several answers none is known to be the last
      show(false);
    };
    message?.addEventListener("gone", () => queueMicrotask(forget)); // unless that is by Undo
    window.addEventListener("pagehide", forget, { signal: isOver.signal });
  }

  #onEnd(job: JobCard) {
    const batch = this.#batches.get(job.id) ?? makeBatch();
    this.#batches.delete(job.id);
    batch.running.delete(job.id);
    if (job.state !== "cancelled") batch.ended.push(job);
    const isSeen = this.panel.isOpen && !(batch.isRetry && job.failed);
    if (!batch.running.size && batch.ended.length && !isSeen) this.#announceEnd(batch);
  }

  #announceEnd(batch: Batch) {
    const { toast, translate, actions, store } = this.context;
    const { ended } = batch;
    const [first, ...others] = ended;
    const title = others.some((job) => job.title !== first.title)
      ? translate("open_jobs")
      : first.title;
    const sum = (count: "saved" | "skipped" | "failed") =>
      ended.reduce((total, job) => total + job[count], 0);
    const bad = ended.filter((job) => job.failed > 0 || job.toast);
    if (bad.length) {
      const { isOpen } = this.panel;
      if (!isOpen) actions.noteFailures(store.get().unseenFailures + sum("failed"));
      const failed = translate("job_failed", { n: sum("failed") });
      const why = bad.length > 1 ? failed : bad[0].toast || bad[0].failed_label;
      const label = translate("open_jobs");
      const open = { action: "show-jobs", label, press: () => actions.panel("jobs") };
      const keyless = bad.find((job) => job.actions.includes("key"));
      const key = keyless && {
        action: "enter-key",
        label: translate("job_key"),
        press: () => this.runAction(keyless.id, "key"),
      };
      const show = isOpen ? undefined : (key ?? open);
      // What a job that only reads has found is news, but nothing that went wrong.
      const isBad = bad.some((job) => job.failed > 0 || !job.reads_only);
      batch.toast = toast(`${title}: ${why}`, isBad ? "bad" : undefined, show, batch.toast);
      if (!isOpen) this.#led.push(batch.toast);
      return;
    }
    const there = sum("skipped") ? "job_ended_there" : "job_ended";
    const text = translate(first.reads_only ? "job_ended_read" : there, {
      title,
      n: sum("saved"),
      there: sum("skipped"),
    });
    const whole = ended.find((job) => job.actions.includes("verify"));
    const verify = whole && {
      action: "verify",
      label: translate("job_verify"),
      press: () => this.runAction(whole.id, "verify"),
    };
    batch.toast = toast(text, "good", verify, batch.toast);
  }

  async #markSaved() {
    this.#markedAt = performance.now();
    const { api, store, signal } = this.context;
    const ids = store.get().images.map((view) => view.id);
    const request = () => api.post("loaded_filter", { ids, words: "is:saved" }, { signal });
    const saved = new Set((await tryOrTell(this.context, request))?.ids);
    const isNews = ({ id, saved: isSaved }: ImageView) => saved.has(id) && !isSaved;
    if (!store.get().images.some(isNews)) return;
    updateImages(store, (view) => (isNews(view) ? { ...view, saved: true } : view));
  }
}

function savesImages(job: JobCard) {
  return !job.reads_only && !job.model_files.length;
}

/** Return how many images a job had saved; of a job that was not there, as many as it can. */
function getSaved({ jobs }: State, id: number) {
  return jobs?.jobs.find((job) => job.id === id)?.saved ?? Number.POSITIVE_INFINITY;
}

function isEnded(job: JobCard, before?: JobCard[]) {
  const was = before?.find((other) => other.id === job.id);
  // an older job comes into the list when a newer one leaves it
  const isNew = before?.every((other) => other.id < job.id) ?? false;
  return (was ? !OVER.includes(was.state) : isNew) && OVER.includes(job.state);
}

/** Return whether a job has ended and has nothing that could be tried again. */
function isFinished(job: JobCard) {
  return OVER.includes(job.state) && job.failed === 0;
}

/** The panel of watched galleries: starts and stops watching, and shows what is new in each. */

import type { WatchedGallery, WatchList } from "../contract";
import { button, el, iconButton, setLabel } from "../core/dom";
import { formatDate } from "../core/text";
import { Rows } from "../core/widgets";
import { setWatches } from "../data/records";
import { getWatchKey, makeDefaultQuery, withSource } from "../state/query";
import { getSetting } from "../state/state";
import type { Context, State } from "../types";
import { makeEmpty, Panel } from "./panel";

class WatchRow {
  element;
  #news = el("p", { class: "dim" });

  /** @param actions called by the buttons of the row */
  constructor(
    private readonly context: Context,
    one: WatchedGallery,
    { open, unwatch }: { open: () => unknown; unwatch: () => unknown },
  ) {
    const { translate } = context;
    const leave = translate("watch_stop", { name: one.name });
    const title = button(
      { action: "open-watched", label: one.name, title: one.name, class: "quiet" },
      open,
    );
    title.dir = "auto";
    this.element = el(
      "li",
      { "data-gallery": one.gallery },
      title,
      iconButton("watch-leave", "trash", leave, unwatch, "quiet"),
      this.#news,
      one.by_upload && el("small", { class: "dim" }, translate("watches_by_upload")),
    );
  }

  /** Show how many new images the gallery has. */
  draw({ new_count, has_more, checked_at, problem }: WatchedGallery) {
    const { translate } = this.context;
    this.element.toggleAttribute("data-news", new_count > 0);
    const some = translate(has_more ? "watches_more" : "watches_n", { n: new_count });
    const news = new_count ? some : translate("watches_nothing");
    const checked = translate("watches_at", { news, date: formatDate(checked_at) });
    const summary = checked_at ? checked : !problem && translate("watches_never");
    this.#news.textContent = [summary, problem].filter(Boolean).join(" · ");
  }
}

const WHILE_CHECKING = 1000; // ms between two requests
const WHILE_LOST = 10_000; // while our server does not answer
const DAILY = 3_600_000; // ms between two requests that may begin the daily check

export class Watches {
  #timer = 0;
  #answeredAt = performance.now();
  #list = el("ul", { class: "galleries" });
  #rows: Rows<WatchedGallery, WatchRow>;
  #problem = el("p", { class: "notice", role: "status" });
  #check;
  #none;
  #means;
  #panel;

  constructor(private readonly context: Context) {
    const { store, api, translate, signal } = context;
    this.#none = makeEmpty(context, translate("watches_none"), "bell");
    this.#means = el("p", { class: "dim" }, translate("watches_means"));
    this.#check = button(
      { action: "watch-check", icon: "again", label: translate("watch_check") },
      () => this.#change(() => api.post("watches", { action: "check" })),
    );
    this.#panel = new Panel(context, "watches", {
      title: "open_watches",
      build: () => [this.#problem, this.#none, this.#list, this.#means, this.#check],
      read: () => this.#read(),
    });
    this.#rows = new Rows(
      this.#list,
      (one) => one.gallery,
      (one) =>
        new WatchRow(context, one, {
          open: () => {
            const { where, bootstrap } = store.get();
            context.actions.panel("");
            const { model, version, user } = one;
            const source = user ? { user } : { model, version };
            const newest = bootstrap && { ...makeDefaultQuery(bootstrap), level: where.level };
            void context.actions.setWhere(withSource(newest ?? where, source));
          },
          unwatch: () => this.#change(() => this.#unwatch(one)),
        }),
    );
    store.on(["watches"], () => this.#draw(), { signal });
    const follow = ({ bootstrap }: State, before: State) =>
      bootstrap?.watches === before.bootstrap?.watches
        ? this.#schedule()
        : this.#showAndCheck(bootstrap?.watches);
    store.on(["bootstrap"], follow, { signal });
    store.on(["loading"], (now, before) => this.#onLoaded(now, before), { signal });
    document.addEventListener("visibilitychange", () => this.#schedule(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    this.#showAndCheck(store.get().bootstrap?.watches);
  }

  /** Watch the open gallery, or stop watching it. */
  async toggleWatch() {
    const { store, api, toast, translate } = this.context;
    const { where, watches } = store.get();
    const gallery = getWatchKey(where);
    if (!gallery) return;
    const find = (all: WatchList | null) => all?.galleries.find((one) => one.gallery === gallery);
    const watched = find(watches);
    const watch = async () => {
      const all = await api.post("watches", { action: "watch", query: where });
      toast(translate("watch_began", { name: find(all)?.name ?? "" }));
      return all;
    };
    await this.#change(() => (watched ? this.#unwatch(watched) : watch()));
  }

  /** Stop watching a gallery, with *Undo*. Return the galleries that are still watched. */
  async #unwatch({
    gallery,
    ...again
  }: Pick<WatchedGallery, "gallery" | "name" | "model" | "version" | "user">) {
    const { api, store, toast, translate } = this.context;
    const left = await api.post("watches", { action: "unwatch", gallery });
    const query = () => withSource(store.get().where, again);
    const { name } = again;
    const watch = () =>
      api.post("watches", { action: "watch", query: query(), name, is_undo: true });
    toast(translate("watch_stopped", { name }), undefined, () => this.#change(watch));
    return left;
  }

  #read() {
    const { api } = this.context;
    return this.#show(this.#panel.readData(() => api.get("watches", this.context)));
  }

  #change(request: () => Promise<WatchList>) {
    return this.#show(this.#panel.changeData(request));
  }

  /** Show the watched galleries, null if there is nothing new; schedule the next check. */
  async #show(response: Promise<WatchList | null>) {
    const watches = await response;
    const { store, signal } = this.context;
    if (signal.aborted) return;
    if (!watches) return this.#schedule(WHILE_LOST);
    this.#answeredAt = performance.now();
    setWatches(store, watches);
    this.#schedule();
  }

  #showAndCheck(watches: WatchList | undefined) {
    if (watches) setWatches(this.context.store, watches);
    this.#schedule();
    if (watches?.galleries.length) void this.#checkDue();
  }

  #checkDue() {
    const { api } = this.context;
    const request = () => api.post("watches", { action: "check_due" }, this.context);
    return this.#show(this.#panel.readData(request));
  }

  /** Fetch the galleries after one was opened, because its images are no longer new. */
  #onLoaded(now: State, before: State) {
    const gallery = getWatchKey(now.where);
    const hasNews = now.watches?.galleries.some((one) => one.gallery === gallery && one.new_count);
    if (!hasNews || now.loading || !before.loading || now.problems.images || now.libraryDate)
      return;
    void this.#read();
  }

  /** Schedule the next check, after `least` ms: soon if the server checks, or daily. */
  #schedule(least = 0) {
    clearTimeout(this.#timer);
    const { store, signal } = this.context;
    const { watches, bootstrap } = store.get();
    const isDaily = getSetting(bootstrap, "watch_daily") === true && watches?.galleries.length;
    const every = watches?.checking ? WHILE_CHECKING : isDaily ? DAILY : 0;
    if (!every || document.hidden || signal.aborted) return;
    const left = this.#answeredAt + every - performance.now(); // the time runs also while the page is hidden
    this.#timer = window.setTimeout(() => void this.#checkDue(), Math.max(least, left));
  }

  #draw() {
    const { store, translate } = this.context;
    const { galleries = [], checking = false, problem = "" } = store.get().watches ?? {};
    this.#check.hidden = !galleries.length;
    this.#means.hidden = !galleries.length;
    setLabel(this.#check, translate(checking ? "watch_checking" : "watch_check"));
    this.#problem.textContent = problem;
    this.#none.hidden = galleries.length > 0;
    if (!galleries.length) this.#panel.showProblem(problem ? { code: "", message: problem } : null); // the list could not be read
    this.#rows.draw(galleries);
  }
}

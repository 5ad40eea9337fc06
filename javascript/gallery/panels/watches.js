/** Galleries that the user watches: what is new in each, begun and left, opened with the newest first. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isAborted } from "../data/api.js";
import { errorWords } from "../data/problems.js";
import { elsewhere, unfiltered } from "../state/query.js";
import { settingOf } from "../state/state.js";
import { Panel } from "./panel.js";
import { Rows } from "./rows.js";
import { WatchedRow } from "./watch_row.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").WatchedGallery} WatchedGallery */
/** @typedef {import("../types.js").WatchedGalleries} WatchedGalleries */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Where} Where */

const WHILE_CHECKING = 1000; // ms between two questions
const WHILE_LOST = 10_000; // while our server does not answer
const DAILY = 3_600_000; // ms between two questions whether it is time to look again

export class Watched {
  #context;
  #timer = 0;
  #answeredAt = performance.now();
  #list = el("ul", { class: "galleries" });
  /** @type {Rows<WatchedGallery, WatchedRow>} */
  #rows;
  #problem = el("p", { class: "notice", role: "status" });
  /** @type {HTMLButtonElement | null} */
  #check = null;
  #none;
  #means;

  /** @param {Context} context */
  constructor(context) {
    const { store, signal } = context;
    this.#context = context;
    this.#none = el("p", { class: "dim" }, context.words("watched_none"));
    this.#means = el("p", { class: "dim" }, context.words("watched_means"));
    this.badge = el("span", { class: "badge", hidden: true });
    const panel = new Panel(context, "watched", {
      title: "open_watched",
      build: () => this.#build(),
      opened: () => void this.#ask(() => context.api.get("watched", context)),
    });
    this.#rows = new Rows(
      this.#list,
      (one) => one.gallery,
      (one) => this.#row(one),
      () => panel.focus(),
    );
    store.on(["watched"], () => this.#draw(), { signal });
    store.on(["hello"], (now, before) => this.#onHello(now, before), { signal });
    store.on(["loading"], (now, before) => this.#onLoaded(now, before), { signal });
    document.addEventListener("visibilitychange", () => this.#goOn(), { signal });
    signal.addEventListener("abort", () => clearTimeout(this.#timer));
    queueMicrotask(() => this.#take(store.get().hello?.watched)); // when the badge has its button
  }

  /** The gallery that is open, or no longer. */
  async toggle() {
    const { store, api } = this.#context;
    const { where, model, watched } = store.get();
    const gallery = watchable(where);
    if (!gallery) return;
    const isWatched = watched?.galleries.some((one) => one.gallery === gallery);
    const version = model?.versions.find((one) => one.id === where.version)?.name;
    const name = [model?.name ?? where.user, version].filter(Boolean).join(" · ");
    const body = isWatched ? { deed: "leave", gallery } : { deed: "watch", ...where, name };
    await this.#ask(() => api.post("watched", body));
  }

  /**
   * @param {() => Promise<WatchedGalleries>} ask
   * @param {{isAlone?: boolean}} [how]  nobody pressed anything: what fails is not said
   */
  async #ask(ask, { isAlone = false } = {}) {
    const { toast, words, signal } = this.#context;
    try {
      const watched = await ask();
      this.#answeredAt = performance.now();
      if (!signal.aborted) this.#take(watched);
    } catch (error) {
      if (!isAlone && !signal.aborted && !isAborted(error)) toast(errorWords(error, words), "bad");
      this.#goOn(WHILE_LOST);
    }
  }

  /** @param {WatchedGalleries | undefined} watched */
  #take(watched) {
    if (watched) this.#context.store.set({ watched });
    this.#goOn();
  }

  /**
   * Of `hello` other parts change too: what it told of these is old by then.
   *
   * @param {State} now
   * @param {State} before
   */
  #onHello({ hello }, before) {
    this.#take(hello?.watched === before.hello?.watched ? undefined : hello?.watched);
  }

  /**
   * What one looks at has no news any more.
   *
   * @param {State} now
   * @param {State} before
   */
  #onLoaded(now, before) {
    const gallery = watchable(now.where);
    const hasNews = now.watched?.galleries.some((one) => one.gallery === gallery && one.fresh);
    if (!hasNews || now.loading || !before.loading || now.problem || now.kept) return;
    void this.#ask(() => this.#context.api.get("watched", this.#context), { isAlone: true });
  }

  /** @param {number} [least]  milliseconds until the next question, if there is one */
  #goOn(least = 0) {
    clearTimeout(this.#timer);
    const { store, signal, api } = this.#context;
    const { watched, hello } = store.get();
    const isDaily = settingOf(hello, "watch_daily") === true && watched?.galleries.length;
    const every = watched?.checking ? WHILE_CHECKING : isDaily ? DAILY : 0;
    if (!every || document.hidden || signal.aborted) return;
    const left = this.#answeredAt + every - performance.now(); // less, also while nobody sees it
    const ask = () => this.#ask(() => api.get("watched", { signal }), { isAlone: true });
    this.#timer = window.setTimeout(() => void ask(), Math.max(least, left));
  }

  #build() {
    const { words, api } = this.#context;
    this.#check = button(
      { deed: "watch-check", icon: icon("again"), words: words("watch_check") },
      () => this.#ask(() => api.post("watched", { deed: "check" })),
    );
    this.#draw();
    return [this.#problem, this.#none, this.#list, this.#means, this.#check];
  }

  #draw() {
    const { store, words } = this.#context;
    const { galleries = [], checking = false, problem = "" } = store.get().watched ?? {};
    const fresh = galleries.filter((one) => one.fresh).length;
    this.badge.hidden = fresh === 0;
    this.badge.textContent = String(fresh);
    const name = fresh ? words("open_watched_n", { n: fresh }) : words("open_watched");
    this.badge.parentElement?.setAttribute("aria-label", name);
    if (!this.#check) return;
    this.#check.hidden = !galleries.length;
    this.#means.hidden = !galleries.length;
    const label = this.#check.querySelector("span");
    if (label) label.textContent = words(checking ? "watch_checking" : "watch_check");
    this.#problem.textContent = problem;
    this.#none.hidden = galleries.length > 0 || problem !== "";
    this.#rows.draw(galleries);
  }

  /** @param {WatchedGallery} one */
  #row(one) {
    const { api } = this.#context;
    const { gallery } = one;
    return new WatchedRow(this.#context, one, {
      open: () => this.#open(one),
      leave: () => this.#ask(() => api.post("watched", { deed: "leave", gallery })),
    });
  }

  /** @param {WatchedGallery} one */
  #open({ model, version, user }) {
    const { store, acts } = this.#context;
    const { where, hello } = store.get();
    acts.panel("");
    const source = user ? { user } : { model, version };
    const all = hello ? { ...unfiltered(hello), level: where.level } : where; // the newest first
    void acts.setWhere(elsewhere(all, source));
  }
}

/**
 * As the server names it; "" of what cannot be watched.
 *
 * @param {Where} where
 */
export function watchable({ model, version, post, user, search }) {
  if (search !== null || post !== null) return "";
  if (version !== null) return `version ${version}`;
  if (model !== null) return `model ${model}`;
  return user ? `user ${user}` : "";
}

/** What the page says of the open gallery: its status, notices, and why it is empty. */

import type { Bootstrap } from "../contract";
import { button, el, fill, type IconName, makeDrawing, setText } from "../core/dom";
import { formatDate, formatNumber } from "../core/text";
import { needsReload, setProblem } from "../data/api";
import { GAP } from "../grid/layout";
import { findSavedPlace, getSearchedWords, listExcludingFilters } from "../state/query";
import {
  getAwaitedPart,
  getFailedGalleryPart,
  getFailedParts,
  getMissingPart,
  getSearched,
  getShown,
  isHome,
  type Key,
} from "../state/state";
import type { Context, Problem, State, Translate } from "../types";
import { type Chip, listChipsOfEmptyGallery, makeChip } from "./chips";

type StatusAction = keyof ReturnType<typeof listButtons>;

interface StatusText {
  kind: "none" | "waits" | "problem" | "offline" | "narrowed" | "empty" | "end";
  text: string; // "" for no status
  actions: StatusAction[]; // the buttons beside the text
  drawing?: IconName; // above the text where nothing else is shown
}

const PATIENCE = 3; // seconds without an answer that go without saying
const ROWS = 6; // of skeletons, more than a window has
const NO_STATUS: StatusText = { kind: "none", text: "", actions: [] };

/** Return the status beside the search field at a time of `performance.now()`. */
export function getLookupStatus(state: State, translate: Translate, now: number): StatusText {
  const { problems, lookupText, lookupStartedAt } = state;
  const problem = problems.lookup;
  const part = getFailedGalleryPart(state);
  const other = part ? problems[part]?.message : state.lost && translate("problem_offline");
  const isSaid = problem && other === problem.message;
  if (problem && (isSaid || getMissingPart(state))) return NO_STATUS; // said in the gallery's place
  if (problem) return makeProblemStatus(problem, "dismiss");
  if (!lookupText) return NO_STATUS;
  return makeWaitingStatus(
    now - lookupStartedAt,
    translate("looking_for", { text: lookupText }),
    translate,
  );
}

function makeProblemStatus(problem: Problem, leave: StatusAction): StatusText {
  const kind = problem.code === "offline" ? "offline" : "problem"; // the one passes by itself
  return { kind, text: problem.message, actions: [chooseAction(problem, leave)] };
}

/** Return the button for a problem: `leave` where a retry would not solve it. */
function chooseAction({ code }: Problem, leave: StatusAction): StatusAction {
  if (needsReload(code)) return "reload";
  if (code === "needs_key") return "settings";
  return ["bad_input", "gone", "region"].includes(code) ? leave : "retry";
}

/** Return the status below the images at a time of `performance.now()`. */
export function getGalleryStatus(state: State, translate: Translate, now: number): StatusText {
  const { problems, results, bootstrap, requestedAt, startedAt } = state;
  if (results) return NO_STATUS;
  if (problems.lookup && getMissingPart(state)) return makeProblemStatus(problems.lookup, "home");
  const part = getFailedGalleryPart(state);
  const problem = part && problems[part];
  if (problem) {
    return makeProblemStatus(problem, problem.code === "bad_input" ? "reset-filters" : "home");
  }
  if (state.lost) {
    return makeProblemStatus({ code: "offline", message: translate("problem_offline") }, "home");
  }
  if (state.loadedWords && state.searchReading === "on") {
    return makeReadingStatus(state, translate, now);
  }
  // Beside images the bar shows that a page is loaded.
  if (requestedAt > 0 && state.total !== null && state.images.length) {
    return makeListStatus(state, translate, now - requestedAt);
  }
  if (requestedAt > 0) {
    const text = getShown(state).length ? "" : translate("reading");
    return makeWaitingStatus(now - requestedAt, text, translate);
  }
  if (!bootstrap || getAwaitedPart(state)) {
    const isSlow = now - startedAt >= PATIENCE * 1000;
    const text = translate(isSlow ? "server_slow" : "reading");
    return { kind: "waits", text, actions: isSlow ? ["retry"] : [] };
  }
  if (isHome(state)) return NO_STATUS;
  return addHiddenCount(getEndStatus(state, bootstrap, translate), state, translate);
}

function addHiddenCount(
  status: StatusText,
  { hiddenCount, images }: State,
  translate: Translate,
): StatusText {
  if (!hiddenCount || !["end", "empty", "narrowed"].includes(status.kind)) return status;
  const n = formatNumber(hiddenCount);
  if (status.kind !== "end" && !images.length)
    return { ...status, text: translate("hidden_all", { n }), actions: ["show-hidden"] };
  return {
    ...status,
    text: `${status.text} · ${translate("hidden_count", { n })}`,
    actions: [...status.actions, "show-hidden"],
  };
}

function makeReadingStatus(state: State, translate: Translate, now: number): StatusText {
  const { images, matches, requestedAt } = state;
  const time = requestedAt > 0 ? now - requestedAt : 0;
  const shown = matches === null ? 0 : getShown(state).length;
  const text = translate("search_reads_on", {
    shown: formatNumber(shown),
    n: formatNumber(images.length),
  });
  return { ...makeWaitingStatus(time, text, translate), actions: ["stop-search"] };
}

/** Return how many images of a list are loaded. time: ms of the request, null for none. */
function makeListStatus(
  { images, missing, total, notes }: State,
  translate: Translate,
  time: number | null,
): StatusText {
  const n = formatNumber(images.length + missing.length);
  const text = translate("list_reading", { n, total: formatNumber(total ?? 0) });
  if (time === null) return { kind: "narrowed", text, actions: ["more"] };
  const isSlow = time >= PATIENCE * 1000 || notes.some(({ code }) => code === "list_slow");
  return { kind: "waits", text: isSlow ? text : "", actions: ["stop-search"] };
}

/** Return the status of a request, which after some seconds says for how long it has run. */
function makeWaitingStatus(time: number, text: string, translate: Translate): StatusText {
  const n = Math.floor(time / 1000);
  if (n < PATIENCE) return { kind: "waits", text, actions: [] };
  return { kind: "waits", text: translate("no_answer_for", { n }), actions: ["give-up"] };
}

/** Return whether a text can be searched for models: one with a key such as `lora:` cannot. */
export function isForModels(text: string) {
  return !/[:<>=]/.test(text);
}

function makeNothingFound(state: State, translate: Translate): StatusText {
  const words = getSearchedWords(state);
  const saved = findSavedPlace(state.where);
  if (!words && !saved) return makeEmpty(translate("library_empty"), "home", "library");
  const name = saved?.collection;
  if (!words && name) return makeEmpty(translate("collection_empty", { name }), "home", "folder");
  if (!words && saved?.key === "favourites")
    return makeEmpty(translate("home_favourites_for"), "home", "heart");
  const text = words || getSearched(state);
  const way = saved || !isForModels(text) ? "clear-search" : "search-models";
  return makeEmpty(translate("search_found_nothing", { text }), words ? way : "home");
}

function makeEmpty(text: string, action: StatusAction, drawing: IconName = "search"): StatusText {
  return { kind: "empty", text, actions: [action], drawing };
}

function getEndStatus(state: State, bootstrap: Bootstrap, translate: Translate): StatusText {
  const shown = getShown(state);
  const { where, images, loadedWords, cursor, ended, notes } = state;
  const counts = { n: formatNumber(images.length), shown: formatNumber(shown.length) };
  if (loadedWords && images.length) {
    if (ended && !shown.length) return makeNothingFound(state, translate);
    const text = translate(shown.length ? "narrowed_to" : "narrowed_none", counts);
    return { kind: "narrowed", text, actions: ended ? [] : ["search-on"] };
  }
  if (!ended && !images.length && cursor !== null) {
    return { kind: "narrowed", text: translate("none_so_far"), actions: ["more"] };
  }
  if (!ended) return state.stopped ? makeListStatus(state, translate, null) : NO_STATUS;
  const isFilteredOut = !images.length && listExcludingFilters(where, bootstrap).length > 0;
  if (isFilteredOut) return NO_STATUS; // the filters that leave nothing are named elsewhere
  const doubt = notes.find(({ code }) => code === "empty_end");
  if (doubt) {
    const kind = images.length ? "end" : "empty";
    return { kind, text: doubt.message, actions: ["read-anew"] };
  }
  if (where.search !== null && !images.length) return makeNothingFound(state, translate);
  const isRandom = where.sort === "Random";
  if (state.total !== null) return makeListEnd(state, translate);
  if (images.length) {
    const key = isRandom && where.search === null ? "random_ends" : "gallery_ends";
    return { kind: "end", text: translate(key, counts), actions: isRandom ? ["shuffle"] : [] };
  }
  if (isRandom) return makeEmpty(translate("random_none"), "newest-first");
  const author = notes.find(({ code }) => code === "no_author");
  const empty = translate(where.post === null ? "gallery_empty" : "no_post");
  return makeEmpty(author?.message ?? empty, "home", author ? "user" : "library");
}

function makeListEnd(
  { images, missing, total, hiddenCount, libraryDate }: State,
  translate: Translate,
): StatusText {
  const others = (total ?? 0) - images.length - missing.length - hiddenCount;
  const [n, left] = [images.length, others].map((count) => formatNumber(count));
  const shown = translate(images.length ? "gallery_ends" : "list_shows_none", { n });
  // Of a list from the library, the others may be unknown or left out.
  const why = translate(libraryDate ? "list_not_stored" : "list_left_out", { n: left });
  const text = others > 0 ? `${shown} · ${why}` : shown;
  return { kind: images.length ? "end" : "empty", text, actions: images.length ? [] : ["home"] };
}

const MOST_MISSING = 500; // links

/** Add to the page which images of a list are not to be had now; they are shown at its end. */
export function addMissing(context: Context) {
  const { page, store, translate, actions } = context;
  const section = el("section", { class: "missing-images stack", hidden: true });
  page.append(section);
  const draw = ({ ended, missing, results, bootstrap }: State) => {
    section.hidden = !ended || !missing.length || results !== null;
    if (section.hidden) return section.replaceChildren();
    const links = missing.slice(0, MOST_MISSING).map((id) => {
      const href = `${bootstrap?.civitai_url}/images/${id}`;
      return el("a", { href, target: "_blank", rel: "noopener noreferrer", text: String(id) });
    });
    section.replaceChildren(
      el("p", { text: translate("list_missing_shown", { n: missing.length }) }),
      el("div", { class: "links" }, ...links),
      button({ action: "copy-missing", label: translate("copy_list"), class: "quiet" }, () =>
        actions.copyList(missing),
      ),
    );
  };
  store.on(["ended", "missing", "results", "bootstrap"], draw, context);
}

/** @param of what the status is about
 * @param makeText returns the status at a time of `performance.now()` */
export function makeStatus(
  context: Context,
  of: "lookup" | "images",
  makeText: (state: State, translate: Translate, now: number) => StatusText,
) {
  const { root, signal, store, translate } = context;
  const textLine = el("p", { role: "status", "aria-live": "polite", dir: "auto" });
  const buttonRow = el("div", { class: "actions" });
  const skeletons = el("div", { class: "skeletons", "aria-hidden": "true", hidden: true });
  let clock = 0;
  let drawn = "";
  const element = el("section", { class: `status of-${of} row` }, textLine, buttonRow);
  const keys: Key[] = [
    "bootstrap",
    "where",
    "home",
    "lookupText",
    "results",
    "loading",
    "requestedAt",
  ];
  const more = ["problems", "ended", "hiddenCount", "notes", "images", "stopped"] as const;
  store.on([...keys, ...more, getShown, "searchReading", "lost"], draw, context);
  signal.addEventListener("abort", () => setTicking(false));
  draw();

  /** Focus the first button. Return whether there is one. */
  function focusFirst() {
    const first = buttonRow.firstElementChild;
    if (first instanceof HTMLElement) first.focus();
    return first !== null;
  }

  function draw() {
    const state = store.get();
    const { kind, text, actions, drawing } = makeText(state, translate, performance.now());
    setTicking(kind === "waits");
    element.hidden = !text;
    element.dataset.kind = kind;
    const { length } = getShown(state);
    const isLong = length > 0 || (isHome(state) && state.home !== null);
    const { parentNode, nextSibling } = element;
    // inserted again: else a browser counts it as a layout shift when images appear above it
    const isAwaited = of === "images" && kind === "waits" && !isLong && !getAwaitedPart(state);
    const isAlone = !isLong && !isAwaited;
    const hasFocus = element.contains(root.activeElement); // else it would lose it
    if (isAlone !== element.hasAttribute("data-alone") && !hasFocus)
      parentNode?.insertBefore(element, nextSibling);
    setText(textLine, text);
    drawActions(actions);
    drawDrawing(isAlone && drawing ? drawing : "");
    element.toggleAttribute("data-alone", isAlone);
    showSkeletons(isAwaited, state.tile);
    const sticks = ["problem", "offline", "waits"].includes(kind);
    setSticking(sticks && (isLong || isAwaited));
  }

  function showSkeletons(isShown: boolean, tile: number) {
    if (skeletons.hidden !== isShown) return;
    skeletons.hidden = !isShown;
    if (!isShown) return;
    element.before(skeletons);
    const count = Math.max(1, Math.round((skeletons.clientWidth + GAP) / (tile + GAP)));
    skeletons.style.columnCount = String(count);
    const tiles = Array.from({ length: count * ROWS }, () => el("span"));
    skeletons.replaceChildren(...tiles);
  }

  function drawActions(actions: StatusAction[]) {
    const key = actions.join();
    if (drawn === key) return; // a button under the pointer must not be replaced
    drawn = key;
    const buttons = actions.map((action) => makeStatusButton(context, action, of));
    buttonRow.replaceChildren(...buttons);
  }

  function drawDrawing(name: IconName | "") {
    if (element.dataset.drawing === name) return;
    element.dataset.drawing = name;
    element.querySelector(".drawing")?.remove();
    if (name) element.prepend(makeDrawing(name));
  }

  function setSticking(isSticking: boolean) {
    if (of !== "images") return;
    element.toggleAttribute("data-sticks", isSticking);
    const { style } = root.host as HTMLElement;
    const height = isSticking ? element.offsetHeight + 12 : 0;
    style.setProperty("--cs-status-height", `${height}px`);
  }

  function setTicking(isWaiting: boolean) {
    if (isWaiting && !clock) clock = window.setInterval(draw, 1000);
    if (!isWaiting && clock) {
      window.clearInterval(clock);
      clock = 0;
    }
  }
  return { element, focusFirst };
}

export type Status = ReturnType<typeof makeStatus>;

/** Return the buttons of all statuses; `of` is what the status is about. */
function listButtons({ actions, store }: Context, of: "lookup" | "images") {
  const searchModels = () => actions.searchModels(getSearched(store.get()));
  const buttons = {
    retry: {
      key: "do_retry",
      icon: "again",
      press: () => actions.retry(findPart(store.get(), of)),
    },
    reload: { key: "do_reload", press: () => location.reload() },
    "give-up": { key: "do_give_up", press: () => actions.giveUp(of) },
    "search-on": { key: "read_on", press: () => void actions.searchOn() },
    "stop-search": { key: "search_stop", press: () => actions.stopSearch() },
    "clear-search": { key: "clear_search", press: () => actions.clearSearch() },
    "search-models": { key: "row_models", icon: "model", press: searchModels },
    more: { key: "read_on", press: () => void actions.more() },
    "read-anew": { key: "do_retry", icon: "again", press: () => actions.reloadGallery() },
    shuffle: {
      key: "do_shuffle",
      icon: "again",
      press: () => actions.sortBy("Random"),
    },
    "newest-first": { key: "newest_first", press: () => actions.sortBy("Newest") },
    "show-hidden": { key: "show_hidden", press: () => actions.showHidden(true) },
    "reset-filters": { key: "reset_filters", press: () => actions.resetFilters() },
    settings: { key: "open_settings", press: () => actions.panel("settings") },
    home: { key: "go_home", press: () => actions.openHome() },
    dismiss: { key: "do_close", press: () => setProblem(store, "lookup", null) },
  } as const;
  return buttons satisfies Record<string, { key: string; icon?: IconName; press: () => unknown }>;
}

function makeStatusButton(
  context: Context,
  action: StatusAction,
  of: "lookup" | "images" = "images",
) {
  const { key, press, ...look } = listButtons(context, of)[action];
  return button({ action, label: context.translate(key), ...look }, press);
}

/** Return the part of the page to retry, undefined for all that have failed. */
function findPart(state: State, of: "lookup" | "images") {
  if (of === "lookup") return "lookup";
  if (getMissingPart(state)) return undefined;
  const failed = getFailedGalleryPart(state) ?? getAwaitedPart(state);
  return failed ?? (state.lost ? "bootstrap" : "images");
}

const ELSEWHERE = ["sort_dropped", "empty_end", "no_author", "search"]; // said where they belong

/** Add the notices above the images to the page. */
export function addNotices(context: Context) {
  const { page, store, translate, actions } = context;
  const section = el("div", { class: "notices", role: "status" });
  page.append(section);
  const retry = () =>
    button(
      { action: "read-anew", icon: "again", label: translate("do_retry"), class: "quiet" },
      () => actions.reloadGallery(),
    );
  let drawn = "";
  const draw = (state: State) => {
    const { libraryDate, notes, results, away } = state;
    const date = formatDate(libraryDate);
    const others = notes.filter(({ code }) => !ELSEWHERE.includes(code));
    const texts = others.map(({ message }) => message);
    if (libraryDate) texts.unshift(translate("library_since", { date }));
    else if (away && !getFailedParts(state).length) texts.unshift(translate("civitai_away"));
    const shown = results ? [] : texts;
    if (shown.join("\n") === drawn) return;
    drawn = shown.join("\n");
    section.replaceChildren(
      ...shown.map((text, at) =>
        el("div", { class: "notice row" }, el("p", { text }), libraryDate && !at ? retry() : null),
      ),
    );
  };
  store.on(["libraryDate", "notes", "results", "away", "problems"], draw, context);
  const markMissing = (now: State) => (page.dataset.missing = getMissingPart(now));
  store.on([getMissingPart], markMissing, context); // hides what cannot work then
}

export class EmptyResult {
  #section = el("section", { class: "empty-result", hidden: true });
  #text = el("p", { role: "status" });
  #chips = el("div", { class: "actions" });
  #row = el("div", { class: "actions" });

  constructor(private readonly context: Context) {
    const { page, translate, actions, store, signal } = context;
    this.#section.append(this.#text, this.#chips, this.#row);
    page.append(this.#section);
    const list = (state: State) => listChipsOfEmptyGallery(state, translate, actions);
    const describe = (state: State) => JSON.stringify(list(state).map(({ text }) => text));
    store.on([describe], (now) => this.#draw(now, list(now)), { signal });
    this.#draw(store.get(), list(store.get()));
  }

  /** Focus the first chip. Return whether there is one. */
  focusFirst() {
    const first = this.#chips.firstElementChild;
    if (first instanceof HTMLElement) first.focus();
    return first !== null;
  }

  #draw(now: State, chips: Chip[]) {
    const { translate } = this.context;
    const { notes } = now;
    const searched = getSearchedWords(now);
    const author = notes.find(({ code }) => code === "no_author");
    const isDoubtful = notes.some(({ code }) => code === "empty_end");
    const filtered = translate(isDoubtful ? "gallery_empty_perhaps" : "gallery_empty_filtered");
    const text = searched ? translate("search_found_nothing", { text: searched }) : filtered;
    this.#section.hidden = !chips.length;
    this.#text.textContent = chips.length ? (author?.message ?? text) : "";
    this.#chips.replaceChildren(...chips.map((chip) => makeChip(chip, translate)));
    const isElsewhere = searched !== "" && isForModels(searched) && !findSavedPlace(now.where);
    const way = isDoubtful ? "read-anew" : isElsewhere ? "search-models" : "reset-filters";
    const isChips = way === "reset-filters" && chips.length < 2; // the only chip resets all
    fill(this.#row, !isChips && makeStatusButton(this.context, way));
  }
}

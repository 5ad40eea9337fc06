/**
 * Returns the status of a lookup or a gallery as text: it waits, has failed, or has ended. Pure.
 */

import { formatNumber } from "../core/format";
import { needsReload } from "../data/problems";
import { listExcludingFilters } from "../state/query";
import {
  getAwaitedPart,
  getFailedGalleryPart,
  getMissingPart,
  getShown,
  isHome,
} from "../state/state";
import type { Bootstrap, Problem, SearchProgress, State, Translate } from "../types";

export type StatusAction =
  | "retry"
  | "reload"
  | "give-up"
  | "more"
  | "search-on"
  | "stop-search"
  | "clear-search"
  | "search-models"
  | "read-anew"
  | "home"
  | "dismiss"
  | "show-hidden"
  | "shuffle"
  | "newest-first"
  | "settings"
  | "reset-filters";

export interface StatusText {
  kind: "none" | "waits" | "problem" | "narrowed" | "empty" | "end";
  text: string; // "" for no status
  actions: StatusAction[]; // the buttons beside the text
}

const FAVOURITES = "is:favourite"; // the search that shows them
const COLLECTION = /^set="([^"]+)"$/; // the search that shows one
const PATIENCE = 3; // seconds without an answer that go without saying
const NO_STATUS: StatusText = { kind: "none", text: "", actions: [] };

/** Return the status text to show beside the search field.
 * @param now the time as from `performance.now()` */
export function getLookupStatus(state: State, translate: Translate, now: number): StatusText {
  const { problems, lookupText, lookupStartedAt } = state;
  const problem = problems.lookup;
  const part = getFailedGalleryPart(state);
  const isSaid = part && problem && problems[part]?.message === problem.message;
  if (problem && (isSaid || getMissingPart(state))) return NO_STATUS; // said in the gallery's place
  if (problem) {
    return { kind: "problem", text: problem.message, actions: [chooseAction(problem, "dismiss")] };
  }
  if (!lookupText) return NO_STATUS;
  return makeWaitingStatus(
    now - lookupStartedAt,
    translate("looking_for", { text: lookupText }),
    translate,
  );
}

/** Return the button to show with a problem: *Try again*, but *Reload*, *Settings* or `leave` for codes
 * of errors that a retry would not solve.
 * @param leave the button that closes what has failed */
function chooseAction({ code }: Problem, leave: StatusAction): StatusAction {
  if (needsReload(code)) return "reload";
  if (code === "needs_key") return "settings";
  return ["bad_input", "gone", "region"].includes(code) ? leave : "retry";
}

/** Return the status text to show below the images.
 * @param now the time as from `performance.now()` */
export function getGalleryStatus(state: State, translate: Translate, now: number): StatusText {
  const { problems, results, bootstrap, requestedAt, startedAt } = state;
  if (results) return NO_STATUS;
  if (problems.lookup && getMissingPart(state)) {
    const actions = [chooseAction(problems.lookup, "home")];
    return { kind: "problem", text: problems.lookup.message, actions };
  }
  const part = getFailedGalleryPart(state);
  const problem = part && problems[part];
  if (problem) {
    const leave = problem.code === "bad_input" ? "reset-filters" : "home";
    return { kind: "problem", text: problem.message, actions: [chooseAction(problem, leave)] };
  }
  if (state.loadedWords && state.searchReading === "on" && bootstrap) {
    return makeReadingStatus(state, bootstrap, translate, now);
  }
  // Beside images the bar shows that a page is loaded.
  if (requestedAt > 0)
    return makeWaitingStatus(now - requestedAt, getWaitingText(state, translate), translate);
  if (!bootstrap || getAwaitedPart(state)) {
    const isSlow = now - startedAt >= PATIENCE * 1000;
    const text = translate(isSlow ? "server_slow" : "reading");
    return { kind: "waits", text, actions: isSlow ? ["retry"] : [] };
  }
  if (isHome(state)) return NO_STATUS;
  return addHiddenCount(getEndStatus(state, bootstrap, translate), state, bootstrap, translate);
}

/** Return a status with the number of hidden images, and with a button that shows them. If no image
 * is hidden, the status stays as it is. */
function addHiddenCount(
  status: StatusText,
  { hiddenCount, images }: State,
  { language }: Bootstrap,
  translate: Translate,
): StatusText {
  if (!hiddenCount || !["end", "empty", "narrowed"].includes(status.kind)) return status;
  const n = formatNumber(hiddenCount, language);
  if (status.kind !== "end" && !images.length)
    return { ...status, text: translate("hidden_all", { n }), actions: ["show-hidden"] };
  return {
    ...status,
    text: `${status.text} · ${translate("hidden_count", { n })}`,
    actions: [...status.actions, "show-hidden"],
  };
}

/** Return the status while the gallery's pages are loaded until enough images match: how many match
 * so far. */
function makeReadingStatus(
  state: State,
  { language }: Bootstrap,
  translate: Translate,
  now: number,
): StatusText {
  const { images, matches, requestedAt } = state;
  const time = requestedAt > 0 ? now - requestedAt : 0;
  const shown = matches === null ? 0 : getShown(state).length;
  const number = (value: number) => formatNumber(value, language);
  const text = translate("search_reads_on", { shown: number(shown), n: number(images.length) });
  return { ...makeWaitingStatus(time, text, translate), actions: ["stop-search"] };
}

/** Return the text to show while a page is being loaded, "" if another part of the page shows one. */
function getWaitingText(state: State, translate: Translate) {
  const { bootstrap, searchProgress } = state;
  if (bootstrap && searchProgress)
    return formatSearchProgress(searchProgress, bootstrap, translate);
  return getShown(state).length ? "" : translate("reading");
}

/** Return a text that says how many images of the library have been searched. */
function formatSearchProgress(
  { count, total }: SearchProgress,
  { language }: Bootstrap,
  translate: Translate,
) {
  return translate("search_looked", {
    n: formatNumber(count, language),
    all: formatNumber(total, language),
  });
}

/** Return the status of a running request. After some seconds the status says how long the request
 * has been running.
 * @param time ms since the request was sent
 * @param text for the first seconds */
function makeWaitingStatus(time: number, text: string, translate: Translate): StatusText {
  const n = Math.floor(time / 1000);
  if (n < PATIENCE) return { kind: "waits", text, actions: [] };
  return { kind: "waits", text: translate("no_answer_for", { n }), actions: ["give-up"] };
}

/** Return whether a text can be searched for models on Civitai. A text with a key such as `lora:`
 * cannot. */
export function isForModels(text: string) {
  return !/[:<>=]/.test(text);
}

/** Return the status of a search that has found nothing, with buttons for what to do next. */
function makeNothingFound(text: string, translate: Translate): StatusText {
  const searched = text.trim();
  if (!searched) return makeEmpty(translate("library_empty"), "home");
  if (searched === FAVOURITES) return makeEmpty(translate("home_favourites_for"), "home");
  const [, name] = COLLECTION.exec(searched) ?? [];
  if (name) return makeEmpty(translate("collection_empty", { name }), "home");
  const way = isForModels(searched) ? "search-models" : "clear-search";
  return makeEmpty(translate("search_found_nothing", { text: searched }), way);
}

/** Return the status of a gallery without images, with one button. */
function makeEmpty(text: string, action: StatusAction): StatusText {
  return { kind: "empty", text, actions: [action] };
}

/** Return the status of a gallery when nothing is being loaded. */
function getEndStatus(state: State, bootstrap: Bootstrap, translate: Translate): StatusText {
  const shown = getShown(state);
  const { where, images, loadedWords, cursor, ended, notes, searchProgress } = state;
  const number = (value: number) => formatNumber(value, bootstrap.language);
  const counts = { n: number(images.length), shown: number(shown.length) };
  if (loadedWords && images.length) {
    if (ended && !shown.length) return makeNothingFound(loadedWords, translate);
    const text = translate(shown.length ? "narrowed_to" : "narrowed_none", counts);
    return { kind: "narrowed", text, actions: ended ? [] : ["search-on"] };
  }
  if (!ended && searchProgress) {
    const text = formatSearchProgress(searchProgress, bootstrap, translate);
    return { kind: "narrowed", text, actions: ["more"] };
  }
  if (!ended && !images.length && cursor !== null) {
    return { kind: "narrowed", text: translate("none_so_far"), actions: ["more"] };
  }
  if (!ended) return NO_STATUS;
  const isFilteredOut = !images.length && listExcludingFilters(where, bootstrap).length > 0;
  if (isFilteredOut) return NO_STATUS; // the filters that leave nothing are named elsewhere
  const doubt = notes.find(({ code }) => code === "empty_end");
  if (doubt) {
    const kind = images.length ? "end" : "empty";
    return { kind, text: doubt.message, actions: ["read-anew"] };
  }
  if (where.search !== null && !images.length) return makeNothingFound(where.search, translate);
  const isRandom = where.sort === "Random";
  if (images.length) {
    const key = isRandom && where.search === null ? "random_ends" : "gallery_ends";
    return { kind: "end", text: translate(key, counts), actions: isRandom ? ["shuffle"] : [] };
  }
  if (isRandom) return makeEmpty(translate("random_none"), "newest-first");
  const author = notes.find(({ code }) => code === "no_author");
  const empty = translate(where.post === null ? "gallery_empty" : "no_post");
  return makeEmpty(author?.message ?? empty, "home");
}

/** What is to be said of a search and of a gallery: that one waits, what is wrong, how far it goes. */

import { written } from "../core/format.js";
import { filterCount, sourceOf, unfiltered } from "../state/query.js";
import { isNarrowed } from "../state/state.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Words} Words */
/** @typedef {"retry" | "reload" | "give-up" | "more" | "read-anew" | "reset-filters"} Deed */

/**
 * @typedef {object} Said
 * @property {"none" | "waits" | "problem" | "start" | "narrowed" | "empty" | "end"} kind
 * @property {string} text  "" is nothing to say
 * @property {Deed[]} deeds  what can be done about it
 */

const PATIENCE = 3; // seconds without an answer that go without saying
/** @type {Said} */
const NOTHING = { kind: "none", text: "", deeds: [] };

/**
 * Beside the field.
 *
 * @param {State} state
 * @param {Words} words
 * @param {number} now  as `performance.now()` tells it
 * @returns {Said}
 */
export function saidOfFinding({ problem, finding, findingSince }, words, now) {
  if (problem?.of === "find") {
    // What cannot be shown is no more so at a second try.
    const deed = problem.code === "outdated" ? "reload" : "retry";
    const deeds = /** @type {Deed[]} */ (problem.code === "bad_input" ? [] : [deed]);
    return { kind: "problem", text: problem.message, deeds };
  }
  if (!finding) return NOTHING;
  return waiting(now - findingSince, words("looking_for", { text: finding }), words);
}

/**
 * Below the pictures.
 *
 * @param {State} state
 * @param {Words} words
 * @param {number} now
 * @returns {Said}
 */
export function saidOfGallery(state, words, now) {
  const { problem, found, hello, where, since } = state;
  if (found) return NOTHING;
  if (problem && problem.of !== "find") {
    const deed = problem.code === "outdated" ? "reload" : "retry";
    return { kind: "problem", text: problem.message, deeds: [deed] };
  }
  // Next to pictures it would be pushed down by each page: there the bar says that one comes.
  if (since > 0) return waiting(now - since, saidMeanwhile(state, words), words);
  if (!hello) return { kind: "waits", text: words("reading"), deeds: [] };
  if (!sourceOf(where)) return { kind: "start", text: words("start_here"), deeds: [] };
  return saidOfItsEnd(state, hello, words);
}

/**
 * While a page is awaited.
 *
 * @param {State} state
 * @param {Words} words
 */
function saidMeanwhile({ hello, lookedAt, shown }, words) {
  if (hello && lookedAt) return saidOfSearch(lookedAt, hello, words);
  return shown.length ? "" : words("reading");
}

/**
 * @param {import("../types.js").LookedAt} lookedAt
 * @param {import("../types.js").Hello} hello
 * @param {Words} words
 */
function saidOfSearch({ count, total }, { language }, words) {
  return words("search_looked", { n: written(count, language), all: written(total, language) });
}

/**
 * @param {number} time  ms
 * @param {string} text  as long as that is no wonder
 * @param {Words} words
 * @returns {Said}
 */
function waiting(time, text, words) {
  const n = Math.floor(time / 1000);
  if (n < PATIENCE) return { kind: "waits", text, deeds: [] };
  return { kind: "waits", text: words("no_answer_for", { n }), deeds: ["retry", "give-up"] };
}

/**
 * @param {State} state
 * @param {import("../types.js").Hello} hello
 * @param {Words} words
 * @returns {Said}
 */
function saidOfItsEnd(state, hello, words) {
  const { where, images, shown, within, cursor, ended, notes, lookedAt } = state;
  const number = (/** @type {number} */ value) => written(value, hello.language);
  const counts = { n: number(images.length), shown: number(shown.length) };
  if (isNarrowed(within) && images.length) {
    const text = words(shown.length ? "narrowed_to" : "narrowed_none", counts);
    return { kind: "narrowed", text, deeds: ended ? [] : ["more"] };
  }
  if (!ended && lookedAt) {
    return { kind: "narrowed", text: saidOfSearch(lookedAt, hello, words), deeds: ["more"] };
  }
  if (!ended && !images.length && cursor !== null) {
    return { kind: "narrowed", text: words("none_so_far"), deeds: ["more"] };
  }
  if (!ended) return NOTHING;
  const doubt = notes.find(({ code }) => code === "empty_end");
  if (doubt) return { kind: "problem", text: doubt.message, deeds: ["read-anew"] };
  if (where.search !== null && !images.length) {
    return { kind: "empty", text: words("search_none"), deeds: [] };
  }
  if (images.length) return { kind: "end", text: words("gallery_ends", counts), deeds: [] };
  const author = notes.find(({ code }) => code === "no_author")?.message;
  if (filterCount(where, unfiltered(hello)) === 0) {
    return { kind: "empty", text: author ?? words("gallery_empty"), deeds: [] };
  }
  const text = author ?? words("gallery_empty_filtered");
  return { kind: "empty", text, deeds: ["reset-filters"] };
}

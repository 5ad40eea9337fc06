/** Turns errors into what the user is told, and stores them. */

import { ApiError } from "./api.js";

/** @import { Store } from "../state/store.js" */
/** @import { Part, Problem, Words } from "../types.js" */

const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/** Return the message for an error of a request. Rethrow errors that are not an `ApiError`: they
 * are bugs.
 * @param {unknown} error
 * @param {Words} words */
export function getErrorMessage(error, words) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return words(`problem_${error.code}`);
  return words("problem_other", { code: error.status || error.code });
}

/** Return what to tell the user about an error. Rethrow errors that are not an `ApiError`.
 * @param {unknown} error
 * @param {Words} words
 * @returns {Problem} */
export function makeProblem(error, words) {
  const message = getErrorMessage(error, words);
  return { code: error instanceof ApiError ? error.code : "", message };
}

/** Set the problem of one part of the page, or clear it (null).
 * @param {Store} store
 * @param {Part} part
 * @param {Problem | null} problem */
export function setProblem(store, part, problem) {
  store.set(({ problems }) => ({ problems: { ...problems, [part]: problem } }));
}

/** If an error means that our server does not respond, make `Connection` poll for it.
 * @param {unknown} error
 * @param {Store} store */
export function reportOffline(error, store) {
  if (error instanceof ApiError && error.code === "offline") store.set({ lost: true });
}

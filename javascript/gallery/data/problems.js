/** Turns errors into what the user is told, and stores them. */

import { ApiError } from "./api.js";

/** @typedef {import("../state/state.js").Part} Part */
/** @typedef {import("../state/state.js").Problem} Problem */
/** @typedef {import("../state/state.js").Store} Store */
/** @typedef {import("../types.js").Words} Words */

const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/** Return the message for an error. Throw an error that is not an `ApiError` again: it is a bug.
 * @param {unknown} error  from a request
 * @param {Words} words */
export function getErrorMessage(error, words) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return words(`problem_${error.code}`);
  return words("problem_other", { code: error.status || error.code });
}

/** Return what an error means to the user. Throw an error that is not an `ApiError` again.
 * @param {unknown} error
 * @param {Words} words
 * @returns {Problem} */
export function makeProblem(error, words) {
  const message = getErrorMessage(error, words);
  return { code: error instanceof ApiError ? error.code : "", message };
}

/** Set or clear (null) the problem of one part; the other parts keep theirs.
 * @param {Store} store
 * @param {Part} part
 * @param {Problem | null} problem */
export function setProblem(store, part, problem) {
  store.set(({ problems }) => ({ problems: { ...problems, [part]: problem } }));
}

/** Note that our server does not respond, so that `Connection` polls until it does.
 * @param {unknown} error
 * @param {Store} store */
export function reportOffline(error, store) {
  if (error instanceof ApiError && error.code === "offline") store.set({ lost: true });
}

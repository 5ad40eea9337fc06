/** Turns errors into messages for the user, and stores them in the state. */

import { getTop } from "../core/modal.js";
import { ApiError, isAborted } from "./api.js";

/** @import { Store } from "../state/store.js" */
/** @import { Context, Part, Problem, Words } from "../types.js" */

const OF_PAGE = ["login", "outdated"]; // refusals that every request would meet
const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/** Return the message for an error of a request. Other errors than an `ApiError` are bugs, and are
 * thrown again.
 * @param {unknown} error
 * @param {Words} words */
export function getErrorMessage(error, words) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return words(`problem_${error.code}`);
  return words("problem_other", { code: error.status || error.code });
}

/** Return the problem to show to the user for an `ApiError`. Other errors are thrown again.
 * @param {unknown} error
 * @param {Words} words
 * @returns {Problem} */
export function makeProblem(error, words) {
  const message = getErrorMessage(error, words);
  return { code: error instanceof ApiError ? error.code : "", message };
}

/** Set the problem of one part of the page; null clears it.
 * @param {Store} store
 * @param {Part} part
 * @param {Problem | null} problem */
export function setProblem(store, part, problem) {
  store.set(({ problems }) => ({ problems: { ...problems, [part]: problem } }));
}

/** Ignore that a request failed or was aborted. Other errors are bugs, and are thrown again.
 * @param {unknown} error */
export function ignoreFailure(error) {
  if (!(error instanceof ApiError) && !isAborted(error)) throw error;
}

/** Return whether an error is a refusal that every request would meet until the page is reloaded.
 * @param {unknown} error */
export function isOfPage(error) {
  return error instanceof ApiError && OF_PAGE.includes(error.code);
}

/** Show why a request of the user failed. The page's status shows an error that every request would
 * meet; a toast shows others, and what an open dialog would cover. An aborted request is ignored;
 * other errors than an `ApiError` are thrown again.
 * @param {unknown} error
 * @param {Context} context */
export function showError(error, { root, store, toast, words }) {
  if (isAborted(error)) return;
  const problem = makeProblem(error, words);
  const isCommon = problem.code === "offline" || isOfPage(error);
  if (isCommon) setProblem(store, "bootstrap", problem);
  const top = getTop(root);
  const isShown = isCommon && (!(top instanceof Element) || top.hasAttribute("data-failed"));
  if (!isShown) toast(problem.message, "bad");
}

/** Let `Connection` poll the server if an error says that the server does not respond.
 * @param {unknown} error
 * @param {Store} store */
export function reportOffline(error, store) {
  if (error instanceof ApiError && error.code === "offline") store.set({ lost: true });
}

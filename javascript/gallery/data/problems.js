/** What went wrong, as words for the user. */

import { ApiError } from "./api.js";

/** @typedef {import("../types.js").Problem} Problem */
/** @typedef {import("../types.js").Words} Words */

const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/**
 * @param {unknown} error  anything but an `ApiError` is a fault of ours, and flies on
 * @param {Words} words
 */
export function getErrorMessage(error, words) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return words(`problem_${error.code}`);
  return words("problem_other", { code: error.status || error.code });
}

/**
 * @param {Problem["of"]} of
 * @param {unknown} error
 * @param {Words} words
 * @returns {Problem}
 */
export function makeProblem(of, error, words) {
  const message = getErrorMessage(error, words);
  return { of, code: error instanceof ApiError ? error.code : "", message };
}

/**
 * Our server does not answer: whoever watches for it asks until it is back.
 *
 * @param {unknown} error
 * @param {import("../state/state.js").Store} store
 */
export function reportOffline(error, store) {
  if (error instanceof ApiError && error.code === "offline") store.set({ lost: true });
}

/** Turns errors into messages for the user, and stores them in the state. */

import { button } from "../core/dom";
import { getTop } from "../core/modal";
import type { Store } from "../state/store";
import type { Context, Part, Problem, Translate } from "../types";
import { ApiError, isAborted } from "./api";

const UNTIL_RELOAD = ["login", "outdated"]; // the server refuses all requests of this page
const PAGE_ERRORS = ["offline", "login", "bad_answer"]; // what our server did not say in words

/** Return the message for an error of a request. Other errors than an `ApiError` are bugs, and are
 * thrown again. */
export function getErrorMessage(error: unknown, translate: Translate) {
  if (!(error instanceof ApiError)) throw error;
  if (error.message) return error.message;
  if (PAGE_ERRORS.includes(error.code)) return translate(`problem_${error.code}`);
  return translate("problem_other", { code: error.status || error.code });
}

/** Return the problem to show to the user for an `ApiError`. Other errors are thrown again. */
export function makeProblem(error: unknown, translate: Translate): Problem {
  const message = getErrorMessage(error, translate);
  return { code: error instanceof ApiError ? error.code : "", message };
}

/** Set the problem of one part of the page; null clears it. */
export function setProblem(store: Store, part: Part, problem: Problem | null) {
  store.set(({ problems }) => ({ problems: { ...problems, [part]: problem } }));
}

/** Ignore that a request failed or was aborted. Other errors are bugs, and are thrown again. */
export function ignoreFailure(error: unknown) {
  if (!(error instanceof ApiError) && !isAborted(error)) throw error;
}

/** Return whether the server refuses all requests of this page until the page is reloaded.
 * @param code of the last error */
export function needsReload(code: string) {
  return UNTIL_RELOAD.includes(code);
}

/** Return the button to show with a problem: *Try again*, or *Reload* if the server refuses all
 * requests of this page.
 * @param code of the problem
 * @param retry repeats the failed request */
export function makeRetryButton(code: string, translate: Translate, retry: () => unknown) {
  if (needsReload(code))
    return button({ action: "reload", label: translate("do_reload") }, () => location.reload());
  return button({ action: "retry", icon: "again", label: translate("do_retry") }, retry);
}

/** Show to the user why a request failed: in the page's status line if our server does not respond or
 * refuses all requests, else in a toast. A toast also replaces a status line that a dialog covers. An
 * aborted request is ignored; other errors than an `ApiError` are thrown again. */
export function showError(error: unknown, { root, store, toast, translate }: Context) {
  if (isAborted(error)) return;
  const problem = makeProblem(error, translate);
  const isCommon = problem.code === "offline" || needsReload(problem.code);
  if (isCommon) setProblem(store, "bootstrap", problem);
  const top = getTop(root);
  const isShown = isCommon && (!(top instanceof Element) || top.hasAttribute("data-failed"));
  if (!isShown) toast(problem.message, "bad");
}

/** The months of a gallery, and the search that lets the gallery begin at a month. Pure. */

import type { MonthCount } from "../contract";
import { getShown } from "../state/state";
import type { State, Where } from "../types";

const DATE_TERM = /^(?:before|after):\d{4}-\d{2}$/;

/** Return whether the open gallery is sorted by date, so that the user can jump to a month. A
 * search for words has no months, because a jump would replace the search. */
export function hasMonths(state: State) {
  const { where, results } = state;
  const isByDate = where.sort === "Newest" || where.sort === "Oldest";
  const isWhole = !where.search || DATE_TERM.test(where.search);
  return (
    isByDate && isWhole && where.post === null && results === null && getShown(state).length > 0
  );
}

/** Return the months in the order in which the gallery shows them.
 * @param months the newest first */
export function sortMonths(months: readonly MonthCount[], sort: string) {
  return sort === "Oldest" ? [...months].reverse() : [...months];
}

/** Return the search by which the gallery shows the images of a month and those that come after it,
 * such as "before:2025-12". For the first month, return the search that shows all images: "" in the
 * library, null (no search) in a gallery of Civitai.
 * @param months as the gallery shows them */
export function makeMonthSearch(
  where: Where,
  months: readonly MonthCount[],
  index: number,
): string | null {
  const { model, user, sort } = where;
  if (index <= 0) return model === null && !user ? "" : null;
  const { month } = months[index];
  return sort === "Oldest" ? `after:${month}` : `before:${getNextMonth(month)}`;
}

/** Return the index of a date's month. If the month has no images, return the index of the month that
 * comes next in the gallery, or else of the last one.
 * @param months as the gallery shows them
 * @param sort "Oldest" if the oldest month is first; else the newest month is first
 * @param date ISO 8601 */
export function findMonth(months: readonly MonthCount[], sort: string, date: string) {
  const month = date.slice(0, 7);
  const at = months.findIndex((one) =>
    sort === "Oldest" ? one.month >= month : one.month <= month,
  );
  return at < 0 ? months.length - 1 : at;
}

/** Return the month that follows a month.
 * @param month such as "2025-12" */
function getNextMonth(month: string) {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number)).toISOString().slice(0, 7);
}

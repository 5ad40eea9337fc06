/** What a click, a range or a button marks. Knows ids only; the order is that of what is shown. */

/** @typedef {{marks: ReadonlySet<number>, anchor: number | null}} Selection */

/**
 * @param {Selection} selection
 * @param {number} id
 * @param {boolean} [isMarked]  without it: the other way than now
 * @returns {Selection}
 */
export function marked({ marks }, id, isMarked = !marks.has(id)) {
  const next = new Set(marks);
  if (isMarked) next.add(id);
  else next.delete(id);
  return { marks: next, anchor: id };
}

/**
 * Marks all from the anchor to `id`; what was marked elsewhere stays, and so does the anchor.
 *
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @param {number} id
 * @returns {Selection}
 */
export function markedTo({ marks, anchor }, order, id) {
  const to = order.indexOf(id);
  const from = anchor === null ? to : order.indexOf(anchor);
  if (to < 0) return { marks, anchor };
  if (from < 0) return marked({ marks, anchor }, id, true);
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
  return { marks: new Set([...marks, ...range]), anchor: order[from] };
}

/**
 * A range that grows and shrinks as the focus moves: what it left is no longer marked.
 *
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @param {number} before  where the focus was
 * @param {number} id  where it is now
 * @returns {Selection}
 */
export function extended({ marks, anchor }, order, before, id) {
  const start = anchor ?? before;
  const kept = new Set(marks);
  const [from, was, to] = [start, before, id].map((one) => order.indexOf(one));
  if (from < 0 || was < 0 || to < 0) return markedTo({ marks, anchor: start }, order, id);
  for (const left of order.slice(Math.min(from, was), Math.max(from, was) + 1)) kept.delete(left);
  return markedTo({ marks: kept, anchor: start }, order, id);
}

/**
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @returns {Selection}
 */
export function markedAll({ marks, anchor }, order) {
  return { marks: new Set([...marks, ...order]), anchor };
}

/**
 * Turns over what is shown; marks on others stay.
 *
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @returns {Selection}
 */
export function inverted({ marks, anchor }, order) {
  const next = new Set(marks);
  for (const id of order) {
    if (!next.delete(id)) next.add(id);
  }
  return { marks: next, anchor };
}

/** Marks images one by one, as a range or all. Knows only ids and the order of the tiles. */

/**
 * @typedef {object} Range  the range that the next step with Shift changes
 * @property {ReadonlySet<number>} base  the marks before the range
 * @property {ReadonlySet<number>} made  the marks with the range; other marks end the range
 * @property {number} end
 */

/** @typedef {{marks: ReadonlySet<number>, anchor: number | null, range: Range | null}} Selection */
/** @typedef {(id: number) => readonly number[]} ListTileIds  the images that a tile stands for */

const LEAST_COMPARED = 2;
export const MOST_COMPARED = 4;

/** Return whether the number of marked images is one that can be compared.
 * @param {ReadonlySet<number>} marks */
export function canCompare({ size }) {
  return size >= LEAST_COMPARED && size <= MOST_COMPARED;
}

/** Return the ids to which an action on an image applies: all marked images if the image is marked,
 * else the image alone.
 * @param {ReadonlySet<number>} marks
 * @param {number} id */
export function listChosen(marks, id) {
  return marks.has(id) ? [...marks] : [id];
}

/** Return the id of a tile that represents one image. @type {ListTileIds} */
const alone = (id) => [id];

/** Mark or unmark a tile's images, and let the next range begin there.
 * @param {Selection} selection
 * @param {number} id  of the tile
 * @param {boolean} [isMarked]  undefined toggles the mark
 * @param {ListTileIds} [idsOf]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function toggleMark({ marks }, id, isMarked, idsOf = alone) {
  const ids = idsOf(id);
  const next = new Set(marks);
  if (isMarked ?? !ids.every((one) => marks.has(one))) for (const one of ids) next.add(one);
  else for (const one of ids) next.delete(one);
  return { marks: next, anchor: id, range: null };
}

/** Mark all images from the anchor to `id`, and keep the other marks.
 * @param {Selection} selection
 * @param {readonly number[]} order  ids of the tiles in order
 * @param {number} id  of the tile that ends the range
 * @param {ListTileIds} [idsOf]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function markRange(selection, order, id, idsOf = alone) {
  const { marks, anchor } = selection;
  if (!order.includes(id)) return selection;
  return setRange(marks, order, anchor ?? id, id, idsOf);
}

/** Mark the images between the old and the new focus. If the marks are still those of the last
 * range, that range grows or shrinks with the focus; otherwise a new range begins.
 * @param {Selection} selection
 * @param {readonly number[]} order  of the tiles
 * @param {number} before  the image that had the focus
 * @param {number} id  the image that has the focus now
 * @param {ListTileIds} [idsOf]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function extendRange({ marks, anchor, range }, order, before, id, idsOf = alone) {
  const goesOn = range?.made === marks && range.end === before;
  return goesOn
    ? setRange(range.base, order, anchor ?? before, id, idsOf)
    : setRange(marks, order, before, id, idsOf);
}

/** Mark the images from one tile to another, and keep the marks in `base`.
 * @param {ReadonlySet<number>} base
 * @param {readonly number[]} order  ids of the tiles in order
 * @param {number} from  id of a tile
 * @param {number} to
 * @param {ListTileIds} idsOf  returns the ids of the images that a tile represents
 * @returns {Selection} */
function setRange(base, order, from, to, idsOf) {
  const [first, last] = [order.indexOf(from), order.indexOf(to)];
  if (first < 0) return toggleMark({ marks: base, anchor: from, range: null }, to, true, idsOf);
  const tiles = order.slice(Math.min(first, last), Math.max(first, last) + 1);
  const made = new Set([...base, ...tiles.flatMap(idsOf)]);
  return { marks: made, anchor: from, range: { base, made, end: to } };
}

/** Mark all these images, and keep the other marks.
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @returns {Selection} */
export function addMarks({ marks, anchor }, order) {
  return { marks: new Set([...marks, ...order]), anchor, range: null };
}

/** Mark the unmarked of these images and unmark the others. Marks on other images stay.
 * @param {Selection} selection
 * @param {readonly number[]} order
 * @returns {Selection} */
export function invertMarks({ marks, anchor }, order) {
  const next = new Set(marks);
  for (const id of order) {
    if (!next.delete(id)) next.add(id);
  }
  return { marks: next, anchor, range: null };
}

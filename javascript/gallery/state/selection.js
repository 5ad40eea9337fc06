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

/** Return whether the marked images can be compared, which needs two to four of them.
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

/** Return the ids of a tile's images while posts are not grouped. @type {ListTileIds} */
const listOne = (id) => [id];

/** Mark or unmark a tile's images, and let the next range begin there.
 * @param {Selection} selection
 * @param {number} id  of the tile
 * @param {boolean} [isMarked]  undefined toggles the mark
 * @param {ListTileIds} [listIds]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function toggleMark({ marks }, id, isMarked, listIds = listOne) {
  const ids = listIds(id);
  const next = new Set(marks);
  if (isMarked ?? !ids.every((one) => marks.has(one))) for (const one of ids) next.add(one);
  else for (const one of ids) next.delete(one);
  return { marks: next, anchor: id, range: null };
}

/** Mark all images from the anchor to `id`, and keep the other marks.
 * @param {Selection} selection
 * @param {readonly number[]} order  ids of the tiles in order
 * @param {number} id  of the tile that ends the range
 * @param {ListTileIds} [listIds]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function markRange(selection, order, id, listIds = listOne) {
  const { marks, anchor } = selection;
  if (!order.includes(id)) return selection;
  return setRange(marks, order, anchor ?? id, id, listIds);
}

/** Mark the images between the old and the new focus. Repeated steps grow or shrink one range. After
 * another change of the marks, a new range begins.
 * @param {Selection} selection
 * @param {readonly number[]} order  ids of the tiles in order
 * @param {number} before  id of the tile that had the focus
 * @param {number} id  of the tile that has the focus now
 * @param {ListTileIds} [listIds]  returns the ids of the images that a tile represents
 * @returns {Selection} */
export function extendRange({ marks, anchor, range }, order, before, id, listIds = listOne) {
  const goesOn = range?.made === marks && range.end === before;
  return goesOn
    ? setRange(range.base, order, anchor ?? before, id, listIds)
    : setRange(marks, order, before, id, listIds);
}

/** Mark the images from one tile to another, in addition to the marks before.
 * @param {ReadonlySet<number>} base  the marks before
 * @param {readonly number[]} order  ids of the tiles in order
 * @param {number} from  id of the first tile
 * @param {number} to  id of the last tile, which may be above the first one
 * @param {ListTileIds} listIds  returns the ids of the images that a tile represents
 * @returns {Selection} */
function setRange(base, order, from, to, listIds) {
  const [first, last] = [order.indexOf(from), order.indexOf(to)];
  if (first < 0) return toggleMark({ marks: base, anchor: from, range: null }, to, true, listIds);
  const tiles = order.slice(Math.min(first, last), Math.max(first, last) + 1);
  const made = new Set([...base, ...tiles.flatMap(listIds)]);
  return { marks: made, anchor: from, range: { base, made, end: to } };
}

/** Mark all these images, and keep the other marks.
 * @param {Selection} selection
 * @param {readonly number[]} ids
 * @returns {Selection} */
export function addMarks({ marks, anchor }, ids) {
  return { marks: new Set([...marks, ...ids]), anchor, range: null };
}

/** Mark those of these images that are unmarked, and unmark the others. Marks on all other images
 * stay.
 * @param {Selection} selection
 * @param {readonly number[]} ids
 * @returns {Selection} */
export function invertMarks({ marks, anchor }, ids) {
  const next = new Set(marks);
  for (const id of ids) {
    if (!next.delete(id)) next.add(id);
  }
  return { marks: next, anchor, range: null };
}

/** Marks images one by one, as a range or all, and stores the marks of each gallery in the
 * browser. */

import { readJson, writeJson } from "../core/preferences";
import type { Context, Where } from "../types";
import { getSource } from "./query";

/** The range that the next step with Shift changes. */
export interface Range {
  base: ReadonlySet<number>; // the marks before the range
  made: ReadonlySet<number>; // the marks with the range; other marks end the range
  end: number;
}

export type Selection = { marks: ReadonlySet<number>; anchor: number | null; range: Range | null };
/** The images that a tile stands for. */
type ListTileIds = (id: number) => readonly number[];

const LEAST_COMPARED = 2;
export const MOST_COMPARED = 4;

/** Return whether these images can be compared, which needs two to four of them. */
export function canCompare({ length }: readonly number[]) {
  return length >= LEAST_COMPARED && length <= MOST_COMPARED;
}

/** Return the ids for an action on an image: all marked ones if it is marked. */
export function listChosen(marked: number[], id: number) {
  return marked.includes(id) ? marked : [id];
}

const listOne: ListTileIds = (id) => [id];

/** Mark or unmark a tile's images, and let the next range begin there.
 * @param isMarked undefined toggles the mark
 * @param listIds returns the ids of the images that a tile represents */
export function toggleMark(
  { marks }: Selection,
  id: number,
  isMarked?: boolean,
  listIds: ListTileIds = listOne,
): Selection {
  const ids = listIds(id);
  const next = new Set(marks);
  if (isMarked ?? !ids.every((one) => marks.has(one))) for (const one of ids) next.add(one);
  else for (const one of ids) next.delete(one);
  return { marks: next, anchor: id, range: null };
}

/** Mark all images from the anchor to `id`, and keep the other marks. */
export function markRange(
  selection: Selection,
  order: readonly number[],
  id: number,
  listIds: ListTileIds = listOne,
): Selection {
  const { marks, anchor } = selection;
  if (!order.includes(id)) return selection;
  return setRange(marks, order, anchor ?? id, id, listIds);
}

/** Mark the images between the old and the new focus. Repeated steps grow or shrink one range. After
 * another change of the marks, a new range begins. */
export function extendRange(
  { marks, anchor, range }: Selection,
  order: readonly number[],
  before: number,
  id: number,
  listIds: ListTileIds = listOne,
): Selection {
  const goesOn = range?.made === marks && range.end === before;
  return goesOn
    ? setRange(range.base, order, anchor ?? before, id, listIds)
    : setRange(marks, order, before, id, listIds);
}

function setRange(
  base: ReadonlySet<number>,
  order: readonly number[],
  from: number,
  to: number,
  listIds: ListTileIds,
): Selection {
  const [first, last] = [order.indexOf(from), order.indexOf(to)];
  if (first < 0) return toggleMark({ marks: base, anchor: from, range: null }, to, true, listIds);
  const tiles = order.slice(Math.min(first, last), Math.max(first, last) + 1);
  const made = new Set([...base, ...tiles.flatMap(listIds)]);
  return { marks: made, anchor: from, range: { base, made, end: to } };
}

/** Mark all these images, and keep the other marks. */
export function addMarks({ marks, anchor }: Selection, ids: readonly number[]): Selection {
  return { marks: new Set([...marks, ...ids]), anchor, range: null };
}

/** Mark those of these images that are unmarked, and unmark the others. */
export function invertMarks({ marks, anchor }: Selection, ids: readonly number[]): Selection {
  const next = new Set(marks);
  for (const id of ids) {
    if (!next.delete(id)) next.add(id);
  }
  return { marks: next, anchor, range: null };
}

const KEY = "civitai-shortcut-marks";
const SOURCES = 50; // the last ones used

/** A gallery's name, and its marked images. */
type StoredMarks = [source: string, ids: number[]];

function readAll(): StoredMarks[] {
  const stored = readJson(KEY);
  const isWhole = (entry: unknown) =>
    Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]);
  return Array.isArray(stored) ? stored.filter(isWhole) : [];
}

/** Return the name of the gallery whose marks are stored; each search of the library is one. */
export function getMarksKey(where: Where) {
  const source = getSource(where);
  return source === "kept" ? `kept ${where.search}` : source;
}

/** Return the ids that are marked in a gallery. */
export function readMarks(where: Where): Set<number> {
  const source = getMarksKey(where);
  const entry = readAll().find(([name]) => name === source);
  return new Set(entry?.[1].filter((id) => Number.isSafeInteger(id)));
}

/** Store the marks of a gallery, "" for none, of the 50 galleries marked last. */
function saveMarks(source: string, marks: ReadonlySet<number>) {
  if (!source) return;
  const others = readAll().filter(([name]) => name !== source);
  if (marks.size) others.push([source, [...marks]]);
  writeJson(KEY, others.slice(-SOURCES));
}

/** Store the marks at each change, and show those that another tab sets. */
export function followMarks({ store, actions, signal }: Context) {
  store.on(["marks"], ({ where, marks }) => saveMarks(getMarksKey(where), marks), { signal });
  const takeOver = ({ key }: StorageEvent) => {
    if (key !== KEY && key !== null) return;
    const { where, marks } = store.get();
    const stored = readMarks(where);
    const isSame = stored.size === marks.size && [...stored].every((id) => marks.has(id));
    if (!isSame) actions.setView({ marks: stored, range: null });
  };
  window.addEventListener("storage", takeOver, { signal });
}

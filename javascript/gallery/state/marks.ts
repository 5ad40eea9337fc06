/** Stores the marks of each gallery in the browser, so that they survive a reload. */

import { readJson, writeJson } from "../core/preferences";
import type { Context } from "../types";
import { getSource } from "./query";

const KEY = "civitai-shortcut-marks";
const SOURCES = 50; // the last ones used

/** A gallery's name, and its marked images. */
type StoredMarks = [source: string, ids: number[]];

/** Return the stored marks of all galleries, the gallery that was changed last at the end. */
function readAll(): StoredMarks[] {
  const stored = readJson(KEY);
  return Array.isArray(stored) ? stored.filter(isStored) : [];
}

/** Return whether a stored entry has the form that this module writes. */
function isStored(entry: unknown) {
  return Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]);
}

/** Return the ids that are marked in a gallery.
 * @param source name of the gallery, as `getSource` returns it */
export function readMarks(source: string): Set<number> {
  const entry = readAll().find(([name]) => name === source);
  return new Set(entry?.[1].filter((id) => Number.isSafeInteger(id)));
}

/** Store the marks of a gallery. Only the 50 galleries whose marks changed last keep their marks.
 * @param source name of the gallery; nothing is stored for "" */
function saveMarks(source: string, marks: ReadonlySet<number>) {
  if (!source) return;
  const others = readAll().filter(([name]) => name !== source);
  if (marks.size) others.push([source, [...marks]]);
  writeJson(KEY, others.slice(-SOURCES));
}

/** Store the marks whenever they change, and show the marks that another tab of this browser sets. */
export function followMarks({ store, actions, signal }: Context) {
  store.on(["marks"], ({ where, marks }) => saveMarks(getSource(where), marks), { signal });
  const takeOver = ({ key }: StorageEvent) => {
    if (key !== KEY && key !== null) return;
    const { where, marks } = store.get();
    const stored = readMarks(getSource(where));
    const isSame = stored.size === marks.size && [...stored].every((id) => marks.has(id));
    if (!isSame) actions.setView({ marks: stored, range: null });
  };
  window.addEventListener("storage", takeOver, { signal });
}

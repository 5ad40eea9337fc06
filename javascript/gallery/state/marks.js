/** Stores the marks of each gallery in the browser, so that they survive a reload. */

import { readJson, writeJson } from "../core/preferences.js";
import { getSource } from "./query.js";

const KEY = "civitai-shortcut-marks";
const SOURCES = 50; // the last ones used

/** Return the stored marks of all galleries, oldest first. @returns {[string, number[]][]} */
function readAll() {
  const stored = readJson(KEY);
  return Array.isArray(stored) ? stored.filter(isStored) : [];
}

/** Return whether a stored entry has the form that this module writes. @param {unknown} entry */
function isStored(entry) {
  return Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]);
}

/** Return the ids that are marked in a gallery.
 * @param {string} source  name of the gallery, as `getSource` returns it
 * @returns {Set<number>} */
export function readMarks(source) {
  const entry = readAll().find(([name]) => name === source);
  return new Set(entry?.[1].filter((id) => Number.isSafeInteger(id)));
}

/** Store a change of a gallery's marks; the marks that another tab has set meanwhile stay. If too
 * many galleries have marks, delete those of the least recently used ones.
 * @param {string} source
 * @param {ReadonlySet<number>} before
 * @param {ReadonlySet<number>} now */
function saveChange(source, before, now) {
  if (!source) return;
  const marks = mergeChange(readMarks(source), before, now);
  const others = readAll().filter(([name]) => name !== source);
  if (marks.size) others.push([source, [...marks]]);
  writeJson(KEY, others.slice(-SOURCES));
}

/** Apply the changes between `before` and `now` to the stored marks, and return the result.
 * @param {ReadonlySet<number>} stored
 * @param {ReadonlySet<number>} before
 * @param {ReadonlySet<number>} now */
export function mergeChange(stored, before, now) {
  const merged = new Set(stored);
  for (const id of before) if (!now.has(id)) merged.delete(id);
  for (const id of now) if (!before.has(id)) merged.add(id);
  return merged;
}

/** Store the marks whenever the user changes them, and apply changes from other tabs of this
 * browser.
 * @param {import("./store.js").Store} store
 * @param {(marks: ReadonlySet<number>) => void} setMarks  shows the marks after a change by another
 *     tab
 * @param {AbortSignal} signal */
export function followMarks(store, setMarks, signal) {
  let isTakingOver = false;
  store.on(
    ["marks"],
    (now, before) => {
      if (!isTakingOver && getSource(now.where) === getSource(before.where))
        saveChange(getSource(now.where), before.marks, now.marks);
    },
    { signal },
  );
  const takeOver = (/** @type {StorageEvent} */ { key }) => {
    const { where, marks } = store.get();
    const source = getSource(where);
    if ((key !== KEY && key !== null) || !source) return;
    const stored = readMarks(source);
    if (stored.size === marks.size && [...stored].every((id) => marks.has(id))) return;
    isTakingOver = true;
    setMarks(stored);
    isTakingOver = false;
  };
  window.addEventListener("storage", takeOver, { signal });
}

/** The marks of each gallery, stored in the browser so that they survive a reload. */

import { readJson, writeJson } from "../core/preferences.js";
import { getSource } from "./query.js";

const KEY = "civitai-shortcut-marks";
const SOURCES = 50; // the last ones used

/** Return the stored marks of all galleries. @returns {[string, number[]][]} oldest first */
function readAll() {
  const stored = readJson(KEY);
  return Array.isArray(stored) ? stored.filter(isStored) : [];
}

/** Return whether a stored entry has the form that this module writes. @param {unknown} entry */
function isStored(entry) {
  return Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]);
}

/** Return the ids that are marked in a gallery.
 * @param {string} source
 * @returns {Set<number>} */
export function readMarks(source) {
  const entry = readAll().find(([name]) => name === source);
  return new Set(entry?.[1].filter((id) => Number.isSafeInteger(id)));
}

/** Store the marks of a gallery; drop those of galleries that were not used for the longest time.
 * @param {string} source
 * @param {ReadonlySet<number>} marks */
function saveMarks(source, marks) {
  if (!source) return;
  const stored = readAll().filter(([name]) => name !== source);
  if (marks.size) stored.push([source, [...marks]]);
  writeJson(KEY, stored.slice(-SOURCES));
}

/** Store the marks whenever they change, except when another gallery is opened.
 * @param {import("./state.js").Store} store
 * @param {AbortSignal} signal */
export function followMarks(store, signal) {
  store.on(
    ["marks"],
    (now, before) => {
      if (getSource(now.where) === getSource(before.where))
        saveMarks(getSource(now.where), now.marks);
    },
    { signal },
  );
}

/** The marks of each gallery, kept in this browser through a reload. */

import { readJson, writeJson } from "../core/preferences.js";
import { sourceOf } from "./query.js";

const KEY = "civitai-shortcut-marks";
const SOURCES = 50; // the last ones used

/** @returns {[string, number[]][]} oldest first */
function all() {
  const kept = readJson(KEY);
  return Array.isArray(kept) ? kept.filter(isKept) : [];
}

/** @param {unknown} entry */
function isKept(entry) {
  return Array.isArray(entry) && typeof entry[0] === "string" && Array.isArray(entry[1]);
}

/**
 * @param {string} source
 * @returns {Set<number>}
 */
export function readMarks(source) {
  const entry = all().find(([name]) => name === source);
  return new Set(entry?.[1].filter((id) => Number.isSafeInteger(id)));
}

/**
 * @param {string} source
 * @param {ReadonlySet<number>} marks
 */
function keepMarks(source, marks) {
  if (!source) return;
  const kept = all().filter(([name]) => name !== source);
  if (marks.size) kept.push([source, [...marks]]);
  writeJson(KEY, kept.slice(-SOURCES));
}

/**
 * Keeps the marks as they change; those that came with another gallery are kept already.
 *
 * @param {import("./state.js").Store} store
 * @param {AbortSignal} signal
 */
export function followMarks(store, signal) {
  store.on(
    ["marks"],
    (now, before) => {
      if (sourceOf(now.where) === sourceOf(before.where)) keepMarks(sourceOf(now.where), now.marks);
    },
    { signal },
  );
}

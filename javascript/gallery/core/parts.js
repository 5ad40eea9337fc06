/** Splits long lists into parts that fit into one request each. */

const encoder = new TextEncoder();

/** Yield the entries of a list in parts; an entry that is too large alone is a part of its own.
 * @template T
 * @param {readonly T[]} entries
 * @param {number} mostBytes  of the JSON of a part
 * @param {number} [mostEntries]  of a part
 * @returns {Generator<T[]>} */
export function* splitBySize(entries, mostBytes, mostEntries = Number.POSITIVE_INFINITY) {
  /** @type {T[]} */
  let part = [];
  let size = 0;
  for (const entry of entries) {
    const bytes = encoder.encode(JSON.stringify(entry)).length + 1; // and a comma
    if (part.length && (size + bytes > mostBytes || part.length >= mostEntries)) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(entry);
    size += bytes;
  }
  if (part.length) yield part;
}

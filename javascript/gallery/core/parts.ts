/** Splits long lists into parts that fit into one request each. */

const encoder = new TextEncoder();

/** Split a list into parts of limited size, and yield the parts. An entry above the limit is a part
 * of its own.
 * @param mostBytes maximum size of a part as JSON
 * @param mostEntries maximum number of entries of a part */
export function* splitBySize<T>(
  entries: readonly T[],
  mostBytes: number,
  mostEntries: number = Number.POSITIVE_INFINITY,
): Generator<T[]> {
  let part: T[] = [];
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

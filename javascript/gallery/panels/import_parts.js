/** Splits an exported file of collections into parts that the server accepts. */

import { splitBySize } from "../core/parts.js";

const AT_ONCE = 500; // images of a file that are sent together
const MOST_BYTES = 4_000_000; // of the images or reproductions of a part; the server accepts 8 MB

/** Yield the bodies of the requests that import an exported file: each has some images, all
 * collections or some reproductions.
 * @param {any} contents  the file's JSON; images and reproductions that are not a list are left out
 * @returns {Generator<Record<string, unknown>>} */
export function* splitExport(contents) {
  const [pictures, reproductions] = ["pictures", "reproductions"].map((key) =>
    Array.isArray(contents?.[key]) ? contents[key] : [],
  );
  const empty = { ...contents, pictures: [], sets: [], reproductions: [] };
  for (const part of splitBySize(pictures, MOST_BYTES, AT_ONCE)) yield { ...empty, pictures: part };
  yield { ...empty, sets: contents?.sets };
  for (const part of splitBySize(reproductions, MOST_BYTES))
    yield { ...empty, reproductions: part };
}

/** The number field that limits how many images a button downloads or reads. */

import type { Translate } from "../types";
import { el } from "./dom";

/** Return the number field in which the user sets how many images a job may read or download.
 * @param what name: the field's `data-field`; label: the key of a message; value: the first
 *     number; high: the highest allowed number, null for none */
export function makeLimitField(
  translate: Translate,
  { name, label, value, high }: { name: string; label: string; value: number; high: number | null },
) {
  const text = translate(label);
  return el("input", {
    type: "number",
    "data-field": name,
    "aria-label": text,
    title: text,
    min: 1,
    max: high,
    step: 1,
    required: true,
    value: String(value),
  });
}

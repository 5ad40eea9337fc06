/**
 * The table of generation data in which the compared images differ, and of those that are equal.
 */

import { el, makePair } from "../core/dom";
import { getParameterLabel } from "../state/state";
import type { Context, ImageRecord } from "../types";
import { compareFields, compareTexts, type Row } from "./text_diff";

/** number: shown on the image; label: the column's head instead of the number and the author. */
export type ComparedData = Pick<
  ImageRecord,
  "user" | "infotext" | "prompt" | "negative" | "parameters"
> & { label?: string; number?: number };

/** Return a table of the fields in which the records differ, and one of the fields that are equal. */
export function makeDifferenceTable({ translate, store }: Context, records: ComparedData[]) {
  const { bootstrap } = store.get();
  const compared = compareFields(records, {
    prompt: translate("prompt"),
    negative: translate("negative"),
  });
  const rows = compared.map((row) => ({ ...row, name: getParameterLabel(bootstrap, row.name) }));
  const different = rows.filter((row) => row.differs);
  const same = rows.filter((row) => !row.differs);
  const lacking = records.filter((record) => !record.infotext).length;
  return [
    lacking ? el("p", { class: "dim" }, translate("compare_lacking", { n: lacking })) : "",
    different.length
      ? makeTable(records, different, translate("compare_different", { n: different.length }))
      : el("p", {}, translate("compare_no_difference")),
    same.length
      ? el(
          "details",
          { class: "same" },
          el("summary", {}, translate("compare_same", { n: same.length })),
          el("dl", {}, ...same.map(({ name, values }) => makePair(name, values[0]))),
        )
      : "",
  ];
}

/** Return a table of the fields in which the images differ. */
function makeTable(records: ComparedData[], rows: Row[], caption: string) {
  const head = records.map(({ label, number, user }) =>
    el("th", { scope: "col", dir: "auto" }, label ?? number, !label && user && ` · ${user}`),
  );
  return el(
    "table",
    { "data-count": records.length },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("td"), ...head)),
    el("tbody", {}, ...rows.map((row) => makeRow(row))),
  );
}

/** Return a table row in which the differing words are marked. */
function makeRow({ name, values }: Row) {
  const cells = compareTexts(values).map((parts) =>
    el(
      "td",
      { dir: "auto" },
      ...(parts.length
        ? parts.map(({ text, differs }) => el(differs ? "mark" : "span", {}, text))
        : [el("span", { class: "dim" }, "–")]),
    ),
  );
  return el("tr", {}, el("th", { scope: "row" }, name), ...cells);
}

/** The table of generation data in which compared images differ, with texts compared word by
 * word. */

import type { ImageDetails } from "../contract";
import { el, icon, makePair } from "../core/dom";
import { CREATED, formatParameter } from "../core/text";
import { getParameterLabel } from "../state/state";
import type { Context } from "../types";
import { compareTexts } from "./compare_texts";

type Row = { name: string; values: string[]; differs: boolean };

/** Compare infotexts field by field. Return a row for each field; an infotext without the field has
 * the value "" in that row.
 * @param names labels of the prompts */
export function compareFields(
  infotexts: { prompt: string; negative: string; parameters: [name: string, value: string][] }[],
  names: { prompt: string; negative: string },
): Row[] {
  const maps = infotexts.map(
    ({ prompt, negative, parameters }) =>
      new Map([[names.prompt, prompt], [names.negative, negative], ...parameters]),
  );
  const all = new Set(maps.flatMap((one) => [...one.keys()]));
  const rows = [...all].map((name) => {
    const values = maps.map((one) => formatParameter(name, one.get(name) ?? ""));
    return { name, values, differs: values.some((value) => value !== values[0]) };
  });
  return rows.filter(({ values }) => values.some(Boolean));
}

/** number: shown on the image; label: the column's head instead of the number and the author. */
export type ComparedData = Pick<
  ImageDetails,
  "user" | "infotext" | "prompt" | "negative" | "parameters"
> & { label?: string; number?: number };

/** Return a table of the fields that differ, and one of the fields that are equal. */
export function makeDifferenceTable({ translate, store }: Context, records: ComparedData[]) {
  const { bootstrap } = store.get();
  const compared = compareFields(records, {
    prompt: translate("prompt"),
    negative: translate("negative"),
  });
  const name = (row: Row) => ({ ...row, name: getParameterLabel(bootstrap, row.name) });
  const isDate = (row: Row) => row.name === CREATED && row.differs;
  const rows = compared.filter((row) => !isDate(row)).map(name);
  const dates = compared.filter(isDate).map(name); // no difference of how they were made
  const different = rows.filter((row) => row.differs);
  const same = rows.filter((row) => !row.differs);
  const lacking = records.filter((record) => !record.infotext).length;
  return [
    lacking ? el("p", { class: "dim" }, translate("compare_lacking", { n: lacking })) : "",
    different.length
      ? makeTable(
          records,
          [...different, ...dates],
          translate("compare_different", { n: different.length }),
        )
      : el("p", {}, translate("compare_no_difference")),
    same.length
      ? el(
          "details",
          { class: "same" },
          el("summary", {}, icon("fold"), translate("compare_same", { n: same.length })),
          el("dl", {}, ...same.map(({ name, values }) => makePair(name, values[0]))),
        )
      : "",
  ];
}

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

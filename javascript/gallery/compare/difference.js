/** How pictures were made, beside each other: what differs first, by field and by word. */

import { el } from "../core/dom.js";
import { parameterName } from "../state/state.js";
import { compared, rowsOf } from "./diff.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */
/** @typedef {import("./diff.js").Row} Row */

/**
 * @param {Context} context
 * @param {PictureRecord[]} records
 */
export function differenceOf({ words, store }, records) {
  const { hello } = store.get();
  const told = rowsOf(records, { prompt: words("prompt"), negative: words("negative") });
  const rows = told.map((row) => ({ ...row, name: parameterName(hello, row.name) }));
  const different = rows.filter((row) => row.differs);
  const same = rows.filter((row) => !row.differs);
  const lacking = records.filter((record) => !record.infotext).length;
  return [
    lacking ? el("p", { class: "dim" }, words("compare_lacking", { n: lacking })) : "",
    different.length
      ? table(records, different, words("compare_different", { n: different.length }))
      : el("p", {}, words("compare_no_difference")),
    same.length
      ? el(
          "details",
          { class: "same" },
          el("summary", {}, words("compare_same", { n: same.length })),
          el("dl", {}, ...same.map(({ name, values }) => pair(name, values[0]))),
        )
      : "",
  ];
}

/**
 * @param {PictureRecord[]} records
 * @param {Row[]} rows
 * @param {string} caption
 */
function table(records, rows, caption) {
  const head = records.map((record, at) =>
    el("th", { scope: "col", dir: "auto" }, `${at + 1}`, record.user && ` · ${record.user}`),
  );
  return el(
    "table",
    { "data-count": records.length },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("td"), ...head)),
    el("tbody", {}, ...rows.map((row) => line(row))),
  );
}

/** @param {Row} row */
function line({ name, values }) {
  const cells = compared(values).map((parts) =>
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

/**
 * @param {string} name
 * @param {string} value
 */
function pair(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value));
}

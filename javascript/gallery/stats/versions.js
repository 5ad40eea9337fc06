/** The table of a model's versions: the most common settings of each. */

import { el } from "../core/dom.js";
import { formatNumber } from "../core/format.js";
import { formatPercent } from "./bars.js";

/** @import { VersionStats } from "../contract" */
/** @import { Context } from "../types.js" */

const KINDS = ["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip", "upscaler"];

/** Return a table that compares the model's versions.
 * @param {Context} context
 * @param {VersionStats[]} versions  two or more
 * @param {(id: number) => void} show  called with the id of a version that the user clicks */
export function makeVersions(context, versions, show) {
  const { translate } = context;
  const kinds = KINDS.filter((kind) => versions.some((version) => version.most[kind]));
  const heads = ["stats_version", "stats_pictures", ...kinds.map((kind) => `stats_${kind}`)];
  const table = el(
    "table",
    {},
    el(
      "thead",
      {},
      el("tr", {}, ...heads.map((key) => el("th", { scope: "col" }, translate(key)))),
    ),
    el("tbody", {}, ...versions.map((version) => makeRow(context, version, kinds, show))),
  );
  const name = translate("stats_versions");
  return el(
    "section",
    { class: "versions" },
    el("h3", {}, name),
    el("div", { class: "wide", role: "region", "aria-label": name, tabindex: 0 }, table),
  );
}

/** Return the table row of a version.
 * @param {Context} context
 * @param {VersionStats} version
 * @param {string[]} kinds  of the values to show, such as "sampler"
 * @param {(id: number) => void} show  called with the version's id when the version is clicked */
function makeRow({ translate, store }, version, kinds, show) {
  const language = store.get().bootstrap?.language;
  const open = el("button", {
    type: "button",
    "data-do": "figures-version",
    dir: "auto",
    title: translate("stats_of_version", { name: version.name }),
    text: version.name,
    on: { click: () => show(version.id) },
  });
  const cells = kinds.map((kind) => {
    const most = version.most[kind];
    if (!most) return el("td", { class: "dim" }, "–");
    const share = el("span", { class: "dim" }, formatPercent(most.share, language));
    return el("td", {}, el("span", { dir: "auto" }, most.label), " ", share);
  });
  const pictures = el("td", {}, formatNumber(version.with_data, language));
  return el("tr", {}, el("th", { scope: "row" }, open), pictures, ...cells);
}

/** The table of a model's versions: the most common settings of each. */

import type { VersionStats } from "../contract";
import { el } from "../core/dom";
import { formatNumber } from "../core/format";
import type { Context } from "../types";
import { formatPercent } from "./bars";

const KINDS = ["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip", "upscaler"];

/** Return a table that compares the model's versions.
 * @param versions two or more
 * @param show called with the id of a version that the user clicks */
export function makeVersions(
  context: Context,
  versions: VersionStats[],
  show: (id: number) => void,
) {
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
 * @param kinds of the values to show, such as "sampler"
 * @param show called with the version's id when the version is clicked */
function makeRow(
  { translate, store }: Context,
  version: VersionStats,
  kinds: string[],
  show: (id: number) => void,
) {
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

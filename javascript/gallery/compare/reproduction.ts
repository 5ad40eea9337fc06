/**
 * An image and a reproduction of it (generated from the image's infotext): how similar both are,
 * and what differs.
 */

import { button, el } from "../core/dom";
import { getReproductionThumb } from "../details/reproductions";
import type { ComparedPair, Context } from "../types";
import type { ComparedImage } from "./compare_grid";
import type { ComparedData } from "./difference_table";

const MOST_CAUSES = 3; // shown above the images; the table below them has all

/** Return the label of a pair's second image, which is a stored reproduction or a file of the user. */
function getSecondLabel({ translate }: Context, { file }: ComparedPair) {
  return file?.name ?? translate("made_here");
}

/** Return the two images of a pair, to show in the grid.
 * @param fileUrl of the user's file, "" for a stored one */
export function makePairImages(
  context: Context,
  pair: ComparedPair,
  fileUrl: string,
): ComparedImage[] {
  const { api, translate } = context;
  const { record, made, stored } = pair;
  const { width, height } = made;
  const label = getSecondLabel(context, pair);
  const view = { ...record, width, height, blurhash: "", user: "" };
  const thumb = stored ? getReproductionThumb(api, stored) : fileUrl;
  const path = `reproductions/${stored?.id ?? 0}/file` as const;
  const isHere = stored?.file === "here";
  const source = {
    thumb,
    file: isHere ? api.getUrl(path) : thumb,
    path: isHere ? path : ("" as const),
    label,
  };
  return [
    { view: record, label: translate("compare_original") },
    { view, source, label },
  ];
}

/** Return the generation data of both images of a pair, for the table of differences. */
export function makePairData(context: Context, pair: ComparedPair): ComparedData[] {
  return [
    { ...pair.record, label: context.translate("compare_original") },
    { ...pair.made, user: "", label: getSecondLabel(context, pair) },
  ];
}

/** Return the elements below a pair: how similar both images are, what differs, and the buttons for
 * the second image.
 * @param listeners keep: stores the user's file as a reproduction; remove: removes the stored
 *     reproduction */
export function makePairSummary(
  { translate }: Context,
  { made, stored }: ComparedPair,
  { keep, remove }: { keep: () => Promise<void>; remove: () => Promise<void> },
) {
  const notes = [
    stored?.is_edited && translate("reproduction_edited"),
    stored?.file === "gone" && translate("reproduction_gone_path", { path: stored.path }),
    stored?.file === "thumbnail" && translate("reproduction_thumbnail"),
  ];
  const causes = made.differences.slice(0, MOST_CAUSES);
  const more = made.differences.length - causes.length;
  if (more > 0) causes.push(translate("compare_more_causes", { n: more }));
  const act = stored
    ? button(
        {
          action: "remove-reproduction",
          icon: "trash",
          label: translate("reproduction_remove"),
          title: translate("reproduction_remove_hint"),
        },
        remove,
      )
    : button(
        { action: "keep-reproduction", icon: "save", label: translate("reproduction_keep") },
        keep,
      );
  return el(
    "section",
    { class: "pair-summary", "data-nearness": made.nearness || null, "aria-live": "polite" },
    el("p", { class: "nearness" }, made.summary),
    causes.length > 0 && el("ul", {}, ...causes.map((cause) => el("li", { dir: "auto" }, cause))),
    ...notes.filter(Boolean).map((note) => el("p", { class: "note", dir: "auto" }, note)),
    act,
  );
}

/** The bars of one group of statistics. A click on a bar shows the images that it counts. */

import type { StatsBarView as Bar, StatsGroup as Group } from "../contract";
import { button, el } from "../core/dom";
import { formatNumber } from "../core/format";
import { icon } from "../core/icons";
import type { Context } from "../types";

const FIRST = 6; // bars that are shown before "all" is pressed

/** Return a heading and a bar chart for a group of statistics, such as the samplers.
 * @param show called when a bar is clicked */
export function makeBars(context: Context, group: Group, show: (bar: Bar) => void) {
  const { translate } = context;
  const list = el("ol", {}, ...group.bars.map((bar) => makeBar(context, bar, show)));
  const section = el(
    "section",
    { class: "bar-group", "data-kind": group.kind },
    el("h3", {}, translate(`stats_${group.kind}`)),
    list,
  );
  if (group.bars.length > FIRST + 1) section.append(makeMoreButton(context, group, list));
  return section;
}

/** Return a button that switches between all bars and the first ones. */
function makeMoreButton({ translate }: Context, group: Group, list: HTMLElement) {
  const fold = button(
    {
      action: "figures-all",
      label: translate("stats_all", { n: group.bars.length }),
      class: "quiet",
    },
    () => {
      const isOpen = list.toggleAttribute("data-all");
      fold.setAttribute("aria-expanded", String(isOpen));
      const label = isOpen
        ? translate("stats_less")
        : translate("stats_all", { n: group.bars.length });
      fold.lastElementChild?.replaceChildren(label);
    },
  );
  fold.setAttribute("aria-expanded", "false");
  fold.dataset.value = "all"; // its label changes
  return fold;
}

/** Return the bar of one value.
 * @param show called when the bar is clicked */
function makeBar({ translate, store }: Context, bar: Bar, show: (bar: Bar) => void) {
  const language = store.get().bootstrap?.language;
  const unseen = (text: string) => el("span", { class: "visually-hidden" }, text);
  const { low, high } = bar; // of the LoRA's weights
  const weight = translate(low === high ? "stats_weight" : "stats_weights", {
    weight: bar.weight,
    low,
    high,
  });
  const made = el(
    "button",
    {
      type: "button",
      class: "stats-bar",
      "data-do": "figures-show",
      "data-value": bar.value,
      title: bar.search ? translate("stats_show", { label: bar.label }) : null,
      disabled: !bar.search,
      on: { click: () => show(bar) },
    },
    el("span", { class: "label", dir: "auto" }, bar.label),
    bar.weight && el("span", { class: "weight" }, " ", weight),
    el("span", { class: "share" }, " ", formatPercent(bar.share, language)),
    unseen(translate("stats_bar_count", { n: formatNumber(bar.count, language) })),
    el(
      "span",
      { class: "bar-reactions" },
      icon("heart"),
      " ",
      formatNumber(bar.reactions, language),
    ),
    unseen(translate("stats_bar_got")),
  );
  made.style.setProperty("--cs-bar-length", `${100 * bar.share}%`);
  return el("li", {}, made);
}

/** Return a share (0 to 1) in whole percent, "<1 %" if that would be 0. */
export function formatPercent(share: number, language: string | undefined) {
  const number = Math.round(100 * share);
  return `${number < 1 ? "<1" : formatNumber(number, language)} %`;
}

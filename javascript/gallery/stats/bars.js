/** Bars of one kind: each a button that shows the pictures which it stands for. */

import { button, el } from "../core/dom.js";
import { written } from "../core/format.js";
import { icon } from "../core/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("./types.js").Bar} Bar */
/** @typedef {import("./types.js").Group} Group */

const FIRST = 6; // in sight before one asks for all

/**
 * @param {Context} context
 * @param {Group} group
 * @param {(bar: Bar) => void} show
 */
export function barsOf(context, group, show) {
  const { words } = context;
  const list = el("ol", {}, ...group.bars.map((bar) => row(context, bar, show)));
  const section = el(
    "section",
    { class: "kind", "data-kind": group.kind },
    el("h3", {}, words(`figures_${group.kind}`)),
    list,
  );
  if (group.bars.length > FIRST + 1) section.append(moreOf(context, group, list));
  return section;
}

/**
 * @param {Context} context
 * @param {Group} group
 * @param {HTMLElement} list
 */
function moreOf({ words }, group, list) {
  const fold = button(
    { deed: "figures-all", words: words("figures_all", { n: group.bars.length }), class: "quiet" },
    () => {
      const isOpen = list.toggleAttribute("data-all");
      fold.setAttribute("aria-expanded", String(isOpen));
      const said = isOpen ? words("figures_less") : words("figures_all", { n: group.bars.length });
      fold.lastElementChild?.replaceChildren(said);
    },
  );
  fold.setAttribute("aria-expanded", "false");
  return fold;
}

/**
 * @param {Context} context
 * @param {Bar} bar
 * @param {(bar: Bar) => void} show
 */
function row({ words, store }, bar, show) {
  const language = store.get().hello?.language;
  const unseen = (/** @type {string} */ text) => el("span", { class: "visually-hidden" }, text);
  const made = el(
    "button",
    {
      type: "button",
      class: "figure",
      "data-do": "figures-show",
      "data-value": bar.value,
      title: bar.search ? words("figures_show", { label: bar.label }) : null,
      disabled: !bar.search,
      on: { click: () => show(bar) },
    },
    el("span", { class: "label", dir: "auto" }, bar.label),
    bar.weight && el("span", { class: "weight" }, " ", weightOf(bar, words)),
    el("span", { class: "share" }, " ", percent(bar.share, language)),
    unseen(words("figures_bar_count", { n: written(bar.count, language) })),
    el("span", { class: "got" }, icon("heart"), " ", written(bar.reactions, language)),
    unseen(words("figures_bar_got")),
  );
  made.style.setProperty("--cs-length", `${100 * bar.share}%`);
  return el("li", {}, made);
}

/**
 * @param {Bar} bar
 * @param {import("../types.js").Words} words
 */
function weightOf({ weight, low, high }, words) {
  return low === high
    ? words("figures_weight", { weight })
    : words("figures_weights", { weight, low, high });
}

/**
 * @param {number} share
 * @param {string | undefined} language
 */
export function percent(share, language) {
  const number = Math.round(100 * share);
  return `${number < 1 ? "<1" : written(number, language)} %`;
}

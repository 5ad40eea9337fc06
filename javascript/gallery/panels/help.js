/** The help sheet: how to search, and what the keys do, from the table in keys.js. */

import { el } from "../core/dom.js";
import { KEYS } from "../keys.js";
import { Panel } from "./panel.js";

/** @import { Context } from "../types.js" */

/** @type {{label: string, places: import("../keys.js").KeyScope[]}[]} */
const PARTS = [
  { label: "keys_grid", places: ["grid", "tile"] },
  { label: "keys_viewer", places: ["viewer"] },
  { label: "compare_title", places: ["compare"] },
  { label: "keys_anywhere", places: ["anywhere"] },
];

/** Examples of searches, each with the key of a message that says what it finds.
 * @type {[string, string][]} */
const SEARCHES = [
  ["lighthouse -blurry", "help_search_words"],
  ['"golden hour"', "help_search_exact"],
  ["lora:detail", "help_search_name"],
  ["steps>20", "help_search_number"],
  ["after:2025-01", "help_search_date"],
  ["is:favourite", "help_search_is"],
  ["stars>3", "help_search_own"],
];

export class Help {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    new Panel(context, "help", { title: "open_help", build: () => this.#build() });
  }

  #build() {
    const { translate } = this.context;
    const searches = SEARCHES.flatMap(([text, meaning]) => [
      el("dt", {}, el("code", { dir: "ltr" }, text)),
      el("dd", {}, translate(meaning)),
    ]);
    const parts = PARTS.map(({ label: title, places }) => {
      const rows = KEYS.filter((key) => key.label && places.includes(key.place));
      return makeSection(
        translate(title),
        rows.flatMap((key) => makeRow(key, translate)),
      );
    });
    const mouse = el("p", { class: "dim" }, translate("help_mouse"));
    return [makeSection(translate("help_search"), searches), ...parts, mouse];
  }
}

/** Return a section of the help sheet.
 * @param {string} title
 * @param {HTMLElement[]} rows  terms and their explanations */
function makeSection(title, rows) {
  return el("section", { class: "keys" }, el("h3", {}, title), el("dl", {}, ...rows));
}

/** Return the table row that explains a keyboard shortcut.
 * @param {import("../keys.js").Key} key
 * @param {import("../types.js").Translate} translate */
function makeRow(key, translate) {
  const [first] = key.keys; // a letter is printed large on a keyboard
  const pressed = (key.shown ?? (first.length === 1 ? first.toUpperCase() : first)).split(" ");
  return [
    el("dt", {}, ...pressed.map((one) => el("kbd", {}, one))),
    el("dd", {}, translate(key.label)),
  ];
}

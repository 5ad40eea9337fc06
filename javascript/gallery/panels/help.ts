/** The help sheet: how to search, and what the keys do, from the table in core/keys. */

import { el } from "../core/dom";
import { describeKey, KEYS, type KeyScope } from "../core/keys";
import type { Context } from "../types";
import { Panel } from "./panel";

const PARTS: { label: string; places: KeyScope[] }[] = [
  { label: "keys_grid", places: ["grid", "tile"] },
  { label: "keys_viewer", places: ["viewer"] },
  { label: "compare_title", places: ["compare"] },
  { label: "keys_anywhere", places: ["anywhere"] },
];

/** Examples of searches, each with the key of a message that says what it finds. */
const SEARCHES: [string, string][] = [
  ["lighthouse -blurry", "help_search_words"],
  ['"golden hour"', "help_search_exact"],
  ["lora:detail", "help_search_name"],
  ["steps>20", "help_search_number"],
  ["after:2025-01", "help_search_date"],
  ["is:favourite", "help_search_is"],
  ["stars>3", "help_search_own"],
];

export function addHelp(context: Context) {
  const { translate } = context;
  new Panel(context, "help", { title: "open_help", build: () => build() });

  function build() {
    const searches = SEARCHES.flatMap(([text, meaning]) => [
      el("dt", {}, el("code", { dir: "ltr" }, text)),
      el("dd", {}, translate(meaning)),
    ]);
    const parts = PARTS.map(({ label: title, places }) => {
      const keys = KEYS.filter((key) => key.label && places.includes(key.place));
      const rows = keys.flatMap((key) => {
        const caps = describeKey(key)
          .split(" ")
          .map((one) => el("kbd", {}, one));
        return [el("dt", {}, ...caps), el("dd", {}, translate(key.label))];
      });
      return makeSection(translate(title), rows);
    });
    const mouse = el("p", { class: "dim" }, translate("help_mouse"));
    return [makeSection(translate("help_search"), searches), ...parts, mouse];
  }
}

function makeSection(title: string, rows: HTMLElement[]) {
  return el("section", { class: "keys" }, el("h3", {}, title), el("dl", {}, ...rows));
}

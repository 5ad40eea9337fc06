/** The row of chips for the search and the filters, which are removed one by one or all at once. */

import { button, el } from "../core/dom";
import { icon } from "../core/icons";
import type { Context, Translate } from "../types";
import { type Chip, listChips } from "./chip_list";

/** Return the row of chips. When the focused chip is removed, the next one gets the focus.
 * @param leave moves the focus elsewhere when the last chip is removed */
export function makeChips(context: Context, leave: () => void) {
  const { translate, store, actions } = context;
  const label = translate("chips_set");
  const element = el("div", { class: "set-chips", role: "group", "aria-label": label });
  const look = { action: "reset-filters", label: translate("reset_filters"), class: "chip quiet" };
  const reset = button(look, () => actions.resetFilters());
  let drawn = "";
  const draw = () => {
    const chips = listChips(store.get(), translate, actions);
    const described = JSON.stringify(chips.map(({ key, text }) => [key, text]));
    if (described === drawn) return;
    drawn = described;
    const focused = [...element.children].findIndex((one) => one.matches(":focus"));
    element.hidden = !chips.length;
    element.replaceChildren(...chips.map((chip) => makeChip(chip, translate)), reset);
    if (focused < 0) return;
    const next = element.children[Math.min(focused, chips.length)];
    if (chips.length && next instanceof HTMLElement) next.focus();
    else leave();
  };
  store.on(["bootstrap", "where", "model", "results", "loadedWords"], draw, context);
  draw();
  return element;
}

/** Return a chip as a button, which removes the chip's word or filter. */
export function makeChip({ key, text, remove }: Chip, translate: Translate) {
  const title = translate("chip_remove", { text });
  const made = button({ action: "remove-chip", label: text, title, class: "chip" }, remove);
  made.setAttribute("data-chip", key);
  made.setAttribute("aria-label", title);
  made.append(icon("close"));
  return made;
}

/**
 * The buttons beside the search field that open the panels. On a narrow page most are in a menu.
 */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { openMenu } from "../core/menu.js";
import { makeToolbar } from "../core/toolbar.js";

/** @import { Context } from "../types.js" */
/** @typedef {{jobs: HTMLElement, watches: HTMLElement}} Badges  on their buttons: jobs at work, galleries with news */

const LOOK = { isBare: true, class: "quiet" };

/** Return the buttons that open the panels.
 * @param {Context} context
 * @param {Badges} badges */
export function makePanelButtons(context, badges) {
  const { actions, words } = context;
  const library = button(
    { action: "open-kept", icon: icon("library"), words: words("open_library"), ...LOOK },
    () => actions.openLibrary(""),
  );
  const jobs = makePanelButton(context, "jobs", "jobs", { badge: badges.jobs });
  const before = [
    library,
    makePanelButton(context, "collections", "heart", { action: "sets" }),
    makePanelButton(context, "watches", "bell", { action: "watched", badge: badges.watches }),
  ];
  const after = [
    makePanelButton(context, "settings", "settings"),
    makePanelButton(context, "help", "help"),
  ];
  for (const one of [...before, ...after]) one.classList.add("in-menu");
  const more = makeMore(context, [...before, ...after]);
  const element = el("div", { class: "panel-buttons" }, ...before, jobs, ...after, more);
  makeToolbar(element, words("toolbar_panels"), context.signal);
  return element;
}

/** Return the button of one panel.
 * @param {Context} context
 * @param {Exclude<import("../types.js").Panel, "">} name
 * @param {import("../core/icons.js").IconName} glyph
 * @param {{action?: string, badge?: HTMLElement}} [options]  action: the button's `data-do`, if it is
 *     not the panel's name */
function makePanelButton(
  { actions, words, store, signal },
  name,
  glyph,
  { action = name, badge } = {},
) {
  const look = { action, icon: icon(glyph), words: words(`open_${name}`), ...LOOK };
  const made = button(look, () => actions.panel(name));
  if (badge) made.append(badge);
  const draw = () => made.setAttribute("aria-expanded", String(store.get().panel === name));
  store.on(["panel"], draw, { signal });
  draw();
  return made;
}

/** Return a menu button for narrow pages. The menu contains the buttons that do not fit.
 * @param {Context} context
 * @param {HTMLButtonElement[]} buttons */
function makeMore({ root, words, signal }, buttons) {
  const look = { action: "more-tools", icon: icon("more"), words: words("open_more"), ...LOOK };
  const list = () =>
    buttons.map((one) => ({
      key: one.dataset.do ?? "",
      text: one.getAttribute("aria-label") ?? "",
      do: () => one.click(),
    }));
  const more = button(look, () => openMenu(root, more, list(), signal));
  more.setAttribute("aria-haspopup", "menu");
  return more;
}

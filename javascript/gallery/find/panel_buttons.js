/**
 * The buttons beside the search field that open the panels. On a narrow page most are in a menu.
 */

import { el, iconButton } from "../core/dom.js";
import { openMenu } from "../core/menu.js";
import { makeToolbar } from "../core/toolbar.js";

/** @import { Context } from "../types.js" */
/** @typedef {{jobs: HTMLElement, watches: HTMLElement}} Badges  on their buttons: jobs at work, galleries with news */

/** Return the buttons that open the panels.
 * @param {Context} context
 * @param {Badges} badges */
export function makePanelButtons(context, badges) {
  const { actions, words } = context;
  const library = iconButton(
    "open-kept",
    "library",
    words("open_library"),
    () => actions.openLibrary(""),
    "quiet",
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
  const made = iconButton(action, glyph, words(`open_${name}`), () => actions.panel(name), "quiet");
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
  const list = () =>
    buttons.map((one) => ({
      key: one.dataset.do ?? "",
      text: one.getAttribute("aria-label") ?? "",
      do: () => one.click(),
    }));
  const more = iconButton(
    "more-tools",
    "more",
    words("open_more"),
    () => openMenu(root, more, list(), signal),
    "quiet",
  );
  more.setAttribute("aria-haspopup", "menu");
  return more;
}

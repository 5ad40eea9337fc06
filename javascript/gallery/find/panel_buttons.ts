/**
 * The buttons beside the search field that open the panels. On a narrow page most are in a menu.
 */

import { el, iconButton } from "../core/dom";
import type { IconName } from "../core/icons";
import { makeMenuButton } from "../core/menu";
import { makeToolbar } from "../core/toolbar";
import type { Context, Panel, State } from "../types";

/** label: key of the button's name while the number is not 0. */
type Badge = { count: (state: State) => number; label: string };

const BADGES: Record<"jobs" | "watches", Badge> = {
  jobs: { count: ({ jobs }) => jobs?.active ?? 0, label: "jobs_at_work" },
  watches: {
    count: ({ watches }) => watches?.galleries.filter((one) => one.new_count).length ?? 0,
    label: "open_watches_n",
  },
};

/** Return the buttons that open the panels. */
export function makePanelButtons(context: Context) {
  const { actions, translate } = context;
  const library = iconButton(
    "open-kept",
    "library",
    translate("open_library"),
    () => actions.openLibrary(""),
    "quiet",
  );
  const jobs = makePanelButton(context, "jobs", "jobs", { badge: BADGES.jobs });
  const before = [
    library,
    makePanelButton(context, "collections", "heart", { action: "sets" }),
    makePanelButton(context, "watches", "bell", { action: "watched", badge: BADGES.watches }),
  ];
  const after = [
    makePanelButton(context, "settings", "settings"),
    makePanelButton(context, "help", "help"),
  ];
  const inMenu = [...before, ...after]; // on a narrow page
  for (const one of inMenu) one.classList.add("in-menu");
  const more = makeMenuButton(context, "more-tools", "open_more", () => inMenu.map(makeMenuItem));
  const element = el("div", { class: "panel-buttons" }, ...before, jobs, ...after, more);
  makeToolbar(element, translate("toolbar_panels"), context.signal);
  return element;
}

/** Return the button of one panel.
 * @param options action: the button's `data-do`, if it is not the panel's name */
function makePanelButton(
  context: Context,
  name: Exclude<Panel, "">,
  glyph: IconName,
  { action = name, badge }: { action?: string; badge?: Badge } = {},
) {
  const { actions, translate, store, signal } = context;
  const made = iconButton(
    action,
    glyph,
    translate(`open_${name}`),
    () => actions.panel(name),
    "quiet",
  );
  if (badge) addBadge(context, made, badge);
  const draw = () => made.setAttribute("aria-expanded", String(store.get().panel === name));
  store.on(["panel"], draw, { signal });
  draw();
  return made;
}

/** Show a number on a button, unless the number is 0. */
function addBadge(
  { translate, store, signal }: Context,
  made: HTMLButtonElement,
  { count, label: key }: Badge,
) {
  const number = el("span", { class: "badge" });
  const name = made.title;
  const draw = () => {
    const n = count(store.get());
    number.hidden = n === 0;
    number.textContent = String(n);
    made.setAttribute("aria-label", n ? translate(key, { n }) : name);
  };
  made.append(number);
  store.on([count], draw, { signal });
  draw();
}

/** Return a menu item that presses a button. */
function makeMenuItem(pressed: HTMLButtonElement) {
  const text = pressed.getAttribute("aria-label") ?? "";
  return { key: pressed.dataset.do ?? "", text, do: () => pressed.click() };
}

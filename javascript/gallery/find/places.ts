/** The places of the page by their names, and the menu of the rest: in the header or, on a narrow
 * page, in a bar at the element's lower edge. */

import { button, el, type IconName, observeSize } from "../core/dom";
import { makeItem, makeMenuButton } from "../core/menu";
import { makeToolbar } from "../core/widgets";
import { findSavedPlace, hasGallery } from "../state/query";
import { isHome, isMaking, type Key } from "../state/state";
import type { Context, State } from "../types";

const WIDE = 840; // pixels of the page: from here on, all names have room beside the search field

interface Place {
  action: string; // the button's `data-do`
  icon: IconName;
  key: string; // of the name
  press: () => unknown;
  isOpen: (state: State) => boolean;
  count?: (state: State) => number; // shown on the button, unless it is 0
  counted?: string; // key of the text that tells the number
  failed?: (state: State) => number; // shown as bad while there is nothing to count
}

/** Show the places in a header or, on a narrow page, in a bar below the page. */
export function addPlaces(context: Context, header: HTMLElement) {
  const { actions, translate, root, page, signal } = context;
  const listMore = () => [
    makeItem("settings", translate("open_settings"), () => actions.panel("settings")),
    makeItem("open-list", translate("open_list"), () => actions.chooseList()),
    makeItem("hidden-rules", translate("hidden_list"), () => actions.openHiddenRules()),
    makeItem("help", translate("open_help"), () => actions.panel("help")),
  ];
  const more = makeMenuButton(context, "more-tools", "open_more", listMore);
  more.classList.remove("icon");
  more.append(el("span", { text: translate("open_more") }));
  const places: Place[] = [
    {
      action: "home",
      icon: "home",
      key: "open_home",
      press: () => actions.openHome(),
      isOpen: isHome,
    },
    {
      action: "open-kept",
      icon: "library",
      key: "place_library",
      press: () => actions.openLibrary(""),
      isOpen: ({ where, results }) =>
        !results && where.search !== null && !hasGallery(where) && !findSavedPlace(where),
    },
    {
      action: "sets",
      icon: "heart",
      key: "place_saved",
      press: () => actions.panel("collections"),
      isOpen: ({ panel, where, results }) =>
        panel === "collections" || (!results && findSavedPlace(where) !== null),
      count: ({ watches }) => watches?.galleries.filter((one) => one.new_count).length ?? 0,
      counted: "open_watches_n",
    },
    {
      action: "jobs",
      icon: "jobs",
      key: "open_jobs",
      press: () => actions.panel("jobs"),
      isOpen: ({ panel }) => panel === "jobs",
      count: ({ jobs, made }) => (jobs?.active ?? 0) + made.filter(isMaking).length,
      counted: "jobs_at_work",
      failed: ({ unseenFailures }) => unseenFailures,
    },
  ];
  const made = places.map((place) => makePlace(context, place));
  const element = el("div", { class: "places" }, ...made, more);
  makeToolbar(element, translate("toolbar_places"), signal);
  /** Move the places to where the width of the page has room for them. */
  const move = () => {
    const width = page.parentElement?.clientWidth ?? 0;
    if (!width && element.parentNode) return; // another tab is in front
    const isNarrow = width < WIDE;
    root.host.toggleAttribute("data-narrow", isNarrow);
    const parent = isNarrow ? root : header;
    if (element.parentNode === parent) return;
    const focused = root.activeElement;
    parent.append(element);
    if (focused instanceof HTMLElement && element.contains(focused)) focused.focus();
  };
  move();
  observeSize(root.host, move, signal);
}

function makePlace(context: Context, { action, icon, key, press, isOpen, ...news }: Place) {
  const { translate, store } = context;
  const { count = () => 0, counted = "", failed = () => 0 } = news;
  const name = translate(key);
  // of a double click on a phone the first press has closed the bar of the selection over this
  const pressOnce = ({ detail }: MouseEvent) => detail > 1 || press();
  const made = button({ action, icon, label: name, title: "", class: "quiet" }, pressOnce);
  const badge = el("span", { class: "badge", "aria-hidden": "true" });
  made.append(" ", badge);
  const draw = () => {
    const isBad = !count(store.get());
    const n = isBad ? failed(store.get()) : count(store.get());
    badge.hidden = n === 0;
    badge.classList.toggle("bad", isBad);
    badge.textContent = String(n);
    // its name begins with what one sees, so that it can be said by voice
    const value = n ? translate(isBad ? "job_failed" : counted, { n }) : "";
    const label = n ? translate("chip_text", { name: `${name} ${n}`, value }) : name;
    made.setAttribute("aria-label", label);
    made.setAttribute("aria-current", isOpen(store.get()) ? "page" : "false");
  };
  const keys: Key[] = [isOpen, count, failed];
  store.on(keys, draw, context);
  draw();
  return made;
}

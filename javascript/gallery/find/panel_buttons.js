/** The buttons of the panels, beside the field; where there is no room for all, most are in a menu. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {{jobs: HTMLElement, watched: HTMLElement}} Badges  on their buttons: jobs at work, galleries with news */

/**
 * @param {Context} context
 * @param {Badges} badges
 */
export function tools(context, badges) {
  const { acts, words, store, signal } = context;
  const kept = button(
    { deed: "open-kept", icon: icon("kept"), words: words("open_kept"), isBare: true },
    () => acts.openKept(""),
  );
  const jobs = ofPanel(context, "jobs", "jobs", badges.jobs);
  const before = [
    kept,
    ofPanel(context, "sets", "heart"),
    ofPanel(context, "watched", "bell", badges.watched),
  ];
  const after = [ofPanel(context, "settings", "settings"), ofPanel(context, "help", "help")];
  const { more, menu } = makeMenu(context);
  const element = el("div", { class: "tools" });
  const arrange = () => {
    const isNarrow = store.get().room === "narrow";
    if (isNarrow) menu.replaceChildren(...before, ...after);
    element.replaceChildren(...(isNarrow ? [jobs, more, menu] : [...before, jobs, ...after]));
  };
  store.on(["room"], arrange, { signal });
  arrange();
  return element;
}

/**
 * @param {Context} context
 * @param {Exclude<import("../types.js").Panel, "">} name
 * @param {import("../core/icons.js").IconName} glyph
 * @param {HTMLElement} [badge]
 */
function ofPanel({ acts, words, store, signal }, name, glyph, badge) {
  const look = { deed: name, icon: icon(glyph), words: words(`open_${name}`), isBare: true };
  const made = button(look, () => acts.panel(name));
  if (badge) made.append(badge);
  const draw = () => made.setAttribute("aria-expanded", String(store.get().panel === name));
  store.on(["panel"], draw, { signal });
  draw();
  return made;
}

/** @param {Context} context */
function makeMenu({ words }) {
  const menu = el("div", { class: "menu", id: "more-tools", popover: "auto" });
  const look = { deed: "more-tools", icon: icon("more"), words: words("open_more"), isBare: true };
  const more = button(look, () => {});
  more.setAttribute("popovertarget", menu.id);
  menu.addEventListener("beforetoggle", () => {
    const { bottom, right } = more.getBoundingClientRect();
    menu.style.top = `${bottom}px`;
    menu.style.right = `${document.documentElement.clientWidth - right}px`;
  });
  // first: a panel gives the focus back to what had it, which must be in sight then
  const leave = () => {
    menu.hidePopover();
    more.focus();
  };
  menu.addEventListener("click", leave, { capture: true });
  return { more, menu };
}

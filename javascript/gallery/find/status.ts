/** The line with the status of a lookup or a gallery, and buttons for what to do about it. */

import { button, el, setText } from "../core/dom";
import type { IconName } from "../core/icons";
import { setProblem } from "../data/problems";
import {
  getAwaitedPart,
  getFailedGalleryPart,
  getMissingPart,
  getSearched,
  getShown,
  isHome,
} from "../state/state";
import type { Key } from "../state/store";
import type { Context, State, Translate } from "../types";
import type { StatusAction, StatusText } from "./status_text";

export class Status {
  declare element;
  #context;
  #of;
  #makeText;
  #text = el("p", { role: "status", "aria-live": "polite", dir: "auto" });
  #actions = el("div", { class: "actions" });
  #clock = 0;
  #drawn = "";

  /** @param of what the status is about
   * @param makeText returns the status at a time of `performance.now()` */
  constructor(
    context: Context,
    of: "lookup" | "images",
    makeText: (state: State, translate: Translate, now: number) => StatusText,
  ) {
    const { store, signal } = context;
    this.#context = context;
    this.#of = of;
    this.#makeText = makeText;
    this.element = el("section", { class: `status of-${of}` }, this.#text, this.#actions);
    const keys: Key[] = [
      "bootstrap",
      "where",
      "home",
      "lookupText",
      "results",
      "loading",
      "requestedAt",
    ];
    const more = ["problems", "ended", "hiddenCount", "notes", "images"] as const;
    store.on([...keys, ...more, getShown, "searchReading"], () => this.#draw(), context);
    signal.addEventListener("abort", () => this.#setTicking(false));
    this.#draw();
  }

  /** Focus the first button. Return whether there is one. */
  focusFirst() {
    const first = this.#actions.firstElementChild;
    if (first instanceof HTMLElement) first.focus();
    return first !== null;
  }

  #draw() {
    const { store, translate } = this.#context;
    const state = store.get();
    const { kind, text, actions } = this.#makeText(state, translate, performance.now());
    this.#setTicking(kind === "waits");
    this.element.hidden = !text;
    this.element.dataset.kind = kind;
    const { length } = getShown(state);
    const isLong = length > 0 || (isHome(state) && state.home !== null);
    const { parentNode, nextSibling } = this.element;
    // inserted again: else a browser counts it as a layout shift when images appear above it
    if (isLong === this.element.hasAttribute("data-alone"))
      parentNode?.insertBefore(this.element, nextSibling);
    setText(this.#text, text);
    this.#drawActions(actions);
    this.element.toggleAttribute("data-alone", !isLong);
    this.#setSticking(isLong && (kind === "problem" || kind === "waits"));
  }

  /** Show these buttons unless they are already shown. */
  #drawActions(actions: StatusAction[]) {
    const key = actions.join();
    if (this.#drawn === key) return; // a button under the pointer must not be replaced
    this.#drawn = key;
    this.#actions.replaceChildren(...actions.map((action) => this.#makeButton(action)));
  }

  /** Set whether the status line sticks above the bar at the window's lower edge. */
  #setSticking(isSticking: boolean) {
    if (this.#of !== "images") return;
    this.element.toggleAttribute("data-sticks", isSticking);
    const { style } = this.#context.root.host as HTMLElement;
    const height = isSticking ? this.element.offsetHeight + 12 : 0;
    style.setProperty("--cs-status-height", `${height}px`);
  }

  /** Redraw the line every second while it counts seconds, else stop that.
   * @param isWaiting whether seconds are counted */
  #setTicking(isWaiting: boolean) {
    if (isWaiting && !this.#clock) this.#clock = window.setInterval(() => this.#draw(), 1000);
    if (!isWaiting && this.#clock) {
      window.clearInterval(this.#clock);
      this.#clock = 0;
    }
  }

  /** Return the button of an action. */
  #makeButton(action: StatusAction) {
    const { actions, translate, store } = this.#context;
    const looks: Record<StatusAction, { key: string; icon?: IconName; press: () => unknown }> = {
      retry: { key: "do_retry", icon: "again", press: () => actions.retry(this.#findFailedPart()) },
      reload: { key: "do_reload", press: () => location.reload() },
      "give-up": { key: "do_give_up", press: () => actions.giveUp(this.#of) },
      "search-on": { key: "read_on", press: () => void actions.searchOn() },
      "stop-search": { key: "search_stop", press: () => actions.stopSearch() },
      "clear-search": { key: "clear_search", press: () => actions.clearSearch() },
      "search-models": {
        key: "row_models",
        icon: "model",
        press: () => actions.searchModels(getSearched(store.get())),
      },
      more: { key: "read_on", press: () => void actions.more() },
      "read-anew": { key: "do_retry", icon: "again", press: () => void actions.reloadGallery() },
      shuffle: { key: "do_shuffle", icon: "again", press: () => actions.reloadGallery() },
      "newest-first": { key: "newest_first", press: () => actions.setWhere({ sort: "Newest" }) },
      "show-hidden": { key: "show_hidden", press: () => actions.showHidden(true) },
      "reset-filters": { key: "reset_filters", press: () => actions.resetFilters() },
      settings: { key: "open_settings", press: () => actions.panel("settings") },
      home: { key: "go_home", press: () => actions.openHome() },
      dismiss: { key: "do_close", press: () => setProblem(store, "lookup", null) },
    };
    const { key, icon, press } = looks[action];
    return button({ action, icon, label: translate(key) }, press);
  }

  /** Return the part of the page to retry, undefined for all that have failed. */
  #findFailedPart() {
    if (this.#of === "lookup") return "lookup";
    const state = this.#context.store.get();
    if (getMissingPart(state)) return undefined;
    return getFailedGalleryPart(state) ?? getAwaitedPart(state) ?? "images";
  }
}

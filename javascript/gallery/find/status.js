/** The line with the status of a lookup or a gallery, and buttons for what to do about it. */

import { button, el, setText } from "../core/dom.js";
import { setProblem } from "../data/problems.js";
import { getFailedGalleryPart, getMissing, getSearched, getShown, isHome } from "../state/state.js";

/** @import { Context } from "../types.js" */
/** @import { StatusAction, StatusText } from "./status_text.js" */

export class Status {
  #context;
  #of;
  #makeText;
  #text = el("p", { role: "status", "aria-live": "polite", dir: "auto" });
  #actions = el("div", { class: "actions" });
  #clock = 0;
  #drawn = "";

  /** @param {Context} context
   * @param {"lookup" | "images"} of  what the status is about
   * @param {(state: import("../types.js").State, words: import("../types.js").Words, now: number) => StatusText} makeText
   *     returns the status at a time of `performance.now()` */
  constructor(context, of, makeText) {
    const { store, signal } = context;
    this.#context = context;
    this.#of = of;
    this.#makeText = makeText;
    this.element = el("section", { class: `status of-${of}` }, this.#text, this.#actions);
    store.on(
      [
        "bootstrap",
        "where",
        "home",
        "lookupText",
        "results",
        "loading",
        "requestedAt",
        "problems",
        "ended",
        getShown,
        "hiddenCount",
        "notes",
        "images",
        "searchReading",
      ],
      () => this.#draw(),
      { signal },
    );
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
    const { store, words } = this.#context;
    const state = store.get();
    const { kind, text, actions } = this.#makeText(state, words, performance.now());
    this.#setTicking(kind === "waits");
    this.element.hidden = !text;
    this.element.dataset.kind = kind;
    const { length } = getShown(state);
    const isLong = length > 0 || (isHome(state) && state.home !== null);
    const isMoved = isLong === this.element.hasAttribute("data-alone");
    if (isMoved) this.#reinsert();
    setText(this.#text, text);
    this.#drawActions(actions);
    this.element.toggleAttribute("data-alone", !isLong);
    this.#setSticking(isLong && (kind === "problem" || kind === "waits"));
  }

  /** Put the line anew in its place, where images come before it or go: else a browser takes the
   * line for one that was pushed down. */
  #reinsert() {
    const { parentNode, nextSibling } = this.element;
    parentNode?.insertBefore(this.element, nextSibling);
  }

  /** Show these buttons unless they are already shown. @param {StatusAction[]} actions */
  #drawActions(actions) {
    const key = actions.join();
    if (this.#drawn === key) return; // a button under the pointer must not be replaced
    this.#drawn = key;
    this.#actions.replaceChildren(...actions.map((action) => this.#makeButton(action)));
  }

  /** Set whether the line sticks above the bar, so that it is always visible.
   * @param {boolean} isSticking */
  #setSticking(isSticking) {
    if (this.#of !== "images") return;
    this.element.toggleAttribute("data-sticks", isSticking);
    const { host } = this.#context.root;
    const height = isSticking ? this.element.offsetHeight : 0;
    /** @type {HTMLElement} */ (host).style.setProperty(
      "--cs-status-height",
      `${height && height + 12}px`,
    );
  }

  /** Redraw the line every second while it counts seconds, else stop that.
   * @param {boolean} isWaiting  whether seconds are counted */
  #setTicking(isWaiting) {
    if (isWaiting && !this.#clock) this.#clock = window.setInterval(() => this.#draw(), 1000);
    if (!isWaiting && this.#clock) {
      window.clearInterval(this.#clock);
      this.#clock = 0;
    }
  }

  /** Return the button of an action. @param {StatusAction} action */
  #makeButton(action) {
    const { actions, words, store } = this.#context;
    const part = () => {
      if (this.#of === "lookup") return "lookup";
      return getMissing(store.get()) ? undefined : (getFailedGalleryPart(store.get()) ?? "images");
    };
    const again = { icon: /** @type {const} */ ("again"), words: words("do_retry") };
    /** @type {Record<StatusAction, () => HTMLButtonElement>} */
    const makers = {
      retry: () => button({ action, ...again }, () => actions.retry(part())),
      reload: () => button({ action, words: words("do_reload") }, () => location.reload()),
      "give-up": () =>
        button({ action, words: words("do_give_up") }, () => actions.giveUp(this.#of)),
      "search-on": () => button({ action, words: words("read_on") }, () => void actions.searchOn()),
      "stop-search": () =>
        button({ action, words: words("search_stop") }, () => actions.stopSearch()),
      "clear-search": () =>
        button({ action, words: words("clear_search") }, () => actions.clearSearch()),
      "search-models": () =>
        button({ action, icon: "model", words: words("row_models") }, () =>
          actions.searchModels(getSearched(store.get())),
        ),
      more: () => button({ action, words: words("read_on") }, () => void actions.more()),
      "read-anew": () => button({ action, ...again }, () => void actions.reloadGallery()),
      shuffle: () =>
        button({ action, icon: "again", words: words("do_shuffle") }, () =>
          actions.reloadGallery(),
        ),
      "newest-first": () =>
        button({ action, words: words("newest_first") }, () =>
          actions.setWhere({ sort: "Newest" }),
        ),
      "show-hidden": () =>
        button({ action, words: words("show_hidden") }, () => actions.showHidden(true)),
      "reset-filters": () =>
        button({ action, words: words("reset_filters") }, () => actions.resetFilters()),
      settings: () =>
        button({ action, words: words("open_settings") }, () => actions.panel("settings")),
      home: () => button({ action, words: words("go_home") }, () => actions.openHome()),
      dismiss: () =>
        button({ action, words: words("do_close") }, () => setProblem(store, "lookup", null)),
    };
    return makers[action]();
  }
}

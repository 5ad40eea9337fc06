/** A line that says how it stands, with buttons for what can be done about it. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("./status_text.js").Said} Said */
/** @typedef {import("./status_text.js").Deed} Deed */

export class Status {
  #context;
  #of;
  #say;
  #text = el("p", { role: "status", "aria-live": "polite", dir: "auto" });
  #deeds = el("div", { class: "deeds" });
  #clock = 0;
  #drawn = "";

  /**
   * @param {Context} context
   * @param {"find" | "images"} of
   * @param {(state: import("../types.js").State, words: import("../types.js").Words, now: number) => Said} say
   */
  constructor(context, of, say) {
    const { store, signal } = context;
    this.#context = context;
    this.#of = of;
    this.#say = say;
    this.element = el("section", { class: `status of-${of}` }, this.#text, this.#deeds);
    store.on(
      [
        "hello",
        "where",
        "finding",
        "found",
        "loading",
        "since",
        "problem",
        "ended",
        "shown",
        "notes",
      ],
      () => this.#draw(),
      { signal },
    );
    signal.addEventListener("abort", () => this.#tick(false));
    this.#draw();
  }

  #draw() {
    const { store, words } = this.#context;
    const state = store.get();
    const { kind, text, deeds } = this.#say(state, words, performance.now());
    this.#tick(kind === "waits");
    this.element.hidden = !text;
    this.element.dataset.kind = kind;
    this.element.toggleAttribute("data-alone", !state.shown.length);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.#drawDeeds(deeds);
    this.#stick(state.shown.length > 0 && (kind === "problem" || kind === "waits"));
  }

  /** @param {Deed[]} deeds */
  #drawDeeds(deeds) {
    const key = deeds.join();
    if (this.#drawn === key) return; // a button under the pointer stays the one that is pressed
    this.#drawn = key;
    this.#deeds.replaceChildren(...deeds.map((deed) => this.#button(deed)));
  }

  /**
   * Wherever one is among the pictures it is in sight, above the bar; toasts go above both.
   *
   * @param {boolean} isSticking
   */
  #stick(isSticking) {
    if (this.#of !== "images") return;
    this.element.toggleAttribute("data-sticks", isSticking);
    const { host } = this.#context.root;
    const height = isSticking ? this.element.offsetHeight : 0;
    /** @type {HTMLElement} */ (host).style.setProperty("--cs-said", `${height && height + 12}px`);
  }

  /** @param {boolean} isWaiting  then the seconds are counted */
  #tick(isWaiting) {
    if (isWaiting && !this.#clock) this.#clock = window.setInterval(() => this.#draw(), 1000);
    if (!isWaiting && this.#clock) {
      window.clearInterval(this.#clock);
      this.#clock = 0;
    }
  }

  /** @param {Deed} deed */
  #button(deed) {
    const { acts, words, store } = this.#context;
    const of = () => store.get().problem?.of ?? this.#of;
    const again = { icon: icon("again"), words: words("do_retry") };
    /** @type {Record<Deed, () => HTMLButtonElement>} */
    const makers = {
      retry: () => button({ deed, ...again }, () => acts.retry(of())),
      reload: () => button({ deed, words: words("do_reload") }, () => location.reload()),
      "give-up": () => button({ deed, words: words("do_give_up") }, () => acts.giveUp(this.#of)),
      more: () => button({ deed, words: words("read_on") }, () => void acts.more()),
      "read-anew": () => button({ deed, ...again }, () => void acts.readAnew()),
      "reset-filters": () =>
        button({ deed, words: words("reset_filters") }, () => acts.resetFilters()),
    };
    return makers[deed]();
  }
}

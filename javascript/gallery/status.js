/** Says, below the pictures, how far the gallery goes on, and what is wrong. */

import { button, el } from "./dom.js";
import { icon } from "./icons.js";
import { written } from "./numbers.js";
import { filterCount, sourceOf, unfiltered } from "./query.js";
import { isNarrowed } from "./state.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").State} State */

const PATIENCE = 3; // seconds without an answer that go without saying

export class Status {
  #context;
  #section = el("section", { class: "status" });
  #text = el("p", { role: "status", "aria-live": "polite" });
  #deeds = el("div", { class: "deeds" });
  #clock = 0;
  #drawn = "";

  /** @param {Context} context */
  constructor(context) {
    const { root, store, signal } = context;
    this.#context = context;
    this.#section.append(this.#text, this.#deeds);
    root.append(this.#section);
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
      () => this.draw(),
      { signal },
    );
    signal.addEventListener("abort", () => window.clearInterval(this.#clock));
    this.draw();
  }

  /** Puts it below all that is there. */
  toEnd() {
    this.#context.root.append(this.#section);
  }

  draw() {
    const now = this.#context.store.get();
    this.#tick(now.since > 0);
    const { kind, text, deeds } = this.#say(now);
    // Next to pictures it would be pushed down by each page: there the bar says that one comes.
    this.#section.hidden = !text;
    this.#section.dataset.kind = kind;
    this.#section.toggleAttribute("data-first", !now.shown.length);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    const key = deeds.join();
    if (this.#drawn === key) return; // a button under the pointer stays the one that is pressed
    this.#drawn = key;
    this.#deeds.replaceChildren(...deeds.map((deed) => this.#button(deed)));
  }

  /** @param {boolean} isWaiting */
  #tick(isWaiting) {
    if (isWaiting && !this.#clock) this.#clock = window.setInterval(() => this.draw(), 1000);
    if (!isWaiting && this.#clock) {
      window.clearInterval(this.#clock);
      this.#clock = 0;
    }
  }

  /**
   * @param {State} now
   * @returns {{kind: string, text: string, deeds: string[]}}
   */
  #say(now) {
    const { words } = this.#context;
    const { problem, since, finding, found, where } = now;
    if (problem) return { kind: "problem", text: problem.message, deeds: ["retry"] };
    if (since > 0) {
      const seconds = Math.floor((performance.now() - since) / 1000);
      const text = finding ? words("looking_for", { text: finding }) : words("reading");
      const isAlone = finding || !now.shown.length;
      if (seconds < PATIENCE) return { kind: "waits", text: isAlone ? text : "", deeds: [] };
      return {
        kind: "waits",
        text: words("no_answer_for", { n: seconds }),
        deeds: ["retry", "give-up"],
      };
    }
    if (found || !now.hello) return { kind: "none", text: "", deeds: [] };
    if (!sourceOf(where)) return { kind: "start", text: words("start_here"), deeds: [] };
    return this.#sayGallery(now);
  }

  /**
   * @param {State} now
   * @returns {{kind: string, text: string, deeds: string[]}}
   */
  #sayGallery({ hello, where, images, shown, within, ended, notes }) {
    const { words } = this.#context;
    const note = notes.find(({ code }) => code === "empty_end");
    const counts = { n: this.#number(images.length), shown: this.#number(shown.length) };
    if (isNarrowed(within) && images.length) {
      const text = shown.length ? words("narrowed_to", counts) : words("narrowed_none");
      return { kind: "narrowed", text, deeds: ended ? [] : ["more"] };
    }
    if (note && ended) return { kind: "problem", text: note.message, deeds: ["read-anew"] };
    if (ended && !images.length) {
      const isFiltered = hello && filterCount(where, unfiltered(hello)) > 0;
      const text = words(isFiltered ? "gallery_empty_filtered" : "gallery_empty");
      return { kind: "empty", text, deeds: isFiltered ? ["reset-filters"] : [] };
    }
    if (ended) return { kind: "end", text: words("gallery_ends", counts), deeds: [] };
    return { kind: "goes-on", text: "", deeds: [] };
  }

  /** @param {string} deed */
  #button(deed) {
    const { acts, words } = this.#context;
    /** @type {Record<string, () => ReturnType<typeof button>>} */
    const makers = {
      retry: () =>
        button({ deed, icon: icon("again"), words: words("do_retry") }, () => acts.retry()),
      "give-up": () => button({ deed, words: words("do_give_up") }, () => acts.giveUp()),
      more: () => button({ deed, words: words("read_on") }, () => void acts.more()),
      "read-anew": () =>
        button(
          { deed, icon: icon("again"), words: words("do_retry") },
          () => void acts.setWhere({}),
        ),
      "reset-filters": () =>
        button({ deed, words: words("reset_filters") }, () => acts.resetFilters()),
    };
    return makers[deed]();
  }

  /** @param {number} value */
  #number(value) {
    return written(value, this.#context.store.get().hello?.language);
  }
}

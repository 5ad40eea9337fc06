/** Keeps the page's address and the state in step, through the browser's history. */

import { fromAddress, sourceOf, toAddress, unfiltered } from "./query.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Where} Where */
/** @typedef {import("../types.js").Place} Place */

/**
 * @typedef {object} Ties
 * @property {(where: Where) => Promise<void>} go
 * @property {(words: string) => Promise<void>} search
 * @property {() => Place | null} placeNow  in the gallery that is shown
 * @property {{top: number, reveal: (id: number | null, top: number) => void}} found
 */

const KIND = "civitaiShortcut"; // in history.state, which is the host's too
const PLACE = "civitaiShortcutPlace";
const FOUND = "civitaiShortcutFound"; // results, and how far one had scrolled in them
const REST = 350; // ms between two changes of the address
const FAR = 1000; // pictures; to come back further than that is only offered

export class Address {
  #context;
  #ties;
  #isFollowing = false; // what changes now came from the address
  #isResting = false; // the address was changed just now
  #isBehind = false; // and is to be changed again after that
  #isLeaving = false; // history.back() has been called, its popstate is still to come

  /**
   * @param {Context} context
   * @param {Ties} ties
   */
  constructor(context, ties) {
    this.#context = context;
    this.#ties = ties;
    const { store, signal } = context;
    // Else closing a picture, a step back, scrolls to where it was opened and not to it.
    history.scrollRestoration = "manual";
    store.on(["where", "open", "found"], (now, before) => this.#write(now, before), { signal });
    window.addEventListener("popstate", () => this.read(), { signal });
  }

  /** Goes where the address says. */
  read() {
    const { store } = this.#context;
    const { hello, where } = store.get();
    if (!hello) return;
    if (this.#isLeaving) {
      this.#isLeaving = false;
      this.#write(store.get(), { ...store.get(), open: null, found: null }); // opened meanwhile
      return;
    }
    const asked = fromAddress(location.search, unfiltered(hello));
    this.#isFollowing = true;
    const isElsewhere = JSON.stringify(asked.where) !== JSON.stringify(where);
    if (isElsewhere) void this.#return(asked.where, history.state?.[PLACE]);
    this.#find(asked.find, where.model);
    store.set({ open: asked.image });
    this.#isFollowing = false;
  }

  /**
   * @param {Where} where
   * @param {Place | undefined} place  where one was in it when one left it
   */
  async #return(where, place) {
    const { store, acts } = this.#context;
    await this.#ties.go(where);
    if (!place || store.get().where !== where) return;
    store.set({ place });
    if (place.count <= FAR && !store.get().found) await acts.back();
  }

  /**
   * The results that were left, with the card of what was opened out of them where it was.
   *
   * @param {string} words
   * @param {number | null} opened
   */
  #find(words, opened) {
    const { store } = this.#context;
    const kept = history.state?.[FOUND];
    if (kept?.found.words === words) {
      store.set({ found: kept.found });
      this.#ties.found.reveal(opened, kept.top);
    } else if (!words) store.set({ found: null });
    else if (store.get().found?.words !== words) void this.#ties.search(words);
  }

  /**
   * What opens is a step to go back from: a gallery, a picture, results; a filter or the next
   * picture is not.
   *
   * @param {State} now
   * @param {State} before
   */
  #write(now, before) {
    if (this.#isFollowing || this.#isLeaving || !now.hello) return;
    const isNewSource = sourceOf(now.where) !== sourceOf(before.where);
    const closed = isNewSource ? "" : closedIn(now, before);
    if (closed && history.state?.[KIND] === closed) {
      this.#isLeaving = true;
      history.back();
      return;
    }
    const isSearched = now.found && now.found.words !== before.found?.words;
    if (now.open !== null && before.open === null) this.#push("viewer", before);
    else if (isSearched) this.#push("found", before);
    else if (isNewSource && (before.found || sourceOf(before.where))) {
      this.#push("gallery", before);
    } else this.#replace();
  }

  /**
   * @param {"viewer" | "gallery" | "found"} kind
   * @param {State} before
   */
  #push(kind, { found }) {
    const href = this.#href();
    if (href === location.href) return;
    if (kind !== "viewer") {
      // The grid still shows what is left: the new gallery's first page is yet to come.
      const left = found && { found, top: this.#ties.found.top };
      const place = this.#ties.placeNow();
      history.replaceState({ ...history.state, [PLACE]: place, [FOUND]: left }, "");
    }
    history.pushState({ ...history.state, [PLACE]: null, [FOUND]: null, [KIND]: kind }, "", href);
  }

  #href() {
    const { hello, where, open, found } = this.#context.store.get();
    const usual = hello ? unfiltered(hello) : where;
    return toAddress(where, open, usual, location.href, found?.words);
  }

  /** Browsers refuse more than 100 in 30 s, which is less than a held arrow key makes. */
  #replace() {
    if (this.#isResting) {
      this.#isBehind = true;
      return;
    }
    if (this.#isLeaving) return;
    const href = this.#href();
    if (href === location.href) return;
    history.replaceState(history.state, "", href);
    this.#isResting = true;
    window.setTimeout(() => {
      this.#isResting = false;
      if (this.#isBehind) this.#replace();
      this.#isBehind = false;
    }, REST);
  }
}

/**
 * @param {State} now
 * @param {State} before
 * @returns {"viewer" | "found" | ""}
 */
function closedIn(now, before) {
  if (now.open === null && before.open !== null) return "viewer";
  return before.found && !now.found ? "found" : "";
}

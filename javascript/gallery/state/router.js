/** Keeps the page's address and history in step with the state. */

import { buildAddress, getSource, makeDefaultQuery, parseAddress } from "./query.js";

/** @import { Context, ScrollPlace, State, Where } from "../types.js" */

/**
 * @typedef {object} RouterActions
 * @property {import("../actions.js").ViewActions} view
 * @property {(where: Where) => Promise<void>} go
 * @property {(words: string) => Promise<void>} search
 * @property {() => ScrollPlace | null} placeNow  the scroll position in the gallery
 * @property {{top: number, revealCard: (id: number | null, top: number) => void}} results
 */

const KIND = "civitaiShortcut"; // in history.state, which is the host's too
const PLACE = "civitaiShortcutPlace";
const RESULTS = "civitaiShortcutResults"; // the results and their scroll position
const REST = 350; // ms between two changes of the address
const FAR = 1000; // images; further down, going back is only offered

export class Router {
  #context;
  #ties;
  #isFollowing = false; // the change comes from the address
  #isResting = false; // the address was changed less than REST ms ago
  #isBehind = false; // the address must be changed again after that
  #isGoingBack = false; // history.back() has been called, its popstate is still to come

  /** @param {Context} context
   * @param {RouterActions} ties */
  constructor(context, ties) {
    this.#context = context;
    this.#ties = ties;
    const { store, signal } = context;
    // Otherwise a step back, which closes an image, scrolls to where the image was opened.
    history.scrollRestoration = "manual";
    store.on(["where", "open", "results"], (now, before) => this.#updateAddress(now, before), {
      signal,
    });
    window.addEventListener("popstate", () => this.openAddress(), { signal });
  }

  /** Show what the address names. */
  openAddress() {
    const { store } = this.#context;
    const { bootstrap, where } = store.get();
    if (!bootstrap) return;
    if (this.#isGoingBack) {
      this.#isGoingBack = false;
      this.#updateAddress(store.get(), { ...store.get(), open: null, results: null }); // opened meanwhile
      return;
    }
    const address = parseAddress(location.search, makeDefaultQuery(bootstrap));
    this.#isFollowing = true;
    const isElsewhere = JSON.stringify(address.where) !== JSON.stringify(where);
    if (isElsewhere) void this.#returnTo(address.where, history.state?.[PLACE]);
    this.#openResults(address.find, where.model);
    this.#ties.view.setOpen(address.image);
    this.#isFollowing = false;
  }

  /** Open a gallery again, and scroll back to where the user was.
   * @param {Where} where
   * @param {ScrollPlace | undefined} place  the scroll position when the gallery was left */
  async #returnTo(where, place) {
    const { store, actions } = this.#context;
    await this.#ties.go(where);
    if (!place || store.get().where !== where) return;
    this.#ties.view.setPlace(place);
    if (place.count <= FAR && !store.get().results) await actions.back();
  }

  /** Show search results again, with the focus on the card that was opened.
   * @param {string} words
   * @param {number | null} opened */
  #openResults(words, opened) {
    const { store } = this.#context;
    const saved = history.state?.[RESULTS];
    if (saved?.results.query === words) {
      this.#ties.view.setResults(saved.results);
      this.#ties.results.revealCard(opened, saved.top);
    } else if (!words) this.#ties.view.setResults(null);
    else if (store.get().results?.query !== words) void this.#ties.search(words);
  }

  /** Update the page's address. Opening a gallery, an image or results adds a step to the browser's
   * history; other changes replace the address.
   * @param {State} now
   * @param {State} before */
  #updateAddress(now, before) {
    if (this.#isFollowing || this.#isGoingBack || !now.bootstrap) return;
    const isNewSource = getSource(now.where) !== getSource(before.where);
    const closed = isNewSource ? "" : findClosedPart(now, before);
    if (closed && history.state?.[KIND] === closed) {
      this.#isGoingBack = true;
      history.back();
      return;
    }
    const isSearched = now.results && now.results.query !== before.results?.query;
    if (now.open !== null && before.open === null) this.#push("viewer", before);
    else if (isSearched) this.#push("results", before);
    else if (isNewSource && (before.results || getSource(before.where))) {
      this.#push("gallery", before);
    } else this.#replace();
  }

  /** Add a step to the browser's history, and note in the current step where the user was.
   * @param {"viewer" | "gallery" | "results"} kind
   * @param {State} before */
  #push(kind, { results }) {
    const href = this.#buildHref();
    if (href === location.href) return;
    if (kind !== "viewer") {
      // The grid still shows what is left: the new gallery's first page is yet to come.
      const leaving = results && { results, top: this.#ties.results.top };
      const place = this.#ties.placeNow();
      history.replaceState({ ...history.state, [PLACE]: place, [RESULTS]: leaving }, "");
    }
    history.pushState({ ...history.state, [PLACE]: null, [RESULTS]: null, [KIND]: kind }, "", href);
  }

  /** Return the address of the current state. */
  #buildHref() {
    const { bootstrap, where, open, results } = this.#context.store.get();
    const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
    return buildAddress(where, open, usual, location.href, results?.query);
  }

  /**
   * Replace the current address, at most once every REST ms: browsers refuse more than 100
   * changes in 30 s, which is less than a held arrow key makes.
   */
  #replace() {
    if (this.#isResting) {
      this.#isBehind = true;
      return;
    }
    if (this.#isGoingBack) return;
    const href = this.#buildHref();
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

/** Return which part of the page was closed between two states, "" for none.
 * @param {State} now
 * @param {State} before
 * @returns {"viewer" | "results" | ""} */
function findClosedPart(now, before) {
  if (now.open === null && before.open !== null) return "viewer";
  return before.results && !now.results ? "results" : "";
}

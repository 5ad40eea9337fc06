/** Keeps the page's address and the state in step, through the browser's history. */

import { fromAddress, sourceOf, toAddress, unfiltered } from "./query.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").Where} Where */
/** @typedef {import("../types.js").Place} Place */

const KIND = "civitaiShortcut"; // in history.state, which is the host's too
const PLACE = "civitaiShortcutPlace";
const REST = 350; // ms between two changes of the address
const FAR = 1000; // pictures; to come back further than that is only offered

export class Address {
  #context;
  #go;
  #placeNow;
  #isFollowing = false; // what changes now came from the address
  #isResting = false; // the address was changed just now
  #isBehind = false; // and is to be changed again after that
  #isLeaving = false; // history.back() has been called, its popstate is still to come

  /**
   * @param {Context} context
   * @param {(where: Where) => Promise<void>} go
   * @param {() => Place | null} placeNow  in the gallery that is shown
   */
  constructor(context, go, placeNow) {
    this.#context = context;
    this.#go = go;
    this.#placeNow = placeNow;
    const { store, signal } = context;
    // Else closing a picture, a step back, scrolls to where it was opened and not to it.
    history.scrollRestoration = "manual";
    store.on(["where", "open"], (now, before) => this.#write(now, before), { signal });
    window.addEventListener("popstate", () => this.read(), { signal });
  }

  /** Goes where the address says. */
  read() {
    const { store } = this.#context;
    const { hello, where } = store.get();
    if (!hello) return;
    if (this.#isLeaving) {
      this.#isLeaving = false;
      this.#write(store.get(), { ...store.get(), open: null }); // opened in the meantime
      return;
    }
    const asked = fromAddress(location.search, unfiltered(hello));
    this.#isFollowing = true;
    const isElsewhere = JSON.stringify(asked.where) !== JSON.stringify(where);
    if (isElsewhere) void this.#return(asked.where, history.state?.[PLACE]);
    store.set({ open: asked.image });
    this.#isFollowing = false;
  }

  /**
   * @param {Where} where
   * @param {Place | undefined} place  where one was in it when one left it
   */
  async #return(where, place) {
    const { store, acts } = this.#context;
    await this.#go(where);
    if (!place || store.get().where !== where) return;
    store.set({ place });
    if (place.count <= FAR) await acts.back();
  }

  /**
   * A gallery or a picture that opens is a step to go back from; a filter or the next picture not.
   *
   * @param {State} now
   * @param {State} before
   */
  #write(now, before) {
    if (this.#isFollowing || this.#isLeaving || !now.hello) return;
    const isNewSource = sourceOf(now.where) !== sourceOf(before.where);
    const isClosed = now.open === null && before.open !== null && !isNewSource;
    if (isClosed && history.state?.[KIND] === "viewer") {
      this.#isLeaving = true;
      history.back();
      return;
    }
    const href = toAddress(now.where, now.open, unfiltered(now.hello), location.href);
    if (now.open !== null && before.open === null) this.#push("viewer", href);
    else if (isNewSource && sourceOf(before.where)) this.#push("gallery", href);
    else this.#replace();
  }

  /**
   * @param {"viewer" | "gallery"} kind
   * @param {string} href
   */
  #push(kind, href) {
    if (href === location.href) return;
    const state = { ...history.state, [PLACE]: undefined };
    // The grid still shows what is left: the new gallery's first page is yet to come.
    const place = kind === "gallery" ? this.#placeNow() : null;
    if (place) history.replaceState({ ...history.state, [PLACE]: place }, "");
    history.pushState({ ...state, [KIND]: kind }, "", href);
  }

  /** Browsers refuse more than 100 in 30 s, which is less than a held arrow key makes. */
  #replace() {
    if (this.#isResting) {
      this.#isBehind = true;
      return;
    }
    const { hello, where, open } = this.#context.store.get();
    if (!hello || this.#isLeaving) return;
    const href = toAddress(where, open, unfiltered(hello), location.href);
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

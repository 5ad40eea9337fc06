/** Keeps the page's address and the state in step, through the browser's history. */

import { fromAddress, sourceOf, toAddress, unfiltered } from "./query.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").State} State */
/** @typedef {import("./types.js").Where} Where */

export class Address {
  #context;
  #go;
  #isFollowing = false; // what changes now came from the address
  #isLeaving = false; // history.back() has been called, its popstate is still to come

  /**
   * @param {Context} context
   * @param {(where: Where) => Promise<void>} go
   */
  constructor(context, go) {
    this.#context = context;
    this.#go = go;
    const { store, signal } = context;
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
    if (isElsewhere) void this.#go(asked.where);
    store.set({ open: asked.image });
    this.#isFollowing = false;
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
    if (isClosed && history.state?.civitaiShortcut === "viewer") {
      this.#isLeaving = true;
      history.back();
      return;
    }
    const href = toAddress(now.where, now.open, unfiltered(now.hello), location.href);
    if (href === location.href) return;
    if (now.open !== null && before.open === null) {
      history.pushState({ ...history.state, civitaiShortcut: "viewer" }, "", href);
    } else if (isNewSource && sourceOf(before.where)) {
      history.pushState({ ...history.state, civitaiShortcut: "gallery" }, "", href);
    } else {
      history.replaceState(history.state, "", href);
    }
  }
}

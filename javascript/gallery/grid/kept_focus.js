/**
 * Keeps the focus in the grid when the focused tile is removed: the tile in its place is focused.
 */

/** @import { Context, View, Where } from "../types.js" */
/** @import { Arrangement } from "./arrangement.js" */

export class KeptFocus {
  #context;
  #arrangement;
  /** @type {number | null} place of the focused tile that went */
  #lost = null;
  /** @type {Where | null} what the images were of when they were shown last */
  #where = null;

  /** @param {Context} context
   * @param {Arrangement} arrangement */
  constructor(context, arrangement) {
    this.#context = context;
    this.#arrangement = arrangement;
  }

  /** Show other images. If that removes the focused tile, return the image that is now in its
   * place, which must be focused; else return null.
   * @param {Where} where  the query of the gallery that is shown
   * @param {() => void} show  shows the images
   * @returns {View | null} */
  keepThrough(where, show) {
    const { root } = this.#context;
    const tile = root.activeElement?.closest("[data-tile]");
    const id = tile instanceof HTMLElement ? Number(tile.dataset.id) : null;
    const at = id === null ? undefined : this.#arrangement.getIndex(id);
    show();
    if (id !== null && !this.#arrangement.getBox(id)) this.#lost = at ?? null;
    if (where !== this.#where) this.#lost = null; // a place in another gallery
    this.#where = where;
    const { views } = this.#arrangement;
    if (this.#lost === null || !views.length) return null;
    const next = views[Math.min(this.#lost, views.length - 1)];
    this.#lost = null;
    return root.activeElement ? null : next;
  }
}

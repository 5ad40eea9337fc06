/** Handles clicks, hover and focus on the tiles of the grid. The keys are in keys.js. */

import { buildImageAddress } from "../state/query";
import type { Context } from "../types";
import type { Hover } from "./hover";
import type { Tiles } from "./tiles";

const NEW_TAB = /Mac|iP/.test(navigator.platform) ? "metaKey" : "ctrlKey";
const BEFORE_USE = ["pointerover", "pointerdown", "focusin", "contextmenu"] as const;

/** Set a tile's link to its image's URL as soon as the tile is pointed at or focused. To set all
 * links at each change of the URL would be slow. */
export function linkTiles(list: HTMLElement, { store }: Context, tiles: Tiles) {
  for (const type of BEFORE_USE) {
    list.addEventListener(type, ({ target }) => {
      const tile = tiles.findTile(target);
      if (tile) tile.element.href = buildImageAddress(store.get(), tile.view.id, location.href);
    });
  }
}

/** Let clicks on tiles open, mark or uncover images. With Shift, a click marks a range. */
export function listenToClicks(list: HTMLElement, { actions, store }: Context, tiles: Tiles) {
  list.addEventListener("click", (event) => {
    const tile = tiles.findTile(event.target);
    if (!tile) return;
    const { id } = tile.view;
    const action = findAction(event.target);
    if (event[NEW_TAB] && !action) return; // the browser opens the link in a new tab
    event.preventDefault();
    if (event.shiftKey) actions.markTo(id);
    else if (action === "mark") actions.mark(id);
    else if (action === "thumb-again") tile.reloadThumb();
    else if (tile.isBlurred) actions.showBlurred(id);
    else actions.open(id);
    if (store.get().open === null) actions.focus(id);
  });
  // Else a range by Shift selects the text of the page.
  list.addEventListener("mousedown", (event) => {
    if (event.shiftKey && tiles.findTile(event.target)) event.preventDefault();
  });
}

/** Show captions on hover and focus, and store which tile is focused. */
export function listenToPointer(
  list: HTMLElement,
  { actions }: Context,
  tiles: Tiles,
  hover: Hover,
) {
  list.addEventListener("pointerover", ({ pointerType, target }) => {
    const tile = pointerType === "touch" ? undefined : tiles.findTile(target);
    if (tile) hover.showFor(tile);
    else if (!hover.isCaption(target)) hover.hide();
  });
  list.addEventListener("pointerleave", () => hover.hide());
  list.addEventListener("focusin", ({ target }) => {
    const tile = tiles.findTile(target);
    if (tile) actions.setView({ focus: tile.view.id });
    if (tile?.element.matches(":focus-visible")) hover.showFor(tile);
  });
  list.addEventListener("focusout", () => hover.hide());
}

/** Return the `data-do` of the control in which an event happened, undefined if there is none. */
function findAction(target: EventTarget | null) {
  const element = target instanceof Element ? target.closest("[data-do]") : null;
  return element instanceof HTMLElement ? element.dataset.do : undefined;
}

/** What the pointer does on tiles: it plays videos, shows infotexts and opens images. */

import type { ImageView } from "../contract";
import { el, icon } from "../core/dom";
import { formatNumber } from "../core/text";
import { buildImageAddress } from "../state/query";
import { isSelecting } from "../state/state";
import type { Context } from "../types";
import { makeCorners, type Tile } from "./tile";
import type { Tiles } from "./tiles";

const REST = 150; // ms on a video before its file is loaded: many are only passed

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export function makeHover(context: Context) {
  const { api, signal, translate } = context;
  const caption = el("div", { class: "tile-overlay", "aria-hidden": "true" });
  const video = el("video", {
    class: "clip",
    loop: true,
    playsinline: true,
    "aria-hidden": "true",
  });
  let shown: Tile | null = null;
  let drawn: ImageView | null = null;
  let clock = 0;
  video.muted = true;
  video.addEventListener("playing", () => video.setAttribute("data-plays", ""));
  // A video that cannot be played stays a still image here; the viewer says why.
  video.addEventListener("error", stopVideo);
  signal.addEventListener("abort", hide);

  /** Show a tile's caption and, after a moment, play its video. A blurred tile shows neither. */
  function showFor(tile: Tile) {
    if (shown === tile) return;
    hide();
    if (tile.isBlurred) return;
    shown = tile;
    drawCaption(tile);
    const { transform, width, height } = tile.element.style; // not its picture's colours
    Object.assign(caption.style, { transform, width, height });
    caption.dataset.id = String(tile.view.id);
    // Beside the tile, not in it: inside, the caption would be text that the tile's label lacks.
    tile.element.parentElement?.prepend(caption);
    if (tile.view.kind === "video" && !still.matches)
      clock = window.setTimeout(() => playVideo(tile), REST);
  }

  function hide() {
    if (!shown) return;
    shown = null;
    caption.remove();
    window.clearTimeout(clock);
    stopVideo();
  }

  /** Hide the caption if it belongs to a tile that is being removed. */
  function hideFor(tile: Tile) {
    if (shown === tile) hide();
  }

  /** Show newer data of the image. */
  function update() {
    if (shown && shown.view !== drawn) drawCaption(shown);
  }

  function drawCaption({ view }: Tile) {
    drawn = view;
    caption.replaceChildren(el("div", { class: "caption" }, ...makeLines(view)));
  }

  function makeLines(view: ImageView) {
    const { user, base_model: base, summary, reactions } = view;
    const [prompt, steps, sampler, loras] = summary ?? ["", 0, "", 0];
    const facts = [
      steps > 0 && translate("caption_steps", { n: steps }),
      sampler,
      loras > 0 && translate("caption_loras", { n: loras }),
      base,
    ].filter(Boolean);
    return [
      el(
        "p",
        { class: "image-author" },
        el("bdi", { class: "one-line", text: user || translate("somebody") }),
        el("span", { class: "reactions" }, icon("like"), formatNumber(reactions, "compact")),
        ...makeCorners(translate, view.favourite),
      ),
      prompt && el("p", { class: "image-prompt clamp", dir: "auto" }, `${prompt}…`),
      facts.length > 0 &&
        el("p", { class: "image-facts one-line", dir: "auto" }, facts.join(" · ")),
    ];
  }

  function playVideo(tile: Tile) {
    video.src = api.getFileUrl(tile.view.id);
    tile.element.append(video);
    // Rejected when the pointer leaves before the video begins, which is no error.
    video.play().catch(() => undefined);
  }

  function stopVideo() {
    if (!video.isConnected) return;
    video.pause();
    video.removeAttribute("src");
    video.removeAttribute("data-plays");
    video.load(); // lets go of the connection
    video.remove();
  }
  return { showFor, hide, hideFor, update };
}

export type Hover = ReturnType<typeof makeHover>;

const NEW_TAB = /Mac|iP/.test(navigator.platform) ? "metaKey" : "ctrlKey";
const BEFORE_USE = ["pointerover", "pointerdown", "focusin", "contextmenu"] as const;

/** Set a tile's link once it is pointed at: all of them at each change would be slow. */
export function linkTiles(list: HTMLElement, { store }: Context, tiles: Tiles) {
  for (const type of BEFORE_USE) {
    list.addEventListener(type, ({ target }) => {
      const tile = tiles.findTile(target);
      if (tile) tile.element.href = buildImageAddress(store.get(), tile.view.id, location.href);
    });
  }
}

function isCaption({ element }: Tile, target: EventTarget | null) {
  return target instanceof Node && !element.contains(target);
}

/** Let clicks on tiles open, mark or uncover images. With Shift, a click marks a range. While the
 * user selects, a click marks one more, and a double click opens. */
export function listenToClicks(list: HTMLElement, context: Context, tiles: Tiles) {
  const { actions, store, signal } = context;
  // what the first press of a double click has marked, and the marks before it
  let first: { tile?: Tile; marks?: ReadonlySet<number> } = {};
  const forget = ({ detail }: MouseEvent) => {
    if (detail < 2) first = {};
  };
  document.addEventListener("click", forget, { capture: true, signal });
  list.addEventListener("click", (event) => {
    const tile = tiles.findTile(event.target);
    if (!tile) return;
    const { id } = tile.view;
    const pressed = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    const action = pressed instanceof HTMLElement ? pressed.dataset.do : undefined;
    if (event[NEW_TAB] && !action) return; // the browser opens the link in a new tab
    event.preventDefault();
    if (event.shiftKey) actions.markTo(id);
    else if (action === "mark") actions.mark(id);
    else if (action === "favourite") void actions.favourite([id]);
    else if (action === "thumb-again") tile.reloadThumb();
    else if (action === "open") actions.open(id);
    else if (tile.isBlurred) actions.showBlurred(id);
    else if (event.detail > 1) {
      if (tile === first.tile) {
        actions.setView({ marks: first.marks });
        actions.open(id);
      } // else the first press has uncovered it
    } else if (isSelecting(store.get())) {
      first = { tile, marks: store.get().marks };
      actions.mark(id);
    } else actions.open(id);
    // where it is: what is scrolled now is not what the next press is aimed at
    if (store.get().open === null && !isCaption(tile, event.target))
      tile.element.focus({ preventScroll: true });
  });
  // Else a range by Shift selects the text of the page, and a press on the caption hides it.
  list.addEventListener("mousedown", (event) => {
    const tile = tiles.findTile(event.target);
    if (tile && (event.shiftKey || isCaption(tile, event.target))) event.preventDefault();
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
    else hover.hide();
  });
  list.addEventListener("pointerleave", () => hover.hide());
  list.addEventListener("focusin", ({ target }) => {
    const tile = tiles.findTile(target);
    if (tile) actions.setView({ focus: tile.view.id });
    if (tile?.element.matches(":focus-visible")) hover.showFor(tile);
  });
  list.addEventListener("focusout", () => hover.hide());
}

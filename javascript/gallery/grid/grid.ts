/** The grid: draws the tiles near the window, and loads the next page when the user nears the
 * end. */

import type { ImageView } from "../contract";
import { el, observeSize, scrollBy, setAttribute } from "../core/dom";
import { getSetting, getTiles } from "../state/state";
import type { Context, ScrollPlace, State, Step } from "../types";
import { makeDragSelection } from "./drag_selection";
import { linkTiles, listenToClicks, listenToPointer, makeHover } from "./hover";
import {
  Arrangement,
  chooseThumbWidth,
  GAP,
  getViewport,
  scrollDistance,
  type Viewport,
} from "./layout";
import { getTileLooks, showStateOnGrid, type Tile } from "./tile";
import { makeTiles, Thumbs } from "./tiles";

const AHEAD = 2; // screens below the window for which images should be loaded
const AHEAD_SPARING = 0.25; // in a search, and if the setting says not to load in advance
const AHEAD_TIME = 1000; // ms of scrolling at the current speed that should be loaded

/** Return whether the window is near the end; speed: of scrolling down, pixels a ms. */
function needsNextPage(state: State, { bottom, screen }: Viewport, height: number, speed: number) {
  const { loading, ended, stopped, problems, images, loadedWords, results } = state;
  if (loading || ended || stopped || problems.images) return false;
  if (results || !images.length) return false;
  const isSearched = loadedWords !== "";
  if (isSearched && state.searchReading !== "enough") return false;
  const isSparing = isSearched || getSetting(state.bootstrap, "usergallery_preloading") === false;
  const ahead = isSparing ? AHEAD_SPARING * screen : AHEAD * screen + AHEAD_TIME * speed;
  return bottom + ahead > height;
}

/** The speed of scrolling down in pixels a ms, 0 when something above has only grown. */
class ScrollSpeed {
  value = 0;
  hasScrolled = false; // the user, since the last measurement
  #top = 0;
  #time = 0; // performance.now()

  /** Store the speed since the last call in `value`; `top`: of the window in the grid. */
  measure(top: number) {
    const now = performance.now();
    const passed = this.hasScrolled ? Math.max(0, top - this.#top) : 0;
    this.value = passed / Math.max(1, now - this.#time);
    this.hasScrolled = false;
    this.#top = top;
    this.#time = now;
  }
}

/** Return the distance of two fingers in pixels, 0 if there are more or fewer. */
function measureFingers({ length, 0: one, 1: other }: TouchList) {
  return length === 2 ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0;
}

const FLYING = 1.5; // screens between two frames: nothing is fetched for what is only passed
const BELOW = 72; // pixels that the bar at the window's lower edge covers
const TURN = 32; // pixels scrolled in one direction before the header goes or comes back

export function makeGrid(context: Context) {
  const { actions, api, page, root, signal, store, translate } = context;
  const arrangement = new Arrangement(GAP);
  let frame = 0;
  /** where the window was when the grid was hidden */
  let hiddenTop: number | null = null;
  let lastTop = 0; // of the window in the list, at the last drawing
  let isRising = false; // scrolled upwards last
  let isHeaderAway = false;
  let turnedAt = 0; // the highest top since the header went away, or the lowest since it came back
  const speed = new ScrollSpeed();
  /** the distance of two fingers and the width of the tiles when a pinch began */
  let pinched: { distance: number; width: number } | null = null;
  const hover = makeHover(context);
  const list = el("div", {
    class: "grid",
    role: "listbox",
    "aria-multiselectable": "true",
    "aria-label": translate("gallery"),
    tabindex: 0,
  });
  page.append(list);
  const drawnTiles = makeTiles(list, arrangement, translate, {
    getLooks: ({ view }) => getTileLooks(store.get(), view),
    onDrop: (tile) => hover.hideFor(tile),
  });
  const isSeen = ({ view }: Tile) =>
    arrangement.isBetween(view.id, lastTop, lastTop + window.innerHeight);
  const thumbs = new Thumbs(list, drawnTiles, isSeen, actions.checkServer);
  const dragSelection = makeDragSelection(list, context, arrangement);
  linkTiles(list, context, drawnTiles);
  listenToClicks(list, context, drawnTiles);
  listenToPointer(list, context, drawnTiles, hover);
  listen();
  store.on([getTiles], (now, before) => change(getTiles(now), before.stale), context);
  store.on(["tile"], () => layOut(), context);
  const drawLooks = () => {
    drawnTiles.drawTiles();
    schedule();
  };
  store.on(["marks", "focus", "revealed", "bootstrap", "made"], drawLooks, context);
  store.on(["bootstrap"], () => drawnTiles.reloadFailed(), context);
  const more = ["loading", "ended", "results", "loadedWords"] as const;
  store.on([...more, "searchReading"], schedule, context);
  showStateOnGrid(list, context);

  /** Scroll to an image and focus its tile, if the grid is shown and has it. */
  function focusImage(id: number) {
    const box = arrangement.getBox(id);
    if (!box || isUnseen()) return;
    const viewport = getViewport(list);
    const isUp = box.y < viewport.top; // the header will come back
    const covered = { above: isUp ? getHeaderHeight() : getCovered(), below: BELOW };
    scrollBy(list, scrollDistance(viewport, box.y, box.y + box.height, covered));
    draw();
    drawnTiles.getTile(id)?.element.focus({ preventScroll: true });
  }

  /** Return an image's loaded thumbnail, null if it is not in the window. */
  function findThumb(id: number) {
    const tile = drawnTiles.getTile(id);
    const { top, bottom } = getViewport(list);
    const isSeen = !isUnseen() && arrangement.isBetween(id, top, bottom);
    return isSeen && tile ? tile.shownImage : null;
  }

  /** Focus the image that had the focus last, else the first visible one, after scrolling to the list
   * if none is visible. Return whether any is. */
  function focusTopmost() {
    list.focus({ preventScroll: findTopmost() !== null });
    return findTopmost() !== null;
  }

  /** Return the id to which a step leads, at the edge the same; null if it is not here. */
  function findNeighbour(id: number, step: Step) {
    const page = window.innerHeight - getHeaderHeight() - BELOW;
    return arrangement.findNeighbour(id, step, page);
  }

  /** Return the first image that begins in the window, else is in it, else null. */
  function findTopmost() {
    const isHidden = isUnseen(); // then where it was last
    const top = isHidden ? (hiddenTop ?? lastTop) : getViewport(list).top;
    return arrangement.findFirstIn(top + getCovered(), top + window.innerHeight);
  }

  /** Return the current scroll position, to which the user can return later; null at the top. */
  function getScrollPlace() {
    // As it was drawn last: a search that begins now has moved the grid already.
    const top = hiddenTop ?? lastTop;
    const bottom = top + window.innerHeight;
    const id = top > 0 ? arrangement.findFirstIn(top + getCovered(), bottom) : null;
    if (id === null) return null;
    const y = (arrangement.getBox(id)?.y ?? 0) - top;
    return { id, count: (arrangement.getIndex(id) ?? 0) + 1, y };
  }

  /** Scroll to a scroll position. The focus goes there too if it is in the grid. */
  function scrollToPlace({ id, y }: ScrollPlace) {
    const box = arrangement.getBox(id);
    if (!box || isUnseen()) return;
    scrollBy(list, box.y - y - getViewport(list).top);
    draw();
    if (list.contains(root.activeElement)) focusTile(id);
  }

  function focusTile(id: number) {
    actions.setView({ focus: id });
    drawnTiles.getTile(id)?.element.focus({ preventScroll: true });
  }

  /** Scroll to the top of the page, where a WebUI has its tabs. */
  function scrollToTop() {
    scrollBy(list, Number.MIN_SAFE_INTEGER);
    draw();
  }

  function listen() {
    const scrolled = () => {
      speed.hasScrolled = true;
      schedule();
    };
    window.addEventListener("scroll", scrolled, { capture: true, passive: true, signal });
    window.addEventListener("resize", schedule, { signal });
    observeSize(list, resize, signal);
    list.addEventListener("focus", enter);
    list.addEventListener("touchstart", startPinch, { passive: true });
    list.addEventListener("touchmove", pinch, { passive: false });
  }

  function startPinch({ touches }: TouchEvent) {
    const distance = measureFingers(touches);
    pinched = distance > 0 ? { distance, width: arrangement.tileWidth } : null;
  }

  /** Let two fingers change how many images stand in a row. */
  function pinch(event: TouchEvent) {
    const distance = measureFingers(event.touches);
    if (!pinched || !distance || !event.cancelable) return; // or the page scrolls already
    event.preventDefault();
    actions.setTile((pinched.width * distance) / pinched.distance);
  }

  /** Give the focus of the list to the tile that had it last if it is visible, else to the first. */
  function enter() {
    const { focus } = store.get();
    const { top, bottom } = getViewport(list);
    const isSeen = focus !== null && arrangement.isBetween(focus, top + getCovered(), bottom);
    const id = isSeen ? focus : findTopmost();
    if (id !== null) focusTile(id);
  }

  function getHeaderHeight() {
    return store.get().headerHeight;
  }

  /** The pixels that the header covers now. */
  function getCovered() {
    return isHeaderAway ? 0 : getHeaderHeight();
  }

  function isUnseen() {
    return list.clientWidth === 0;
  }

  /** Show other images. What replaces the focused tile gets the focus. */
  function change(shown: readonly ImageView[], isElsewhere: boolean) {
    const focused = drawnTiles.findTile(root.activeElement);
    const at = focused && arrangement.getIndex(focused.view.id);
    if (arrangement.isContinuedBy(shown)) append(shown);
    else layOut(shown);
    drawnTiles.drawTiles(); // a tile may stand for more images now, or for fewer
    setAttribute(list, "aria-hidden", shown.length ? null : "true");
    const next = at === undefined ? undefined : shown[Math.min(at, shown.length - 1)];
    if (next && !isElsewhere && !root.activeElement) focusImage(next.id);
  }

  function append(shown: readonly ImageView[]) {
    arrangement.appendViews(shown);
    list.style.height = `${arrangement.height}px`;
    drawnTiles.updateViews();
    hover.update();
    schedule();
  }

  /** Lay out the images for another width; scroll back where the grid was hidden. */
  function resize() {
    if (isUnseen()) {
      hiddenTop ??= lastTop;
      return;
    }
    const left = hiddenTop;
    hiddenTop = null;
    if (list.clientWidth !== arrangement.width) layOut();
    // Another tab of the host, or what a search found, has scrolled the window meanwhile.
    if (left !== null) scrollBy(list, left - getViewport(list).top);
    schedule();
  }

  /** Lay out all images again, without moving the visible images on the screen. */
  function layOut(shown: readonly ImageView[] = arrangement.views) {
    const { views } = arrangement;
    hover.hide();
    const { top, bottom } = getViewport(list);
    const visible = arrangement.listVisible(top, bottom);
    arrangement.layOut(shown, list.clientWidth, store.get().tile);
    list.style.height = `${arrangement.height}px`;
    if (isUnseen()) {
      if (shown !== views) hiddenTop = null; // another gallery
      return;
    }
    if (top > 0) {
      const wanted = arrangement.findTopFor(visible) ?? -getHeaderHeight();
      scrollBy(list, wanted - getViewport(list).top);
      turnedAt += getViewport(list).top - top; // the user has not scrolled
    }
    drawnTiles.placeTiles();
    draw();
  }

  function schedule() {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }

  function draw() {
    if (isUnseen()) return moveHeader(0);
    const viewport = getViewport(list);
    moveHeader(viewport.top);
    const isFlying = Math.abs(viewport.top - lastTop) > FLYING * viewport.screen;
    if (viewport.top !== lastTop) isRising = viewport.top < lastTop;
    speed.measure(viewport.top);
    lastTop = viewport.top;
    const seen = arrangement.listBetween(viewport.top, viewport.bottom);
    const wanted = listWanted(viewport, seen);
    const isWhole = drawnTiles.syncTiles(wanted);
    if (root.activeElement === list) enter(); // it was empty
    const { focus } = store.get();
    const hasStop = focus !== null && drawnTiles.getTile(focus) !== undefined;
    list.tabIndex = hasStop || !arrangement.views.length ? -1 : 0;
    if (isFlying || !isWhole) schedule();
    if (!isFlying) loadThumbs(wanted);
    const passed = seen.length && (arrangement.getIndex(seen[seen.length - 1]) ?? 0) + 1;
    actions.setView({ passed, thumb: getThumbWidth() });
    const state = store.get();
    if (needsNextPage(state, viewport, arrangement.height, speed.value))
      void (state.loadedWords ? actions.searchOn() : actions.more());
  }

  /** Let the header go when the user scrolls down, and come back when he scrolls up. */
  function moveHeader(top: number) {
    root.host.toggleAttribute("data-top", top <= 0);
    const isAway = isHeaderAway;
    turnedAt = isAway ? Math.max(turnedAt, top) : Math.min(turnedAt, top);
    const hasTurned = Math.abs(top - turnedAt) > TURN;
    if (!(hasTurned || (isAway && top <= 0))) return;
    turnedAt = top;
    isHeaderAway = !isAway && top > 0;
    root.host.toggleAttribute("data-scrolled", isHeaderAway);
    actions.setView({ isHeaderAway });
  }

  /** Return the ids of images near the window, and of the tiles that are focused or held. */
  function listWanted(viewport: Viewport, seen: number[]) {
    const { focus } = store.get();
    const pinned = [focus, dragSelection.getHeldId()].filter((id) => id !== null);
    const known = pinned.filter((id) => arrangement.getBox(id));
    return new Set([...known, ...seen, ...arrangement.listAround(viewport, isRising)]);
  }

  function getThumbWidth() {
    return chooseThumbWidth(arrangement.tileWidth, window.devicePixelRatio);
  }

  function loadThumbs(wanted: Iterable<number>) {
    const width = getThumbWidth();
    const tiles = [...wanted].flatMap((id) => drawnTiles.getTile(id) ?? []);
    thumbs.loadThumbs(new Map(tiles.map((tile) => [tile, api.getThumbUrl(tile.view.id, width)])));
  }
  return {
    focusImage,
    findThumb,
    focusTopmost,
    listIds: () => arrangement.listIds(),
    findNeighbour,
    findTopmost,
    getScrollPlace,
    scrollToPlace,
    scrollToTop,
  };
}

export type Grid = ReturnType<typeof makeGrid>;

/** The grid: draws the tiles near the window, and loads the next page when the user nears the
 * end. */

import type { ImageView } from "../contract";
import { el, observeSize, scrollBy, setAttribute } from "../core/dom";
import { getSetting, getTiles } from "../state/state";
import type { Context, ScrollPlace, State, Step } from "../types";
import { makeDragMarks } from "./drag_marks";
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
import { Thumbs, Tiles } from "./tiles";

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

const FLYING = 1.5; // screens between two frames: nothing is fetched for what is only passed
const BELOW = 72; // pixels that the bar at the window's lower edge covers
const TURN = 32; // pixels scrolled in one direction before the header goes or comes back

export class Grid {
  #list;
  #hover;
  #thumbs;
  #arrangement = new Arrangement(GAP);
  #tiles;
  #dragMarks;
  #frame = 0;
  /** where the window was when the grid was hidden */
  #hiddenTop: number | null = null;
  #lastTop = 0; // of the window in the list, at the last drawing
  #isRising = false; // scrolled upwards last
  #isHeaderAway = false;
  #turnedAt = 0; // the highest top since the header went away, or the lowest since it came back
  #speed = new ScrollSpeed();

  constructor(private readonly context: Context) {
    const { store, page, translate, actions } = context;
    this.#hover = makeHover(context);
    this.#list = el("div", {
      class: "grid",
      role: "listbox",
      "aria-multiselectable": "true",
      "aria-label": translate("gallery"),
      tabindex: 0,
    });
    page.append(this.#list);
    this.#tiles = new Tiles(this.#list, this.#arrangement, translate, {
      getLooks: ({ view }) => getTileLooks(store.get(), view),
      onDrop: (tile) => this.#hover.hideFor(tile),
    });
    const isSeen = ({ view }: Tile) =>
      this.#arrangement.isBetween(view.id, this.#lastTop, this.#lastTop + window.innerHeight);
    this.#thumbs = new Thumbs(this.#list, this.#tiles, isSeen, () => actions.checkServer());
    this.#dragMarks = makeDragMarks(this.#list, context, this.#arrangement);
    linkTiles(this.#list, context, this.#tiles);
    listenToClicks(this.#list, context, this.#tiles);
    listenToPointer(this.#list, context, this.#tiles, this.#hover);
    this.#listen();
    store.on([getTiles], (now, before) => this.#change(getTiles(now), before.stale), context);
    store.on(["tile"], () => this.#layOut(), context);
    const drawLooks = () => {
      this.#tiles.drawTiles();
      this.#schedule();
    };
    store.on(["marks", "focus", "revealed", "bootstrap", "made"], drawLooks, context);
    store.on(["bootstrap"], () => this.#tiles.reloadFailed(), context);
    const more = ["loading", "ended", "results", "loadedWords"] as const;
    store.on([...more, "searchReading"], () => this.#schedule(), context);
    showStateOnGrid(this.#list, context);
  }

  /** Scroll to an image and focus its tile, if the grid is shown and has it. */
  focusImage(id: number) {
    const box = this.#arrangement.getBox(id);
    if (!box || this.#isHidden()) return;
    const viewport = getViewport(this.#list);
    const isUp = box.y < viewport.top; // the header will come back
    const covered = { above: isUp ? this.#headerHeight : this.#above, below: BELOW };
    scrollBy(this.#list, scrollDistance(viewport, box.y, box.y + box.height, covered));
    this.#draw();
    this.#tiles.getTile(id)?.element.focus({ preventScroll: true });
  }

  /** Return an image's loaded thumbnail, null if it is not in the window. */
  findThumb(id: number) {
    const tile = this.#tiles.getTile(id);
    const { top, bottom } = getViewport(this.#list);
    const isSeen = !this.#isHidden() && this.#arrangement.isBetween(id, top, bottom);
    return isSeen && tile ? tile.shownImage : null;
  }

  /** Focus the first visible image, after scrolling there. Return whether there is any. */
  focusTopmost() {
    this.#list.focus({ preventScroll: this.findTopmost() !== null });
    return this.findTopmost() !== null;
  }

  /** Return the id to which a step leads, at the edge the same; null if it is not here. */
  findNeighbour(id: number, step: Step) {
    const page = window.innerHeight - this.#headerHeight - BELOW;
    return this.#arrangement.findNeighbour(id, step, page);
  }

  /** Return the first image that begins in the window, else is in it, else null. */
  findTopmost() {
    const isHidden = this.#isHidden(); // then where it was last
    const top = isHidden ? (this.#hiddenTop ?? this.#lastTop) : getViewport(this.#list).top;
    return this.#arrangement.findFirstIn(top + this.#above, top + window.innerHeight);
  }

  /** Return the current scroll position, to which the user can return later; null at the top. */
  getScrollPlace() {
    // As it was drawn last: a search that begins now has moved the grid already.
    const top = this.#hiddenTop ?? this.#lastTop;
    const bottom = top + window.innerHeight;
    const id = top > 0 ? this.#arrangement.findFirstIn(top + this.#above, bottom) : null;
    if (id === null) return null;
    const y = (this.#arrangement.getBox(id)?.y ?? 0) - top;
    return { id, count: (this.#arrangement.getIndex(id) ?? 0) + 1, y };
  }

  /** Scroll to a scroll position. The focus goes there too if it is in the grid. */
  scrollToPlace({ id, y }: ScrollPlace) {
    const box = this.#arrangement.getBox(id);
    if (!box || this.#isHidden()) return;
    scrollBy(this.#list, box.y - y - getViewport(this.#list).top);
    this.#draw();
    if (!this.#list.contains(this.context.root.activeElement)) return;
    this.context.actions.setView({ focus: id });
    this.#tiles.getTile(id)?.element.focus({ preventScroll: true });
  }

  /** Scroll to the top of the gallery. */
  scrollToTop() {
    scrollBy(this.#list, Math.min(0, this.context.root.host.getBoundingClientRect().top));
    this.#draw();
  }

  #listen() {
    const { signal } = this.context;
    const soon = () => this.#schedule();
    const scrolled = () => {
      this.#speed.hasScrolled = true;
      soon();
    };
    window.addEventListener("scroll", scrolled, { capture: true, passive: true, signal });
    window.addEventListener("resize", soon, { signal });
    observeSize(this.#list, () => this.#resize(), signal);
    this.#list.addEventListener("focus", () => {
      const id = this.findTopmost();
      if (id !== null) this.context.actions.focus(id);
    });
  }

  get #headerHeight() {
    return this.context.store.get().headerHeight;
  }

  /** The pixels that the header covers now. */
  get #above() {
    return this.#isHeaderAway ? 0 : this.#headerHeight;
  }

  #isHidden() {
    return this.#list.clientWidth === 0;
  }

  /** Show other images. What replaces the focused tile gets the focus. */
  #change(shown: readonly ImageView[], isElsewhere: boolean) {
    const { root } = this.context;
    const focused = this.#tiles.findTile(root.activeElement);
    const at = focused && this.#arrangement.getIndex(focused.view.id);
    if (this.#arrangement.isContinuedBy(shown)) this.#append(shown);
    else this.#layOut(shown);
    this.#tiles.drawTiles(); // a tile may stand for more images now, or for fewer
    setAttribute(this.#list, "aria-hidden", shown.length ? null : "true");
    const next = at === undefined ? undefined : shown[Math.min(at, shown.length - 1)];
    if (next && !isElsewhere && !root.activeElement) this.focusImage(next.id);
  }

  #append(shown: readonly ImageView[]) {
    this.#arrangement.appendViews(shown);
    this.#list.style.height = `${this.#arrangement.height}px`;
    this.#tiles.updateViews();
    this.#hover.update();
    this.#schedule();
  }

  /** Lay out the images for another width; scroll back where the grid was hidden. */
  #resize() {
    if (this.#isHidden()) {
      this.#hiddenTop ??= this.#lastTop;
      return;
    }
    const left = this.#hiddenTop;
    this.#hiddenTop = null;
    if (this.#list.clientWidth !== this.#arrangement.width) this.#layOut();
    // Another tab of the host, or what a search found, has scrolled the window meanwhile.
    if (left !== null) scrollBy(this.#list, left - getViewport(this.#list).top);
    this.#schedule();
  }

  /** Lay out all images again, without moving the visible images on the screen. */
  #layOut(shown: readonly ImageView[] = this.#arrangement.views) {
    const { views } = this.#arrangement;
    this.#hover.hide();
    const { top, bottom } = getViewport(this.#list);
    const visible = this.#arrangement.listVisible(top, bottom);
    this.#arrangement.layOut(shown, this.#list.clientWidth, this.context.store.get().tile);
    this.#list.style.height = `${this.#arrangement.height}px`;
    if (this.#isHidden()) {
      if (shown !== views) this.#hiddenTop = null; // another gallery
      return;
    }
    if (top > 0) {
      const wanted = this.#arrangement.findTopFor(visible) ?? -this.#headerHeight;
      scrollBy(this.#list, wanted - getViewport(this.#list).top);
    }
    this.#tiles.placeTiles();
    this.#draw();
  }

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    if (this.#isHidden()) return this.#moveHeader(0);
    const viewport = getViewport(this.#list);
    this.#moveHeader(viewport.top);
    const isFlying = Math.abs(viewport.top - this.#lastTop) > FLYING * viewport.screen;
    if (viewport.top !== this.#lastTop) this.#isRising = viewport.top < this.#lastTop;
    this.#speed.measure(viewport.top);
    this.#lastTop = viewport.top;
    const seen = this.#arrangement.listBetween(viewport.top, viewport.bottom);
    const wanted = this.#listWanted(viewport, seen);
    const isWhole = this.#tiles.syncTiles(wanted);
    const { store, actions } = this.context;
    const { focus } = store.get();
    const hasStop = focus !== null && this.#tiles.getTile(focus) !== undefined;
    this.#list.tabIndex = hasStop || !this.#arrangement.views.length ? -1 : 0;
    if (isFlying || !isWhole) this.#schedule();
    if (!isFlying) this.#loadThumbs(wanted);
    const passed = seen.length && (this.#arrangement.getIndex(seen[seen.length - 1]) ?? 0) + 1;
    actions.setView({ passed, thumb: this.#thumbWidth });
    const state = store.get();
    if (needsNextPage(state, viewport, this.#arrangement.height, this.#speed.value))
      void (state.loadedWords ? actions.searchOn() : actions.more());
  }

  /** Let the header go when the user scrolls down, and come back when he scrolls up. */
  #moveHeader(top: number) {
    this.context.root.host.toggleAttribute("data-top", top <= 0);
    const isAway = this.#isHeaderAway;
    this.#turnedAt = isAway ? Math.max(this.#turnedAt, top) : Math.min(this.#turnedAt, top);
    const hasTurned = Math.abs(top - this.#turnedAt) > TURN;
    if (!(hasTurned || (isAway && top <= 0))) return;
    this.#turnedAt = top;
    this.#isHeaderAway = !isAway && top > 0;
    this.context.root.host.toggleAttribute("data-scrolled", this.#isHeaderAway);
  }

  /** Return the ids of images near the window, and of the tiles that are focused or held. */
  #listWanted(viewport: Viewport, seen: number[]) {
    const { focus } = this.context.store.get();
    const pinned = [focus, this.#dragMarks.getHeldId()].filter((id) => id !== null);
    const known = pinned.filter((id) => this.#arrangement.getBox(id));
    return new Set([...known, ...seen, ...this.#arrangement.listAround(viewport, this.#isRising)]);
  }

  get #thumbWidth() {
    return chooseThumbWidth(this.#arrangement.tileWidth, window.devicePixelRatio);
  }

  #loadThumbs(wanted: Iterable<number>) {
    const { api } = this.context;
    const width = this.#thumbWidth;
    const tiles = [...wanted].flatMap((id) => this.#tiles.getTile(id) ?? []);
    this.#thumbs.loadThumbs(
      new Map(tiles.map((tile) => [tile, api.getThumbUrl(tile.view.id, width)])),
    );
  }
}

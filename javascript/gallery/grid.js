/** The gallery as a masonry; only the tiles near the window are in the page, however long it is. */

import { isBlurred } from "./blurred.js";
import { el } from "./dom.js";
import { Hover } from "./hover.js";
import { Masonry, thumbWidth } from "./layout.js";
import { listenToPointer, listenToPresses } from "./presses.js";
import { scrollBy, sightOf, wayTo } from "./sight.js";
import { isNarrowed } from "./state.js";
import { Tile } from "./tile.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").View} View */
/** @typedef {import("./sight.js").Sight} Sight */

const GAP = 8; // pixels
const AHEAD = 1; // screens above and below the window that have tiles
const PAGE_AHEAD = 2; // screens below the window where the next page should be there
const TILES_A_FRAME = 60; // made at once
const FLYING = 1.5; // screens between two frames: nothing is fetched for what is only passed
const COVERED = { above: 64, below: 72 }; // pixels, by the bars that stick

export class Grid {
  #context;
  #list;
  #hover;
  #layout = new Masonry(0, 1, GAP);
  /** @type {readonly View[]} what is laid out */
  #views = [];
  /** @type {Map<number, number>} index by id */
  #indices = new Map();
  /** @type {Map<number, Tile>} by id */
  #tiles = new Map();
  #frame = 0;
  #lastTop = 0; // of the window in the list, when it was drawn last

  /** @param {Context} context */
  constructor(context) {
    const { store, root, words, signal } = context;
    this.#context = context;
    this.#hover = new Hover(context);
    this.#list = el("div", {
      class: "grid",
      role: "listbox",
      "aria-multiselectable": "true",
      "aria-label": words("gallery"),
    });
    root.append(this.#list);
    this.#listen();
    store.on(["shown"], ({ shown }) => this.#take(shown), { signal });
    store.on(["tile"], () => this.#relay(), { signal });
    store.on(["marks", "focus", "bared", "hello"], () => this.#drawLooks(), { signal });
    store.on(["stale"], ({ stale }) => this.#list.toggleAttribute("data-stale", stale), { signal });
    store.on(["loading", "ended", "found", "within"], () => this.#schedule(), { signal });
  }

  /**
   * Scrolls to a picture if it is out of sight; `focus` puts the focus on its tile.
   *
   * @param {number} id
   * @param {{focus?: boolean}} [how]
   */
  reveal(id, { focus = false } = {}) {
    const box = this.#layout.boxes[this.#indices.get(id) ?? -1];
    if (!box || this.#isHidden()) return;
    scrollBy(this.#list, wayTo(sightOf(this.#list), box.y, box.y + box.height, COVERED));
    if (focus) this.#context.store.set({ focus: id });
    this.#draw();
    if (focus) this.#tiles.get(id)?.element.focus({ preventScroll: true });
  }

  /** @param {number} id */
  rectOf(id) {
    return this.#tiles.get(id)?.element.getBoundingClientRect() ?? null;
  }

  /**
   * @param {number} id
   * @param {import("./types.js").Step} step
   */
  neighbour(id, step) {
    const index = this.#indices.get(id);
    if (index === undefined) return null;
    const to = this.#layout.step(index, step, window.innerHeight - COVERED.above - COVERED.below);
    return this.#views[to]?.id ?? null;
  }

  /** The first picture that is whole in the window, else the first of which something is. */
  topmost() {
    const { top, bottom } = sightOf(this.#list);
    const inSight = this.#layout.between(top + COVERED.above, bottom);
    const whole = inSight.find((index) => this.#layout.boxes[index].y >= top + COVERED.above);
    return this.#views[whole ?? inSight[0] ?? -1]?.id ?? null;
  }

  /** Where one is, to come back to; null at the top. */
  place() {
    const id = sightOf(this.#list).top > 0 ? this.topmost() : null;
    return id === null ? null : { id, count: this.#context.store.get().images.length };
  }

  toTop() {
    scrollBy(this.#list, Math.min(0, this.#context.root.host.getBoundingClientRect().top));
    this.#draw();
  }

  #listen() {
    const { signal } = this.#context;
    const tileOf = (/** @type {number} */ id) => this.#tiles.get(id);
    const soon = () => this.#schedule();
    window.addEventListener("scroll", soon, { capture: true, passive: true, signal });
    window.addEventListener("resize", soon, { signal });
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(this.#list);
    signal.addEventListener("abort", () => sizes.disconnect());
    listenToPresses(this.#list, this.#context, tileOf);
    listenToPointer(this.#list, this.#hover, tileOf);
    this.#list.addEventListener("focus", () => {
      const id = this.topmost();
      if (id !== null) this.reveal(id, { focus: true });
    });
  }

  #isHidden() {
    return this.#list.clientWidth === 0;
  }

  /** @param {readonly View[]} shown */
  #take(shown) {
    if (isContinued(this.#views, shown)) {
      this.#append(shown);
      for (const [id, tile] of this.#tiles) tile.update(shown[this.#indices.get(id) ?? -1]);
      this.#schedule();
    } else {
      this.#relay(shown);
    }
  }

  /** @param {readonly View[]} shown */
  #append(shown) {
    for (let at = this.#views.length; at < shown.length; at += 1) {
      this.#indices.set(shown[at].id, at);
    }
    this.#views = shown;
    this.#layout.append(shown);
    this.#list.style.height = `${this.#layout.height}px`;
  }

  #resize() {
    if (this.#isHidden()) return;
    if (this.#list.clientWidth !== this.#layout.width) this.#relay();
    else this.#schedule();
  }

  /**
   * Lays all out anew; what one was looking at stays where it is on the screen.
   *
   * @param {readonly View[]} [shown]
   */
  #relay(shown = this.#views) {
    const before = sightOf(this.#list);
    const held = this.#held(before);
    const layout = new Masonry(this.#list.clientWidth, this.#context.store.get().tile, GAP);
    this.#layout = layout;
    this.#views = [];
    this.#indices.clear();
    this.#append(shown);
    if (this.#isHidden()) return;
    if (before.top > 0) this.#hold(held, before.top);
    for (const tile of this.#tiles.values()) this.#fit(tile);
    this.#draw();
  }

  /**
   * What is at the window's top, and how far below it.
   *
   * @param {Sight} sight
   */
  #held({ top, bottom }) {
    const indices = this.#layout.between(top, bottom);
    const fits = indices.filter((index) => this.#layout.boxes[index].y >= top);
    return (fits.length ? fits : indices).map((index) => ({
      id: this.#views[index].id,
      offset: this.#layout.boxes[index].y - top,
    }));
  }

  /**
   * @param {{id: number, offset: number}[]} held
   * @param {number} top
   */
  #hold(held, top) {
    const stays = held.find(({ id }) => this.#indices.has(id));
    const y = stays ? this.#layout.boxes[this.#indices.get(stays.id) ?? 0].y : 0;
    const now = sightOf(this.#list).top; // a shorter list may have scrolled by itself
    scrollBy(this.#list, (stays ? y - stays.offset : Math.min(top, -COVERED.above)) - now);
  }

  #schedule() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Brings the tiles in line with the window; asks for the next page in time. */
  #draw() {
    if (this.#isHidden()) return;
    const sight = sightOf(this.#list);
    const isFlying = Math.abs(sight.top - this.#lastTop) > FLYING * sight.screen;
    this.#lastTop = sight.top;
    const wanted = this.#wanted(sight);
    for (const [id, tile] of this.#tiles) if (!wanted.has(id)) this.#drop(id, tile);
    let made = 0;
    for (const id of wanted) {
      if (made === TILES_A_FRAME) break;
      if (!this.#tiles.has(id)) made += this.#make(id);
    }
    if (isFlying || made === TILES_A_FRAME) this.#schedule();
    if (!isFlying) this.#loadThumbs(wanted);
    const last = this.#layout.between(sight.top, sight.bottom).at(-1) ?? -1;
    this.#context.store.set({ passed: sight.top > 0 ? last + 1 : Math.max(0, last + 1) });
    this.#askForMore(sight);
  }

  /**
   * Ids near the window, those in it first; the one with the focus never goes from the page.
   *
   * @param {Sight} sight
   */
  #wanted({ top, bottom, screen }) {
    const inSight = this.#layout.between(top, bottom);
    const near = this.#layout.between(top - AHEAD * screen, bottom + AHEAD * screen);
    const wanted = new Set([...inSight, ...near].map((index) => this.#views[index].id));
    const { focus } = this.#context.store.get();
    if (focus !== null && this.#indices.has(focus)) wanted.add(focus);
    return wanted;
  }

  /** @param {number} id */
  #make(id) {
    const index = this.#indices.get(id) ?? 0;
    const tile = new Tile(this.#views[index], this.#context.words);
    this.#tiles.set(id, tile);
    this.#fit(tile);
    tile.draw(this.#looksOf(tile));
    this.#list.append(tile.element);
    return 1;
  }

  /**
   * @param {number} id
   * @param {Tile} tile
   */
  #drop(id, tile) {
    this.#hover.leaveIf(tile);
    tile.remove();
    this.#tiles.delete(id);
  }

  /** @param {Tile} tile */
  #fit(tile) {
    const index = this.#indices.get(tile.view.id);
    if (index !== undefined) tile.place(this.#layout.boxes[index], index);
  }

  /** @param {Iterable<number>} wanted */
  #loadThumbs(wanted) {
    const { store, api } = this.#context;
    const thumb = thumbWidth(this.#layout.tile, window.devicePixelRatio);
    if (thumb !== store.get().thumb) store.set({ thumb });
    for (const id of wanted) this.#tiles.get(id)?.load(api.thumb(id, thumb));
  }

  #drawLooks() {
    for (const tile of this.#tiles.values()) tile.draw(this.#looksOf(tile));
    const { focus, marks } = this.#context.store.get();
    this.#context.root.host.toggleAttribute("data-marking", marks.size > 0);
    this.#list.tabIndex = focus !== null && this.#tiles.has(focus) ? -1 : 0;
    this.#schedule();
  }

  /** @param {Tile} tile */
  #looksOf({ view }) {
    const state = this.#context.store.get();
    return {
      isMarked: state.marks.has(view.id),
      isFocused: state.focus === view.id,
      isBlurred: isBlurred(state, view),
    };
  }

  /**
   * What is narrowed goes on only when asked to: else a word that nothing holds would read all.
   *
   * @param {Sight} sight
   */
  #askForMore({ bottom, screen }) {
    const { store, acts } = this.#context;
    const { loading, ended, problem, images, within, found } = store.get();
    if (loading || ended || problem || found || !images.length || isNarrowed(within)) return;
    if (bottom + PAGE_AHEAD * screen > this.#layout.height) void acts.more();
  }
}

/**
 * @param {readonly View[]} before
 * @param {readonly View[]} now
 */
function isContinued(before, now) {
  return before.length > 0 && before.every((view, at) => view.id === now[at]?.id);
}

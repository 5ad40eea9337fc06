/** Every deed of the page, once: buttons, keys and panels all call these. */

import { keepPreference } from "./core/preferences.js";
import { elsewhere, sourceOf, unfiltered } from "./state/query.js";
import { canCompare, extended, inverted, marked, markedAll, markedTo } from "./state/selection.js";
import { TILE_HIGH, TILE_LOW } from "./state/state.js";

/** @typedef {import("./types.js").Acts} Acts */
/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./state/selection.js").Selection} Selection */

/**
 * @typedef {object} Parts  what carries the deeds out
 * @property {import("./data/navigation.js").Opening} opening
 * @property {import("./data/pager.js").Feed} feed
 * @property {import("./data/loaded_filter.js").WithinLoaded} within
 * @property {import("./data/connection.js").Reach} reach
 * @property {import("./data/annotations.js").Own} own
 * @property {import("./grid/grid.js").Grid} grid
 * @property {import("./find/finder.js").Finder} finder
 * @property {import("./find/model_results.js").FoundModels} found
 * @property {import("./viewer/viewer.js").Viewer} viewer
 * @property {import("./panels/jobs.js").Jobs} jobs
 * @property {import("./panels/watches.js").Watched} watched
 * @property {import("./compare/compare.js").Compare} compare
 */

/**
 * @param {Context} context
 * @param {Parts} parts  filled in after this; its members are read when a deed is done
 * @param {Pick<Acts, "send" | "copy">} outside  deeds that reach out of the page
 * @returns {Acts}
 */
export function makeActs(context, parts, outside) {
  return {
    ...openingActs(context, parts),
    ...viewerActs(context, parts),
    ...markingActs(context),
    ...movingActs(context, parts),
    ...downloadActs(context, parts),
    ...outside,
    toggleWatch: () => parts.watched.toggle(),
    favourite: (ids) => parts.own.favourite(ids),
    setOwn: (ids, change) => parts.own.change(ids, change),
    panel: (name) => context.store.set(({ panel }) => ({ panel: panel === name ? "" : name })),
    focusFind: () => parts.finder.focus(),
    setTile(width) {
      const tile = Math.round(Math.min(TILE_HIGH, Math.max(TILE_LOW, width)));
      keepPreference("tile", tile);
      context.store.set({ tile });
    },
  };
}

/**
 * @param {Context} context
 * @param {Parts} parts
 */
function openingActs({ store }, parts) {
  const wrong = () => {
    const { problem, finding } = store.get();
    return problem?.of ?? (finding ? "find" : "images");
  };
  return {
    find: (/** @type {string} */ text) => parts.opening.find(text),
    findMore: (/** @type {string} */ cursor) => parts.opening.findMore(cursor),
    closeFound: () => parts.opening.closeFound(),
    openModel: (/** @type {number} */ id, /** @type {number | null} */ version = null) =>
      parts.opening.openModel(id, version),
    openUser: (/** @type {string} */ user) => parts.opening.openUser(user),
    openKept: (/** @type {string} */ words) => {
      const { where } = store.get();
      const isThere = sourceOf(where) === "kept";
      void parts.opening.go(
        isThere ? { ...where, search: words } : elsewhere(where, { search: words }),
      );
    },
    setWhere: (/** @type {Partial<import("./types.js").Where>} */ change) =>
      parts.opening.go({ ...store.get().where, ...change }),
    setWithin: (/** @type {Partial<import("./types.js").Within>} */ change) =>
      parts.within.set(change),
    // What failed is asked for again when the user says so, not by each further scroll.
    more: async () => {
      if (store.get().problem?.of !== "images") await parts.feed.more();
    },
    resetFilters() {
      const { hello, where } = store.get();
      const { model, post, user, search } = where;
      if (hello) void parts.opening.go({ ...unfiltered(hello), model, post, user, search });
    },
    readAnew: () => parts.feed.restart({ isSameSource: true, isFresh: true }),
    retry(/** @type {import("./types.js").Problem["of"]} */ of = wrong()) {
      if (of === "hello") void parts.reach.retry();
      else if (of === "find") void parts.opening.retry();
      else if (of === "within") void parts.within.retry();
      else void parts.feed.again();
    },
    giveUp(/** @type {"find" | "images" | undefined} */ of) {
      if (of !== "images") parts.opening.giveUp();
      if (of !== "find") parts.feed.giveUp();
    },
  };
}

/**
 * @param {Context} context
 * @param {Parts} parts
 */
function viewerActs({ store }, parts) {
  let owed = 0; // steps asked for while the page that they lead to is awaited
  /** @type {number | null} */
  let owedAt = null;
  /** @param {number} index */
  const show = (index) => {
    const view = store.get().shown[index];
    if (view) store.set({ open: view.id, focus: view.id });
  };
  return {
    open(/** @type {number} */ id) {
      const isShown = store.get().shown.some((view) => view.id === id);
      store.set(isShown ? { open: id, focus: id } : { open: id });
    },
    close() {
      const { open } = store.get();
      if (open === null) return;
      store.set({ open: null });
      parts.grid.reveal(open, { focus: true });
    },
    async step(/** @type {number} */ by) {
      const { open: from, shown } = store.get();
      owed = from === owedAt ? owed + by : by;
      owedAt = from;
      const wanted = indexOf(shown, from) + owed;
      if (wanted >= shown.length && !store.get().ended) await parts.feed.more();
      if (store.get().open !== from || owedAt !== from) return; // went elsewhere, or has been done
      owedAt = null;
      const last = store.get().shown.length - 1;
      show(Math.max(0, Math.min(indexOf(store.get().shown, from) + owed, last)));
    },
    first: () => show(0),
    last: () => show(store.get().shown.length - 1),
    bare: (/** @type {number} */ id) =>
      store.set(({ bared }) => ({ bared: new Set([...bared, id]) })),
    fullscreen: () => parts.viewer.fullscreen(),
    zoom: (/** @type {"in" | "out" | "fit" | "one"} */ how) =>
      (store.get().panel === "compare" ? parts.compare : parts.viewer).zoom(how),
    sound: () => parts.viewer.sound(),
    copyInfotext: () => parts.viewer.copyInfotext(),
    toggleDetails() {
      const details = !store.get().details;
      keepPreference("details", details);
      store.set({ details });
    },
  };
}

/** @param {Context} context */
function markingActs({ store, toast, words }) {
  const order = () => store.get().shown.map((view) => view.id);
  return {
    mark: (/** @type {number} */ id, /** @type {boolean | undefined} */ isMarked) =>
      store.set((state) => marked(state, id, isMarked)),
    markTo: (/** @type {number} */ id) => store.set((state) => markedTo(state, order(), id)),
    markAll: () => store.set((state) => markedAll(state, order())),
    markNone: () => store.set({ marks: new Set(), anchor: null }),
    compare() {
      if (canCompare(store.get().marks)) store.set({ panel: "compare" });
      else toast(words("compare_marks"));
    },
    invert: () => store.set((state) => inverted(state, order())),
  };
}

/**
 * @param {Context} context
 * @param {Parts} parts
 */
function movingActs({ store, toast, words }, parts) {
  return {
    /** @type {Acts["move"]} */
    move(to, { extend = false } = {}) {
      const { focus, shown } = store.get();
      const before = focus ?? parts.grid.topmost();
      const id = focus === null ? before : parts.grid.neighbour(focus, to);
      if (id === null || before === null) return;
      store.set({ focus: id });
      if (extend) {
        const order = shown.map((view) => view.id);
        store.set((state) => extended(state, order, before, id));
      }
      parts.grid.reveal(id, { focus: true });
    },
    focus: (/** @type {number} */ id) => parts.grid.reveal(id, { focus: true }),
    toTop() {
      store.set({ place: parts.grid.place() });
      parts.grid.toTop();
    },
    async back() {
      const { place } = store.get();
      if (!place) return;
      if (!store.get().shown.some((view) => view.id === place.id)) toast(words("going_back"));
      while (!store.get().shown.some((view) => view.id === place.id)) {
        const { images, ended, problem } = store.get();
        if (ended || problem?.of === "images" || images.length > place.count + 200) break;
        await parts.feed.more();
      }
      store.set({ place: null });
      parts.grid.reveal(place.id, { focus: false });
    },
  };
}

/**
 * @param {Context} context
 * @param {Parts} parts
 */
function downloadActs({ store }, parts) {
  return {
    download: (/** @type {Iterable<number>} */ ids) => parts.jobs.start({ ids: [...ids] }),
    downloadGallery: (/** @type {number} */ limit, /** @type {boolean} */ verify) =>
      parts.jobs.start({ query: store.get().where, limit, ...(verify && { verify }) }),
    readGallery: (/** @type {number} */ limit) =>
      parts.jobs.start({
        query: { ...store.get().where, search: null },
        limit,
        reads_only: true,
      }),
    cancelJob: (/** @type {number} */ id) => parts.jobs.act(id, "cancel"),
  };
}

/**
 * @param {readonly {id: number}[]} views
 * @param {number | null} id
 */
function indexOf(views, id) {
  return views.findIndex((view) => view.id === id);
}

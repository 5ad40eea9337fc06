/** Every action of the page, once: buttons, keys and panels all call these. */

import type { Compare } from "./compare/compare";
import { copyText } from "./core/clipboard";
import { savePreference } from "./core/preferences";
import type { Toasts } from "./core/toast";
import { makeNavigationActions } from "./data/actions";
import type { AnnotationWriter } from "./data/annotations";
import type { BookmarkSync } from "./data/bookmark_sync";
import type { Connection } from "./data/connection";
import type { GallerySearch } from "./data/gallery_search";
import type { HiddenImages } from "./data/hidden";
import type { HomeData } from "./data/home_data";
import { copyImageText } from "./data/image_texts";
import type { LoadedFilter } from "./data/loaded_filter";
import type { Navigation } from "./data/navigation";
import type { NeededFiles } from "./data/needed_files";
import type { Pager } from "./data/pager";
import { showError } from "./data/problems";
import { makeSearchActions } from "./find/actions";
import type { Filters } from "./find/filters";
import type { Finder } from "./find/finder";
import type { FoundFocus } from "./find/found_focus";
import type { ModelResultCards } from "./find/model_results";
import type { Grid } from "./grid/grid";
import type { Home } from "./home/home";
import { sendToTab } from "./host/send_to_tab";
import type { ImageMenu } from "./menu/image_menu";
import { makeModelFileActions } from "./model_files/actions";
import type { Collections } from "./panels/collections";
import type { Jobs } from "./panels/jobs";
import type { Settings } from "./panels/settings";
import type { Watches } from "./panels/watches";
import {
  addMarks,
  canCompare,
  extendRange,
  invertMarks,
  markRange,
  toggleMark,
} from "./state/selection";
import { getShown, getTiles, listTileIds, MAX_TILE, MIN_TILE } from "./state/state";
import type { Store } from "./state/store";
import type { Actions, Context } from "./types";
import { readPace } from "./viewer/slideshow";
import type { Viewer } from "./viewer/viewer";

export type PageContext = Context & { parts: PageParts };

/** The parts that the actions call. */
export interface PageParts {
  toasts: Toasts;
  navigation: Navigation;
  pager: Pager;
  loadedFilter: LoadedFilter;
  search: GallerySearch;
  connection: Connection;
  annotations: AnnotationWriter;
  bookmarkSync: BookmarkSync;
  grid: Grid;
  finder: Finder;
  foundFocus: FoundFocus;
  filters: Filters;
  collections: Collections;
  home: Home;
  homeData: HomeData;
  results: ModelResultCards;
  viewer: Viewer;
  jobs: Jobs;
  neededFiles: NeededFiles;
  watches: Watches;
  hidden: HiddenImages;
  settings: Settings;
  compare: Compare;
  imageMenu: ImageMenu;
}

/** Return all actions that buttons, keys and panels can call.
 * @param context `parts` may still be empty; an action reads it when it runs */
export function makeActions(context: PageContext): Actions {
  const { store, parts } = context;
  return {
    ...makeNavigationActions(context),
    ...makeViewerActions(context),
    ...makeMarkActions(context),
    ...makeFocusActions(context),
    ...makeDownloadActions(context),
    ...makeModelFileActions(context),
    ...makeSearchActions(context),
    ...makeTextActions(context),
    setView: (change) => store.set(change),
    hide: (rule) => parts.hidden.hide(rule),
    unhide: (rule) => parts.hidden.unhide(rule),
    showHidden: (showsHidden) => parts.hidden.show(showsHidden),
    loadHiddenRules: () => parts.hidden.loadRules(),
    openHiddenRules: (how) => parts.settings.openHiddenRules(how),
    toggleWatch: () => parts.watches.toggleWatch(),
    favourite: (ids) => parts.annotations.toggleFavourite(ids),
    annotate: (ids, change, message) => parts.annotations.saveChange(ids, change, message),
    collectionsChanged: () => parts.bookmarkSync.reread(),
    rate: (ids, stars) => parts.annotations.rate(ids, stars),
    panel: (name) =>
      store.set(({ panel }) => ({ panel: panel === name ? "" : name, compared: null })),
    focusFind: () => parts.finder.focus(),
    leadToFound: () => parts.foundFocus.focusNextFound(),
    openFilters: () => parts.filters.open(),
    collect: () => parts.collections.open(),
    tag: (id) => parts.viewer.editTags(id),
    openImageMenu: (id) => parts.imageMenu.openAtFocus(id),
    openHideMenu: (id) => parts.imageMenu.openHideMenu(id),
    setTile(width) {
      const tile = Math.round(Math.min(MAX_TILE, Math.max(MIN_TILE, width)));
      savePreference("tile", tile);
      store.set({ tile });
    },
    groupPosts(groupsPosts) {
      savePreference("group_posts", groupsPosts);
      store.set({ groupsPosts });
    },
  };
}

/** Return the actions of the viewer. */
function makeViewerActions({ store, toast, translate, parts }: PageContext) {
  let pendingSteps = 0; // steps made while the page they lead to is loaded
  let pendingFrom: number | null = null;
  const showAt = (index: number) => {
    const view = getShown(store.get())[index];
    if (view) store.set({ open: view.id, focus: findTileId(store, view.id) });
  };
  const setSlideshow = (slideshow: boolean) => {
    if (slideshow === store.get().slideshow) return;
    store.set({ slideshow });
    if (slideshow) toast(translate("slideshow_began", { n: readPace() }));
  };
  return {
    open(id) {
      store.set(isShown(store, id) ? { open: id, focus: findTileId(store, id) } : { open: id });
    },
    close() {
      const { open } = store.get();
      if (open === null) return;
      store.set({ open: null });
      const tile = findTileId(store, open);
      if (isShown(store, open)) store.set({ focus: tile });
      parts.grid.revealImage(tile, { focus: true });
    },
    async step(by) {
      const { open: from } = store.get();
      const shown = getShown(store.get());
      pendingSteps = from === pendingFrom ? pendingSteps + by : by;
      pendingFrom = from;
      const wanted = findIndex(shown, from) + pendingSteps;
      if (wanted >= shown.length && !store.get().ended) await parts.pager.loadMore();
      if (store.get().open !== from || pendingFrom !== from) return; // elsewhere by now, or done
      pendingFrom = null;
      const now = getShown(store.get());
      showAt(Math.max(0, Math.min(findIndex(now, from) + pendingSteps, now.length - 1)));
    },
    first: () => showAt(0),
    last: () => showAt(getShown(store.get()).length - 1),
    showBlurred: (id) => store.set(({ revealed }) => ({ revealed: new Set([...revealed, id]) })),
    fullscreen: () => parts.viewer.fullscreen(),
    zoom: (how) => (store.get().panel === "compare" ? parts.compare : parts.viewer).zoom(how),
    toggleCompareOver: () => parts.compare.toggleOver(),
    swapCompared: () => parts.compare.swap(),
    sound: () => parts.viewer.sound(),
    togglePlay: () => parts.viewer.togglePlay(),
    startSlideshow() {
      const { focus, results } = store.get();
      const isFocused = focus !== null && isShown(store, focus);
      const id = isFocused ? focus : parts.grid.findTopmost();
      if (id === null || results) return toast(translate("choose_first"));
      store.set({ open: id });
      setSlideshow(true);
    },
    setSlideshow,
    toggleDetails() {
      const details = !store.get().details;
      savePreference("details", details);
      store.set({ details });
    },
  } satisfies Partial<Actions>;
}

/** Return the actions that mark images. */
function makeMarkActions({ store, toast, translate }: PageContext) {
  const order = () => getShown(store.get()).map((view) => view.id);
  const tiles = () => getTiles(store.get()).map((view) => view.id);
  // In the viewer the open image alone is marked.
  const listIds = (id: number) => (store.get().open === null ? listTileIds(store.get(), id) : [id]);
  const compare = () => {
    if (canCompare(store.get().marks)) store.set({ panel: "compare" });
    else toast(translate("compare_marks"));
  };
  return {
    mark: (id, isMarked) => store.set((state) => toggleMark(state, id, isMarked, listIds)),
    markTo: (id) => store.set((state) => markRange(state, tiles(), id, listIds)),
    markAll: () => store.set((state) => addMarks(state, order())),
    markNone() {
      const { marks, anchor } = store.get();
      store.set({ marks: new Set(), anchor: null });
      if (marks.size)
        toast(translate("unmarked", { n: marks.size }), undefined, () =>
          store.set({ marks, anchor }),
        );
    },
    askToChoose: () => toast(translate("choose_first")),
    compare,
    compareWith(id) {
      store.set((state) => toggleMark(state, id, true));
      compare();
    },
    comparePair: (compared) => store.set({ compared, panel: "compare" }),
    invert: () => store.set((state) => invertMarks(state, order())),
  } satisfies Partial<Actions>;
}

/** Return the actions that move the focus and the scroll position. */
function makeFocusActions({ store, toast, translate, parts }: PageContext) {
  return {
    /** Move the focus in the grid by a step, and scroll to the focused image. With `extend`, mark
     * the images on the way. */
    move(to, { extend = false } = {}) {
      const { focus } = store.get();
      const next = focus === null ? null : parts.grid.findNeighbour(focus, to);
      const id = next ?? parts.grid.findTopmost();
      if (id === null) return;
      const before = next === null ? id : (focus as number);
      store.set({ focus: id });
      if (extend) {
        const order = getTiles(store.get()).map((view) => view.id);
        const listIds = (one: number) => listTileIds(store.get(), one);
        store.set((state) => extendRange(state, order, before, id, listIds));
      }
      parts.grid.revealImage(id, { focus: true });
    },
    focus(id) {
      if (isShown(store, id)) store.set({ focus: id });
      parts.grid.revealImage(id, { focus: true });
    },
    toTop() {
      store.set({ place: parts.grid.getScrollPlace() });
      parts.grid.scrollToTop();
    },
    async back() {
      const { place } = store.get();
      if (!place) return;
      if (!isShown(store, place.id)) toast(translate("going_back"));
      while (!isShown(store, place.id)) {
        const { images, ended, problems } = store.get();
        if (ended || problems.images || images.length > place.count + 200) break;
        await parts.pager.loadMore();
      }
      store.set({ place: null });
      parts.grid.scrollToPlace(place);
    },
  } satisfies Partial<Actions>;
}

/** Return the actions that start and cancel downloads. */
function makeDownloadActions({ store, toast, translate, parts }: PageContext) {
  return {
    download: (ids) => parts.jobs.startJob({ ids: [...ids], query: store.get().where }),
    async downloadGallery(limit, verify) {
      const { where, hiddenCount } = store.get();
      await parts.jobs.startJob({ query: where, limit, ...(verify && { verify }) });
      if (hiddenCount) toast(translate("hidden_downloaded"));
    },
    readRecords: (limit) =>
      parts.jobs.startJob({
        query: { ...store.get().where, search: null },
        limit,
        reads_only: true,
      }),
    cancelJob: (id) => parts.jobs.runAction(id, "cancel"),
  } satisfies Partial<Actions>;
}

/** Return the actions that send an image or a text to the host, copy a text, or undo a change. */
function makeTextActions(context: PageContext) {
  const { root, toast, translate, parts } = context;
  return {
    send: (tab, id, text) => sendToTab(context, tab, id, text),
    copyText: (id, name) => copyImageText(context, parts.viewer.findKnown(id), id, name),
    async copy(text) {
      try {
        const isDone = await copyText(text, root);
        toast(translate(isDone ? "copied" : "not_copied"), isDone ? "good" : "bad");
      } catch (error) {
        showError(error, context);
      }
    },
    undo: () => parts.toasts.undoNewest(),
  } satisfies Partial<Actions>;
}

/** Return whether the open gallery lists an image, in the window or not. */
function isShown(store: Store, id: number) {
  return getShown(store.get()).some((view) => view.id === id);
}

/** Return the id of the tile for an image: the image's own id or, if posts are grouped, the id of the
 * first image of its post. */
function findTileId(store: Store, id: number) {
  return listTileIds(store.get(), id)[0];
}

/** Return the index of the image with this id in a list, -1 if the list does not contain it. */
function findIndex(views: readonly { id: number }[], id: number | null) {
  return views.findIndex((view) => view.id === id);
}

/** Every action of the page, once: buttons, keys and panels all call these. */

import type { Compare } from "./compare/compare";
import type { Annotations, HiddenRule, ModelCardPage, NeededFileView, Tag } from "./contract";
import { copyText } from "./core/clipboard";
import type { FocusKeeper } from "./core/focus";
import { type MenuItem, makeItem } from "./core/menu";
import { savePreference } from "./core/preferences";
import type { Toasts } from "./core/toasts";
import { type ApiError, showError } from "./data/api";
import type { AnnotationChange, Bookmarks } from "./data/bookmarks";
import type { Connection } from "./data/connection";
import type { HiddenImages } from "./data/hidden";
import type { HomeData } from "./data/home_data";
import type { Making } from "./data/making";
import type { Navigation } from "./data/navigation";
import type { NeededFiles } from "./data/needed_files";
import type { Pager } from "./data/pager";
import { copyImageText } from "./data/records";
import type { GallerySearch, LoadedFilter } from "./data/search";
import { makeMakingActions } from "./details/make_it";
import type { Filters } from "./find/filters";
import { type Lists, makeListActions } from "./find/lists";
import type { ResultsPage } from "./find/results_page";
import type { SearchField } from "./find/search_field";
import type { Grid } from "./grid/grid";
import type { Home } from "./home/home";
import { sendToTab } from "./host/send_to_tab";
import { chooseCheckpoint } from "./host/webui_fields";
import type { ImageMenu } from "./image_menu";
import type { Collections } from "./panels/collections";
import type { Jobs } from "./panels/jobs";
import type { Settings } from "./panels/settings";
import type { Watches } from "./panels/watches";
import { getChoice } from "./state/model_files";
import type { SearchScope } from "./state/query";
import {
  findSavedPlace,
  hasGallery,
  isTagFilter,
  makeDefaultQuery,
  pickFilters,
} from "./state/query";
import type { Selection } from "./state/selection";
import {
  addMarks,
  canCompare,
  extendRange,
  getMarksKey,
  invertMarks,
  MOST_COMPARED,
  markRange,
  toggleMark,
} from "./state/selection";
import {
  canWalkOn,
  getFailedParts,
  getShown,
  getWalk,
  isHome,
  isOffline,
  isSelecting,
  listCompared,
  listTileIds,
  MAX_TILE,
  MIN_TILE,
  type Store,
} from "./state/state";
import type {
  ComparedPair,
  Context,
  FileChoice,
  NeedsPlace,
  Panel,
  Part,
  State,
  Step,
  Where,
  ZoomStep,
} from "./types";
import { readPace } from "./viewer/slideshow";
import type { Viewer } from "./viewer/viewer";

/** All actions of the user. */
export type Actions = ReturnType<typeof makeActions>;

export type PageContext = Context & { parts: PageParts };

/** The parts that the actions call. */
export interface PageParts {
  toasts: Toasts;
  navigation: Navigation;
  pager: Pager;
  loadedFilter: LoadedFilter;
  search: GallerySearch;
  connection: Connection;
  bookmarks: Bookmarks;
  grid: Grid;
  searchField: SearchField;
  focus: FocusKeeper;
  filters: Filters;
  collections: Collections;
  home: Home;
  homeData: HomeData;
  results: ResultsPage;
  viewer: Viewer;
  jobs: Jobs;
  making: Making;
  neededFiles: NeededFiles;
  watches: Watches;
  hidden: HiddenImages;
  settings: Settings;
  compare: Compare;
  imageMenu: ImageMenu;
  lists: Lists;
}

/** Return all actions of buttons, keys and panels. They read `parts` when they run. */
export function makeActions(context: PageContext) {
  const { store, parts } = context;
  return {
    ...makeNavigationActions(context),
    ...makeViewerActions(context),
    ...makeMarkActions(context),
    ...makeFocusActions(context),
    ...makeDownloadActions(context),
    ...makeModelFileActions(context),
    ...makeMakingActions(context),
    ...makeSearchActions(context),
    ...makeTextActions(context),
    ...makeListActions(context),
    /** Store what the user looks at, or has marked. */
    setView: (
      change: Partial<
        Pick<
          State,
          | "focus"
          | "passed"
          | "headerHeight"
          | "isHeaderAway"
          | "thumb"
          | "details"
          | "open"
          | "place"
          | "results"
          | keyof Selection
        >
      >,
    ) => store.set(change),
    /** Add a rule that hides images. */
    hide: (rule: HiddenRule) => parts.hidden.hide(rule),
    /** Delete a rule. */
    unhide: (rule: HiddenRule) => parts.hidden.unhide(rule),
    showHidden: (showsHidden: boolean) => parts.hidden.show(showsHidden),
    loadHiddenRules: () => parts.hidden.loadRules(),
    /** Request everything from this host of Civitai from now on. */
    useHost: (host: string) => parts.settings.useHost(host),
    /** Search model files in these folders too, separated by ";". */
    addModelFolders: (folders: string) => parts.settings.addModelFolders(folders),
    /** Open the settings at the rules; isToAdd: at the field for a new rule. */
    openHiddenRules: (how?: { isToAdd?: boolean }) => parts.settings.openHiddenRules(how),
    /** Open the settings at the programs that make images. */
    openEngines: () => parts.settings.openEngines(),
    /** Watch the open gallery, or stop that. */
    toggleWatch: () => parts.watches.toggleWatch(),
    /** Toggle the favourites: remove them if all images are favourites. */
    favourite: (ids: number[]) => parts.bookmarks.toggleFavourite(ids),
    /** Change annotations; return the new ones, null after an error. */
    annotate: (
      ids: number[],
      change: AnnotationChange,
      message?: string | ((previous: Record<string, Annotations>) => string),
    ) => parts.bookmarks.saveChange(ids, change, message),
    findUnsaved: (id: number) => parts.bookmarks.findUnsaved(id),
    takeOut: (ids: number[], name: string) => parts.bookmarks.takeOut(ids, name),
    /** Return the item that takes images out of the open collection; [] if none is open. */
    listTakeOut(ids: number[]): MenuItem[] {
      const { collection: name = "" } = findSavedPlace(store.get().where) ?? {};
      const text = context.translate("collection_take_out", { name });
      return name ? [makeItem("take-out", text, () => parts.bookmarks.takeOut(ids, name))] : [];
    },
    /** Open a renamed collection under its new name where its gallery is open. */
    followRename: (name: string, newName: string) => parts.bookmarks.followRename(name, newName),
    /** Read all annotations again. */
    collectionsChanged: () => parts.bookmarks.reread(),
    /** Rate images; 0 stars remove the rating. */
    rate: (ids: number[], stars: number) => parts.bookmarks.rate(ids, stars),
    /** Open a panel; "" closes it. */
    panel: (panel: Panel) => store.set({ panel, compared: null }),
    /** Note how many failures of downloads the user has not seen. */
    noteFailures: (unseenFailures: number) => store.set({ unseenFailures }),
    focusFind: () => parts.searchField.focus(),
    /** Focus the first image or model that is shown next. */
    leadToFound: () => parts.focus.focusPageSoon(),
    openFilters: () => parts.filters.open(),
    /** Open the panel that collects, tags and rates the marked images. */
    collect: () => parts.collections.open(),
    /** Open an image, and focus the field for its tags. */
    tag: (id: number) => parts.viewer.editTags(id),
    /** Make an image again, or all marked ones if it is marked. */
    makeAgain: (id: number) => parts.imageMenu.makeAgain(id),
    /** Open the menu of an image. */
    openImageMenu: (id: number) => parts.imageMenu.openAtFocus(id),
    /** Open the menu of what to hide of an image. */
    openHideMenu: (id: number) => parts.imageMenu.openHideMenu(id),
    /** Let the user choose at a button where to send an image, or copy the image's infotext. */
    sendFrom: (anchor: Element, id: number) => parts.imageMenu.sendFrom(anchor, id),
    /** Set the wanted width of the tiles. */
    setTile(width: number) {
      const tile = Math.round(Math.min(MAX_TILE, Math.max(MIN_TILE, width)));
      savePreference("tile", tile);
      store.set({ tile });
    },
    groupPosts(groupsPosts: boolean) {
      savePreference("group_posts", groupsPosts);
      store.set({ groupsPosts });
    },
  };
}

function makeViewerActions({ root, store, toast, translate, parts, signal }: PageContext) {
  let pendingSteps = 0; // steps made while the page they lead to is loaded
  let pendingFrom: number | null = null;
  let began: HTMLElement | null = null; // the message that a slideshow begins with
  const open = (id: number) =>
    store.set(isShown(store, id) ? { open: id, focus: findTileId(store, id) } : { open: id });
  const showAt = (index: number) => {
    const view = getWalk(store.get())[index];
    if (view) open(view.id);
  };
  const focusClosed = (id: number) => {
    if (isHome(store.get())) return parts.home.findTile(id)?.focus();
    const tile = findTileId(store, id);
    if (isShown(store, id)) store.set({ focus: tile });
    parts.grid.focusImage(tile);
  };
  const setSlideshow = (slideshow: boolean) => {
    if (slideshow === store.get().slideshow) return;
    store.set({ slideshow });
    if (slideshow) began = toast(translate("slideshow_began", { n: readPace() }));
    else parts.toasts.remove(began);
  };
  return {
    open,
    close() {
      const { open: id } = store.get();
      if (id === null) return;
      const isFull = root.fullscreenElement !== null;
      store.set({ open: null });
      focusClosed(id);
      // nothing outside of the full screen can have the focus until it is left
      const later = { once: true, signal };
      if (isFull) root.addEventListener("fullscreenchange", () => focusClosed(id), later);
    },
    /** Return the thumbnail in an image's tile, null if there is none in the window. */
    findThumb(id: number) {
      if (isHome(store.get())) return parts.home.findTile(id)?.querySelector("img") ?? null;
      return findTileId(store, id) === id ? parts.grid.findThumb(id) : null;
    },
    /** Open the image that is this many images ahead. Do nothing if the open one is not among those
     * that can be walked through. */
    async step(by: number) {
      const { open: from } = store.get();
      const walk = getWalk(store.get());
      const index = findIndex(walk, from);
      if (index < 0) return;
      pendingSteps = from === pendingFrom ? pendingSteps + by : by;
      pendingFrom = from;
      if (index + pendingSteps >= walk.length && canWalkOn(store.get()))
        await parts.pager.loadMore();
      if (store.get().open !== from || pendingFrom !== from) return; // elsewhere by now, or done
      pendingFrom = null;
      const now = getWalk(store.get());
      showAt(Math.max(0, Math.min(findIndex(now, from) + pendingSteps, now.length - 1)));
    },
    /** Open the first image. */
    first: () => showAt(0),
    /** Open the last loaded image. */
    last: () => showAt(getWalk(store.get()).length - 1),
    /** Uncover a blurred image. */
    showBlurred: (id: number) =>
      store.set(({ revealed }) => ({ revealed: new Set([...revealed, id]) })),
    fullscreen: () => parts.viewer.fullscreen(),
    zoom: (how: ZoomStep) =>
      (store.get().panel === "compare" ? parts.compare : parts.viewer).zoom(how),
    /** Show the compared images over each other or side by side. */
    toggleCompareOver: () => parts.compare.toggleOver(),
    /** Move the first compared image behind the last. */
    swapCompared: () => parts.compare.swap(),
    sound: () => parts.viewer.sound(),
    /** Play or pause; return false if the open image is no video or sound. */
    togglePlay: () => parts.viewer.togglePlay(),
    /** Start a slideshow with the focused image. */
    startSlideshow() {
      const { focus, results } = store.get();
      const isFocused = focus !== null && isShown(store, focus);
      const id = isFocused ? focus : parts.grid.findTopmost();
      if (id === null || results) return toast(translate("no_picture_here"));
      store.set({ open: id });
      setSlideshow(true);
    },
    setSlideshow,
    toggleDetails() {
      const details = !store.get().details;
      savePreference("details", details);
      store.set({ details });
    },
  };
}

function makeMarkActions({ store, toast, translate, parts }: PageContext) {
  const order = () => getShown(store.get()).map((view) => view.id);
  // In the viewer the open image alone is marked.
  const listIds = (id: number) => (store.get().open === null ? listTileIds(store.get(), id) : [id]);
  const changeAll = (change: typeof addMarks) => {
    const all = order();
    if (all.length) store.set((state) => change(state, all));
    else toast(translate("no_picture_here"));
  };
  let hint: HTMLElement | null = null;
  const compare = () => {
    hint?.remove();
    if (canCompare(listCompared(store.get()))) store.set({ panel: "compare" });
    else hint = toast(translate("compare_marks"));
  };
  return {
    /** Mark or unmark an image; toggle the mark if isMarked is omitted. */
    mark: (id: number, isMarked?: boolean) =>
      store.set((state) => toggleMark(state, id, isMarked, listIds)),
    /** Mark all images from the anchor to this one, in reading order. */
    markTo: (id: number) =>
      store.set((state) => markRange(state, parts.grid.listIds(), id, listIds)),
    /** Mark all shown images. */
    markAll: () => changeAll(addMarks),
    markNone() {
      const { where, marks, anchor } = store.get();
      if (!isSelecting(store.get())) return toast(translate("none_marked"));
      store.set({ marks: new Set(), selecting: false, anchor: null });
      const undo = () => {
        if (getMarksKey(store.get().where) === getMarksKey(where)) store.set({ marks, anchor });
        else void parts.navigation.openGallery(where, marks);
      };
      if (marks.size > 1) toast(translate("unmarked", { n: marks.size }), undefined, undo);
    },
    /** Let presses on tiles mark them from now on. */
    startSelecting: () => store.set({ selecting: true }),
    /** Say that no image is marked or focused. */
    askToChoose: () => toast(translate("choose_first")),
    compare,
    /** Mark an image, and compare all marked images. If it is one too many, only say so. */
    compareWith(id: number) {
      const state = store.get();
      if (state.marks.has(id) || listCompared(state).length < MOST_COMPARED)
        store.set((state) => toggleMark(state, id, true));
      compare();
    },
    /** Let the user choose a file to compare with the open image. */
    compareFile: () => parts.viewer.compareFile(),
    /** Compare an image with a reproduction. */
    comparePair: (compared: ComparedPair) => store.set({ compared, panel: "compare" }),
    /** Mark what is not marked, and the reverse. */
    invert: () => changeAll(invertMarks),
  };
}

function makeFocusActions({ store, toast, translate, parts }: PageContext) {
  return {
    /** Move the focus in the grid by a step, and scroll to the focused image. With `extend`, mark
     * the images on the way. Return false if there is no image. */
    move(to: Step, { extend = false }: { extend?: boolean } = {}) {
      const { focus } = store.get();
      const next = focus === null ? null : parts.grid.findNeighbour(focus, to);
      const id = next ?? parts.grid.findTopmost();
      if (id === null) return false; // the page scrolls
      const before = next === null ? id : (focus as number);
      store.set({ focus: id });
      if (extend) {
        const order = parts.grid.listIds();
        const listIds = (one: number) => listTileIds(store.get(), one);
        store.set((state) => extendRange(state, order, before, id, listIds));
      }
      parts.grid.focusImage(id);
      return true;
    },
    toTop() {
      store.set({ place: parts.grid.getScrollPlace() });
      parts.grid.scrollToTop();
    },
    /** Return to the position before a jump. */
    async back() {
      const { place } = store.get();
      if (!place) return;
      if (!isShown(store, place.id)) toast(translate("going_back"));
      while (!isShown(store, place.id)) {
        const { images, ended, problems, loadedWords } = store.get();
        if (ended || problems.images || getShown(store.get()).length > place.count + 200) break;
        await (loadedWords ? parts.loadedFilter.readOn() : parts.pager.loadMore());
        if (store.get().images.length === images.length) break; // it was stopped
      }
      store.set({ place: null });
      parts.grid.scrollToPlace(place);
    },
  };
}

function makeDownloadActions({ store, toast, translate, parts }: PageContext) {
  return {
    download: (ids: Iterable<number>) => parts.jobs.downloadImages(ids),
    /** Download the open gallery. */
    async downloadGallery(limit: number) {
      const { where, hiddenCount } = store.get();
      const isStarted = await parts.jobs.startJob({ query: where, limit });
      if (isStarted && hiddenCount) toast(translate("hidden_downloaded"));
    },
    /** Store this many more records of the gallery. */
    readRecords: (limit: number) =>
      parts.jobs.startJob({
        query: { ...store.get().where, search: null },
        limit,
        reads_only: true,
      }),
    cancelJob: (id: number) => parts.jobs.runAction(id, "cancel"),
  };
}

function makeTextActions(context: PageContext) {
  const { root, toast, translate, parts } = context;
  return {
    /** Send an image to a tab of the host; id null: only the text. */
    send: async (tab: string, id: number | null, text: string | null) => {
      await sendToTab(context, tab, id, text);
    },
    /** Copy a text of an image. */
    copyText: (id: number, name: "prompt" | "infotext") =>
      copyImageText(context, parts.viewer.findKnown(id), id, name),
    /** Copy a text; show the error of a rejected promise. */
    async copy(text: string | Promise<string>) {
      try {
        const isDone = await copyText(text, root);
        toast(translate(isDone ? "copied" : "not_copied"), isDone ? "good" : "bad");
      } catch (error) {
        showError(error, context);
      }
    },
    /** Undo what the newest message reports; return false if there is nothing to undo. */
    undo: () => parts.toasts.undoNewest(),
  };
}

function isShown(store: Store, id: number) {
  return getShown(store.get()).some((view) => view.id === id);
}

/** Return the id of an image's tile: of the first image of its post if posts are grouped. */
function findTileId(store: Store, id: number) {
  return listTileIds(store.get(), id)[0];
}

function findIndex(views: readonly { id: number }[], id: number | null) {
  return views.findIndex((view) => view.id === id);
}

function makeNavigationActions({ store, parts }: PageContext) {
  const retries: Record<Part, () => unknown> = {
    bootstrap: () => parts.connection.retry(),
    lookup: () => parts.navigation.retryLookup(),
    images: () => parts.pager.reload(),
    loaded_filter: () => parts.loadedFilter.retry(),
    home: () => parts.homeData.load(),
  };
  return {
    /** Open what was typed. */
    find: (text: string) => parts.navigation.lookUp(text),
    /** Load the next page of model results. */
    findMore: (cursor: string) =>
      parts.navigation.searchModels(store.get().results?.query ?? "", cursor),
    closeResults: () => parts.navigation.closeResults(),
    openModel: (id: number, version: number | null = null) =>
      parts.navigation.openSource({ model: id, version }),
    /** Open the home page. If its data were never read, read them first: while our server does not
     * respond, what is open stays instead of an empty page, as does what the user opens until it
     * has responded. */
    async openHome() {
      const before = store.get();
      if (isHome(before)) return parts.homeData.load();
      if (!before.home) await parts.homeData.load();
      const now = store.get();
      // results of a search that was under way lead nowhere else
      const [old, found] = [before, now].map((one) => one.lookupText || one.results?.query);
      const isElsewhere = now.where !== before.where || now.open !== before.open || found !== old;
      if (isElsewhere || (isOffline(now) && !now.home)) return;
      await parts.navigation.openSource({});
    },
    openUser: (user: string) => parts.navigation.openSource({ user }),
    openPost: (post: number) => parts.navigation.openSource({ post }),
    openTag: (tag: Tag) => parts.navigation.openTag(tag),
    /** Search the library. */
    openLibrary: (words: string) => void parts.navigation.openSource({ search: words }),
    /** Change the query of the gallery. */
    setWhere: (change: Partial<Where>) =>
      parts.navigation.openGallery({ ...store.get().where, ...change }),
    /** Sort the gallery, and show its first images. The random order is another each time. */
    sortBy(sort: string) {
      const seed = sort === "Random" ? Math.ceil(Math.random() * 2 ** 30) : null;
      const opened = parts.navigation.openGallery({ ...store.get().where, sort, seed });
      parts.grid.scrollToTop();
      return opened;
    },
    /** Filter the loaded images; "" shows all. */
    filterLoaded: (words: string) => parts.loadedFilter.setWords(words),
    // A failed page is requested again when the user says so, not on each scroll.
    more: async () => {
      if (!store.get().problems.images) await parts.pager.loadMore();
    },
    /** Load the gallery again, from Civitai. */
    reloadGallery: () => parts.pager.restart({ isSameSource: true, isFresh: true }),
    /** Repeat the request of a part, or of all parts that failed. */
    retry(part?: Part) {
      const { lookupText } = store.get();
      const failed = part ? [part] : getFailedParts(store.get());
      if (!failed.length) failed.push(lookupText ? "lookup" : "images");
      for (const one of failed) void retries[one]();
    },
    /** Check the connection, because an image has not arrived; without `url` the last one. */
    checkServer: (url?: string) => void parts.connection.check(url),
    /** Report why an image has not arrived, null if it has. */
    reportFailure: (url: string, failure: ApiError | null) =>
      void parts.connection.report(url, failure),
    /** Abort a lookup, or load images from the library instead of Civitai; both if omitted. */
    giveUp(of?: "lookup" | "images") {
      if (of !== "images") parts.navigation.abortLookup();
      if (of !== "lookup") parts.pager.loadFromLibrary();
    },
  };
}

function makeSearchActions({ store, parts }: PageContext) {
  return {
    /** Search images by words, and show those that match. */
    search: (words: string, scope: SearchScope) => parts.search.search(words, scope),
    /** Close the panel and the viewer, and show the models that Civitai finds. */
    searchModels(words: string, page: ModelCardPage | null = null) {
      store.set({ panel: "", open: null });
      return parts.navigation.openModels(words, page);
    },
    clearSearch: () => parts.search.clear(),
    /** Load more pages until more images match. */
    searchOn: () => (store.get().widened ? parts.search.searchOn() : parts.loadedFilter.readOn()),
    /** Stop loading pages until enough images match. */
    stopSearch() {
      store.set({ searchReading: "" });
      parts.pager.stop();
    },
    /** Reset the filters and the search. */
    resetFilters() {
      const { bootstrap, where } = store.get();
      if (!bootstrap) return;
      const isLibrary = where.search !== null && !hasGallery(where);
      const search = isLibrary ? (findSavedPlace(where)?.word ?? "") : null;
      const filters = pickFilters(makeDefaultQuery(bootstrap));
      const tag = isTagFilter(where) ? "" : where.tag;
      void parts.loadedFilter.setWords("");
      void parts.navigation.openGallery({ ...where, ...filters, tag, search });
    },
  };
}

function makeModelFileActions({ store, toast, translate, parts }: PageContext) {
  return {
    /** Fetch the list of model files that a query asks for, and show it in a part of the page. */
    showNeeds: (place: NeedsPlace, query: string) => parts.neededFiles.show(place, query),
    /** Fetch the list of model files for a part of the page again after a failure. */
    retryNeeds: (place: NeedsPlace) => parts.neededFiles.retry(place),
    /** Open the panel with the model files that images, or the results of a query, need. */
    listNeeds(of: readonly number[] | string) {
      if (typeof of === "string") parts.neededFiles.show("list", of);
      else parts.neededFiles.showForImages(of);
      store.set({ panel: "model_files" });
    },
    /** Change the user's choice for a needed model; fields that `change` lacks stay. */
    chooseFile(needed: NeededFileView, change: Partial<FileChoice>) {
      const { fileChoices } = store.get();
      const choice = { ...getChoice(needed, fileChoices), ...change };
      store.set({ fileChoices: new Map(fileChoices).set(needed.key, choice) });
    },
    /** Start the download of the chosen files of these models. */
    getModelFiles: (files: readonly NeededFileView[]) => parts.neededFiles.get(files),
    /** Ask the archive in the settings for a file that Civitai does not have, and download it. */
    getArchivedFile: (needed: NeededFileView) => parts.neededFiles.getArchived(needed),
    /** Load a checkpoint in the host. */
    chooseCheckpoint(name: string) {
      chooseCheckpoint(name);
      toast(translate("checkpoint_chosen", { name }));
    },
  };
}

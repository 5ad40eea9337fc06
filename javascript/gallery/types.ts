/** The types that the page's parts share; those of JSON come from the contract with the server. */

import type {
  Annotations,
  Bootstrap,
  GalleryQuery,
  HiddenRule,
  Home,
  ImageDetails,
  ImagePage,
  ImageView,
  JobList,
  ModelCard,
  ModelCardPage,
  ModelView,
  NeededFilesView,
  NeededFileView,
  Note,
  ReproductionView,
  ResourceView,
  SearchCount,
  SearchProgress,
  WatchedGallery,
  WatchList,
} from "./contract";
import type { Api } from "./data/api";
import type { AnnotationChange } from "./data/bookmarks";
import type { Records } from "./data/records";
import type { SearchScope } from "./state/query";
import type { Range, Selection } from "./state/selection";
import type { Store } from "./state/state";

export type { Annotations, Bootstrap, Note, SearchProgress, WatchedGallery };
export type View = ImageView;
export type ImageRecord = ImageDetails;
export type Resource = ResourceView;
type Comparison = import("./contract").Comparison;
export type Reproduction = ReproductionView;
export type Card = ModelCard;
export type Model = ModelView;
export type Page = ImagePage;
export type Where = GalleryQuery;
export type WatchedGalleries = WatchList;
export type Jobs = JobList;
export type NeededFile = NeededFileView;
type HomeContent = Home;

/** The results of a model search on Civitai. */
export interface ModelResults {
  query: string;
  models: Card[];
  cursor: string | null; // of the next page, null after the last page
}

/** A search that found nothing in its first scope. */
export interface WidenedSearch {
  from: SearchScope; // the first scope
  scope: SearchScope; // the wider scope that is shown
  words: string;
  loaded: number; // number of images that were loaded
  found: SearchCount; // in the wider scope
  where: Where; // the query before the search
}

/** The open image, the gallery's header, the list. */
export type NeedsPlace = "image" | "gallery" | "list";

/** The model files that one part of the page shows. */
export interface Needs {
  of: string; // the query that was sent, "images" for given images, "" for nothing
  answer: NeededFilesView | null; // the last response, which is kept during the next request
  problem: Problem | null; // why the last request failed, null if it did not
  loading: boolean;
}

/** The user's choice of files for a needed model. */
export interface FileChoice {
  file: number | null; // an id, null for the file that the server suggests
  allowed: number | null; // id of the file that the user allows although it may run code
  companions: ReadonlySet<number>; // ids of files to download with it
}

/** Of the page, each with a problem of its own. */
export type Part = "bootstrap" | "lookup" | "images" | "loaded_filter" | "home";

export type Problem = { code: string; message: string };
export type Problems = Readonly<Record<Part, Problem | null>>;

/** A scroll position in a gallery. */
export interface ScrollPlace {
  id: number; // of the image at the top of the window
  count: number; // number of images from the first to this one
  y: number; // pixels from the window's upper edge to this image
}

/** toggle: between actual size and the whole image. */
export type ZoomStep = "in" | "out" | "toggle";

export type Panel =
  | ""
  | "jobs"
  | "settings"
  | "collections"
  | "watches"
  | "help"
  | "stats"
  | "compare"
  | "model_files";

/** An image, and an image that was generated from its infotext. */
export interface ComparedPair {
  record: ImageRecord;
  made: Comparison; // the result of the comparison
  stored: Reproduction | null; // null for a file of the user that is not stored
  file: File | null; // null for a stored reproduction
}

export interface State {
  bootstrap: Bootstrap | null;
  where: Where;
  model: Model | null;
  title: string; // of the open post, "" if it is unknown
  home: HomeContent | null; // what the home page shows
  startedAt: number; // performance.now() at the last request for `bootstrap` or `home`
  samples: readonly Card[]; // the models of the demo
  results: ModelResults | null; // null unless search results are shown instead of a gallery
  lookupText: string; // what is being looked up, "" for nothing
  lookupStartedAt: number; // performance.now() at the start of the lookup
  images: readonly View[]; // all loaded images, each id once
  cursor: string | null; // of the next page
  ended: boolean; // all pages are loaded
  loading: boolean; // a page is being loaded
  stale: boolean; // `images` were loaded before a filter was changed; the first page replaces them
  requestedAt: number; // performance.now() at the start of the request for a page, 0 for no request
  problems: Problems;
  lost: boolean; // our server did not respond, and none of `problems` tells that
  notes: Note[];
  searchProgress: SearchProgress | null; // of a search that has not ended; null if it has
  libraryDate: string; // when the shown images were stored, if Civitai does not respond; else ""
  groupsPosts: boolean; // each post is one tile
  hiddenCount: number; // number of images that rules hide
  showsHidden: boolean; // hidden images are shown, until another gallery is opened
  hiddenRules: readonly HiddenRule[]; // as fetched last
  loadedWords: string; // the words by which the loaded images are filtered, "" for no filter
  // ids of the loaded images that match, null before the first response
  matches: ReadonlySet<number> | null;
  // on: pages are loaded until enough images match; enough: enough match, and more pages are loaded
  // when the user scrolls
  searchReading: "" | "on" | "enough";
  widened: WidenedSearch | null;
  marks: ReadonlySet<number>;
  anchor: number | null; // the tile at which a range of marks begins
  range: Range | null; // the range that was marked last
  focus: number | null; // id of the image of the focused tile
  open: number | null; // the image in the viewer, which may be missing in `images`
  slideshow: boolean; // a slideshow is running
  revealed: ReadonlySet<number>; // ids of blurred images that the user has uncovered
  place: ScrollPlace | null; // the position to which the user can return
  panel: Panel;
  compared: ComparedPair | null; // what the panel "compare" shows, null for the marked images
  details: boolean; // the details are shown
  passed: number; // number of images above the lower edge of the window
  thumb: 320 | 450 | 800; // width of the requested thumbnails in pixels
  tile: number; // wanted width of a tile in pixels
  jobs: Jobs | null;
  watches: WatchedGalleries | null;
  // the newest annotations that were changed, by image id
  annotated: Readonly<Record<string, Annotations>>;
  bookmarksRevision: number; // increases with each change of annotations or collections
  needs: Readonly<Record<NeedsPlace, Needs>>;
  fileChoices: ReadonlyMap<string, FileChoice>; // by the key of a needed file
}

export type Step = "left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown";

/** All actions of the user, for buttons, keys and panels. */
export interface Actions {
  find: (text: string) => Promise<void>; // opens what was typed
  findMore: (cursor: string) => Promise<void>; // loads the next page of model results
  closeResults: () => void;
  openModel: (id: number, version?: number | null) => Promise<void>;
  openUser: (user: string) => Promise<void>;
  waitForModel: () => Promise<Model | null>; // whose gallery is open, until its request is over
  openHome: () => Promise<void>;
  openLibrary: (words: string) => void; // searches the library
  setWhere: (change: Partial<Where>) => Promise<void>; // changes the query of the gallery
  filterLoaded: (words: string) => void; // filters the loaded images; "" shows all
  // searches images, in a wider scope if there are none
  search: (words: string, scope: SearchScope) => Promise<void>;
  clearSearch: () => void;
  searchOn: () => Promise<void>; // loads more pages until more images match
  stopSearch: () => void; // stops loading pages until enough images match
  // searches models on Civitai; page: the first page of results, if known
  searchModels: (words: string, page?: ModelCardPage | null) => Promise<void>;
  more: () => Promise<void>; // loads the next page; settles when that has ended
  resetFilters: () => void; // resets the filters and the search
  reloadGallery: () => Promise<void>; // loads the gallery again, from Civitai
  retry: (part?: Part) => void; // repeats the request of a part, or of all parts that failed
  checkServer: () => void; // called when a thumbnail has not arrived
  // aborts a lookup, or loads images from the library instead of Civitai; both if omitted
  giveUp: (of?: "lookup" | "images") => void;
  hide: (rule: HiddenRule) => Promise<void>; // adds a rule that hides images
  unhide: (rule: HiddenRule) => Promise<void>; // deletes a rule
  showHidden: (showsHidden: boolean) => Promise<void>;
  loadHiddenRules: () => Promise<void>;
  // opens the settings at the rules; isToAdd: at the field for a new rule
  openHiddenRules: (how?: { isToAdd?: boolean }) => Promise<void>;
  open: (id: number) => void;
  close: () => void;
  step: (by: number) => Promise<void>; // opens the image that is this many images ahead
  first: () => void; // opens the first image
  last: () => void; // opens the last loaded image
  move: (to: Step, how?: { extend?: boolean }) => void; // moves the focus in the grid
  focus: (id: number) => void; // focuses an image's tile
  // marks or unmarks an image; toggles the mark if isMarked is omitted
  mark: (id: number, isMarked?: boolean) => void;
  toggleWatch: () => Promise<void>; // watches the open gallery, or stops that
  // toggles the favourites: removes them if all images are favourites
  favourite: (ids: number[]) => Promise<void>;
  // changes annotations; returns the new ones, null after an error
  annotate: (
    ids: number[],
    change: AnnotationChange,
    message?: string | ((previous: Record<string, Annotations>) => string),
  ) => Promise<Record<string, Annotations> | null>;
  markTo: (id: number) => void; // marks all images from the anchor to this one
  markAll: () => void; // marks all shown images
  markNone: () => void;
  invert: () => void; // marks what is not marked, and the reverse
  // stores what the user looks at, or has marked
  setView: (
    change: Partial<
      Pick<
        State,
        "focus" | "passed" | "thumb" | "details" | "open" | "place" | "results" | keyof Selection
      >
    >,
  ) => void;
  askToChoose: () => void; // says that no image is marked or focused
  compare: () => void; // compares the marked images
  compareWith: (id: number) => void; // marks an image, and compares all marked images
  comparePair: (pair: ComparedPair) => void; // compares an image with a reproduction
  toggleCompareOver: () => void; // shows the compared images over each other or side by side
  swapCompared: () => void; // moves the first compared image behind the last
  showBlurred: (id: number) => void; // uncovers a blurred image
  download: (ids: Iterable<number>) => Promise<void>;
  // limit: number of images; verify: walk through the gallery's pages twice
  downloadGallery: (limit: number, verify: boolean) => Promise<void>;
  readRecords: (limit: number) => Promise<void>; // stores this many more records of the gallery
  cancelJob: (id: number) => Promise<void>;
  showNeeds: (place: NeedsPlace, query: string) => void; // shows which model files a query asks for
  retryNeeds: (place: NeedsPlace) => void;
  // opens the panel of needed model files; of: ids of images, or a query
  listNeeds: (of: readonly number[] | string) => void;
  // changes the user's choice for a needed model
  chooseFile: (needed: NeededFile, change: Partial<FileChoice>) => void;
  getModelFiles: (files: readonly NeededFile[]) => Promise<void>; // downloads model files
  chooseCheckpoint: (name: string) => void; // loads a checkpoint in the host
  // sends an image to a tab of the host; id null: only the text
  send: (tab: string, id: number | null, text: string | null) => Promise<void>;
  collectionsChanged: () => Promise<void>; // reads all annotations again
  tag: (id: number) => void; // opens an image, and focuses the field for its tags
  rate: (ids: number[], stars: number) => unknown; // stars: 0 removes the rating
  panel: (name: Panel) => void; // opens a panel; "" closes it
  toTop: () => void;
  back: () => Promise<void>; // returns to the position before a jump
  // copies a text; shows the error of a rejected promise
  copy: (text: string | Promise<string>) => Promise<void>;
  undo: () => boolean; // undoes what the newest message reports; false if there is nothing to undo
  copyText: (id: number, name: "prompt" | "infotext") => Promise<void>; // copies a text of an image
  startSlideshow: () => void; // starts with the focused image
  setSlideshow: (slideshow: boolean) => void;
  fullscreen: () => void;
  zoom: (how: ZoomStep) => void;
  sound: () => void;
  togglePlay: () => boolean; // false if the open image is no video or sound
  toggleDetails: () => void;
  focusFind: () => void;
  leadToFound: () => void; // focuses the first image or model that is shown next
  openFilters: () => void;
  collect: () => void; // opens the collections, with the tags field focused
  openImageMenu: (id: number) => void; // opens the menu of an image
  openHideMenu: (id: number) => void; // opens the menu of what to hide of an image
  setTile: (width: number) => void; // sets the wanted width of the tiles
  groupPosts: (groupsPosts: boolean) => void;
  openPost: (post: number) => Promise<void>;
}

export type Translate = (key: string, values?: Record<string, string | number>) => string;
type Toast = (text: string, kind?: "good" | "bad", undo?: () => unknown) => void;

/** What all parts of the page share. */
export interface Context {
  root: ShadowRoot;
  page: HTMLDivElement; // contains all but the dialogs and the bars at the edge of the window
  store: Store;
  api: Api;
  records: Records;
  translate: Translate;
  actions: Actions;
  toast: Toast;
  signal: AbortSignal; // aborted when the element leaves the page
}

/** The types that the page's parts share; those of JSON come from the contract with the server. */

import type { Actions } from "./actions";
import type {
  Annotations,
  Bootstrap,
  Comparison,
  EngineView,
  GalleryQuery,
  HiddenRule,
  Home,
  ImageDetails,
  ImageView,
  JobList,
  MakeView,
  ModelCard,
  ModelView,
  NeededFilesView,
  Note,
  Post,
  ReproductionView,
  SearchCount,
  WatchList,
} from "./contract";
import type { Api } from "./data/api";
import type { Records } from "./data/records";
import type { SearchScope } from "./state/query";
import type { Range } from "./state/selection";
import type { Store } from "./state/state";

export type Where = Required<GalleryQuery>;

/** The results of a model search on Civitai. */
export interface ModelResults {
  query: string;
  models: ModelCard[];
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
  record: ImageDetails;
  made: Comparison; // the result of the comparison
  stored: ReproductionView | null; // null for a file of the user that is not stored
  file: File | null; // null for a stored reproduction
  // several stored ones to compare with each other, in place of the pair
  row?: readonly { made: ReproductionView; label: string }[];
}

export interface State {
  bootstrap: Bootstrap | null;
  where: Where;
  model: ModelView | null;
  title: string; // of the open post, or of the model that is being fetched; "" if it is unknown
  home: Home | null; // what the home page shows
  startedAt: number; // performance.now() at the last request for `bootstrap` or `home`
  samples: readonly ModelCard[]; // the models of the demo
  popular: readonly ImageView[]; // this week's most liked images, for who has little of his own
  results: ModelResults | null; // null unless search results are shown instead of a gallery
  lookupText: string; // what is being looked up, "" for nothing
  lookupStartedAt: number; // performance.now() at the start of the lookup
  images: readonly ImageView[]; // all loaded images, each id once
  cursor: string | null; // of the next page
  ended: boolean; // all pages are loaded
  loading: boolean; // a page is being loaded
  stale: boolean; // `images` were loaded before a filter was changed; the first page replaces them
  requestedAt: number; // performance.now() at the start of the request for a page, 0 for no request
  problems: Problems;
  lost: boolean; // our server did not respond, and none of `problems` tells that
  away: boolean; // Civitai did not send an image
  notes: Note[];
  post: Post | null; // what is known about the post that was loaded last
  libraryDate: string; // when the shown images were stored, if Civitai does not respond; else ""
  groupsPosts: boolean; // each post is one tile
  hiddenCount: number; // number of images that rules hide
  missing: readonly number[]; // ids of a list's images that are not to be had now
  total: number | null; // number of images of a list, null for another gallery
  stopped: boolean; // no further page is loaded until the user asks for more
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
  selecting: boolean; // a press on a tile marks it, even while none is marked
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
  headerHeight: number; // in pixels
  isHeaderAway: boolean; // while the user scrolls down
  passed: number; // number of images above the lower edge of the window
  thumb: 320 | 450 | 800; // width of the requested thumbnails in pixels
  tile: number; // wanted width of a tile in pixels
  jobs: JobList | null;
  unseenFailures: number; // of downloads that ended since their list was seen last
  engines: readonly EngineView[]; // the programs that make images, as found last
  made: readonly MakeView[]; // images that are made, wait or were made, newest first
  watches: WatchList | null;
  // by image id, what is newer than an answer that is still to come; of some only the changed fields
  annotated: Readonly<Record<string, Partial<Annotations>>>;
  bookmarksRevision: number; // increases with each change of annotations or collections
  needs: Readonly<Record<NeedsPlace, Needs>>;
  fileChoices: ReadonlyMap<string, FileChoice>; // by the key of a needed file
}

export type Step = "left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown";

export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** What all parts of the page share. */
export interface Context {
  root: ShadowRoot;
  page: HTMLDivElement; // contains all but the dialogs and the bars at the edge of the window
  store: Store;
  api: Api;
  records: Records;
  translate: Translate;
  actions: Actions;
  toast: import("./core/toasts").Toasts["show"];
  signal: AbortSignal; // aborted when the element leaves the page
}

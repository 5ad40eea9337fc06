/**
 * The types that the page's parts share; those of JSON come from the contract with the server.
 *
 * @typedef {import("./contract").Bootstrap} Bootstrap
 * @typedef {import("./contract").Setting} Setting
 * @typedef {import("./contract").ImageView} View
 * @typedef {import("./contract").ImageDetails} ImageRecord
 * @typedef {import("./contract").ResourceView} Resource
 * @typedef {import("./contract").Annotations} Annotations
 * @typedef {import("./contract").Comparison} Comparison
 * @typedef {import("./contract").ReproductionView} Reproduction
 * @typedef {import("./contract").ModelCard} Card
 * @typedef {import("./contract").ModelView} Model
 * @typedef {import("./contract").Note} Note
 * @typedef {import("./contract").ImagePage} Page
 * @typedef {import("./contract").SearchProgress} SearchProgress
 * @typedef {Required<import("./contract").GalleryQuery>} Where
 * @typedef {import("./contract").WatchedGallery} WatchedGallery
 * @typedef {import("./contract").WatchList} WatchedGalleries
 * @typedef {import("./contract").JobList} Jobs
 * @typedef {import("./contract").NeededFileView} NeededFile
 * @typedef {import("./contract").Home} HomeContent
 *
 * @typedef {object} ModelResults  the results of a model search on Civitai
 * @property {string} query
 * @property {Card[]} models
 * @property {string | null} cursor  of the next page, null after the last page
 *
 * @typedef {object} WidenedSearch  a search that found nothing in its first scope
 * @property {import("./state/search_scope.js").SearchScope} from  the first scope
 * @property {import("./state/search_scope.js").SearchScope} scope  the wider scope that is shown
 * @property {string} words
 * @property {number} loaded  number of images that were loaded
 * @property {import("./contract").SearchCount} found  in the wider scope
 * @property {Where} where  the query before the search
 *
 * @typedef {"image" | "gallery" | "list"} NeedsPlace  the open image, the gallery's header, the list
 *
 * @typedef {object} Needs  the model files that one part of the page shows
 * @property {string} of  the query that was sent, "images" for given images, "" for nothing
 * @property {import("./contract").NeededFilesView | null} answer  the last response, which is kept
 *     during the next request
 * @property {Problem | null} problem  why the last request failed, null if it did not
 * @property {boolean} loading
 *
 * @typedef {object} FileChoice  the user's choice of files for a needed model
 * @property {number | null} file  an id, null for the file that the server suggests
 * @property {number | null} allowed  id of the file that the user allows although it may run code
 * @property {ReadonlySet<number>} companions  ids of files to download with it
 *
 * @typedef {"bootstrap" | "lookup" | "images" | "loaded_filter" | "home"} Part  of the page, each with a problem of its own
 * @typedef {{code: string, message: string}} Problem
 * @typedef {Readonly<Record<Part, Problem | null>>} Problems
 *
 * @typedef {object} ScrollPlace  a scroll position in a gallery
 * @property {number} id  of the image at the top of the window
 * @property {number} count  number of images from the first to this one
 * @property {number} y  pixels from the window's upper edge to this image
 *
 * @typedef {"in" | "out" | "toggle"} ZoomStep  toggle: between actual size and the whole image
 * @typedef {"" | "jobs" | "settings" | "collections" | "watches" | "help" | "stats" | "compare" | "model_files"} Panel
 *
 * @typedef {object} ComparedPair  an image, and an image that was generated from its infotext
 * @property {ImageRecord} record
 * @property {Comparison} made  the result of the comparison
 * @property {Reproduction | null} stored  null for a file of the user that is not stored
 * @property {File | null} file  null for a stored reproduction
 *
 * @typedef {object} State
 * @property {Bootstrap | null} bootstrap
 * @property {Where} where
 * @property {Model | null} model
 * @property {string} title  of the open post, "" if it is unknown
 * @property {HomeContent | null} home  what the home page shows
 * @property {number} startedAt  performance.now() at the last request for `bootstrap` or `home`
 * @property {readonly Card[]} samples  the models of the demo
 * @property {ModelResults | null} results  null unless search results are shown instead of a
 *     gallery
 * @property {string} lookupText  what is being looked up, "" for nothing
 * @property {number} lookupStartedAt  performance.now() at the start of the lookup
 * @property {readonly View[]} images  all loaded images, each id once
 * @property {string | null} cursor  of the next page
 * @property {boolean} ended  all pages are loaded
 * @property {boolean} loading  a page is being loaded
 * @property {boolean} stale  `images` were loaded before a filter was changed; the first page
 *     replaces them
 * @property {number} requestedAt  performance.now() at the start of the request for a page, 0 for
 *     no request
 * @property {Problems} problems
 * @property {boolean} lost  our server did not respond, and none of `problems` tells that
 * @property {Note[]} notes
 * @property {SearchProgress | null} searchProgress  of a search that has not ended; null if it has
 * @property {string} libraryDate  when the shown images were stored, if Civitai does not respond;
 *     else ""
 * @property {boolean} groupsPosts  each post is one tile
 * @property {number} hiddenCount  number of images that rules hide
 * @property {boolean} showsHidden  hidden images are shown, until another gallery is opened
 * @property {readonly import("./contract").HiddenRule[]} hiddenRules  as fetched last
 * @property {string} loadedWords  the words by which the loaded images are filtered, "" for no filter
 * @property {ReadonlySet<number> | null} matches  ids of the loaded images that match, null before
 *     the first response
 * @property {"" | "on" | "enough"} searchReading  on: pages are loaded until enough images match;
 *     enough: enough match, and more pages are loaded when the user scrolls
 * @property {WidenedSearch | null} widened
 * @property {ReadonlySet<number>} marks
 * @property {number | null} anchor  the tile at which a range of marks begins
 * @property {import("./state/selection.js").Range | null} range  the range that was marked last
 * @property {number | null} focus  id of the image of the focused tile
 * @property {number | null} open  the image in the viewer, which may be missing in `images`
 * @property {boolean} slideshow  a slideshow is running
 * @property {ReadonlySet<number>} revealed  ids of blurred images that the user has uncovered
 * @property {ScrollPlace | null} place  the position to which the user can return
 * @property {Panel} panel
 * @property {ComparedPair | null} compared  what the panel "compare" shows, null for the marked
 *     images
 * @property {boolean} details  the details are shown
 * @property {number} passed  number of images above the lower edge of the window
 * @property {320 | 450 | 800} thumb  width of the requested thumbnails in pixels
 * @property {number} tile  wanted width of a tile in pixels
 * @property {Jobs | null} jobs
 * @property {WatchedGalleries | null} watches
 * @property {Readonly<Record<string, Annotations>>} annotated  the newest annotations that were
 *     changed, by image id
 * @property {number} bookmarksRevision  increases with each change of annotations or collections
 * @property {Readonly<Record<NeedsPlace, Needs>>} needs
 * @property {ReadonlyMap<string, FileChoice>} fileChoices  by the key of a needed file
 *
 * @typedef {"left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown"} Step
 *
 * @typedef {object} Actions  all actions of the user, for buttons, keys and panels
 * @property {(text: string) => Promise<void>} find  opens what was typed
 * @property {(cursor: string) => Promise<void>} findMore  loads the next page of model results
 * @property {() => void} closeResults
 * @property {(id: number, version?: number | null) => Promise<void>} openModel
 * @property {(user: string) => Promise<void>} openUser
 * @property {() => Promise<Model | null>} waitForModel  whose gallery is open, until its request is over
 * @property {() => Promise<void>} openHome
 * @property {(words: string) => void} openLibrary  searches the library
 * @property {(change: Partial<Where>) => Promise<void>} setWhere  changes the query of the gallery
 * @property {(words: string) => void} filterLoaded  filters the loaded images; "" shows all
 * @property {(words: string, scope: import("./state/search_scope.js").SearchScope) => Promise<void>} search
 *     searches images, in a wider scope if there are none
 * @property {() => void} clearSearch
 * @property {() => Promise<void>} searchOn  loads more pages until more images match
 * @property {() => void} stopSearch  stops loading pages until enough images match
 * @property {(words: string, page?: import("./contract").ModelCardPage | null) => Promise<void>} searchModels
 *     searches models on Civitai; page: the first page of results, if known
 * @property {() => Promise<void>} more  loads the next page; settles when that has ended
 * @property {() => void} resetFilters  resets the filters and the search
 * @property {() => Promise<void>} reloadGallery  loads the gallery again, from Civitai
 * @property {(part?: Part) => void} retry  repeats the request of a part, or of all parts that
 *     failed
 * @property {() => void} checkServer  called when a thumbnail has not arrived
 * @property {(of?: "lookup" | "images") => void} giveUp  aborts a lookup, or loads
 *     images from the library instead of Civitai; both if omitted
 * @property {(rule: import("./contract").HiddenRule) => Promise<void>} hide  adds a rule that hides
 *     images
 * @property {(rule: import("./contract").HiddenRule) => Promise<void>} unhide  deletes a rule
 * @property {(showsHidden: boolean) => Promise<void>} showHidden
 * @property {() => Promise<void>} loadHiddenRules
 * @property {(how?: {isToAdd?: boolean}) => Promise<void>} openHiddenRules  opens the settings at
 *     the rules; isToAdd: at the field for a new rule
 * @property {(id: number) => void} open
 * @property {() => void} close
 * @property {(by: number) => Promise<void>} step  opens the image that is this many images ahead
 * @property {() => void} first  opens the first image
 * @property {() => void} last  opens the last loaded image
 * @property {(to: Step, how?: {extend?: boolean}) => void} move  moves the focus in the grid
 * @property {(id: number) => void} focus  focuses an image's tile
 * @property {(id: number, isMarked?: boolean) => void} mark  marks or unmarks an image; toggles the
 *     mark if isMarked is omitted
 * @property {() => Promise<void>} toggleWatch  watches the open gallery, or stops that
 * @property {(ids: number[]) => Promise<void>} favourite  toggles the favourites: removes them if
 *     all images are favourites
 * @property {(ids: number[], change: import("./data/annotations.js").AnnotationChange, message?: string | ((previous: Record<string, Annotations>) => string)) => Promise<Record<string, Annotations> | null>} annotate
 *     changes annotations; returns the new ones, null after an error
 * @property {(id: number) => void} markTo  marks all images from the anchor to this one
 * @property {() => void} markAll  marks all shown images
 * @property {() => void} markNone
 * @property {() => void} invert  marks what is not marked, and the reverse
 * @property {(change: Partial<Pick<State, "focus" | "passed" | "thumb" | "details" | "open" | "place" | "results" | keyof import("./state/selection.js").Selection>>) => void} setView
 *     stores what the user looks at, or has marked
 * @property {() => void} askToChoose  says that no image is marked or focused
 * @property {() => void} compare  compares the marked images
 * @property {(id: number) => void} compareWith  marks an image, and compares all marked images
 * @property {(pair: ComparedPair) => void} comparePair  compares an image with a reproduction
 * @property {() => void} toggleCompareOver  shows the compared images over each other or side by
 *     side
 * @property {() => void} swapCompared  moves the first compared image behind the last
 * @property {(id: number) => void} showBlurred  uncovers a blurred image
 * @property {(ids: Iterable<number>) => Promise<void>} download
 * @property {(limit: number, verify: boolean) => Promise<void>} downloadGallery  limit: number of
 *     images; verify: walk through the gallery's pages twice
 * @property {(limit: number) => Promise<void>} readRecords  stores this many more records of the
 *     gallery
 * @property {(id: number) => Promise<void>} cancelJob
 * @property {(place: NeedsPlace, query: string) => void} showNeeds  shows which model files a query
 *     asks for
 * @property {(place: NeedsPlace) => void} retryNeeds
 * @property {(of: readonly number[] | string) => void} listNeeds  opens the panel of needed model
 *     files; of: ids of images, or a query
 * @property {(needed: NeededFile, change: Partial<FileChoice>) => void} chooseFile  changes the
 *     user's choice for a needed model
 * @property {(files: readonly NeededFile[]) => Promise<void>} getModelFiles  downloads model files
 * @property {(name: string) => void} chooseCheckpoint  loads a checkpoint in the host
 * @property {(tab: string, id: number | null, text: string | null) => Promise<void>} send  sends an
 *     image to a tab of the host; id null: only the text
 * @property {() => Promise<void>} collectionsChanged  reads all annotations again
 * @property {(id: number) => void} tag  opens an image, and focuses the field for its tags
 * @property {(ids: number[], stars: number) => unknown} rate  stars: 0 removes the rating
 * @property {(name: Panel) => void} panel  opens a panel; "" closes it
 * @property {() => void} toTop
 * @property {() => Promise<void>} back  returns to the position before a jump
 * @property {(text: string | Promise<string>) => Promise<void>} copy  copies a text; shows the
 *     error of a rejected promise
 * @property {() => boolean} undo  undoes what the newest message reports; false if there is nothing
 *     to undo
 * @property {(id: number, name: "prompt" | "infotext") => Promise<void>} copyText  copies a text of
 *     an image
 * @property {() => void} startSlideshow  starts with the focused image
 * @property {(slideshow: boolean) => void} setSlideshow
 * @property {() => void} fullscreen
 * @property {(how: ZoomStep) => void} zoom
 * @property {() => void} sound
 * @property {() => boolean} togglePlay  false if the open image is no video or sound
 * @property {() => void} toggleDetails
 * @property {() => void} focusFind
 * @property {() => void} leadToFound  focuses the first image or model that is shown next
 * @property {() => void} openFilters
 * @property {() => void} collect  opens the collections, with the tags field focused
 * @property {(id: number) => void} openImageMenu  opens the menu of an image
 * @property {(id: number) => void} openHideMenu  opens the menu of what to hide of an image
 * @property {(width: number) => void} setTile  sets the wanted width of the tiles
 * @property {(groupsPosts: boolean) => void} groupPosts
 * @property {(post: number) => Promise<void>} openPost
 *
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Translate
 * @typedef {(text: string, kind?: "good" | "bad", undo?: () => unknown) => void} Toast
 *
 * @typedef {object} Context  what all parts of the page share
 * @property {ShadowRoot} root
 * @property {HTMLDivElement} page  contains all but the dialogs and the bars at the edge of the
 *     window
 * @property {import("./state/store.js").Store} store
 * @property {import("./data/api.js").Api} api
 * @property {import("./data/records.js").Records} records
 * @property {Translate} translate
 * @property {Actions} actions
 * @property {Toast} toast
 * @property {AbortSignal} signal  aborted when the element leaves the page
 */

export {};

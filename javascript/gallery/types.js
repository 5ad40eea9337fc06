/**
 * The types that the page's parts share; those of JSON come from the contract with the server.
 *
 * @typedef {import("./contract").Bootstrap} Bootstrap
 * @typedef {import("./contract").Setting} Setting
 * @typedef {import("./contract").ImageView} View
 * @typedef {import("./contract").ImageDetails} ImageRecord
 * @typedef {import("./contract").Resource} Resource
 * @typedef {import("./contract").Annotations} Annotations
 * @typedef {import("./contract").Comparison} Comparison
 * @typedef {import("./contract").Reproduction} Reproduction
 * @typedef {import("./contract").ModelCard} Card
 * @typedef {import("./contract").Model} Model
 * @typedef {import("./contract").Note} Note
 * @typedef {import("./contract").ImagePage} Page
 * @typedef {import("./contract").SearchProgress} SearchProgress
 * @typedef {import("./contract").GalleryQuery} Where
 * @typedef {import("./contract").WatchedGallery} WatchedGallery
 * @typedef {import("./contract").WatchList} WatchedGalleries
 * @typedef {import("./contract").JobList} Jobs
 * @typedef {import("./contract").NeededFile} NeededFile
 * @typedef {import("./contract").Home} HomeContent
 *
 * @typedef {object} ModelResults  models by words
 * @property {string} query
 * @property {Card[]} models
 * @property {string | null} cursor
 *
 * @typedef {object} LoadedFilterState  what of the loaded images is shown
 * @property {string} words
 *
 * @typedef {object} WidenedSearch  a search that found nothing where it was to look
 * @property {import("./state/search_scope.js").SearchScope} from
 * @property {import("./state/search_scope.js").SearchScope} scope  the wider one that is shown
 * @property {string} words
 * @property {number} loaded  images that were loaded
 * @property {import("./contract").SearchCount} found  in the wider scope
 * @property {Where} where  what was open
 *
 * @typedef {"image" | "gallery" | "list"} NeedsPlace  the open image, the gallery's header, the list
 *
 * @typedef {object} Needs  which model files are needed, as one place of the page shows it
 * @property {string} of  the query that was asked, "images" for marked ones, "" for nothing
 * @property {import("./contract").NeededFiles | null} answer  stays while it is asked again
 * @property {string} problem  why the last request failed, or ""
 * @property {boolean} loading
 *
 * @typedef {object} FileChoice  what the user chose of a model's version
 * @property {number | null} file  an id; null: what the server chose
 * @property {number | null} allowed  the file that may be downloaded although it may run code
 * @property {ReadonlySet<number>} companions  files that belong to it
 *
 * @typedef {"bootstrap" | "lookup" | "images" | "loaded_filter" | "home"} Part  of the page, each with a problem of its own
 * @typedef {{code: string, message: string}} Problem
 * @typedef {Readonly<Record<Part, Problem | null>>} Problems
 *
 * @typedef {object} ScrollPlace  where one was
 * @property {number} id  of the image at the window's top
 * @property {number} count  images up to it
 *
 * @typedef {"in" | "out" | "toggle"} ZoomStep  toggle: between actual size and the whole image
 * @typedef {"" | "jobs" | "settings" | "collections" | "watches" | "help" | "stats" | "compare" | "model_files"} Panel
 *
 * @typedef {object} ComparedPair  an image beside one that was made from its data
 * @property {ImageRecord} record
 * @property {Comparison} made
 * @property {Reproduction | null} stored  null for a file of the user that is not stored
 * @property {File | null} file  null for a stored one
 *
 * @typedef {object} State
 * @property {Bootstrap | null} bootstrap
 * @property {Where} where
 * @property {Model | null} model
 * @property {string} title  of the open post; "" where it is not known
 * @property {HomeContent | null} home  what the home page shows
 * @property {readonly Card[]} samples  the models of the demo
 * @property {ModelResults | null} results  not null: search results stand in the gallery's place
 * @property {string} lookupText  what is being looked up, "" is nothing
 * @property {number} lookupStartedAt  performance.now() when that was asked
 * @property {readonly View[]} images  all that is loaded, each id once
 * @property {string | null} cursor
 * @property {boolean} ended
 * @property {boolean} loading  a page of the gallery is awaited
 * @property {boolean} stale  `images` are those of before a filter changed, until the first page comes
 * @property {number} requestedAt  performance.now() when the page under way was asked for; 0 is none
 * @property {Problems} problems
 * @property {boolean} lost  our server did not answer a part that has no problem of the page's own
 * @property {Note[]} notes
 * @property {SearchProgress | null} searchProgress  of a search whose last page was not filled: it goes on
 * @property {string} libraryDate  when what is shown was read, if Civitai does not answer; else ""
 * @property {boolean} groupsPosts  each post is one tile
 * @property {number} hiddenCount  images left out because of their author or a word
 * @property {boolean} showsHidden  they are shown until another gallery is opened
 * @property {readonly import("./contract").HiddenRule[]} hiddenRules  as they were asked for last
 * @property {LoadedFilterState} loadedFilter
 * @property {ReadonlySet<number> | null} matches  ids that the server says fit; null where it is not asked
 * @property {"" | "on" | "enough"} searchReading  on: pages are loaded by themselves, because few of
 *     the loaded images match; enough: that has found enough, and goes on when the user scrolls
 * @property {WidenedSearch | null} widened
 * @property {ReadonlySet<number>} marks
 * @property {number | null} anchor  where a range of marks begins
 * @property {import("./state/selection.js").Range | null} range  the one that was marked last
 * @property {number | null} focus
 * @property {number | null} open  the image in the viewer; it need not be among `images`
 * @property {boolean} slideshow  the viewer goes on by itself
 * @property {ReadonlySet<number>} revealed  images above the blurred rating that were asked for
 * @property {ScrollPlace | null} place  where "back to where you were" leads
 * @property {Panel} panel
 * @property {ComparedPair | null} compared  what the panel "compare" shows; null: the marked images
 * @property {boolean} details
 * @property {number} passed  shown images down to the lower edge of the window
 * @property {320 | 450 | 800} thumb  width of the thumbnails that the grid asks for
 * @property {number} tile  wanted width of a tile, pixels
 * @property {Jobs | null} jobs
 * @property {WatchedGalleries | null} watches
 * @property {Readonly<Record<string, Annotations>>} annotated  annotations that were changed last, by image id
 * @property {number} bookmarksRevision  grows with each change of annotations and collections, here or elsewhere
 * @property {Readonly<Record<NeedsPlace, Needs>>} needs
 * @property {ReadonlyMap<string, FileChoice>} fileChoices  by the key of a needed file
 *
 * @typedef {"left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown"} Step
 *
 * @typedef {object} Actions  every action, once, for buttons, keys and panels
 * @property {(text: string) => Promise<void>} find
 * @property {(cursor: string) => Promise<void>} findMore  the next cards of a search
 * @property {() => void} closeResults
 * @property {(id: number, version?: number | null) => Promise<void>} openModel
 * @property {(user: string) => Promise<void>} openUser
 * @property {() => Promise<void>} openHome
 * @property {(words: string) => void} openLibrary  all that was read, as far as it fits
 * @property {(change: Partial<Where>) => Promise<void>} setWhere
 * @property {(change: LoadedFilterState) => void} setLoadedFilter
 * @property {(words: string, scope: import("./state/search_scope.js").SearchScope) => Promise<void>} search  images; further on if there are none
 * @property {() => void} clearSearch
 * @property {() => Promise<void>} searchOn  loads more of a gallery that is searched
 * @property {() => void} stopSearch  loads no more by itself
 * @property {(words: string, page?: import("./contract").ModelPage | null) => Promise<void>} searchModels  of Civitai, out of the details or a panel too; page: the first, if it is known
 * @property {() => Promise<void>} more  the next page; settles when it came or failed
 * @property {() => void} resetFilters  and the search in what is open
 * @property {() => Promise<void>} reloadGallery  the gallery from its beginning, of Civitai itself
 * @property {(part?: Part) => void} retry  this part, or all that failed
 * @property {() => void} checkServer  because a thumbnail has not arrived
 * @property {(of?: "lookup" | "images") => void} giveUp  both if not told which
 * @property {(rule: import("./contract").HiddenRule) => Promise<void>} hide  images of an author, or with a word
 * @property {(rule: import("./contract").HiddenRule) => Promise<void>} unhide
 * @property {(showsHidden: boolean) => Promise<void>} showHidden
 * @property {() => Promise<void>} loadHiddenRules
 * @property {(how?: {isToAdd?: boolean}) => Promise<void>} openHiddenRules  among the settings; isToAdd: at the field for more
 * @property {(id: number) => void} open
 * @property {() => void} close
 * @property {(by: number) => Promise<void>} step
 * @property {() => void} first
 * @property {() => void} last
 * @property {(to: Step, how?: {extend?: boolean}) => void} move  the focus in the grid
 * @property {(id: number) => void} focus  its tile in the grid
 * @property {(id: number, isMarked?: boolean) => void} mark
 * @property {() => Promise<void>} toggleWatch  of the gallery that is open
 * @property {(ids: number[]) => Promise<void>} favourite  all of them, or none if all are
 * @property {(ids: number[], change: import("./data/annotations.js").AnnotationChange, message?: string | ((previous: Record<string, Annotations>) => string)) => Promise<Record<string, Annotations> | null>} annotate
 * @property {(id: number) => void} markTo  all from the anchor to it
 * @property {() => void} markAll  all that is loaded and shown
 * @property {() => void} markNone
 * @property {() => void} invert
 * @property {(selection: import("./state/selection.js").Selection) => void} setMarks
 * @property {() => void} compare  the marked images
 * @property {(id: number) => void} compareWith  marks it, and compares it with the marked images
 * @property {(pair: ComparedPair) => void} comparePair
 * @property {() => void} toggleCompareOver  over each other, or beside each other
 * @property {() => void} swapCompared  the first image behind the last
 * @property {(id: number) => void} showBlurred  shows a blurred image
 * @property {(ids: Iterable<number>) => Promise<void>} download
 * @property {(limit: number, verify: boolean) => Promise<void>} downloadGallery  verify: walk it twice
 * @property {(limit: number) => Promise<void>} readRecords  so many records more
 * @property {(id: number) => Promise<void>} cancelJob
 * @property {(place: NeedsPlace, query: string) => void} showNeeds  which model files something needs
 * @property {(place: NeedsPlace) => void} retryNeeds
 * @property {(of: readonly number[] | string) => void} listNeeds  in a panel: of images, or of a query
 * @property {(needed: NeededFile, change: Partial<FileChoice>) => void} chooseFile
 * @property {(files: readonly NeededFile[]) => Promise<void>} getModelFiles
 * @property {(name: string) => void} chooseCheckpoint  in the host
 * @property {(tab: string, id: number | null, text: string | null) => Promise<void>} send  id null: the text alone
 * @property {() => Promise<void>} collectionsChanged  after a change of collections: reads all annotations again
 * @property {(ids: number[], stars: number) => unknown} rate  0 stars: no rating
 * @property {(name: Panel) => void} panel
 * @property {() => void} toTop
 * @property {() => Promise<void>} back  to where one was before a jump
 * @property {(text: string | Promise<string>) => Promise<void>} copy  an error of the promise is shown
 * @property {() => boolean} undo  what the newest message reports; false if nothing can be undone
 * @property {(id: number, name: "prompt" | "infotext") => Promise<void>} copyText  of an image
 * @property {() => void} startSlideshow  from the grid, with the focused image
 * @property {(slideshow: boolean) => void} setSlideshow
 * @property {() => void} fullscreen
 * @property {(how: ZoomStep) => void} zoom
 * @property {() => void} sound
 * @property {() => boolean} togglePlay  false if the open image is no video
 * @property {() => void} toggleDetails
 * @property {() => void} focusFind
 * @property {() => void} leadToFound  focus the first model or image that is found next
 * @property {() => void} openFilters
 * @property {() => void} collect  open the collections, with the tags of what is marked focused
 * @property {(id: number) => void} openImageMenu  at what has the focus
 * @property {(id: number) => void} openHideMenu
 * @property {(width: number) => void} setTile
 * @property {(groupsPosts: boolean) => void} groupPosts
 * @property {(post: number) => Promise<void>} openPost
 *
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Words
 * @typedef {(text: string, kind?: "good" | "bad", undo?: () => unknown) => void} Toast
 *
 * @typedef {object} Context  what every part is given
 * @property {ShadowRoot} root
 * @property {HTMLDivElement} page  what is in the root but bars at the window's edge and dialogs
 * @property {import("./state/store.js").Store} store
 * @property {import("./data/api.js").Api} api
 * @property {Words} words
 * @property {Actions} actions
 * @property {Toast} toast
 * @property {AbortSignal} signal  aborted when the element leaves the page
 */

export {};

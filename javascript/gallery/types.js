/**
 * What goes over the wire and between the page's parts, as types only.
 *
 * @typedef {"None" | "Soft" | "Mature" | "X" | "XXX"} Level
 * @typedef {"image" | "video" | "audio"} Kind
 *
 * @typedef {object} Choice
 * @property {string} value
 * @property {string} label
 *
 * @typedef {object} Setting
 * @property {string} name
 * @property {string} label
 * @property {"number" | "whole" | "switch" | "choice" | "text"} kind
 * @property {number | null} [low]
 * @property {number | null} [high]
 * @property {string | number | boolean} value
 * @property {Choice[]} [choices]
 * @property {"page" | "saving" | "network"} group
 * @property {"" | "only_here" | "frozen" | "in_host"} locked  why it cannot be changed from where this page is open
 *
 * @typedef {object} Host
 * @property {boolean} in_webui
 * @property {string} name
 * @property {string[]} send_to  tabs of the host that take an image
 * @property {boolean} has_models  folders of models are known, so that one can tell what is here
 *
 * @typedef {object} Bootstrap
 * @property {string} instance  another one after each start of the server, and of its UI
 * @property {string} language
 * @property {Record<string, string>} words
 * @property {Record<string, string>} parameter_labels  what fields of an infotext are called, where that is another name
 * @property {Setting[]} settings
 * @property {{sort: Choice[], period: Choice[], level: Choice[], type: Choice[], base_models: string[]}} choices
 * @property {{id: number, name: string}[]} recent
 * @property {string} example  what to open at the very first start, "" is nothing
 * @property {Host} host
 * @property {{saved: boolean, from_environment: boolean, locked: "" | "only_here" | "frozen" | "in_host"}} key
 * @property {WatchedGalleries} watches
 * @property {string} civitai_url
 *
 * @typedef {object} View  one image as the grid needs it
 * @property {number} id
 * @property {Kind} kind
 * @property {number} width  pixels; 0 where Civitai does not say
 * @property {number} height
 * @property {string} blurhash  BlurHash or ""
 * @property {Level} level
 * @property {string} user
 * @property {string} date  ISO 8601
 * @property {number} reactions
 * @property {string} base_model
 * @property {boolean} saved
 * @property {boolean} has_data
 * @property {boolean} favourite
 * @property {boolean} new  since the last visit to a gallery that is watched
 * @property {string} deleted_at  ISO 8601: since when Civitai no longer has it; "" where it has
 *
 * @typedef {object} Resource  what an image was made with
 * @property {string} type
 * @property {string} name
 * @property {number | null} weight
 * @property {string} hash
 * @property {number | null} version_id
 * @property {string} url  on Civitai, or ""
 * @property {"here" | "other" | "missing" | ""} availability  on the server's machine; "" is not looked for
 * @property {string} availability_label
 * @property {number} size  bytes; 0 where nobody knows
 *
 * @typedef {object} Annotations  what the user has made of an image
 * @property {boolean} favourite
 * @property {number} stars  0 is none
 * @property {string} note
 * @property {string[]} tags
 * @property {string[]} collections  by their names
 *
 * @typedef {object} RecordOnly
 * @property {Annotations} annotations
 * @property {string} infotext
 * @property {"record" | "file" | "none"} infotext_source  where the infotext was found
 * @property {string} prompt
 * @property {string} negative
 * @property {[string, string][]} parameters
 * @property {string[]} problems
 * @property {string[]} incompatibilities  what of the infotext does not arrive in this host, a line a field
 * @property {Resource[]} resources
 * @property {boolean} has_workflow  of ComfyUI
 * @property {number | null} post_id
 * @property {string} url
 * @property {string} post_url
 * @property {string} user_url
 * @property {number} likes
 * @property {number} hearts
 * @property {number} laughs
 * @property {number} cries
 * @property {string} saved_path  "" where it is not saved
 * @property {string} extension
 *
 * @typedef {View & RecordOnly} ImageRecord  all of one image
 *
 * @typedef {object} Cover
 * @property {number} id
 * @property {string} blurhash
 *
 * @typedef {object} Card
 * @property {number} id
 * @property {string} name
 * @property {string} type
 * @property {string} creator
 * @property {string[]} base_models
 * @property {Cover | null} cover
 * @property {string} url  its address on Civitai
 *
 * @typedef {object} Version
 * @property {number} id
 * @property {string} name
 * @property {string} base_model
 * @property {string[]} trained_words
 *
 * @typedef {Card & {description: string, tags: string[], versions: Version[]}} Model
 *
 * @typedef {object} ModelResults  models by words
 * @property {string} query
 * @property {Card[]} models
 * @property {string | null} cursor
 *
 * @typedef {object} Note
 * @property {string} code
 * @property {string} message
 *
 * @typedef {object} Page  of a gallery
 * @property {View[]} images
 * @property {string | null} cursor  null is the end
 * @property {Note[]} notes
 * @property {string} read_at
 * @property {boolean} from_library  true: from what was kept, Civitai does not answer
 * @property {SearchProgress | null} [search_progress]  of a search that goes on
 *
 * @typedef {object} SearchProgress  how far a search has come
 * @property {number} count
 * @property {number} total  kept images
 *
 * @typedef {object} Where  what is looked at: the query and the address
 * @property {number | null} model
 * @property {number | null} version
 * @property {number | null} post
 * @property {string} user
 * @property {string} sort
 * @property {string} period
 * @property {string} level
 * @property {string} type
 * @property {boolean} meta
 * @property {string} base
 * @property {string | null} search  not null: of what was kept, and only what fits
 *
 * @typedef {object} LoadedFilterState  what of the loaded images is shown
 * @property {string} words
 *
 * @typedef {object} Problem
 * @property {"bootstrap" | "lookup" | "images" | "loaded_filter"} of  what was asked
 * @property {string} code
 * @property {string} message
 *
 * @typedef {object} ScrollPlace  where one was
 * @property {number} id  of the image at the window's top
 * @property {number} count  images up to it
 *
 * @typedef {object} WatchedGallery
 * @property {string} gallery  as the server names it
 * @property {string} name
 * @property {number | null} model
 * @property {number | null} version
 * @property {string} user
 * @property {boolean} by_upload  what is published late lies deep
 * @property {number} new_count  images since the last visit
 * @property {boolean} has_more  than these
 * @property {string} checked_at  ISO 8601; "" is never
 * @property {string} problem  why the last check of it failed; "" where it did not
 *
 * @typedef {{galleries: WatchedGallery[], checking: boolean, problem: string}} WatchedGalleries  problem: of all of them
 *
 * @typedef {import("./panels/types.js").Jobs} Jobs
 *
 * @typedef {"" | "jobs" | "settings" | "collections" | "watches" | "help" | "stats" | "compare"} Panel
 *
 * @typedef {object} State
 * @property {Bootstrap | null} bootstrap
 * @property {Where} where
 * @property {Model | null} model
 * @property {string} title  of the open post; "" where it is not known
 * @property {ModelResults | null} results  not null: search results stand in the gallery's place
 * @property {string} lookupText  what is being looked up, "" is nothing
 * @property {number} lookupStartedAt  performance.now() when that was asked
 * @property {readonly View[]} images  all that is loaded, each id once
 * @property {string | null} cursor
 * @property {boolean} ended
 * @property {boolean} loading  a page of the gallery is awaited
 * @property {boolean} stale  `images` are those of before a filter changed, until the first page comes
 * @property {number} requestedAt  performance.now() when the page under way was asked for; 0 is none
 * @property {Problem | null} problem
 * @property {boolean} lost  our server did not answer a part that has no problem of the page's own
 * @property {Note[]} notes
 * @property {SearchProgress | null} searchProgress  of a search whose last page was not filled: it goes on
 * @property {string} libraryDate  when what is shown was read, if Civitai does not answer; else ""
 * @property {LoadedFilterState} loadedFilter
 * @property {ReadonlySet<number> | null} matches  ids that the server says fit; null where it is not asked
 * @property {readonly View[]} shown  `images` after `within`
 * @property {ReadonlySet<number>} marks
 * @property {number | null} anchor  where a range of marks begins
 * @property {import("./state/selection.js").Range | null} range  the one that was marked last
 * @property {number | null} focus
 * @property {number | null} open  the image in the viewer; it need not be among `images`
 * @property {ReadonlySet<number>} revealed  images above the blurred rating that were asked for
 * @property {ScrollPlace | null} place  where "back to where you were" leads
 * @property {Panel} panel
 * @property {import("./host/width_class.js").WidthClass} widthClass  that the host gives the gallery
 * @property {boolean} details
 * @property {number} passed  images of `shown` that one has come to
 * @property {320 | 450 | 800} thumb  width of the thumbnails that the grid asks for
 * @property {number} tile  wanted width of a tile, pixels
 * @property {Jobs | null} jobs
 * @property {WatchedGalleries | null} watches
 *
 * @typedef {"left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown"} Step
 *
 * @typedef {object} Actions  every action, once, for buttons, keys and panels
 * @property {(text: string) => Promise<void>} find
 * @property {(cursor: string) => Promise<void>} findMore  the next cards of a search
 * @property {() => void} closeResults
 * @property {(id: number, version?: number | null) => Promise<void>} openModel
 * @property {(user: string) => Promise<void>} openUser
 * @property {(words: string) => void} openLibrary  all that was read, as far as it fits
 * @property {(change: Partial<Where>) => Promise<void>} setWhere
 * @property {(change: Partial<LoadedFilterState>) => void} setLoadedFilter
 * @property {() => Promise<void>} more  the next page; settles when it came or failed
 * @property {() => void} resetFilters
 * @property {() => Promise<void>} reloadGallery  the gallery from its beginning, of Civitai itself
 * @property {(of?: Problem["of"]) => void} retry  what failed, or what is not answered
 * @property {(of?: "lookup" | "images") => void} giveUp  both if not told which
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
 * @property {(ids: number[], change: import("./data/annotations.js").AnnotationChange) => Promise<Record<string, Annotations> | null>} annotate
 * @property {(id: number) => void} markTo  all from the anchor to it
 * @property {() => void} markAll  all that is loaded and shown
 * @property {() => void} markNone
 * @property {() => void} invert
 * @property {() => void} compare  the marked images
 * @property {(id: number) => void} showBlurred  shows a blurred image
 * @property {(ids: Iterable<number>) => Promise<void>} download
 * @property {(limit: number, verify: boolean) => Promise<void>} downloadGallery  verify: walk it twice
 * @property {(limit: number) => Promise<void>} readRecords  so many records more
 * @property {(id: number) => Promise<void>} cancelJob
 * @property {(tab: string, id: number | null, text: string | null) => Promise<void>} send  id null: the text alone
 * @property {(name: Panel) => void} panel
 * @property {() => void} toTop
 * @property {() => Promise<void>} back  to where one was before a jump
 * @property {(text: string) => Promise<void>} copy
 * @property {() => void} copyInfotext  of the image in the viewer
 * @property {() => void} fullscreen
 * @property {(how: "in" | "out" | "fit" | "one") => void} zoom
 * @property {() => void} sound
 * @property {() => void} toggleDetails
 * @property {() => void} focusFind
 * @property {(width: number) => void} setTile
 *
 * @typedef {(key: string, values?: Record<string, string | number>) => string} Words
 * @typedef {(text: string, kind?: "good" | "bad") => void} Toast
 *
 * @typedef {object} Context  what every part is given
 * @property {ShadowRoot} root
 * @property {import("./state/state.js").Store} store
 * @property {import("./data/api.js").Api} api
 * @property {Words} words
 * @property {Actions} actions
 * @property {Toast} toast
 * @property {AbortSignal} signal  aborted when the element leaves the page
 */

export {};

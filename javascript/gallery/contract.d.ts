// Made from the routes in scripts/civitai_manager_libs/web: `npm run contract`.

/**
 * The state of a job, as the database stores it.
 *
 * QUEUED: waits for its turn. RUNNING: a worker runs it, or was killed while running it. PAUSED:
 * the user or an error has stopped it; it is retried automatically if the reason is in
 * `TRANSIENT_REASONS`.
 */
export type JobState = "queued" | "running" | "paused" | "done" | "cancelled";

/**
 * The responses and request bodies of each route, and the JSON of a failure.
 */
export interface Contract {
  responses: Responses;
  bodies: Bodies;
  error: ErrorBody;
}
export interface Responses {
  GET: GetResponses;
  POST: PostResponses;
  PUT: PutResponses;
}
export interface GetResponses {
  authors: Author;
  bootstrap: Bootstrap;
  collections: Collection[];
  export: unknown;
  "file/{id}": unknown;
  filename_preview: FilenamePreview;
  hidden: HiddenRule[];
  home: Home;
  images: ImagePage;
  "images/{id}": ImageDetails;
  "images/{id}/file": unknown;
  "images/{id}/reproductions": ReproductionView[];
  "images/{id}/workflow": Workflow;
  instance: Instance;
  jobs: JobList;
  local_models: LocalModels;
  "local_models/{id}": LocalModel;
  "local_models/{id}/preview": unknown;
  lookup: FoundModels | FoundPost | FoundUser | FoundModel | FoundImage;
  model_files: NeededFilesView;
  models: ModelCardPage;
  "models/{id}": ModelView;
  months: MonthCount[];
  "reproductions/{id}/file": unknown;
  "reproductions/{id}/thumb": unknown;
  stats: Stats;
  "thumb/{id}": unknown;
  watches: WatchList;
}
/**
 * A user who has published images. name: "" if there is no such user.
 */
export interface Author {
  name: string;
}
/**
 * What the page needs to start.
 *
 * words: the page's texts by key. parameter_labels: translated names of infotext fields. is_demo:
 * whether the server uses an offline imitation of Civitai.
 */
export interface Bootstrap {
  instance: string;
  bookmarks_revision: number;
  language: string;
  words: {
    [k: string]: string;
  };
  parameter_labels: {
    [k: string]: string;
  };
  settings: Setting[];
  choices: FilterChoices;
  recent: RecentModel[];
  is_demo: boolean;
  host: HostInfo;
  key: KeyState;
  watches: WatchList;
  civitai_url: string;
}
/**
 * A setting with its value and form field.
 *
 * low, high: the bounds of a number. value: "" for a locked folder or proxy.
 */
export interface Setting {
  name: string;
  label: string;
  kind: "number" | "whole" | "switch" | "choice" | "text";
  low: number;
  high: number;
  value: boolean | number | string;
  choices: Choice[];
  group: "page" | "saving" | "models" | "network";
  locked: "" | "only_here" | "frozen";
}
export interface Choice {
  value: string;
  label: string;
}
/**
 * The choices of the gallery's filters.
 */
export interface FilterChoices {
  sort: Choice[];
  period: Choice[];
  level: Choice[];
  type: Choice[];
  base_models: string[];
}
export interface RecentModel {
  id: number;
  name: string;
}
/**
 * The program that serves the page.
 *
 * send_to: the WebUI's tabs that take an image. has_models: whether folders of model files are
 * known, so that the page can say which models are installed.
 */
export interface HostInfo {
  in_webui: boolean;
  name: string;
  send_to: string[];
  has_models: boolean;
}
/**
 * Whether an API key is saved. from_environment: the variable CIVITAI_API_KEY is set.
 *
 * locked: why this request may not change the key, "" if it may.
 */
export interface KeyState {
  saved: boolean;
  from_environment: boolean;
  locked: "" | "only_here" | "frozen";
}
/**
 * All watched galleries. problem: why the last check ended early, or "".
 */
export interface WatchList {
  galleries: WatchedGallery[];
  checking: boolean;
  problem: string;
}
/**
 * A gallery that the user watches for new images.
 *
 * gallery: its key, such as `model 101`. by_upload: Civitai sorts by upload date, so an image that
 * was published late may be new without being at the top. new_count: number of images since the
 * user's last visit. has_more: there are more new images than `new_count`. checked_at: "" if
 * never. problem: why the last check failed, or "".
 */
export interface WatchedGallery {
  gallery: string;
  name: string;
  model: number | null;
  version: number | null;
  user: string;
  by_upload: boolean;
  new_count: number;
  has_more: boolean;
  checked_at: string;
  problem: string;
}
/**
 * A set of images to which the user has given a name.
 *
 * count: number of images. covers: ids of the images added last, at most four, newest first.
 */
export interface Collection {
  name: string;
  count: number;
  covers: number[];
}
/**
 * The file names that a template gives to images. fields: the fields that it may contain.
 */
export interface FilenamePreview {
  filenames: string[];
  fields: string;
}
/**
 * A rule that hides all images by an author, or with a word in prompt or tags.
 *
 * kind: "author" or "word". text: the author's name or the word.
 */
export interface HiddenRule {
  kind: "author" | "word";
  text: string;
}
/**
 * What the home page shows.
 *
 * watch_covers: {a watched gallery's key: id of its newest image that may be shown without blur}.
 * favourites, library: their numbers of images and covers. download_count: number of images ever
 * downloaded.
 */
export interface Home {
  recent: RecentGallery[];
  watch_covers: {
    [k: string]: number;
  };
  local_models: LocalModels;
  collections: Collection[];
  favourites: ImageSet;
  library: ImageSet;
  download_count: number;
}
/**
 * The gallery of a model or an author that the user has opened.
 *
 * model: the model's id, None for an author's gallery. user: the author, "" for a model's gallery.
 * cover: the id of the newest stored image that may be shown without blur, None for none.
 */
export interface RecentGallery {
  name: string;
  model: number | null;
  user: string;
  cover: number | null;
}
/**
 * A part of the model files on this machine. count: the number of all files.
 *
 * Files with a known hash or Civitai id come first; within both groups, the most recently changed.
 */
export interface LocalModels {
  models: LocalModel[];
  count: number;
}
/**
 * A model file on the server's disk.
 *
 * key: an id of the file. name, version_name: the model's and version's names on Civitai, "" if
 * unknown. model, version: their ids, None if unknown. preview: a number that changes with the
 * image at `local_models/{key}/preview`, 0 for no image. cover: the id of an example image if
 * there is no preview. search_words: words by which to search for an unknown model. can_resolve:
 * whether `local_models/{key}` may find out more from Civitai.
 */
export interface LocalModel {
  key: number;
  file: string;
  kind: string;
  name: string;
  version_name: string;
  model: number | null;
  version: number | null;
  preview: number;
  cover: number | null;
  search_words: string;
  can_resolve: boolean;
}
/**
 * The number of images in a set, and the ids of up to four images to show as covers.
 */
export interface ImageSet {
  count: number;
  covers: number[];
}
/**
 * A page of a gallery or of a search.
 *
 * cursor: the next page's cursor, None at the end. from_library: the page is a stored one, because
 * Civitai did not respond. search_progress: how far a search has come, None for a full page and
 * for a gallery. hidden_count: images left out because of their author or a word.
 */
export interface ImagePage {
  images: ImageView[];
  cursor: string | null;
  read_at: string;
  notes: Note[];
  from_library: boolean;
  search_progress: SearchProgress | null;
  hidden_count: number;
}
/**
 * An image as the grid shows it.
 *
 * width, height: pixels, 0 if unknown. blurhash: BlurHash or "". has_data: whether the image has
 * generation data. new: whether it was published since the user's last visit to a watched gallery.
 * deleted_at: when Civitai was found to have removed the image, "" if it was not. summary:
 * (beginning of the prompt, steps, sampler, number of LoRAs), with "" and 0 for missing values;
 * None without generation data.
 */
export interface ImageView {
  id: number;
  kind: "image" | "video" | "audio";
  width: number;
  height: number;
  blurhash: string;
  level: "None" | "Soft" | "Mature" | "X" | "XXX";
  user: string;
  date: string;
  reactions: number;
  base_model: string;
  saved: boolean;
  has_data: boolean;
  favourite: boolean;
  stars: number;
  new: boolean;
  deleted_at: string;
  summary: [string, number, string, number] | null;
  post_id: number | null;
}
/**
 * A sentence for the user, and its code.
 */
export interface Note {
  code: string;
  message: string;
}
/**
 * How many images of the library have been searched so far, and how many there are.
 */
export interface SearchProgress {
  count: number;
  total: number;
}
/**
 * An image with all that is known about it.
 *
 * url, post_url, user_url: pages on Civitai, "" if there is none.
 * infotext_source: whether Civitai's record, the image's file or neither has the infotext.
 * problems: warnings about it. incompatibilities: what the WebUI would lose or change of it, a
 * line for each field. has_workflow: whether a ComfyUI workflow is known. saved_path: only
 * the file's name for users who may not change settings; "" if the image is not downloaded.
 * reproduction_count: how many images the user has generated from the infotext.
 */
export interface ImageDetails {
  id: number;
  kind: "image" | "video" | "audio";
  width: number;
  height: number;
  blurhash: string;
  level: "None" | "Soft" | "Mature" | "X" | "XXX";
  user: string;
  date: string;
  reactions: number;
  base_model: string;
  saved: boolean;
  has_data: boolean;
  favourite: boolean;
  stars: number;
  new: boolean;
  deleted_at: string;
  summary: [string, number, string, number] | null;
  post_id: number | null;
  url: string;
  post_url: string;
  user_url: string;
  annotations: Annotations;
  infotext: string;
  infotext_source: "record" | "file" | "none";
  prompt: string;
  negative: string;
  parameters: [string, string][];
  incompatibilities: string[];
  problems: string[];
  resources: ResourceView[];
  has_workflow: boolean;
  likes: number;
  hearts: number;
  laughs: number;
  cries: number;
  saved_path: string;
  reproduction_count: number;
  extension: string;
}
/**
 * What the user has added to an image.
 *
 * stars: 0 for none. collections: names of the collections that contain the image.
 */
export interface Annotations {
  favourite: boolean;
  stars: number;
  note: string;
  tags: string[];
  collections: string[];
}
/**
 * A resource and whether the server's machine has its file.
 *
 * availability: "here" (the file), "other" (only a file of another version of the model),
 * "missing" (neither), or "" (no folder of models is known). local_name: the local file's name
 * without extension, "" if none is here. size: bytes, 0 if unknown.
 */
export interface ResourceView {
  type: string;
  name: string;
  weight: number | null;
  hash: string;
  version_id: number | null;
  url: string;
  availability: "here" | "other" | "missing" | "";
  availability_label: string;
  local_name: string;
  size: number;
}
/**
 * A stored reproduction: an image that the user generated from an image's infotext.
 *
 * file: "here" if its file can be shown, "gone" if it was deleted, "thumbnail" if only a small
 * image was stored. name: the file's name. path: the file's path, or only its name for users who
 * may not change the settings; "" if the file was never on this machine. is_edited: the prompt was
 * edited after it was sent.
 */
export interface ReproductionView {
  nearness: "same" | "near" | "different" | "";
  ssim: number | null;
  summary: string;
  differences: string[];
  infotext: string;
  prompt: string;
  negative: string;
  parameters: [string, string][];
  width: number;
  height: number;
  id: number;
  file: "here" | "gone" | "thumbnail";
  name: string;
  path: string;
  made_at: string;
  is_edited: boolean;
}
/**
 * A ComfyUI workflow as JSON text.
 */
export interface Workflow {
  workflow: string;
}
/**
 * Two values by which an open page notices that the server has changed.
 *
 * instance: changes when the server starts and when the WebUI rebuilds its page.
 * bookmarks_revision: grows with each change of annotations and collections.
 */
export interface Instance {
  instance: string;
  bookmarks_revision: number;
}
/**
 * The latest jobs.
 *
 * active: the number of running jobs; in a search, of the listed ones only. waiting: the number of
 * all queued jobs. total: the number of all jobs. more: how many queued jobs are not listed, in
 * words. bookmarks_revision: as in `Instance`.
 */
export interface JobList {
  active: number;
  waiting: number;
  total: number;
  bookmarks_revision: number;
  more: string;
  notice: string;
  jobs: JobCard[];
}
/**
 * A job as the downloads panel shows it.
 *
 * kind: `images` or `models`. group: the model, author or collection to which the files belong.
 * subject: which part of the group, in words. filters: the gallery's filters, in words. created:
 * ISO 8601 in UTC. reads_only: the job stores records and downloads no file. percent: 0 to 100.
 * line: progress in words. note: why the job is not running, or what the user should do. folder:
 * where the files are saved, "" for none and for users who may not change settings. model_files:
 * [] for a job of images. failed_label: number of failures and their reasons. more: how many
 * failures are not listed, in words. toast: what to announce when the job ends, "" for nothing.
 */
export interface JobCard {
  id: number;
  kind: string;
  title: string;
  group: string;
  subject: string;
  filters: string[];
  created: string;
  state: JobState;
  state_label: string;
  reads_only: boolean;
  percent: number;
  line: string;
  note: string;
  folder: string;
  saved: number;
  skipped: number;
  failed: number;
  actions: JobAction[];
  report: JobReport | null;
  model_files: JobModelFile[];
  failed_label: string;
  failures: JobFailure[];
  more: string;
  toast: string;
}
/**
 * A button of a job. name: the action in `POST jobs/{id}/{action}`.
 */
export interface JobAction {
  name: string;
  label: string;
}
/**
 * What a job found in its gallery, in words. end: why the job read no further pages.
 */
export interface JobReport {
  end: string;
  lines: string[];
}
/**
 * A model file that a job downloads.
 *
 * title: names of the model and the version. name: the file's name. received, size: bytes, 0 if
 * unknown. line: progress or failure in words.
 */
export interface JobModelFile {
  version_id: number;
  file_id: number;
  title: string;
  name: string;
  url: string;
  state: "waiting" | "running" | "saved" | "skipped" | "failed";
  received: number;
  size: number;
  line: string;
}
/**
 * An image or model file that could not be downloaded.
 *
 * url: the image's or model's page on Civitai. title: a model file's name, "" for an image.
 * reason: why, in words. code: the reason's code. has_thumb: a thumbnail exists.
 */
export interface JobFailure {
  id: number;
  url: string;
  title: string;
  reason: string;
  detail: string;
  code: string;
  has_thumb: boolean;
}
export interface FoundModels {
  models: ModelCard[];
  cursor: string | null;
  kind: "models";
  query: string;
}
/**
 * A model as a search result shows it.
 */
export interface ModelCard {
  id: number;
  name: string;
  type: string;
  creator: string;
  base_models: string[];
  cover: Cover | null;
  url: string;
}
export interface Cover {
  id: number;
  blurhash: string;
}
export interface FoundPost {
  kind: "post";
  post_id: number;
  title: string;
}
export interface FoundUser {
  kind: "user";
  username: string;
}
/**
 * A model that was found by id or URL.
 *
 * version_id: the version that the URL names, None if there is no such version of the model.
 */
export interface FoundModel {
  kind: "model";
  model: ModelView;
  version_id: number | null;
}
export interface ModelView {
  id: number;
  name: string;
  type: string;
  creator: string;
  base_models: string[];
  cover: Cover | null;
  url: string;
  description: string;
  tags: string[];
  versions: ModelVersion[];
}
export interface ModelVersion {
  id: number;
  name: string;
  base_model: string;
  trained_words: string[];
}
/**
 * An image that was found by id or URL.
 *
 * model: a model that the image was made with and that Civitai still has, None if there is none.
 */
export interface FoundImage {
  kind: "image";
  image_id: number;
  post_id: number | null;
  model: ModelView | null;
}
/**
 * The models that some images need.
 *
 * locked: why this browser may not start a download, or "".
 */
export interface NeededFilesView {
  files: NeededFileView[];
  image_count: number;
  disks: Disk[];
  locked: string;
}
/**
 * A model that images were made with, and its files on Civitai.
 *
 * key: unique in the list. image_count: how many of the images need the model. file: id of the
 * file to download unless the user chooses another, None if there is none. choices: all files that
 * the user can choose. companions: files to download with it, such as a VAE. refusal: why nothing
 * can be downloaded and what to do, or "". refusal_short: the reason in a few words, "" if there
 * is no refusal or Civitai could not be asked. remarks: what the user should know about the file,
 * in sentences. folder: where the file goes, shortened for users
 * who may not download files. disk: index in `disks`, None if the folder is unknown.
 */
export interface NeededFileView {
  type: string;
  name: string;
  weight: number | null;
  hash: string;
  version_id: number | null;
  url: string;
  key: string;
  availability: "here" | "other" | "missing" | "";
  availability_label: string;
  image_count: number;
  file: number | null;
  choices: RemoteFileView[];
  companions: RemoteFileView[];
  refusal: string;
  refusal_short: string;
  remarks: string[];
  folder: string;
  disk: number | null;
}
/**
 * A file of a model version on Civitai.
 *
 * form: its format, precision and the like, as a short text. size: bytes, 0 if unknown.
 * may_run_code: the file may run code when it is loaded, and is downloaded only if the request
 * allows it. refusal: why the file cannot be downloaded, or "".
 */
export interface RemoteFileView {
  id: number;
  name: string;
  form: string;
  size: number;
  may_run_code: boolean;
  refusal: string;
}
/**
 * A disk on which models are stored.
 *
 * folder: one of its folders. free: bytes. usable: free bytes without the reserve in the settings.
 */
export interface Disk {
  folder: string;
  free: number;
  usable: number;
}
/**
 * A page of models that match words. cursor: the next page's cursor, None at the end.
 */
export interface ModelCardPage {
  models: ModelCard[];
  cursor: string | null;
}
/**
 * A month, such as 2025-03, and how many images of it are in the library.
 */
export interface MonthCount {
  month: string;
  count: number;
}
/**
 * What a gallery's images have in common.
 *
 * image_count: number of images in the library. with_data: how many of them have generation data.
 * reactions: the median number of reactions to images with generation data. recipe: an infotext of
 * the most common values, or ""; settings: its parameters.
 */
export interface Stats {
  image_count: number;
  with_data: number;
  reactions: number;
  recipe: string;
  settings: [string, string][];
  groups: StatsGroup[];
  versions: VersionStats[];
}
export interface StatsGroup {
  kind: string;
  bars: StatsBarView[];
}
/**
 * A value with its count and further statistics of the images that have it.
 *
 * reactions: the median number of reactions to these images. weight, low, high: the most common,
 * lowest and highest weight of a LoRA, "" if unknown. is_model_version: whether the value is a
 * version of the open model. search: the search that finds these images, "" if there is none.
 */
export interface StatsBarView {
  value: string;
  label: string;
  count: number;
  share: number;
  reactions: number;
  weight: string;
  low: string;
  high: string;
  is_model_version: boolean;
  search: string;
}
/**
 * The statistics of one model version's images.
 *
 * with_data: number of images with generation data. reactions: the median number of reactions to
 * these images. most: the most common value of each kind, such as the sampler, by kind.
 */
export interface VersionStats {
  id: number;
  name: string;
  image_count: number;
  with_data: number;
  reactions: number;
  most: {
    [k: string]: StatsCount;
  };
}
/**
 * A value and how many images have it.
 *
 * share: `count` divided by the number of images with generation data, 0 to 1.
 */
export interface StatsCount {
  value: string;
  label: string;
  count: number;
  share: number;
}
export interface PostResponses {
  annotations: AnnotationsChanged;
  collections: CollectionsChanged;
  compatibility: Incompatibilities;
  hidden: HiddenChanged;
  image_annotations: AnnotationsRead;
  "images/{id}/comparison": Comparison;
  "images/{id}/reproductions/remove": ReproductionView[];
  "images/{id}/send": PreparedSend;
  import: Imported;
  jobs: JobStarted;
  "jobs/{id}/{action}": JobList;
  "key/test": Message;
  loaded_filter: LoadedFilterResult;
  "local_models/{id}/identify": LocalModel;
  model_files: ModelFilesStarted;
  needed_files: NeededFilesView;
  search_preview: SearchPreview;
  watches: WatchList;
}
/**
 * A change of annotations, and its revision: a number that grows with each change.
 */
export interface AnnotationsChanged {
  annotations: {
    [k: string]: Annotations;
  };
  previous: {
    [k: string]: Annotations;
  };
  revision: number;
}
/**
 * All collections after a change.
 *
 * removed_ids: the images that were in a deleted collection, [] after another change.
 */
export interface CollectionsChanged {
  collections: Collection[];
  removed_ids: number[];
}
/**
 * What the WebUI would lose or change of an infotext, a line for each field.
 */
export interface Incompatibilities {
  incompatibilities: string[];
}
/**
 * All rules that hide images after a change. hidden_ids: the loaded images that they hide.
 */
export interface HiddenChanged {
  rules: HiddenRule[];
  hidden_ids: number[];
}
/**
 * The annotations of images by image id; images without any are left out.
 *
 * revision: a number that grows with each change of annotations and collections.
 */
export interface AnnotationsRead {
  annotations: {
    [k: string]: Annotations;
  };
  revision: number;
}
/**
 * A reproduction compared with its original, the image that the infotext came from.
 *
 * nearness: how similar the images look, "" if not measured. ssim: structural similarity, 1 for
 * equal images, None if not measured. summary: the similarity and its figures in a sentence.
 * differences: a line for each difference of the infotexts, the likeliest cause first. infotext,
 * prompt, negative, parameters: the reproduction's.
 */
export interface Comparison {
  nearness: "same" | "near" | "different" | "";
  ssim: number | null;
  summary: string;
  differences: string[];
  infotext: string;
  prompt: string;
  negative: string;
  parameters: [string, string][];
  width: number;
  height: number;
}
/**
 * What to send to a tab of the WebUI. has_image: whether to send the image too.
 */
export interface PreparedSend {
  infotext: string;
  has_image: boolean;
}
export interface Imported {
  image_count: number;
  collection_count: number;
  message: string;
}
/**
 * A message about a new job.
 *
 * job_id: None if there was nothing to do. image_count: the largest number of images to download.
 */
export interface JobStarted {
  job_id: number | null;
  image_count: number;
  message: string;
}
/**
 * A sentence for the user.
 */
export interface Message {
  message: string;
}
/**
 * The loaded images that match a search. ids: their ids.
 *
 * message: which parts of the search are ignored, and why; or "".
 */
export interface LoadedFilterResult {
  ids: number[];
  message: string;
}
/**
 * A message about a new job. job_id: None if other jobs download all files already.
 */
export interface ModelFilesStarted {
  job_id: number | null;
  message: string;
}
/**
 * What a search would find in each place, without a request to Civitai.
 *
 * suggestions: completions of the word. authors: names in the library that begin with the text.
 * loaded, gallery, library: matches among the loaded images, in the open gallery (None if none is
 * open) and in the whole library. kind: "keys" if the search has a `key:value`, "words" for plain
 * words only, "nothing" if it is empty. message: which parts are ignored, and why; or "".
 */
export interface SearchPreview {
  suggestions: Suggestion[];
  authors: Suggestion[];
  loaded: number;
  gallery: SearchCount | null;
  library: SearchCount;
  kind: "nothing" | "words" | "keys";
  message: string;
}
/**
 * A completion of the last word of a search.
 *
 * text: replaces the word. count: number of images with this value, 0 for a key.
 */
export interface Suggestion {
  text: string;
  count: number;
}
/**
 * How many images match. is_more: counting stopped early, so there may be more matches.
 */
export interface SearchCount {
  count: number;
  is_more: boolean;
}
export interface PutResponses {
  key: KeySaved;
  settings: SettingsSaved;
}
export interface KeySaved {
  message: string;
  key: KeyState;
}
export interface SettingsSaved {
  settings: Setting[];
  has_models: boolean;
}
export interface Bodies {
  POST: PostBodies;
  PUT: PutBodies;
}
export interface PostBodies {
  annotations: AnnotationsBody;
  collections: CollectionBody;
  compatibility: Text;
  hidden: HiddenBody;
  image_annotations: IdsBody;
  "images/{id}/comparison": unknown;
  "images/{id}/reproductions/remove": IdsBody;
  "images/{id}/send": SendBody;
  import: unknown;
  jobs: JobBody;
  "jobs/{id}/{action}": {
    [k: string]: unknown;
  };
  "key/test": KeyBody;
  loaded_filter: LoadedFilterBody;
  "local_models/{id}/identify": {
    [k: string]: unknown;
  };
  model_files: ModelFilesBody;
  needed_files: NeededFilesBody;
  search_preview: SearchPreviewBody;
  watches: WatchBody | UnwatchBody | CheckBody;
}
/**
 * What to change about images; a missing field changes nothing.
 *
 * tags: replace all tags. add_to, remove_from: names of collections. undo: the response to an
 * earlier change that is to be undone; all other fields are then ignored.
 */
export interface AnnotationsBody {
  ids?: number[];
  favourite?: boolean;
  stars?: number;
  note?: string;
  tags?: string[];
  add_tags?: string[];
  remove_tags?: string[];
  add_to?: string;
  remove_from?: string;
  undo?: AnnotationsChange;
}
/**
 * A change of images' annotations.
 *
 * annotations, previous: the annotations after and before the change, by image id.
 */
export interface AnnotationsChange {
  annotations: {
    [k: string]: Annotations;
  };
  previous: {
    [k: string]: Annotations;
  };
}
/**
 * A change of a collection. new_name: for `rename`. ids: the first images, for `create`.
 */
export interface CollectionBody {
  action: "create" | "rename" | "delete";
  name?: string;
  new_name?: string;
  ids?: number[];
}
export interface Text {
  text: string;
}
/**
 * A rule that hides images, to be added ("hide") or removed ("unhide").
 *
 * text: the author's name or the word. ids: the images that the page has loaded.
 */
export interface HiddenBody {
  action: "hide" | "unhide";
  kind: "author" | "word";
  text: string;
  ids: number[];
}
export interface IdsBody {
  ids: number[];
}
/**
 * An image to be sent to a tab of the WebUI.
 *
 * tab: one of `Bootstrap.host.send_to`. text: the edited infotext, None for the image's own.
 */
export interface SendBody {
  tab: string;
  text?: string | null;
}
/**
 * A job to start: either `ids` or `query` is needed.
 *
 * With `ids`, `query` is the gallery or the library search that showed the images. request: a
 * unique id; a second request with the same id starts no job. limit: the largest number of images,
 * a whole number; None for the one in the settings.
 * reads_only: store records (Civitai's JSON) and download no file. verify: afterwards read the
 * gallery from its end too, to find images that Civitai left out. title, model, version: determine
 * the names of the job, its folder and its files.
 */
export interface JobBody {
  ids?: number[];
  query?: GalleryQuery;
  limit?: number | null;
  reads_only?: boolean;
  verify?: boolean;
  title?: string | null;
  model?: number | null;
  version?: number | null;
  request?: string;
}
/**
 * A gallery by model, version, post or user, and its filters; the page sends all fields.
 *
 * meta: only images with generation data. base: names of base models, separated by commas. search:
 * words for a search of the library, None for a gallery.
 */
export interface GalleryQuery {
  model?: number | null;
  version?: number | null;
  post?: number | null;
  user?: string;
  sort?: string;
  period?: string;
  level?: string;
  type?: string;
  meta?: boolean;
  base?: string;
  search?: string | null;
}
/**
 * An API key to save or to test. "" deletes the saved key, or tests the saved key.
 */
export interface KeyBody {
  key?: string;
}
/**
 * Words to search for among images that the page has loaded. model: the open model's id.
 */
export interface LoadedFilterBody {
  ids: number[];
  words: string;
  model?: number | null;
}
/**
 * Files to download.
 *
 * request: a unique id; a second request with the same id starts no job. collection: the
 * collection whose images need the files, or "".
 */
export interface ModelFilesBody {
  files: ModelFileChoice[];
  collection?: string;
  request?: string;
}
/**
 * A file to download. allow_pickle: the user allows this one file that may run code.
 */
export interface ModelFileChoice {
  version_id?: number;
  file_id?: number;
  allow_pickle?: boolean;
}
/**
 * The images whose models are to be listed. model: the open model's id.
 */
export interface NeededFilesBody {
  ids: number[];
  model?: number | null;
}
/**
 * A search as the user has typed it so far.
 *
 * word: the part of `text` to complete. ids: the images that the page has loaded. where: the open
 * gallery.
 */
export interface SearchPreviewBody {
  text: string;
  ids: number[];
  word?: string;
  where?: GalleryQuery;
}
/**
 * A gallery to watch. name: what the list of watched galleries shows.
 */
export interface WatchBody {
  model?: number | null;
  version?: number | null;
  post?: number | null;
  user?: string;
  sort?: string;
  period?: string;
  level?: string;
  type?: string;
  meta?: boolean;
  base?: string;
  search?: string | null;
  action: "watch";
  name: string;
}
export interface UnwatchBody {
  action: "unwatch";
  gallery: string;
}
/**
 * A request to look for new images: in all galleries, or only where a check is due.
 */
export interface CheckBody {
  action: "check" | "check_due";
}
export interface PutBodies {
  key: KeyBody;
  settings: {
    [k: string]: boolean | number | string | null;
  };
}
/**
 * The JSON of every response that reports a failure.
 */
export interface ErrorBody {
  error: ErrorDetails;
}
/**
 * Why a request failed, as a code and a sentence.
 *
 * field: the first request field that is wrong. fields: a sentence by the name of each wrong
 * field, only if there are several.
 */
export interface ErrorDetails {
  code: string;
  message: string;
  field?: string;
  fields?: {
    [k: string]: string;
  };
}

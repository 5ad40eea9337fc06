import assert from "node:assert/strict";
import { test } from "node:test";
import { getGalleryStatus, getLookupStatus } from "../../javascript/gallery/find/status_text.js";
import { makeInitialState } from "../../javascript/gallery/state/state.js";

const words = (key, values = {}) => [key, ...Object.values(values)].join(" ");
const choices = { sort: [{ value: "Newest", label: "" }], period: [], level: [], type: [] };
const bootstrap = { language: "en", settings: [], choices };
const where = { ...makeInitialState().where, model: 1, sort: "Newest" };
const state = (change) => ({ ...makeInitialState(), bootstrap, where, ...change });
const images = [
  { id: 1, user: "anna" },
  { id: 2, user: "bob" },
];
const full = { images };
const problems = (change) => ({ ...makeInitialState().problems, ...change });

test("an answer that takes long says so in seconds, and can be given up at once", () => {
  const said = getGalleryStatus(state({ loading: true, requestedAt: 1000 }), words, 13_500);
  assert.deepEqual(said, {
    kind: "waits",
    text: "no_answer_for 12",
    actions: ["give-up"],
  });
});

test("a page that comes soon is not talked about where there are pictures", () => {
  assert.equal(getGalleryStatus(state({ ...full, requestedAt: 1000 }), words, 2000).text, "");
  assert.equal(getGalleryStatus(state({ requestedAt: 1000 }), words, 2000).text, "reading");
});

test("a search that fails is said beside the field, not below the pictures", () => {
  const failed = state({
    ...full,
    problems: problems({ lookup: { code: "bad_input", message: "Try so." } }),
  });
  assert.equal(getLookupStatus(failed, words, 0).text, "Try so.");
  assert.equal(getGalleryStatus(failed, words, 0).text, "");
});

test("a page that fails is said below the pictures and can be asked for again", () => {
  const failed = state({
    ...full,
    problems: problems({ images: { code: "busy", message: "Busy." } }),
  });
  assert.deepEqual(getGalleryStatus(failed, words, 0), {
    kind: "problem",
    text: "Busy.",
    actions: ["retry"],
  });
  assert.equal(getLookupStatus(failed, words, 0).text, "");
});

test("the end is told with the number, and nothing while it goes on", () => {
  assert.equal(
    getGalleryStatus(state({ ...full, ended: true }), words, 0).text,
    "gallery_ends 2 2",
  );
  assert.equal(getGalleryStatus(state(full), words, 0).text, "");
});

test("an end that may be none is doubted, with what Civitai's answer may mean", () => {
  const notes = [{ code: "empty_end", message: "May be a time limit." }];
  const said = getGalleryStatus(state({ ...full, ended: true, notes }), words, 0);
  assert.equal(said.text, "May be a time limit.");
  assert.deepEqual(said.actions, ["read-anew"]);
});

test("a search that goes on says how far it has come, also while the next page is awaited", () => {
  const far = { cursor: "300", searchProgress: { count: 240_000, total: 1_000_000 } };
  const text = "search_looked 240,000 1,000,000";
  const said = getGalleryStatus(state(far), words, 0);
  assert.deepEqual(said, { kind: "narrowed", text, actions: ["more"] });
  assert.equal(getGalleryStatus(state({ ...far, ...full }), words, 0).text, text);
  assert.equal(getGalleryStatus(state({ ...far, requestedAt: 1000 }), words, 2000).text, text);
});

test("pages on which nothing fits leave a way on", () => {
  const said = getGalleryStatus(state({ cursor: "300|5" }), words, 0);
  assert.deepEqual([said.text, said.actions], ["none_so_far", ["more"]]);
});

test("an author of whom Civitai shows nothing is told as such", () => {
  const notes = [{ code: "no_author", message: "Nothing by nobody." }];
  assert.equal(
    getGalleryStatus(state({ ended: true, notes }), words, 0).text,
    "Nothing by nobody.",
  );
});

test("an empty gallery says so, unless filters are set, which are named elsewhere", () => {
  assert.equal(getGalleryStatus(state({ ended: true }), words, 0).text, "gallery_empty");
  const filtered = state({ ended: true, where: { ...where, type: "video" } });
  assert.equal(getGalleryStatus(filtered, words, 0).text, "");
});

test("an empty library and no favourites say what they are for", () => {
  const empty = (search) => state({ ended: true, where: { ...makeInitialState().where, search } });
  assert.equal(getGalleryStatus(empty(""), words, 0).text, "library_empty");
  assert.equal(getGalleryStatus(empty("is:favourite"), words, 0).text, "home_favourites_for");
  assert.deepEqual(getGalleryStatus(empty("is:favourite"), words, 0).actions, ["home"]);
});

test("a model that is gone is told once, in the place of its images", () => {
  const gone = { code: "gone", message: "No such model" };
  const missing = state({ ended: true, problems: problems({ lookup: gone }) });
  assert.deepEqual(getGalleryStatus(missing, words, 0).actions, ["home"]);
  assert.equal(getGalleryStatus(missing, words, 0).text, gone.message);
  assert.equal(getLookupStatus(missing, words, 0).text, "");
  const elsewhere = { ...missing, model: { id: 5 } };
  assert.deepEqual(getLookupStatus(elsewhere, words, 0).actions, ["dismiss"]);
});

test("a search that loads more says what it has found so far and can be stopped", () => {
  const loadedFilter = { words: "author:anna" };
  const searching = state({ ...full, matches: new Set([1]), loadedFilter, searchReading: "on" });
  assert.deepEqual(getGalleryStatus({ ...searching, requestedAt: 1000 }, words, 2000), {
    kind: "waits",
    text: "search_reads_on 1 2",
    actions: ["stop-search"],
  });
  const slow = getGalleryStatus({ ...searching, requestedAt: 1000 }, words, 13_500);
  assert.deepEqual([slow.text, slow.actions], ["no_answer_for 12", ["stop-search"]]);
  const unknown = getGalleryStatus({ ...searching, matches: null }, words, 0);
  assert.equal(unknown.text, "search_reads_on 0 2");
});

test("what is narrowed goes on only by a button", () => {
  const loadedFilter = { words: "author:anna" };
  const narrowed = state({ ...full, matches: new Set([1]), loadedFilter });
  assert.deepEqual(getGalleryStatus(narrowed, words, 0).actions, ["search-on"]);
  assert.deepEqual(getGalleryStatus({ ...narrowed, ended: true }, words, 0).actions, []);
});

test("without a gallery nothing is said once the home page is there", () => {
  const home = state({ where: makeInitialState().where });
  assert.equal(getGalleryStatus(home, words, 0).text, "reading");
  assert.equal(getGalleryStatus({ ...home, home: {} }, words, 0).text, "");
});

test("what failed is told with the one button that helps", () => {
  const ways = { busy: "retry", needs_key: "settings", gone: "home", outdated: "reload" };
  for (const [code, way] of Object.entries(ways)) {
    const problem = { code, message: "So it is." };
    const failed = state({ problems: problems({ images: problem }) });
    assert.deepEqual(getGalleryStatus(failed, words, 0).actions, [way]);
    const unopened = state({ problems: problems({ lookup: problem }) });
    assert.deepEqual(getGalleryStatus(unopened, words, 0).actions, [way]);
    const beside = state({ ...full, problems: problems({ lookup: problem }) });
    const wayBeside = way === "home" ? "dismiss" : way;
    assert.deepEqual(getLookupStatus(beside, words, 0).actions, [wayBeside]);
  }
});

test("what the gallery's status says is not said beside the field too", () => {
  const offline = { code: "offline", message: "No server." };
  const both = state({ ...full, problems: problems({ lookup: offline, bootstrap: offline }) });
  assert.equal(getLookupStatus(both, words, 0).text, "");
  assert.equal(getGalleryStatus(both, words, 0).text, "No server.");
});

test("a post without images and an empty collection say so in their own words", () => {
  const post = { where: { ...where, model: null, post: 7 }, ended: true };
  assert.equal(getGalleryStatus(state(post), words, 0).text, "no_post");
  const collection = { where: { ...where, model: null, search: 'set="Sea"' }, ended: true };
  const said = getGalleryStatus(state(collection), words, 0);
  assert.deepEqual([said.text, said.actions], ["collection_empty Sea", ["home"]]);
});

test("a search that finds nothing offers to look for models, one by keys to be cleared", () => {
  const offered = {
    kind: "empty",
    text: "search_found_nothing sea",
    actions: ["search-models"],
  };
  const byKey = { where: { ...where, model: null, search: "steps>99" }, ended: true };
  assert.deepEqual(getGalleryStatus(state(byKey), words, 0).actions, ["clear-search"]);
  const inGallery = { ...full, ended: true, matches: new Set(), loadedFilter: { words: "sea" } };
  assert.deepEqual(getGalleryStatus(state(inGallery), words, 0), offered);
  const inLibrary = { where: { ...where, model: null, search: "sea " }, ended: true };
  assert.deepEqual(getGalleryStatus(state(inLibrary), words, 0), offered);
});

test("what is hidden is counted at the end, with the button that shows it", () => {
  const said = getGalleryStatus(state({ ...full, ended: true, hiddenCount: 3 }), words, 0);
  assert.equal(said.text, "gallery_ends 2 2 · hidden_count 3");
  assert.deepEqual(said.actions, ["show-hidden"]);
  const empty = getGalleryStatus(state({ ended: true, hiddenCount: 3 }), words, 0);
  assert.equal(empty.text, "hidden_all 3");
  assert.deepEqual(empty.actions, ["show-hidden"]);
});

test("a random order tells that it shows what was read, and can be made anew", () => {
  const random = { where: { ...where, sort: "Random" }, ended: true };
  const end = getGalleryStatus(state({ ...full, ...random }), words, 0);
  assert.deepEqual([end.text, end.actions], ["random_ends 2 2", ["shuffle"]]);
  const empty = getGalleryStatus(state(random), words, 0);
  assert.deepEqual([empty.text, empty.actions], ["random_none", ["newest-first"]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { getGalleryStatus, getLookupStatus } from "../../javascript/gallery/find/status";
import { getAwaitedPart, makeInitialState } from "../../javascript/gallery/state/state";

const translate = (key, values = {}) => [key, ...Object.values(values)].join(" ");
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

/** Return the text of the gallery's status, and its buttons. */
const say = (change, now = 0) => {
  const { text, actions } = getGalleryStatus(state(change), translate, now);
  return [text, ...actions];
};
/** Return the text of the status beside the field, and its buttons. */
const sayBeside = (change) => {
  const { text, actions } = getLookupStatus(state(change), translate, 0);
  return [text, ...actions];
};
const NOTHING = [""];

test("an answer that takes long says so in seconds, and can be given up at once", () => {
  const status = getGalleryStatus(state({ loading: true, requestedAt: 1000 }), translate, 13_500);
  assert.deepEqual(status, { kind: "waits", text: "no_answer_for 12", actions: ["give-up"] });
});

test("a page that comes soon is not talked about where there are pictures", () => {
  assert.deepEqual(say({ ...full, requestedAt: 1000 }, 2000), NOTHING);
  assert.deepEqual(say({ requestedAt: 1000 }, 2000), ["reading"]);
});

test("a search that fails is said beside the field, a page that fails below the pictures", () => {
  const lookup = { ...full, problems: problems({ lookup: { code: "busy", message: "Busy." } }) };
  assert.deepEqual([sayBeside(lookup), say(lookup)], [["Busy.", "retry"], NOTHING]);
  const page = { ...full, problems: problems({ images: { code: "busy", message: "Busy." } }) };
  assert.deepEqual([sayBeside(page), say(page)], [NOTHING, ["Busy.", "retry"]]);
  const offline = problems({ lookup: { code: "offline", message: "problem_offline" } });
  const lost = { ...full, lost: true, problems: offline };
  assert.deepEqual([sayBeside(lost), say(lost)], [NOTHING, ["problem_offline", "retry"]]);
});

test("the end is told with the number, and nothing while it goes on", () => {
  assert.deepEqual(say({ ...full, ended: true }), ["gallery_ends 2 2"]);
  assert.deepEqual(say(full), NOTHING);
});

test("a list says how much of it is read, can be stopped, and says at its end what is left out", () => {
  const list = { ...full, total: 1000, missing: [7] };
  const notes = [{ code: "list_slow", message: "" }];
  assert.deepEqual(say({ ...list, notes, requestedAt: 1 }, 1), [
    "list_reading 3 1,000",
    "stop-search",
  ]);
  assert.deepEqual(say({ ...list, requestedAt: 1 }, 1), ["", "stop-search"]);
  assert.deepEqual(say({ ...list, stopped: true }), ["list_reading 3 1,000", "more"]);
  const end = { ...list, total: 5, ended: true, hiddenCount: 1 };
  assert.deepEqual(say(end), ["gallery_ends 2 · list_left_out 1 · hidden_count 1", "show-hidden"]);
  const stored = { ...end, libraryDate: "2026-12-01", hiddenCount: 0 };
  assert.deepEqual(say(stored), ["gallery_ends 2 · list_not_stored 2"]);
});

test("an end that may be none is doubted, with what Civitai's answer may mean", () => {
  const notes = [{ code: "empty_end", message: "May be a time limit." }];
  assert.deepEqual(say({ ...full, ended: true, notes }), ["May be a time limit.", "read-anew"]);
});

test("pages on which nothing fits leave a way on", () => {
  assert.deepEqual(say({ cursor: "300|5" }), ["none_so_far", "more"]);
});

test("an empty gallery says so in its own words, unless filters are set, which are named elsewhere", () => {
  assert.deepEqual(say({ ended: true }), ["gallery_empty", "home"]);
  assert.deepEqual(say({ ended: true, where: { ...where, type: "video" } }), NOTHING);
  const notes = [{ code: "no_author", message: "Nothing by nobody." }];
  assert.deepEqual(say({ ended: true, notes }), ["Nothing by nobody.", "home"]);
  const post = { ...where, model: null, post: 7 };
  assert.deepEqual(say({ ended: true, where: post }), ["no_post", "home"]);
});

for (const [search, expected] of [
  ["", ["library_empty", "home"]],
  ["is:favourite", ["home_favourites_for", "home"]],
  ['collection="Sea"', ["collection_empty Sea", "home"]],
  ["is:favourite zebra", ["search_found_nothing zebra", "clear-search"]],
  ['collection="My ""best"" ones" is:video', ["search_found_nothing is:video", "clear-search"]],
  ["has:note", ["search_found_nothing has:note", "home"]],
  ["steps>99", ["search_found_nothing steps>99", "clear-search"]],
  ["sea ", ["search_found_nothing sea", "search-models"]],
]) {
  test(`the library without a match for “${search}” says what to do`, () => {
    assert.deepEqual(say({ ended: true, where: { ...where, model: null, search } }), expected);
  });
}

test("a search among loaded images that finds nothing offers to look for models", () => {
  const nothing = { ...full, ended: true, matches: new Set(), loadedWords: "sea" };
  assert.deepEqual(say(nothing), ["search_found_nothing sea", "search-models"]);
});

test("a search that loads more says what it has found so far and can be stopped", () => {
  const loadedWords = "author:anna";
  const searching = { ...full, matches: new Set([1]), loadedWords, searchReading: "on" };
  const slow = { ...searching, requestedAt: 1000 };
  assert.deepEqual(say(slow, 2000), ["search_reads_on 1 2", "stop-search"]);
  assert.deepEqual(say(slow, 13_500), ["no_answer_for 12", "stop-search"]);
  assert.deepEqual(say({ ...searching, matches: null }), ["search_reads_on 0 2", "stop-search"]);
});

test("what is narrowed goes on only by a button", () => {
  const narrowed = { ...full, matches: new Set([1]), loadedWords: "author:anna" };
  assert.deepEqual(say(narrowed).slice(1), ["search-on"]);
  assert.deepEqual(say({ ...narrowed, ended: true }).slice(1), []);
});

test("without a gallery nothing is said once the home page is there", () => {
  const home = { where: makeInitialState().where };
  assert.deepEqual(say(home), ["reading"]);
  assert.deepEqual(say({ ...home, home: {} }), NOTHING);
});

test("a page that is not answered says so after some seconds, with a button that asks again", () => {
  const start = { bootstrap: null, startedAt: 1000 };
  const home = { where: makeInitialState().where, startedAt: 1000 };
  assert.deepEqual(say(start, 3900), ["reading"]);
  for (const slow of [start, home]) assert.deepEqual(say(slow, 4000), ["server_slow", "retry"]);
  assert.equal(getAwaitedPart(state(start)), "bootstrap");
  assert.equal(getAwaitedPart(state(home)), "home");
  assert.equal(getAwaitedPart(state({})), null);
});

test("a gallery of which all is hidden so far says so, with the one button that shows it", () => {
  assert.deepEqual(say({ hiddenCount: 300, cursor: "2" }), ["hidden_all 300", "show-hidden"]);
});

test("what failed on the home page is told only there", () => {
  const failed = { problems: problems({ home: { code: "busy", message: "Busy." } }) };
  assert.deepEqual(say({ where: makeInitialState().where, ...failed }), ["Busy.", "retry"]);
  assert.deepEqual(say({ ...full, ...failed }), NOTHING);
});

test("what failed is told once, with the one button that helps", () => {
  const ways = { busy: "retry", needs_key: "settings", gone: "home", outdated: "reload" };
  for (const [code, way] of Object.entries(ways)) {
    const problem = { code, message: "So it is." };
    assert.deepEqual(say({ problems: problems({ images: problem }) }), ["So it is.", way]);
    const unopened = { ended: true, problems: problems({ lookup: problem }) };
    assert.deepEqual([say(unopened), sayBeside(unopened)], [["So it is.", way], NOTHING]);
    const beside = { ...full, model: { id: 5 }, problems: problems({ lookup: problem }) };
    assert.deepEqual(sayBeside(beside).slice(1), [way === "home" ? "dismiss" : way]);
  }
});

test("what the gallery's status says is not said beside the field too", () => {
  const offline = { code: "offline", message: "No server." };
  const both = { ...full, problems: problems({ lookup: offline, bootstrap: offline }) };
  assert.deepEqual([sayBeside(both), say(both)[0]], [NOTHING, "No server."]);
});

test("what is hidden is counted at the end, with the button that shows it", () => {
  const end = ["gallery_ends 2 2 · hidden_count 3", "show-hidden"];
  assert.deepEqual(say({ ...full, ended: true, hiddenCount: 3 }), end);
  assert.deepEqual(say({ ended: true, hiddenCount: 3 }), ["hidden_all 3", "show-hidden"]);
});

test("a random order tells that it shows what was read, and can be made anew", () => {
  const random = { where: { ...where, sort: "Random" }, ended: true };
  assert.deepEqual(say({ ...full, ...random }), ["random_ends 2 2", "shuffle"]);
  assert.deepEqual(say(random), ["random_none", "newest-first"]);
});

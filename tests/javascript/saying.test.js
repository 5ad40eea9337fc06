import assert from "node:assert/strict";
import { test } from "node:test";
import { saidOfFinding, saidOfGallery } from "../../javascript/gallery/find/status_text.js";
import { firstState } from "../../javascript/gallery/state/state.js";

const words = (key, values = {}) => [key, ...Object.values(values)].join(" ");
const choices = { sort: [{ value: "Newest", label: "" }], period: [], level: [], type: [] };
const hello = { language: "en", settings: [], choices };
const where = { ...firstState().where, model: 1, sort: "Newest" };
const state = (change) => ({ ...firstState(), hello, where, ...change });
const pictures = [
  { id: 1, user: "anna" },
  { id: 2, user: "bob" },
];
const full = { images: pictures, shown: pictures };

test("an answer that takes long says so in seconds, and can be given up at once", () => {
  const said = saidOfGallery(state({ loading: true, since: 1000 }), words, 13_500);
  assert.deepEqual(said, {
    kind: "waits",
    text: "no_answer_for 12",
    deeds: ["retry", "give-up"],
  });
});

test("a page that comes soon is not talked about where there are pictures", () => {
  assert.equal(saidOfGallery(state({ ...full, since: 1000 }), words, 2000).text, "");
  assert.equal(saidOfGallery(state({ since: 1000 }), words, 2000).text, "reading");
});

test("a search that fails is said beside the field, not below the pictures", () => {
  const failed = state({ ...full, problem: { of: "find", code: "bad_input", message: "Try so." } });
  assert.equal(saidOfFinding(failed, words, 0).text, "Try so.");
  assert.equal(saidOfGallery(failed, words, 0).text, "");
});

test("a page that fails is said below the pictures and can be asked for again", () => {
  const failed = state({ ...full, problem: { of: "images", code: "busy", message: "Busy." } });
  assert.deepEqual(saidOfGallery(failed, words, 0), {
    kind: "problem",
    text: "Busy.",
    deeds: ["retry"],
  });
  assert.equal(saidOfFinding(failed, words, 0).text, "");
});

test("the end is told with the number, and nothing while it goes on", () => {
  assert.equal(saidOfGallery(state({ ...full, ended: true }), words, 0).text, "gallery_ends 2 2");
  assert.equal(saidOfGallery(state(full), words, 0).text, "");
});

test("an end that may be none is doubted, with what Civitai's answer may mean", () => {
  const notes = [{ code: "empty_end", message: "May be a time limit." }];
  const said = saidOfGallery(state({ ...full, ended: true, notes }), words, 0);
  assert.equal(said.text, "May be a time limit.");
  assert.deepEqual(said.deeds, ["read-anew"]);
});

test("a search that goes on says how far it has come, also while the next page is awaited", () => {
  const far = { cursor: "300", lookedAt: { count: 240_000, total: 1_000_000 } };
  const text = "search_looked 240,000 1,000,000";
  const said = saidOfGallery(state(far), words, 0);
  assert.deepEqual(said, { kind: "narrowed", text, deeds: ["more"] });
  assert.equal(saidOfGallery(state({ ...far, ...full }), words, 0).text, text);
  assert.equal(saidOfGallery(state({ ...far, since: 1000 }), words, 2000).text, text);
});

test("pages on which nothing fits leave a way on", () => {
  const said = saidOfGallery(state({ cursor: "300|5" }), words, 0);
  assert.deepEqual([said.text, said.deeds], ["none_so_far", ["more"]]);
});

test("an author of whom Civitai shows nothing is told as such", () => {
  const notes = [{ code: "no_author", message: "Nothing by nobody." }];
  assert.equal(saidOfGallery(state({ ended: true, notes }), words, 0).text, "Nothing by nobody.");
});

test("an empty gallery offers to clear the filters only where there are some", () => {
  assert.deepEqual(saidOfGallery(state({ ended: true }), words, 0).deeds, []);
  const filtered = state({ ended: true, where: { ...where, type: "video" } });
  assert.deepEqual(saidOfGallery(filtered, words, 0).deeds, ["reset-filters"]);
});

test("what is narrowed goes on only by a button", () => {
  const within = { words: "author:anna" };
  const narrowed = state({ ...full, shown: [pictures[0]], within });
  assert.deepEqual(saidOfGallery(narrowed, words, 0).deeds, ["more"]);
  assert.deepEqual(saidOfGallery({ ...narrowed, ended: true }, words, 0).deeds, []);
});

test("without a gallery it says what to do", () => {
  assert.equal(saidOfGallery(state({ where: firstState().where }), words, 0).text, "start_here");
});

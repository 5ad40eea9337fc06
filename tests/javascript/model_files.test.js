import assert from "node:assert/strict";
import { test } from "node:test";
import {
  canGet,
  describeArrivals,
  findJobFailure,
  findJobFile,
  getChosenFile,
  getModelTypeName,
  getRefusal,
  getSearchWords,
  listGettable,
  makeNeedsQuery,
  makeRequest,
  markArrived,
  needsConsent,
  sumSizes,
} from "../../javascript/gallery/state/model_files";

const file = (id, size, more = {}) => ({ id, size, may_run_code: false, refusal: "", ...more });
const needed = (version_id, more = {}) => ({
  key: String(version_id),
  version_id,
  availability: "missing",
  file: 1,
  choices: [file(1, 100), file(2, 200), file(3, 300, { may_run_code: true })],
  companions: [file(9, 5)],
  refusal: "",
  ...more,
});
const NONE = new Map();
const chosen = (change) =>
  new Map([["7", { file: null, allowed: null, companions: new Set(), ...change }]]);
const jobs = (state, ...files) => ({ jobs: [{ state, model_files: files }] });

test("the server's file is taken until the user chooses another one of this version", () => {
  assert.equal(getChosenFile(needed(7), NONE).id, 1);
  assert.equal(getChosenFile(needed(7), chosen({ file: 2 })).id, 2);
  assert.equal(getChosenFile(needed(8), chosen({ file: 2 })).id, 1);
  assert.equal(getChosenFile(needed(7, { file: null }), NONE), null);
});

test("a file that may run code waits for a word for this very file", () => {
  const pickle = chosen({ file: 3 });
  assert.ok(needsConsent(needed(7), pickle) && !canGet(needed(7), pickle));
  const allowed = chosen({ file: 3, allowed: 3 });
  assert.ok(!needsConsent(needed(7), allowed) && canGet(needed(7), allowed));
  assert.deepEqual(makeRequest([needed(7)], allowed), [
    { version_id: 7, file_id: 3, allow_pickle: true },
  ]);
  assert.ok(needsConsent(needed(7), chosen({ file: 3, allowed: 1 })));
});

test("a model that Civitai does not know is searched by its name, without underscores", () => {
  const unknown = { version_id: null, url: "", name: " night_windows__v1 " };
  assert.equal(getSearchWords(unknown), "night windows v1");
  assert.equal(getSearchWords({ ...unknown, version_id: 7 }), "");
  assert.equal(getSearchWords({ ...unknown, url: "https://civitai.com/models/1" }), "");
});

test("what is here, refused, on its way or without a file is not offered", () => {
  const files = [
    needed(1),
    needed(2, { availability: "here" }),
    needed(3, { refusal: "early access" }),
    needed(4),
    needed(5, { file: null, choices: [] }),
    needed(6, { availability: "other" }),
    needed(8, { choices: [file(1, 1, { refusal: "unsafe" })] }),
  ];
  const state = {
    fileChoices: NONE,
    jobs: jobs("running", { version_id: 4, state: "running" }),
    needs: { list: { answer: { files } } },
  };
  assert.deepEqual(
    listGettable(state, "list").map((one) => one.version_id),
    [1, 6],
  );
  assert.equal(getRefusal(files[6], NONE), "unsafe");
});

test("sizes and the request count the companions that were chosen", () => {
  const companions = [file(1, 100), file(9, 5, { may_run_code: true })]; // one is the file itself
  const both = chosen({ companions: new Set([1, 9]) });
  assert.equal(sumSizes([needed(7, { companions }), needed(8)], both), 205);
  assert.deepEqual(
    makeRequest([needed(7, { companions })], both).map((one) => [one.file_id, one.allow_pickle]),
    [
      [1, false],
      [9, false],
    ],
  );
});

test("a job's file counts while it comes, its failure while nothing newer came", () => {
  const at = (state, line = "") => ({ version_id: 7, file_id: 1, state, line });
  assert.equal(findJobFile(jobs("running", at("waiting")), needed(7)).state, "waiting");
  assert.equal(findJobFile(jobs("cancelled", at("waiting")), needed(7)), null);
  assert.equal(findJobFile(jobs("done", at("failed")), needed(7)), null);
  assert.equal(findJobFile(null, needed(7)), null);
  const failed = jobs("done", at("failed", "no room"));
  assert.equal(findJobFailure(failed, needed(7)), "no room");
  const anew = { jobs: [...jobs("running", at("running")).jobs, ...failed.jobs] };
  assert.equal(findJobFailure(anew, needed(7)), "");
});

test("only a file that has come changes what is told of arrivals", () => {
  const at = (state) =>
    describeArrivals({ jobs: jobs("running", { version_id: 7, file_id: 1, state }) });
  assert.equal(at("running"), at("waiting"));
  assert.notEqual(at("saved"), at("running"));
  assert.equal(at("skipped"), at("saved")); // it was here
  assert.equal(describeArrivals({ jobs: null }), "");
});

test("a file that has come counts as here, its companion does not make the model one", () => {
  const needs = { answer: { files: [needed(7), needed(8, { choices: [file(5, 1)] })] } };
  const states = (...ids) =>
    markArrived(needs, new Set(ids), "Here").answer.files.map((one) => one.availability);
  assert.deepEqual(states(2), ["here", "missing"]);
  assert.deepEqual(states(9), ["missing", "missing"]);
});

test("queries name the image, the model or the collection", () => {
  assert.equal(makeNeedsQuery({ image: 5, model: null }), "image=5");
  assert.equal(makeNeedsQuery({ model: 3, version: 4 }), "model=3&version=4");
  assert.equal(makeNeedsQuery({ collection: "a & b" }), "collection=a+%26+b");
});

const translate = (key) => `<${key}>`;

test("a type is named as Civitai, an infotext or the host's folders write it", () => {
  for (const type of ["TextualInversion", "embed"])
    assert.equal(getModelTypeName(type, translate), "<type_embed>");
  assert.equal(getModelTypeName("Upscaler", translate), "<type_upscaler>");
  assert.equal(getModelTypeName("Text Encoder", translate), "<type_text_encoder>");
});

test("an unknown type is shown as it is", () => {
  assert.equal(getModelTypeName("LoCon", translate), "LoCon");
  assert.equal(getModelTypeName("constructor", translate), "constructor");
});

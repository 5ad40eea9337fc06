import assert from "node:assert/strict";
import { test } from "node:test";
import { getFirstChoice, isAddress, listRows } from "../../javascript/gallery/find/search_rows";
import { makeInitialState } from "../../javascript/gallery/state/state";

const translate = (key, values = {}) => [key, ...Object.values(values)].join(" ");
const recent = [
  { id: 7, name: "Slow Water" },
  { id: 1, name: "Quiet Places" },
];
const bootstrap = { language: "en", settings: [], recent };
const images = [{ id: 1 }, { id: 2 }];
const gallery = { ...makeInitialState().where, model: 1 };
const state = (change) => ({
  ...makeInitialState(),
  bootstrap,
  images,
  where: gallery,
  model: { id: 1, name: "Quiet Places" },
  ...change,
});
const preview = {
  suggestions: [],
  authors: [],
  loaded: { count: 1, is_more: false },
  pictures: [],
  correction: "",
  gallery: { count: 30, is_more: false },
  library: { count: 1000, is_more: true },
  kind: "words",
  message: "",
};
const found = (change = {}) => ({
  text: "sea",
  preview,
  suggestions: [],
  models: null,
  author: "",
  ...change,
});
const list = (text, change = {}, more = {}) =>
  listRows(state(more), text, found(change), translate);
const kinds = (rows) => rows.map(({ kind }) => kind);
const texts = (rows) => rows.map(({ text, detail }) => `${text} | ${detail}`);

test("what is open comes first, with the count of each place", () => {
  assert.deepEqual(texts(list("sea")), [
    "row_in Quiet Places | row_of_loaded 1 2",
    "row_gallery | 30",
    "row_library | 1,000+",
    "row_models | ",
  ]);
});

test("counts that come move no row", () => {
  const places = ["loaded", "gallery", "all", "models"];
  const same = { ...preview, gallery: { count: 1, is_more: false } };
  for (const known of [null, preview, same])
    assert.deepEqual(kinds(list("sea", { preview: known })), places);
});

test("a search of the library has the library first, and one of models the models", () => {
  const where = { ...makeInitialState().where, search: "sea" };
  assert.deepEqual(kinds(list("sea", {}, { where })), ["all", "models"]);
  const results = { query: "sea", models: [], cursor: null };
  assert.equal(list("sea", {}, { results })[0].kind, "models");
  assert.equal(list("sea", {}, { where: makeInitialState().where })[0].kind, "models");
});

test("a search in a gallery goes on in what was read of it", () => {
  const where = { ...gallery, search: "sea" };
  assert.deepEqual(texts(list("sea", {}, { where })).slice(0, 1), ["row_in Quiet Places | 30"]);
});

test("an address is opened and nothing else; a number may also be looked for", () => {
  assert.deepEqual(kinds(list("civitai.com/models/5")), ["open"]);
  assert.deepEqual(kinds(list("12345")).slice(0, 2), ["open", "loaded"]);
});

test("models are those seen lately that fit, then Civitai's, each once", () => {
  const models = {
    models: [
      { id: 7, name: "Slow Water", base_models: [], cover: { id: 5, blurhash: "" } },
      { id: 9, name: "Sea", type: "Controlnet", base_models: ["SDXL"], cover: null },
    ],
    cursor: "5",
  };
  const rows = list("water", { text: "water", models });
  assert.deepEqual(texts(rows).slice(-3), [
    "row_models | 2+",
    "Slow Water | recent_models",
    "Sea | type_controlnet · SDXL",
  ]);
  assert.deepEqual(rows.at(-2).cover, { id: 5, blurhash: "" });
  const { where } = makeInitialState();
  const named = listRows(state({ where }), "Slow", found({ text: "slow", models }), translate);
  assert.equal(named[0].value, "7");
  assert.equal(getFirstChoice(named), named[0]);
});

test("a wrong search says why, and Enter takes what was probably meant", () => {
  const wrong = { ...preview, kind: "nothing", message: "no number", correction: "steps>20" };
  const rows = list("stepps>20", { preview: wrong });
  assert.deepEqual(texts(rows), ["row_correct steps>20 | ", "no number | "]);
  assert.equal(getFirstChoice(rows)?.value, "steps>20");
  const other = list("sampelr:x", { preview: { ...wrong, kind: "words" } });
  assert.notEqual(getFirstChoice(other)?.kind, "correct", "the text itself finds something");
  const [only] = list("is:foo", { preview: { ...wrong, correction: "" } });
  assert.equal(only.kind, "message");
  assert.equal(getFirstChoice([only]), null);
});

test("an author of the library is not named again by Civitai", () => {
  const known = { ...preview, authors: [{ text: "Anna", found: { count: 1000, is_more: true } }] };
  const authors = (more) => texts(list("anna", more).filter(({ kind }) => kind === "author"));
  assert.deepEqual(authors({ preview: known, author: "anna" }), ["pictures_by Anna | 1,000+"]);
  assert.deepEqual(authors({ author: "anna" }), ["pictures_by anna | "]);
  assert.deepEqual(authors({}), []);
  assert.deepEqual(kinds(list("anna", { preview: known })).slice(0, 3), [
    "loaded",
    "author",
    "gallery",
  ]);
});

test("a key without a value has only completions, of which Enter takes none", () => {
  const suggestions = [{ text: "lora:detail", found: { count: 5, is_more: false } }];
  const rows = list("lora:", { preview: null, suggestions });
  assert.deepEqual(kinds(rows), ["complete"]);
  assert.equal(getFirstChoice(rows), null);
  const more = list("lora:d", { preview: { ...preview, kind: "keys" }, suggestions });
  assert.deepEqual(kinds(more), ["loaded", "complete", "gallery", "all"]);
  assert.equal(getFirstChoice(more)?.kind, "loaded");
});

test("after a finished word, a few keys stand side by side", () => {
  const suggestions = Array.from({ length: 30 }, (_, n) => ({ text: `key${n}:`, found: null }));
  const found = { preview: { ...preview, kind: "keys" }, suggestions };
  const keys = list("lora:detail ", found).filter(({ kind }) => kind === "complete");
  assert.deepEqual(
    keys.map(({ text, group }) => `${group} ${text}`),
    [0, 1, 2, 3, 4].map((n) => `row_keys key${n}:`),
  );
});

test("Enter takes what finds something where no model has the name", () => {
  const first = (models, count) => {
    const library = { count, is_more: false };
    const { where } = makeInitialState();
    return getFirstChoice(list("ink", { models, preview: { ...preview, library } }, { where }));
  };
  const none = { models: [], cursor: null };
  assert.equal(first(null, 5)?.kind, "models");
  assert.equal(first(none, 5)?.kind, "all");
  assert.equal(first(none, 0)?.kind, "models");
});

test("the empty field has the models seen lately but the open one, and the keys", () => {
  const rows = list("", { suggestions: [{ text: "lora:", found: null }] });
  assert.deepEqual(texts(rows), ["Slow Water | ", "lora: | "]);
  assert.equal(getFirstChoice(rows), null);
});

test("addresses and ids are told from words", () => {
  const addresses = [
    "5",
    "https://civitai.com/models/5/name",
    "Civitai.red/user/anna",
    "www.civitai.com",
    "models/5?modelVersionId=6",
    "/images/5",
    "user/anna",
    "5?modelVersionId=6",
    "5@6",
    "civitai:5@6",
    "urn:air:sdxl:lora:civitai:5@6",
    "http://127.0.0.1:9/models/5",
    "evil.example/models/1",
  ];
  for (const text of addresses) assert.equal(isAddress(text), true, text);
  const others = ["", "sea", "1girl/2girl", "a 5", "models", "e-mail@x", "lora:a", "user guide"];
  for (const text of others) assert.equal(isAddress(text), false, text);
});

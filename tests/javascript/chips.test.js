import assert from "node:assert/strict";
import { test } from "node:test";
import { listChips, listChipsOfEmptyGallery } from "../../javascript/gallery/find/chips";
import { makeInitialState } from "../../javascript/gallery/state/state";

const translate = (key, values = {}) => [key, ...Object.values(values)].join(" ");
const choices = {
  sort: [{ value: "Newest", label: "" }],
  period: [{ value: "AllTime", label: "All time" }],
  level: [
    { value: "None", label: "PG" },
    { value: "X", label: "X, adults" },
  ],
  type: [{ value: "", label: "All" }],
};
const usual = { ...makeInitialState().where, sort: "Newest", period: "AllTime", level: "None" };
const state = (where, more = {}) => ({
  ...makeInitialState(),
  bootstrap: { language: "en", settings: [], choices },
  where: { ...usual, model: 1, ...where },
  ...more,
});
const list = (where, more) => listChips(state(where, more), translate, {}).map(({ text }) => text);

test("a gallery in which nothing is set has no chip, whatever its order", () => {
  assert.deepEqual(list({ sort: "Oldest" }), []);
});

test("each set filter is a chip with the name and the label of its value", () => {
  const model = { id: 1, versions: [{ id: 5, name: "v2" }] };
  assert.deepEqual(list({ level: "X", version: 5, base: "Pony", meta: true }, { model }), [
    "chip_text pick_version v2",
    "chip_text pick_level X, adults",
    "chip_text pick_base Pony",
    "pick_meta",
  ]);
  assert.deepEqual(list({ version: 6 }, { model }), ["chip_text pick_version 6"]);
});

test("a removed chip sets its filter back to the default, and nothing else", () => {
  const changes = [];
  const actions = { setWhere: (change) => changes.push(change) };
  for (const chip of listChips(state({ level: "X", version: 5 }), translate, actions))
    chip.remove();
  assert.deepEqual(changes, [{ version: null }, { level: "None" }]);
});

test("among cards of models no filter of the gallery stands", () => {
  assert.deepEqual(list({ level: "X" }, { results: { query: "a", models: [], cursor: null } }), []);
});

test("where is searched and each word is a chip; without the place the library is searched", () => {
  const asked = [];
  const actions = {
    search: (...given) => asked.push(given.join(" in ")),
    clearSearch: () => asked.push("clear"),
    openHome: () => asked.push("home"),
    setWhere: (where) => asked.push(`model ${where.model}`),
  };
  const chips = (where, more) => listChips(state(where, more), translate, actions);
  const model = { id: 1, name: "Quiet" };
  const gallery = chips({ search: 'sea lora:"x y"' }, { model });
  assert.deepEqual(
    gallery.map(({ text }) => text),
    ["chip_gallery Quiet", "sea", 'lora:"x y"'],
  );
  for (const chip of gallery) chip.remove();
  const [place, word] = chips({}, { model, loadedWords: "sea" });
  assert.equal(place.text, "chip_loaded");
  word.remove();
  const library = { model: null, search: "sea" };
  chips(library)[0].remove();
  chips(library, { widened: { where: { model: 7 } } })[0].remove();
  assert.deepEqual(list({ model: null, search: "sea" }), ["library_title", "sea"]);
  assert.deepEqual(list({ model: null, search: "is:favourite sea" }), ["sea"]);
  assert.deepEqual(list({ model: null, search: 'collection="At sea"' }), []);
  assert.deepEqual(asked, [
    'sea lora:"x y" in all',
    'lora:"x y" in gallery',
    "sea in gallery",
    "clear",
    "home",
    "model 7",
  ]);
});

test("a gallery without images names its filters once no more can come", () => {
  const name = (more) =>
    listChipsOfEmptyGallery(state({ base: "Pony" }, more), translate, {}).map(({ key }) => key);
  assert.deepEqual(name({ ended: true }), ["base"]);
  assert.deepEqual(name({ ended: false }), []);
  assert.deepEqual(name({ ended: true, images: [{ id: 1 }] }), []);
  const problems = { ...makeInitialState().problems, images: { code: "busy", message: "" } };
  assert.deepEqual(name({ ended: true, problems }), []);
});

test("a higher rating than usual is no filter that has emptied a gallery, a lower one is", () => {
  const name = (where, level = "None") => {
    const settings = [{ name: "gallery_level", value: level }];
    const bootstrap = { language: "en", settings, choices };
    const empty = { ended: true, bootstrap };
    return listChipsOfEmptyGallery(state(where, empty), translate, {}).map(({ key }) => key);
  };
  assert.deepEqual(name({ level: "X" }), []);
  assert.deepEqual(name({ level: "X", base: "Pony" }), ["base"]);
  assert.deepEqual(name({ level: "None" }, "X"), ["level"]);
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ApiError } from "../../javascript/gallery/data/api";
import { makePager } from "../../javascript/gallery/data/pager";
import { makeGallerySearch, makeLoadedFilter } from "../../javascript/gallery/data/search";
import { SearchSuggestions } from "../../javascript/gallery/find/suggestions";
import { getShown, makeInitialState, NOWHERE, Store } from "../../javascript/gallery/state/state";

let timers = new Map();
let previews;
let asked = [];
let answers = {};

/** Let every pause pass, one after the other. */
async function passPauses() {
  for (let round = 0; round < 4; round++) {
    const due = [...timers.values()];
    timers.clear();
    for (const run of due) run();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeEach(() => {
  [timers, asked] = [new Map(), []];
  let number = 0;
  globalThis.window = {
    setTimeout: (run) => timers.set(++number, run) && number,
    clearTimeout: (id) => timers.delete(id),
  };
  const preview = { suggestions: [{ text: "lora:a", found: null }], authors: [], kind: "words" };
  answers = {
    search_preview: preview,
    models: { models: [], cursor: null },
    authors: "",
  };
  const answer = async (path, body) => {
    const name = path.split("?")[0];
    asked.push(body ? `${name} ${body.text}` : path.replace("&level=", ""));
    if (answers[name] instanceof Error) throw answers[name];
    return answers[name];
  };
  const api = { get: (path) => answer(path), post: (path, body) => answer(path, body) };
  const store = { get: () => makeInitialState() };
  const context = { api, store, signal: new AbortController().signal };
  previews = new SearchSuggestions(context, () => {});
});

afterEach(() => {
  delete globalThis.window;
});

test("our server is asked about the last text, then Civitai about models and the author", async () => {
  for (const text of ["s", "se", "sea"]) previews.update(text, text);
  assert.deepEqual(asked, []);
  await passPauses();
  assert.deepEqual(asked, ["search_preview sea", "models?q=sea", "authors?name=sea"]);
});

for (const [text, change, expected] of [
  ["se", {}, []],
  ["lora:sea", { kind: "keys" }, []],
  ["blue sea", {}, ["models?q=blue+sea"]],
  ["anna", { authors: [{ text: "Anna" }] }, ["models?q=anna"]],
]) {
  test(`Civitai is asked no more about “${text}” than can be found`, async () => {
    answers.search_preview = { ...answers.search_preview, ...change };
    previews.update(text, text);
    await passPauses();
    assert.deepEqual(asked, [`search_preview ${text}`, ...expected]);
  });
}

test("Civitai is asked about a text once", async () => {
  previews.update("sea", "sea");
  await passPauses();
  previews.update("seas", "seas");
  previews.update("sea", "sea");
  await passPauses();
  assert.equal(asked.filter((one) => one.startsWith("models")).length, 1);
  assert.deepEqual(previews.found.models, { models: [], cursor: null });
});

test("what was found for another text goes at once, but for completions that still fit", async () => {
  previews.update("lor", "lor");
  await passPauses();
  previews.update("lora", "lora");
  const { preview, models, suggestions } = previews.found;
  assert.deepEqual([preview, models, suggestions.length], [null, null, 1]);
  previews.update("sea", "sea");
  assert.deepEqual(previews.found.suggestions, []);
});

test("a server that fails leaves the rest, and Civitai is asked again later", async () => {
  answers.models = new ApiError("busy", "", 503);
  previews.update("sea", "sea");
  await passPauses();
  assert.deepEqual([previews.found.preview?.kind, previews.found.models], ["words", null]);
  answers.models = { models: [], cursor: null };
  previews.update("sea", "sea");
  await passPauses();
  assert.deepEqual(previews.found.models, { models: [], cursor: null });
});

/** A filtered gallery; `pages` and `filters` are what its requests wait for, oldest first. */
function makeFiltered() {
  const [pages, filters] = [[], []];
  const wait = (waiting) => new Promise((resolve) => waiting.push(resolve));
  const api = {
    get: () => wait(pages),
    post: (_, { ids }) => wait(filters).then((found) => ({ ids: found ?? ids, message: "" })),
  };
  const store = new Store();
  store.set({ where: { ...NOWHERE, model: 1 } });
  const context = { api, store, signal: new AbortController().signal, translate: String };
  const pager = makePager(context);
  const filter = makeLoadedFilter({ ...context, actions: { more: () => pager.loadMore() } });
  const rest = () => new Promise((resolve) => setImmediate(resolve));
  const load = (ids, cursor = "next") => {
    const images = ids.map((id) => ({ id }));
    const page = { images, cursor, notes: [], missing: [], hidden_count: 0, total: null };
    pages.shift()({ ...page, from_library: false });
    return rest();
  };
  const shown = () => getShown(store.get()).map(({ id }) => id);
  return { filters, filter, load, pager, rest, shown, store };
}

test("what matches on a later page stays if its answer comes before an earlier page's", async () => {
  const { filters, filter, load, pager, rest, shown } = makeFiltered();
  void pager.restart();
  await load([1, 2]);
  void filter.setWords("cat");
  void pager.loadMore();
  await load([3, 4], null);
  filters[1]([3]);
  await rest();
  filters[0]([1]);
  await rest();
  assert.deepEqual(shown(), [1, 3]);
});

test("a gallery that a filter had emptied is still searched when that is undone", async () => {
  const { filters, filter, load, pager, rest, shown } = makeFiltered();
  void pager.restart();
  await load([1, 2], null);
  void filter.setWords("cat");
  filters[0]([1]);
  await rest();
  for (const ids of [[], [1, 2]]) {
    void pager.restart({ isSameSource: true });
    await load(ids, null);
  }
  assert.deepEqual(shown(), [1]);
});

for (const [what, change, isOpened] of [
  ["the gallery of another model", { where: { model: 2 } }, false],
  ["the library", { where: { model: null, search: "" } }, false],
  ["Home", { where: { model: null } }, false],
  ["models that were found", { results: { query: "sea", models: [], cursor: null } }, false],
  ["another order", { where: { sort: "Oldest" } }, true],
])
  test(`a search whose answer comes late is ${isOpened ? "shown in" : "dropped by"} ${what}`, async () => {
    let answer = () => {};
    const opened = [];
    const navigation = {
      openGallery: ({ model, search }) => opened.push([model, search]),
      openSource: ({ search }) => opened.push(search),
    };
    const loadedFilter = { setWords: (words) => words && opened.push(words) };
    const store = new Store();
    store.set({ where: { ...NOWHERE, model: 1 } });
    const api = { post: () => new Promise((resolve) => (answer = resolve)) };
    const parts = { navigation, loadedFilter };
    const { signal } = new AbortController();
    const { search } = makeGallerySearch({ api, parts, store, signal, translate: String });
    for (const wanted of ["loaded", "gallery", "all"]) {
      store.set({ where: { ...NOWHERE, model: 1 }, results: null });
      opened.length = 0;
      const searched = search("cat", wanted);
      const { where } = store.get();
      store.set({ ...change, where: { ...where, ...change.where } });
      const found = { count: 1, is_more: false };
      answer({ kind: "words", loaded: found, gallery: found, library: found });
      await searched;
      assert.equal(opened.length, isOpened ? 1 : 0, wanted);
    }
  });

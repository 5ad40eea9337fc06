import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ApiError } from "../../javascript/gallery/data/api";
import { SearchPreviews } from "../../javascript/gallery/data/search";
import { makeInitialState } from "../../javascript/gallery/state/state";

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
  previews = new SearchPreviews(context, () => {});
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

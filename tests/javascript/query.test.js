import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildAddress,
  buildImageAddress,
  buildImagesPath,
  countBeforeHeldBack,
  findSavedPlace,
  getSearchedWords,
  getSource,
  getWordAt,
  hasGallery,
  isList,
  listSetFilters,
  makeCollectionSearch,
  makeDefaultQuery,
  parseAddress,
  replaceWord,
  splitWords,
  widenScope,
  withSource,
} from "../../javascript/gallery/state/query";

const choices = (...values) => values.map((value) => ({ value, label: value.toLowerCase() }));
const bootstrap = {
  settings: [{ name: "gallery_level", value: "Soft" }],
  choices: {
    sort: choices("Newest", "Oldest"),
    period: choices("AllTime", "Day"),
    level: choices("None", "Soft", "X"),
    type: choices("", "video"),
  },
};
const usual = makeDefaultQuery(bootstrap);
const model = { ...usual, model: 257749, version: 290640 };
const HERE = "https://host/sd/?__theme=dark&model=1#tab";

test("the usual is the first of each choice, and the setting's rating", () => {
  assert.equal(usual.sort, "Newest");
  assert.equal(usual.level, "Soft");
  assert.equal(getSource(usual), "");
});

test("an image's address is the gallery's with the image in it", () => {
  const state = { bootstrap, where: { ...model, sort: "Oldest" } };
  const open = buildAddress(model, 7, usual, HERE);
  const address = buildImageAddress(state, 42, open);
  assert.deepEqual(parseAddress(new URL(address).search, usual).where, state.where);
  assert.equal(parseAddress(new URL(address).search, usual).image, 42);
});

test("an address tells only what differs, and keeps what is the host's", () => {
  const href = buildAddress({ ...model, sort: "Oldest" }, 42, usual, HERE);
  assert.equal(
    href,
    "https://host/sd/?__theme=dark&model=257749&version=290640&sort=Oldest&image=42#tab",
  );
  assert.equal(buildAddress(usual, null, usual, href), "https://host/sd/?__theme=dark#tab");
});

test("what an address tells comes back out of it", () => {
  const where = { ...model, sort: "Oldest", level: "X", type: "video", meta: true, base: "SD 1.5" };
  const read = parseAddress(
    new URL(buildAddress(where, 7, usual, HERE, { find: "slow water", words: "fog" })).search,
    usual,
  );
  assert.deepEqual(read, { where, image: 7, find: "slow water", words: "fog" });
});

test("a list of images is told from words, addresses and ids", () => {
  const one = "https://civitai.com/images/1";
  const lists = [`${one} ${one}2`, "mine\n1\n2", "12, 34;", "[1]", '{"pictures": [{"id": 5}]}'];
  for (const text of lists) assert.equal(isList(text), true, text);
  for (const text of ["", one, "12", "[SDXL] sea", "{a|b}", "2 cats", "12 monkeys\n1", "{"])
    assert.equal(isList(text), false, text);
});

test("a list is in the address as it is, and is a gallery of its own", () => {
  const where = withSource(model, { images: "5,4" });
  assert.equal(
    buildAddress(where, null, usual, HERE),
    "https://host/sd/?__theme=dark&images=5,4#tab",
  );
  assert.deepEqual(parseAddress("?images=5,4", usual).where, where);
  assert.deepEqual([getSource(where), hasGallery(where)], ["list 5,4", true]);
});

test("a user's name with odd letters survives the address", () => {
  const where = { ...usual, user: "名前 & <b>?#" };
  const read = parseAddress(new URL(buildAddress(where, null, usual, HERE)).search, usual);
  assert.equal(read.where.user, where.user);
});

for (const text of ["-1", "0", "1e9", "12x", "", "99999999999999999999", "javascript:1"]) {
  test(`"${text}" in an address is no id`, () => {
    const { where, image } = parseAddress(`?model=${text}&image=${text}`, usual);
    assert.equal(where.model, null);
    assert.equal(image, null);
  });
}

test("a request leaves out what is empty and encodes the cursor", () => {
  const path = buildImagesPath({ ...model, meta: true }, "200|bdx:{1}", 100);
  const asked = new URL(path, "https://host/").searchParams;
  assert.equal(asked.get("cursor"), "200|bdx:{1}");
  assert.equal(asked.get("meta"), "1");
  assert.equal(asked.get("limit"), "100");
  assert.ok(!asked.has("type") && !asked.has("user") && !asked.has("post"));
});

test("another gallery takes the filters along, but no version of another model", () => {
  const where = withSource({ ...model, sort: "Oldest" }, { user: "anna" });
  assert.equal(where.sort, "Oldest");
  assert.equal(where.model, null);
  assert.equal(where.version, null);
  assert.equal(getSource(where), "user anna");
});

test("set filters are those that differ from the usual and have an effect", () => {
  assert.deepEqual(listSetFilters({ ...usual, sort: "Oldest" }, usual), []);
  const set = { ...model, meta: true, base: "Pony", period: "Day" };
  assert.deepEqual(listSetFilters(set, usual), ["version", "period", "base", "meta"]);
  const searched = { ...set, search: "boat", model: null };
  assert.deepEqual(listSetFilters(searched, usual), ["base", "meta"]);
});

test("a search of what was kept is a source of its own, also an empty one", () => {
  const random = { ...model, sort: "Random", seed: 5 };
  for (const source of [{ user: "anna" }, { model: 7 }, { tag: "3 sea" }, { search: null }]) {
    const { sort, seed } = withSource(random, source);
    assert.deepEqual([sort, seed], ["Newest", null]);
  }
  assert.equal(withSource(random, { search: "sea" }).seed, 5);
  const all = withSource(model, { search: "" });
  assert.equal(getSource(all), "kept");
  assert.ok(!hasGallery(all) && !hasGallery(usual) && hasGallery(model));
  assert.equal(
    new URL(buildImagesPath(all, null, 9), "https://host/").searchParams.get("search"),
    "",
  );
  const read = parseAddress(new URL(buildAddress(all, null, usual, HERE)).search, usual);
  assert.deepEqual(read.where, { ...all, version: null });
});

test("a search within a gallery keeps its marks and its address", () => {
  const where = { ...model, search: 'lora:"a b" -x' };
  assert.equal(getSource(where), getSource(model));
  const read = parseAddress(new URL(buildAddress(where, null, usual, HERE)).search, usual);
  assert.deepEqual(read.where, where);
});

for (const [text, caret, word] of [
  ["", 0, ""],
  ["golden", 6, "golden"],
  ["golden hour", 3, "gol"],
  ["golden ", 7, ""],
  ["-lora:de steps", 8, "-lora:de"],
  ['a base:"SDXL 1', 14, 'base:"SDXL 1'],
  ['a "b c" d', 9, "d"],
  ["a “b c", 6, "“b c"],
]) {
  test(`the word at ${caret} of "${text}" is "${word}"`, () => {
    assert.equal(getWordAt(text, caret), word);
  });
}

test("a key that is taken waits for its value, a value is followed by a blank", () => {
  assert.deepEqual(replaceWord("a lo", 4, "lora:"), { text: "a lora:", caret: 7 });
  assert.deepEqual(replaceWord("a st", 4, "steps>"), { text: "a steps>", caret: 8 });
  assert.deepEqual(replaceWord("lora:de", 7, "lora:add_detail"), {
    text: "lora:add_detail ",
    caret: 16,
  });
});

test("what stands behind the word stays, the rest of the word goes", () => {
  assert.deepEqual(replaceWord("lora:detail blue", 7, 'lora:"x y"'), {
    text: 'lora:"x y" blue',
    caret: 11,
  });
});

test("what stands between quotes is one of a search's words", () => {
  assert.deepEqual(splitWords(' sea  lora:"x y" -"golden hour" steps>20 '), [
    "sea",
    'lora:"x y"',
    '-"golden hour"',
    "steps>20",
  ]);
  assert.deepEqual(splitWords('a "not closed'), ["a", '"not closed']);
  assert.deepEqual(splitWords(" "), []);
});

test("the search of a collection says its whole name, whatever that contains", () => {
  for (const name of ['say "hi" to', '"', "“a” b", '\\"\\', "-海 灯", "a＂b", '""x']) {
    const where = { ...usual, search: `${makeCollectionSearch(name)} sea` };
    const word = makeCollectionSearch(name);
    assert.deepEqual(findSavedPlace(where), { collection: name, key: "", word });
    assert.equal(getSearchedWords({ where, loadedWords: "" }), "sea");
  }
  const typed = { ...usual, search: "set=Sea" };
  assert.deepEqual(findSavedPlace(typed), { collection: "Sea", key: "", word: "set=Sea" });
  assert.equal(findSavedPlace({ ...typed, model: 7 }), null); // a search in a gallery
});

const count = (n) => ({ count: n, is_more: false });
const preview = (loaded, gallery, library) => ({
  loaded: count(loaded),
  gallery: count(gallery),
  library: count(library),
});

test("a search stays where something is found", () => {
  assert.equal(widenScope("loaded", preview(1, 9, 99)), "loaded");
  assert.equal(widenScope("gallery", preview(0, 1, 99)), "gallery");
});

test("a search that finds nothing looks in the next place where something is", () => {
  assert.equal(widenScope("loaded", preview(0, 7, 99)), "gallery");
  assert.equal(widenScope("loaded", preview(0, 0, 99)), "all");
  assert.equal(widenScope("gallery", preview(5, 0, 99)), "all");
});

test("a place that was not searched to its end counts as one in which something may be", () => {
  const unknown = { ...preview(0, 0, 99), gallery: { count: 0, is_more: true } };
  assert.equal(widenScope("loaded", unknown), "gallery");
  const tags = { ...preview(0, 0, 99), loaded: { count: 0, is_more: true } };
  assert.equal(widenScope("loaded", tags), "loaded");
});

test("a search that finds nothing anywhere stays where it was", () => {
  assert.equal(widenScope("loaded", preview(0, 0, 0)), "loaded");
});

const NAMES = ["None", "Soft", "Mature", "X", "XXX"];
const rated = { ...bootstrap, choices: { ...bootstrap.choices, level: choices(...NAMES) } };
const plain = { ...model, version: null, level: "X" };
const doubts = [
  ...[{ type: "video" }, { tag: "3 sea" }, { base: "Pony" }, { period: "Day" }, { meta: true }],
  ...[{ search: "sea" }, { sort: "Random" }, { user: "anna" }, { post: 7 }, { images: "5,4" }],
].map((change) => ({ where: { ...plain, ...change } }));
doubts.push({ model: null }, { hiddenCount: 1 }, { libraryDate: "2026-01-01" }, { stale: true });
doubts.push({ notes: [{ code: "unrelated" }] }, { notes: [{ code: "unreadable_rows" }] });

test("a host holds back what was asked for, the model has, and a whole plain gallery lacks", () => {
  let now = 7;
  let said = 0;
  const pick = (...choices) => {
    now = (now * 48_271) % 2_147_483_647;
    return choices[now % choices.length];
  };
  for (let count = 0; count < 1000; count += 1) {
    const [has, ofVersion, highest] = [pick(0, 3, 7, 15, 32, 35), pick(0, 3, 4), pick(2, 3)];
    const sent = (2 ** (highest + 1) - 1) & pick(3, 3, 1, 5, 31);
    const palette = pick([1, 2], [1, 2, 4, 8], [1, 2, 2, 4], [4, 8]);
    const bits = Array.from({ length: pick(0, 30, 199, 201, 400) }, () => pick(...palette));
    if (pick(true, false)) bits.sort((a, b) => a - b); // the highest come last
    const all = bits.filter((bit) => bit & sent);
    const images = all
      .slice(0, 100 * pick(1, 2, 4))
      .map((bit) => ({ level: NAMES[Math.log2(bit)] }));
    const ended = images.length === all.length;
    const where = { ...plain, version: pick(null, 1, 2), level: NAMES[highest] };
    const notes = pick([], [], [{ code: "sort_dropped" }], [{ code: "empty_end" }]);
    const told = { level: has, versions: [{ id: 1, level: ofVersion }] };
    const state = { bootstrap: rated, where, model: told, images, ended, notes, hiddenCount: 0 };
    const isAsked = (where.version === 1 ? ofVersion : has) & (highest === 3 ? 12 : 4);
    const isWhole = images.length >= 200 || (ended && notes[0]?.code !== "empty_end");
    const isNone = !all.slice(0, images.length).some((bit) => bit > 2);
    const expected = isAsked && isWhole && isNone ? Math.min(images.length, 200) : null;
    assert.equal(countBeforeHeldBack(state), expected, JSON.stringify({ ...state, images: all }));
    said += expected !== null;
    for (const doubt of doubts) assert.equal(countBeforeHeldBack({ ...state, ...doubt }), null);
  }
  assert.ok(said > 100);
});

test("a tag is a filter of a gallery, and a gallery where nothing else names one", () => {
  const tag = "12 golden sea";
  assert.equal(getSource({ ...usual, tag }), "tag 12");
  assert.deepEqual(listSetFilters({ ...model, tag }, usual), ["version", "tag"]);
  assert.deepEqual(listSetFilters({ ...usual, tag }, usual), []);
  const read = parseAddress(
    new URL(buildAddress({ ...model, tag }, null, usual, HERE)).search,
    usual,
  );
  assert.equal(read.where.tag, tag);
  assert.equal(withSource({ ...model, tag }, { user: "anna" }).tag, "");
});

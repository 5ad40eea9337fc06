import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildAddress,
  buildImageAddress,
  buildImagesPath,
  getSource,
  hasGallery,
  listSetFilters,
  makeDefaultQuery,
  parseAddress,
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

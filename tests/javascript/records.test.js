import assert from "node:assert/strict";
import { test } from "node:test";
import { Records, setAnnotations } from "../../javascript/gallery/data/records";
import { Store } from "../../javascript/gallery/state/state";

const NEVER = new AbortController().signal;

/** Records on a server that answers with `from`, and a clock that one sets. */
function made(from) {
  const clock = { now: 0 };
  const asked = [];
  const get = async (path) => {
    asked.push(path);
    return { id: 1, infotext_source: from, infotext: "", prompt: "", negative: "" };
  };
  const store = new Store();
  return { records: new Records({ api: { get }, store }, () => clock.now), store, clock, asked };
}

test("a record is asked for once, and again when it is old: a model may have come since", async () => {
  const { records, clock, asked } = made("record");
  const first = await records.getRecord(1, NEVER);
  clock.now = 29_000;
  assert.equal(await records.getRecord(1, NEVER), first);
  clock.now = 31_000;
  assert.notEqual(await records.getRecord(1, NEVER), first);
  assert.equal(asked.length, 2);
});

test("what was read in the file is not asked for again without it", async () => {
  const { records, clock, asked } = made("file");
  await records.fetchWithFile(1, NEVER);
  clock.now = 1e9;
  assert.equal((await records.getRecord(1, NEVER)).infotext_source, "file");
  assert.deepEqual(asked, ["images/1?file=1"]);
});

test("an outdated record is asked for again, and there until the answer is", async () => {
  const { records, asked } = made("file");
  const first = await records.getRecord(1, NEVER);
  records.outdate();
  assert.equal(records.getCached(1), first);
  assert.notEqual(await records.getRecord(1, NEVER), first);
  await records.getRecord(1, NEVER);
  assert.equal(asked.length, 2);
});

test("a record that is kept says what the user has changed since", async () => {
  const { records, store } = made("record");
  await records.getRecord(1, NEVER);
  setAnnotations(store, { 1: { favourite: true, stars: 4 } });
  const { favourite, stars, annotations } = await records.getRecord(1, NEVER);
  assert.deepEqual([favourite, stars], [true, 4]);
  assert.deepEqual(annotations, { favourite: true, stars: 4 });
});

test("a record that was on its way says what the user has changed meanwhile", async () => {
  const { records, store } = made("record");
  const fetched = records.getRecord(1, NEVER);
  setAnnotations(store, { 1: { stars: 3 }, 2: { stars: 5 } });
  setAnnotations(store, { 1: { stars: 3, favourite: true }, 2: { stars: 5 } });
  const { favourite, stars, annotations } = await fetched;
  assert.deepEqual([favourite, stars], [true, 3]);
  assert.deepEqual(annotations, { favourite: true, stars: 3 });
});

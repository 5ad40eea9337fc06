import assert from "node:assert/strict";
import { test } from "node:test";
import { copyText } from "../../javascript/gallery/core/clipboard";
import { makeTranslate, splitBySize } from "../../javascript/gallery/core/text";

globalThis.navigator ??= { language: "en" }; // Node 20 has none
const translate = makeTranslate(() => ({
  saved: "{title}: {n} {n:picture|pictures}",
  kept: "{n} kept",
}));

test("one is told apart from more, also where the number is written out", () => {
  const said = (n) => translate("saved", { title: "Sea", n });
  assert.equal(said(1), "Sea: 1 picture");
  assert.equal(said("1"), "Sea: 1 picture");
  assert.equal(said(0), "Sea: 0 pictures");
  assert.equal(said("1,000"), "Sea: 1,000 pictures");
});

test("an error of the first request is told in words, before any texts have come", () => {
  const first = makeTranslate(() => undefined);
  assert.match(first("problem_other", { code: 500 }), /500/);
  for (const key of ["problem_offline", "problem_login", "problem_bad_answer", "do_reload"])
    assert.ok(first(key).length > 5 && !first(key).startsWith("Problem"), key);
});

test("what strangers wrote is put in as it is", () => {
  assert.equal(translate("saved", { title: "{n:a|b} $&", n: 2 }), "{n:a|b} $&: 2 pictures");
  assert.equal(translate("kept"), "{n} kept");
});

test("a list is split by the bytes of its entries, and none is lost", () => {
  const split = (/** @type {[string[], number]} */ ...given) => [...splitBySize(...given)];
  assert.deepEqual(split(["aa", "bb", "cc"], 10), [["aa", "bb"], ["cc"]]);
  assert.deepEqual(split(["海", "b"], 9), [["海"], ["b"]]);
  assert.deepEqual(split(["a", "x".repeat(50), "b"], 10), [["a"], ["x".repeat(50)], ["b"]]);
  assert.deepEqual(split([], 10), []);
});

test("a text that never came is an error once, also where the clipboard refuses first", async () => {
  globalThis.ClipboardItem = class {};
  const write = () => Promise.reject(new Error("no focus"));
  Object.defineProperty(navigator, "clipboard", { value: { write }, configurable: true });
  const coming = new Promise((_, reject) => setImmediate(() => reject(new Error("no prompt"))));
  await assert.rejects(copyText(coming, null), /no prompt/);
  await new Promise(setImmediate); // when Node reports a rejection that nobody handles
});

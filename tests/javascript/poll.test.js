import assert from "node:assert/strict";
import { test } from "node:test";
import { pollWhileVisible } from "../../javascript/gallery/data/connection";

test("a call waits for the end of the last one, and for the page to be seen", async () => {
  let tick = () => {};
  let end = () => {};
  let count = 0;
  const setInterval = (run) => {
    tick = run;
  };
  globalThis.window = { setInterval, addEventListener() {} };
  globalThis.document = { hidden: false, addEventListener() {} };
  const run = () => {
    count += 1;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  pollWhileVisible(1000, run, new AbortController().signal);
  for (let at = 0; at < 3; at += 1) tick();
  assert.equal(count, 1);
  end();
  await new Promise(setImmediate);
  document.hidden = true;
  tick();
  assert.equal(count, 1);
  document.hidden = false;
  tick();
  assert.equal(count, 2);
});

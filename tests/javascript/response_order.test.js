import assert from "node:assert/strict";
import test from "node:test";

import { ResponseOrder } from "../../javascript/gallery/data/api";

/** Return a request and the function that answers it. */
function hold() {
  /** @type {(value: string) => void} */
  let answer = () => {};
  const promise = new Promise((resolve) => {
    answer = resolve;
  });
  return { request: () => promise, answer };
}

test("a response that comes after that of a later request is dropped", async () => {
  const order = new ResponseOrder();
  const [first, second] = [hold(), hold()];
  const shown = [order.read(first.request), order.read(second.request)];
  second.answer("new");
  assert.equal(await shown[1], "new");
  first.answer("old");
  assert.equal(await shown[0], null);
});

test("a response to what was asked before a change was answered is dropped", async () => {
  const order = new ResponseOrder();
  const read = hold();
  const shown = order.read(read.request);
  assert.equal(await order.change(async () => "changed"), "changed");
  read.answer("before the change");
  assert.equal(await shown, null);
  assert.equal(await order.read(async () => "later"), "later");
});

test("a request that fails lets an earlier one be shown", async () => {
  const order = new ResponseOrder();
  const first = hold();
  const shown = order.read(first.request);
  await assert.rejects(order.read(() => Promise.reject(new Error("no"))));
  first.answer("first");
  assert.equal(await shown, "first");
});

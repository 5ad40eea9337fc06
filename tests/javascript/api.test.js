import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, ResponseOrder } from "../../javascript/gallery/data/api";

test("a request is aborted by the signal that it is given, also by that of a controller", async (t) => {
  const signals = [];
  t.mock.method(globalThis, "fetch", async (_url, { signal }) => {
    signals.push(signal);
    return new Response("{}");
  });
  const api = new Api(new URL("http://127.0.0.1/civitai_shortcut/"), "code");
  const abort = new AbortController();
  await api.get("home", abort);
  await api.post("jobs", {}, abort);
  await api.postFile("images/5/comparison", new Blob(["file"]), { signal: abort.signal });
  assert.deepEqual(signals, [abort.signal, abort.signal, abort.signal]);
});

/** Let `fetch` answer with these responses in turn; return the pauses between the requests. */
function answerInTurn(t, responses) {
  const pauses = [];
  const sent = [];
  t.mock.method(globalThis, "fetch", async (url, { method, body }) => {
    sent.push([new URL(url).pathname, method, body]);
    return responses.shift();
  });
  t.mock.method(globalThis, "setTimeout", (run, time) => {
    pauses.push(time);
    queueMicrotask(run);
  });
  return { pauses, sent };
}

const refuse = (headers) => new Response("{}", { status: 429, headers });
const makeApi = () => new Api(new URL("http://127.0.0.1/civitai_shortcut/"), "code");

test("a request that comes too often for the host is sent again after the pause it asks for", async (t) => {
  const answers = [refuse({ "Retry-After": "7" }), refuse({}), refuse({}), new Response('{"a":1}')];
  const { pauses, sent } = answerInTurn(t, answers);
  assert.deepEqual(await makeApi().post("jobs", { ids: [1] }), { a: 1 });
  assert.deepEqual(pauses, [7000, 2000, 4000]);
  assert.equal(new Set(sent.map(String)).size, 1);
});

test("a host that goes on refusing is an error in the end", async (t) => {
  const { pauses } = answerInTurn(
    t,
    Array.from({ length: 9 }, () => refuse({})),
  );
  await assert.rejects(makeApi().get("home"), { code: "http_429", status: 429 });
  assert.equal(pauses.length, 6);
});

test("a request that waits for the host can be aborted", async (t) => {
  t.mock.method(globalThis, "fetch", async () => refuse({ "Retry-After": "100" }));
  const abort = new AbortController();
  const answer = makeApi().get("home", { signal: abort.signal });
  setImmediate(() => abort.abort());
  await assert.rejects(answer, { name: "AbortError" });
});

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

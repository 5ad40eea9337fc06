import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../javascript/gallery/data/api.js";

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

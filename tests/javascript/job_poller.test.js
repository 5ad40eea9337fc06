import assert from "node:assert/strict";
import { test } from "node:test";
import { JobPoller } from "../../javascript/gallery/data/job_poller";

const JOBS = { jobs: [{ id: 1, state: "running" }] };

test("a poll that a change has overtaken does not delay the next poll", async () => {
  const pauses = [];
  const page = new AbortController();
  const setTimeout = (_run, pause) => pauses.push(pause);
  globalThis.window = { setTimeout };
  globalThis.document = { hidden: false, addEventListener() {} };
  const state = { jobs: JOBS, panel: "jobs", made: [] };
  const context = {
    store: { get: () => state, set: (change) => Object.assign(state, change) },
    root: { host: { getClientRects: () => [{}] } },
    signal: page.signal,
  };
  let overtake = () => {};
  const response = new Promise((resolve) => {
    overtake = () => resolve(null);
  });
  const poller = new JobPoller(context, () => response);
  poller.setJobs(JOBS);
  overtake();
  await new Promise(setImmediate);
  page.abort();
  assert.deepEqual(pauses, [500]);
});

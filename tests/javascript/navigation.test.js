import assert from "node:assert/strict";
import { test } from "node:test";
import { makeNavigation } from "../../javascript/gallery/data/navigation";
import { makeInitialState, Store } from "../../javascript/gallery/state/state";

test("more models do not bring back results that were closed, nor join those of other words", async () => {
  let answer = () => {};
  const get = () => new Promise((resolve) => (answer = resolve));
  const store = new Store(makeInitialState());
  const { signal } = new AbortController();
  const context = { api: { get }, parts: {}, store, signal, translate: String };
  const { searchModels, closeResults, openModels } = makeNavigation(context);
  const found = { models: [{ id: 1 }], cursor: "2" };
  const leave = {
    close: () => closeResults(),
    back: () => store.set({ results: null }),
    other: () => openModels("other", { models: [{ id: 7 }], cursor: null }),
    stay: () => {},
  };
  const shown = { close: undefined, back: undefined, other: [7], stay: [1, 2] };
  for (const [name, act] of Object.entries(leave)) {
    await openModels("sea", found);
    const more = searchModels("sea", "2");
    act();
    answer({ models: [{ id: 2 }], cursor: null });
    await more;
    assert.deepEqual(
      store.get().results?.models.map(({ id }) => id),
      shown[name],
      name,
    );
  }
});

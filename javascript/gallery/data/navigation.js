/** Opens what the user asks for: by the field, a card, a filter or the page's address. */

import { readMarks } from "../state/marks.js";
import { elsewhere, sourceOf } from "../state/query.js";
import { ALL_WITHIN } from "../state/state.js";
import { isAborted } from "./api.js";
import { problemOf } from "./problems.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Where} Where */
/** @typedef {import("../types.js").Model} Model */

const RECENT = 12; // models

export class Opening {
  #context;
  #feed;
  #abort = new AbortController();
  /** @type {() => Promise<void>} what failed, once more */
  #again = () => Promise.resolve();

  /**
   * @param {Context} context
   * @param {import("./pager.js").Feed} feed
   */
  constructor(context, feed) {
    this.#context = context;
    this.#feed = feed;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** @param {string} text */
  async find(text) {
    const asked = text.trim();
    if (!asked) return this.closeFound();
    await this.#ask(asked, async (signal) => {
      const { api, store } = this.#context;
      const parameters = new URLSearchParams({ text: asked, level: store.get().where.level });
      this.#show(await api.get(`find?${parameters}`, { signal }), signal);
    });
  }

  /**
   * Models only.
   *
   * @param {string} words
   * @param {string} [cursor]  the next ones of those that are found
   */
  async search(words, cursor) {
    const { store, api } = this.#context;
    await this.#ask(words, async (signal) => {
      const { found, where } = store.get();
      const parameters = new URLSearchParams({ q: words, level: where.level });
      if (cursor) parameters.set("cursor", cursor);
      const page = await api.get(`models?${parameters}`, { signal });
      if (signal.aborted) return;
      const models = [...((cursor && found?.models) || []), ...page.models];
      store.set({ found: { words, models, cursor: page.cursor } });
    });
  }

  /** @param {string} cursor */
  async findMore(cursor) {
    const { found } = this.#context.store.get();
    if (found) await this.search(found.words, cursor);
  }

  closeFound() {
    this.#context.store.set({ found: null });
  }

  /**
   * @param {number} id
   * @param {number | null} [version]
   */
  async openModel(id, version = null) {
    await this.go(elsewhere(this.#context.store.get().where, { model: id, version }));
  }

  /** @param {string} user */
  async openUser(user) {
    await this.go(elsewhere(this.#context.store.get().where, { user }));
  }

  /**
   * Looks at another gallery, or at the same by other filters.
   *
   * @param {Where} where
   */
  async go(where) {
    const { store } = this.#context;
    const before = store.get();
    const isSameSource = sourceOf(where) === sourceOf(before.where) && sourceOf(where) !== "";
    store.set({ where, found: null, ...(isSameSource ? {} : this.#left(where)) });
    const pictures = this.#feed.restart({ isSameSource });
    if (where.model !== null && store.get().model?.id !== where.model) {
      await this.#readModel(where.model);
    }
    await pictures;
  }

  retry() {
    return this.#again();
  }

  giveUp() {
    this.#abort.abort();
    this.#context.store.set({ finding: "" });
  }

  /**
   * What another gallery does not take along.
   *
   * @param {Where} where
   */
  #left(where) {
    const { model } = this.#context.store.get();
    return {
      model: model && model.id === where.model ? model : null,
      title: "",
      within: ALL_WITHIN,
      marks: readMarks(sourceOf(where)),
      bared: new Set(),
      open: null,
    };
  }

  /** @param {number} id */
  async #readModel(id) {
    await this.#ask("", async (signal) => {
      const model = await this.#context.api.get(`models/${id}`, { signal });
      if (!signal.aborted) this.#remember(model);
    });
  }

  /** @param {Model} model */
  #remember(model) {
    this.#context.store.set(({ hello }) => {
      if (!hello) return { model };
      const others = hello.recent.filter((one) => one.id !== model.id);
      const recent = [{ id: model.id, name: model.name }, ...others].slice(0, RECENT);
      return { model, hello: { ...hello, recent } };
    });
  }

  /**
   * Asks one thing at a time: the last one asked for is the one that is wanted.
   *
   * @param {string} finding
   * @param {(signal: AbortSignal) => Promise<void>} ask
   */
  async #ask(finding, ask) {
    const { store, words } = this.#context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#again = () => this.#ask(finding, ask);
    store.set(({ problem }) => ({
      finding,
      findingSince: performance.now(),
      problem: problem?.of === "find" ? null : problem,
    }));
    try {
      await ask(signal);
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      const problem = problemOf("find", error, words);
      // that nothing was found by the words before is not said below it
      store.set(({ found }) => ({ problem, found: found?.models.length ? found : null }));
    }
    if (this.#abort.signal === signal) store.set({ finding: "" });
  }

  /**
   * @param {any} answer  of `api/find`, see its `kind`
   * @param {AbortSignal} signal
   */
  #show(answer, signal) {
    if (signal.aborted) return;
    const { store } = this.#context;
    const { where } = store.get();
    if (answer.kind === "models") {
      const { words, models, cursor } = answer;
      store.set({ found: { words, models, cursor } });
      return;
    }
    if (answer.model) this.#remember(answer.model);
    const source = sourceIn(answer);
    if (source) void this.go(elsewhere(where, source));
    if (answer.title) store.set({ title: String(answer.title) });
    if (answer.image_id) store.set({ open: answer.image_id });
  }
}

/**
 * @param {any} answer
 * @returns {Partial<Where> | null}
 */
function sourceIn(answer) {
  if (answer.model) return { model: answer.model.id, version: answer.version_id ?? null };
  if (answer.kind === "user") return { user: answer.username };
  return answer.post_id ? { post: answer.post_id } : null;
}

/** Asks our server and Civitai what a text would find while the user types. */

import type { ModelCardPage, SearchPreview, Suggestion } from "../contract";
import { ignoreFailure } from "../data/api";
import { fetchPreview } from "../data/search";
import type { Context } from "../types";

/** What a text would find, as far as responses have arrived. */
export interface Found {
  text: string;
  preview: SearchPreview | null; // null until our server has answered
  suggestions: readonly Suggestion[]; // completions of the word at the caret
  models: ModelCardPage | null; // the first page of models on Civitai, null until it is loaded
  author: string; // an author on Civitai with the typed name, "" if none is known
}

const PAUSE = 100; // ms without a letter, after which our server is asked
const CIVITAI_PAUSE = 250; // ms more, after which Civitai is asked
const LEAST = 3; // letters that Civitai is asked about
const MOST_CACHED = 30; // texts
const USERNAME = /^[A-Za-z0-9_]{3,60}$/; // Civitai's API refuses others

const NOTHING: Found = Object.freeze({
  text: "",
  preview: null,
  suggestions: [],
  models: null,
  author: "",
});

export class SearchSuggestions {
  #abort = new AbortController();
  #timer = 0;
  #found = NOTHING;
  /** what Civitai answered, by level and text */
  #answers = new Map<string, Pick<Found, "models" | "author">>();

  /** @param onChange called when more is found */
  constructor(
    private readonly context: Context,
    private readonly onChange: () => void,
  ) {
    context.signal.addEventListener("abort", () => this.cancel());
  }

  get found() {
    return this.#found;
  }

  /** Look up another text after a pause. Until its results arrive, keep the suggestions that begin
   * with `word`, and the cached results of Civitai for this text. */
  update(text: string, word: string) {
    this.cancel();
    const start = normalize(word);
    const suggestions = this.#found.suggestions.filter(({ text }) =>
      normalize(text).startsWith(start),
    );
    const preview = this.#found.text === text ? this.#found.preview : null;
    this.#found = {
      ...NOTHING,
      text,
      preview,
      suggestions,
      ...this.#answers.get(this.#makeCacheKey(text)),
    };
    this.#timer = window.setTimeout(() => void this.#request(text, word), PAUSE);
  }

  /** Stop the requests. */
  cancel() {
    window.clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #request(text: string, word: string) {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    await this.#addFound(signal, async () => {
      const preview = await fetchPreview(this.context, text, word, signal);
      const suggestions = preview.suggestions.filter((one) => one.text !== word);
      return { preview, suggestions };
    });
    const { preview } = this.#found;
    if (signal.aborted || preview?.kind !== "words" || text.length < LEAST) return;
    if (this.#answers.has(this.#makeCacheKey(text))) return;
    this.#timer = window.setTimeout(() => void this.#askCivitai(text, signal), CIVITAI_PAUSE);
  }

  async #askCivitai(text: string, signal: AbortSignal) {
    const { api, store } = this.context;
    const query = new URLSearchParams({ q: text, level: store.get().where.level });
    const models = this.#addFound(signal, async () => ({
      models: await api.get(`models?${query}`, { signal }),
    }));
    const author = this.#addFound(signal, async () => {
      if (!USERNAME.test(text) || this.#knowsAuthor(text)) return {};
      const query = new URLSearchParams({ name: text });
      return { author: await api.get(`authors?${query}`, { signal }) };
    });
    await Promise.all([models, author]);
    if (signal.aborted || !this.#found.models) return;
    this.#answers.set(this.#makeCacheKey(text), {
      models: this.#found.models,
      author: this.#found.author,
    });
    const [oldest = ""] = this.#answers.keys();
    if (this.#answers.size > MOST_CACHED) this.#answers.delete(oldest);
  }

  #makeCacheKey(text: string) {
    return `${this.context.store.get().where.level} ${text}`;
  }

  #knowsAuthor(name: string) {
    const folded = name.toLowerCase();
    return this.#found.preview?.authors.some((one) => one.text.toLowerCase() === folded) ?? false;
  }

  /** Add what a request finds. Its ApiError is ignored: the search itself reports it. */
  async #addFound(signal: AbortSignal, request: () => Promise<Partial<Found>>) {
    const more = await request().catch(ignoreFailure);
    if (!more || signal.aborted) return;
    this.#found = { ...this.#found, ...more };
    this.onChange();
  }
}

function normalize(text: string) {
  return text.replace(/["“”„]/g, "").toLowerCase();
}

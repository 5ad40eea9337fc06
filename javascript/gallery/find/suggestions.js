/** The suggestions below the search field for the word at the caret. */

import { el } from "../core/dom.js";
import { formatNumber } from "../core/format.js";
import { ApiError, isAborted } from "../data/api.js";
import { getWordAt, replaceWord } from "../state/caret_word.js";

/** @import { Suggestion } from "../contract" */

const PAUSE = 100; // ms without a letter, after which the server is asked

export class Suggestions {
  #context;
  #field;
  #list;
  /** @type {Suggestion[]} */
  #shown = [];
  #at = -1; // index of the suggestion that Enter accepts
  #abort = new AbortController();
  #timer = 0;

  /** @param {import("../types.js").Context} context
   * @param {HTMLInputElement} field */
  constructor(context, field) {
    this.#context = context;
    this.#field = field;
    const { words, signal } = context;
    this.#list = el("ul", {
      id: "suggestions",
      class: "surface",
      role: "listbox",
      "aria-label": words("search_suggestions"),
    });
    this.element = el("div", { class: "suggested" }, field);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list" })) {
      field.setAttribute(name, value);
    }
    field.setAttribute("aria-controls", "suggestions");
    field.addEventListener("input", () => this.#onInput());
    field.addEventListener("focus", () => void this.#request());
    field.addEventListener("blur", () => this.#close());
    field.addEventListener("keydown", (event) => this.#onKey(event));
    // The field keeps the focus, without which the list closes; and only at the click, else that
    // would fall on what lies below a list that has closed.
    this.#list.addEventListener("mousedown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => this.#onPointer(event));
    signal.addEventListener("abort", () => this.#cancel());
    this.#draw();
  }

  /** Request suggestions after a pause, and remove those that no longer fit the text. */
  #onInput() {
    this.#cancel();
    const word = normalize(this.#word);
    this.#show(this.#shown.filter(({ text }) => normalize(text).startsWith(word)));
    this.#timer = window.setTimeout(() => void this.#request(), PAUSE);
  }

  get #word() {
    return getWordAt(this.#field.value, this.#field.selectionStart ?? 0);
  }

  #cancel() {
    window.clearTimeout(this.#timer);
    this.#abort.abort();
  }

  async #request() {
    this.#cancel();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const word = this.#word;
    try {
      const query = new URLSearchParams({ word });
      const found = await this.#context.api.get(`suggestions?${query}`, { signal });
      if (!signal.aborted) this.#show(found.filter((one) => one.text !== word));
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.#close(); // the search itself reports the problem
    }
  }

  /** @param {Suggestion[]} found */
  #show(found) {
    const chosen = this.#shown[this.#at]?.text;
    this.#shown = this.#field.matches(":focus") ? found : [];
    this.#at = this.#shown.findIndex(({ text }) => text === chosen);
    this.#draw();
  }

  #close() {
    this.#cancel();
    this.#show([]);
  }

  #draw() {
    const { bootstrap } = this.#context.store.get();
    if (this.#shown.length) this.element.append(this.#list);
    else this.#list.remove();
    this.#field.setAttribute("aria-expanded", String(this.#list.isConnected));
    this.#list.replaceChildren(
      ...this.#shown.map(({ text, count }, at) =>
        el(
          "li",
          { role: "option", id: `suggestion-${at}`, "aria-selected": String(at === this.#at) },
          el("bdi", {}, text),
          count > 0 && el("span", { class: "dim" }, formatNumber(count, bootstrap?.language)),
        ),
      ),
    );
    if (this.#at < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `suggestion-${this.#at}`);
    this.#list.children[this.#at]?.scrollIntoView({ block: "nearest" });
  }

  /** Choose a suggestion with the arrow keys, or accept it with Enter.
   * @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.#list.isConnected || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const count = this.#shown.length;
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.#at = this.#at < 0 && by < 0 ? count - 1 : (this.#at + by + count) % count;
      this.#draw();
    } else if (event.key === "Enter" && this.#at >= 0) this.#accept(this.#at);
    else if (event.key === "Enter" || event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Accept the suggestion that was clicked. @param {MouseEvent} event */
  #onPointer(event) {
    const row = event.target instanceof Element ? event.target.closest("li") : null;
    const at = row ? [...this.#list.children].indexOf(row) : -1;
    if (at >= 0) this.#accept(at);
  }

  /** Replace the word at the caret by a suggestion. @param {number} at */
  #accept(at) {
    const field = this.#field;
    const { text, caret } = replaceWord(
      field.value,
      field.selectionStart ?? 0,
      this.#shown[at]?.text ?? "",
    );
    field.value = text;
    field.setSelectionRange(caret, caret);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    if (!/[:>]$/.test(text.slice(0, caret).trimEnd())) this.#close(); // a whole word: show the results
  }
}

/** Return a text in lower case and without quotes, for comparison.
 * @param {string} text  a suggestion or a typed word */
function normalize(text) {
  return text.replace(/["“”„]/g, "").toLowerCase();
}

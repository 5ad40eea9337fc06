/** The field that looks up whatever the user enters, and the recent models. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { setProblem } from "../data/problems.js";
import { getSource } from "../state/query.js";
import { makePanelButtons } from "./panel_buttons.js";
import { Status } from "./status.js";
import { getLookupStatus } from "./status_text.js";

/** @import { Context, State } from "../types.js" */

export class Finder {
  #context;
  #field;
  #recent = el("div", { class: "recent surface" });
  #form;

  /** @param {Context} context
   * @param {import("./panel_buttons.js").Badges} badges */
  constructor(context, badges) {
    const { page, words, store, signal } = context;
    this.#context = context;
    this.#field = el("input", {
      type: "search",
      "data-field": "find",
      "aria-label": words("field_find"),
      placeholder: words("hint_find"),
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "search",
      on: { input: () => this.#change() },
    });
    this.#form = el(
      "form",
      { class: "finder", role: "search", on: { submit: (event) => this.#submit(event) } },
      el("div", { class: "joined" }, icon("search"), this.#field, this.#submitButton()),
      this.#recent,
    );
    const status = new Status(context, "lookup", getLookupStatus);
    page.append(el("header", { class: "top" }, this.#form, makePanelButtons(context, badges)));
    page.append(status.element);
    store.on(["bootstrap", "where", "results", "lookupText"], (now) => this.#draw(now), { signal });
    this.#draw(store.get());
  }

  focus() {
    this.#field.focus();
    this.#field.select();
  }

  #submitButton() {
    const words = this.#context.words("do_find");
    const made = el("button", { type: "submit", "data-do": "find", class: "primary", text: words });
    // the field widens with the focus, which would move the button away under the finger
    made.addEventListener("mousedown", (event) => event.preventDefault());
    return made;
  }

  /** Hide the error message of the previous text. */
  #change() {
    const { store } = this.#context;
    if (store.get().problems.lookup) setProblem(store, "lookup", null);
    this.#drawRecent(store.get());
  }

  /** Look up the text in the field. @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault();
    const text = this.#field.value;
    this.#field.blur(); // the list of recent models would cover the results
    void this.#context.actions.find(text);
  }

  /** Show whether a lookup is running, and the recent models. @param {State} now */
  #draw(now) {
    this.#form.toggleAttribute("data-busy", Boolean(now.lookupText));
    this.#drawRecent(now);
  }

  /** Show the recent models while the field is empty; without a gallery they stay visible.
   * @param {State} now */
  #drawRecent({ bootstrap, where, results }) {
    const { actions, words } = this.#context;
    const recent = bootstrap?.recent ?? [];
    const isAlone = !getSource(where) && !results;
    this.#recent.toggleAttribute("data-stays", isAlone);
    this.#recent.hidden = !recent.length || Boolean(this.#field.value);
    this.#recent.replaceChildren(
      el("p", { class: "dim", text: words("recent_models") }),
      ...recent.map(({ id, name }) =>
        button({ action: "open-recent", words: name, title: name, class: "quiet" }, (event) => {
          if (event.currentTarget instanceof HTMLElement) event.currentTarget.blur();
          void actions.openModel(id);
        }),
      ),
    );
  }
}

/** The rules that hide images, in the settings: their list, and the form for another one. */

import type { HiddenRule } from "../contract";
import { button, el, iconButton } from "../core/dom";
import { makeTextField, onEnter } from "../core/widgets";
import type { Context, State } from "../types";

const KINDS = { author: "hidden_kind_author", word: "hidden_kind_word" } as const;

export class HiddenRulesForm {
  #kind;
  #text;
  element;

  constructor(private readonly context: Context) {
    const { translate, store } = context;
    const list = el("ul", {});
    this.#kind = el(
      "select",
      { "data-field": "hidden-kind", "aria-label": translate("hidden_kind") },
      ...Object.entries(KINDS).map(([kind, key]) => el("option", { value: kind }, translate(key))),
    );
    this.#kind.value = "word";
    const on = { keydown: onEnter(() => this.#add()) };
    const limits = { maxlength: 100, dir: "auto", "data-takes-focus": true };
    this.#text = makeTextField("hidden-text", translate("hidden_text"), { ...limits, on });
    const add = button({ action: "hide", label: translate("do_hide") }, () => this.#add());
    this.element = el(
      "fieldset",
      { class: "hidden-rules" },
      el("legend", {}, translate("hidden_title")),
      el("p", { class: "dim" }, translate("hidden_hint")),
      list,
      el("div", { class: "row" }, this.#kind, this.#text, add),
    );
    const draw = ({ hiddenRules }: State) => {
      list.replaceChildren(...hiddenRules.map((rule) => this.#makeRow(rule)));
    };
    store.on(["hiddenRules"], draw, context);
  }

  /** Fetch the rules and show them. */
  load() {
    return this.context.actions.loadHiddenRules();
  }

  /** Focus the first button that deletes a rule, unless the user has moved the focus. */
  async focusFirst() {
    await this.load();
    const first = this.element.querySelector("[data-do='unhide']");
    if (first instanceof HTMLElement && this.#text.matches(":focus") && !this.#text.value)
      first.focus();
  }

  /** Focus the field for another word. */
  focus() {
    this.#text.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  #add() {
    const text = this.#text.value.trim();
    if (!text) return this.focus();
    this.#text.value = "";
    const kind = this.#kind.value === "author" ? "author" : "word";
    return this.context.actions.hide({ kind, text });
  }

  #makeRow(rule: HiddenRule) {
    const { translate, actions } = this.context;
    const { kind, text } = rule;
    return el(
      "li",
      {},
      el("span", { class: "tag" }, translate(KINDS[kind])),
      el("span", { dir: "auto" }, text),
      iconButton(
        "unhide",
        "trash",
        translate("unhide", { text }),
        () => actions.unhide(rule),
        "quiet",
      ),
    );
  }
}

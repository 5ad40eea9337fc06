/** The rules that hide images, in the settings: their list, and the form for another one. */

import type { HiddenRule } from "../contract";
import { button, el, iconButton } from "../core/dom";
import { makeTextField, onEnter } from "../core/widgets";
import { saveAndEmpty } from "../details/annotations";
import { makeExternalLink } from "../details/sections";
import type { Context, State } from "../types";

const KINDS = { author: "hidden_kind_author", word: "hidden_kind_word" } as const;

export function makeHiddenRulesForm(context: Context) {
  const { actions, store, translate } = context;
  const list = el("ul", {});
  const kindField = el(
    "select",
    { "data-field": "hidden-kind", "aria-label": translate("hidden_kind") },
    ...Object.entries(KINDS).map(([kind, key]) => el("option", { value: kind }, translate(key))),
  );
  kindField.value = "word";
  const on = { keydown: onEnter(addRule) };
  const limits = { maxlength: 100, dir: "auto", "data-takes-focus": true };
  const textField = makeTextField("hidden-text", translate("hidden_text"), { ...limits, on });
  const add = button({ action: "hide", label: translate("do_hide") }, addRule);
  const element = el(
    "fieldset",
    { class: "hidden-rules" },
    el("legend", {}, translate("hidden_title")),
    el("p", { class: "dim" }, translate("hidden_hint")),
    list,
    el("div", { class: "row" }, kindField, textField, add),
  );
  const draw = ({ hiddenRules }: State) => {
    list.replaceChildren(...hiddenRules.map(makeRow));
  };
  store.on(["hiddenRules"], draw, context);

  /** Fetch the rules and show them. */
  function load() {
    return actions.loadHiddenRules();
  }

  /** Focus the first button that deletes a rule, unless the user has moved the focus. */
  async function focusFirst() {
    await load();
    const first = element.querySelector("[data-do='unhide']");
    if (first instanceof HTMLElement && textField.matches(":focus") && !textField.value)
      first.focus();
  }

  /** Focus the field for another word. */
  function focus() {
    textField.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  function addRule() {
    if (!textField.value.trim()) return focus();
    const kind = kindField.value === "author" ? "author" : "word";
    return saveAndEmpty(textField, (text) => actions.hide({ kind, text }));
  }

  function makeRow(rule: HiddenRule) {
    const { kind, text } = rule;
    const url = `${store.get().bootstrap?.civitai_url}/images/${text}`;
    return el(
      "li",
      {},
      el("span", { class: "tag" }, translate(kind === "image" ? "picture" : KINDS[kind])),
      el("span", { dir: "auto" }, kind === "image" ? makeExternalLink(url, text) : text),
      iconButton(
        "unhide",
        "place",
        translate("unhide", { text }),
        () => actions.unhide(rule),
        "quiet",
      ),
    );
  }
  return { element, load, focusFirst, focus };
}

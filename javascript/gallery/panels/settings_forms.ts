/** The forms of the settings that are more than a field: the API key, the programs that make images,
 * and the rules that hide images. */

import type { EngineView, HiddenRule } from "../contract";
import { button, el, iconButton, redraw } from "../core/dom";
import { getErrorMessage } from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock, getFailedParts } from "../state/state";
import type { Context, State } from "../types";

const CIVITAI_ACCOUNT = "https://civitai.com/user/account";

export class KeyForm {
  #field;
  #message = el("p", { class: "form-message", role: "status" });
  #saveButton;
  #removeButton;
  #isBusy = false;
  /** Not a `<form>`, because browsers offer to store a password typed in one. */
  element;

  constructor(readonly context: Context) {
    const { translate, api } = context;
    this.#field = el("input", {
      type: "password",
      id: "key",
      "data-field": "key",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: translate("api_key_hint"),
      on: {
        keydown: ({ key, isComposing }) => key === "Enter" && !isComposing && void this.#save(),
      },
    });
    const save = { action: "save-key", label: translate("save_key"), class: "primary" };
    this.#saveButton = button(save, () => this.#save());
    const remove = { action: "remove-key", label: translate("remove_key") };
    this.#removeButton = button(remove, () => this.#saveKey(""));
    const test = button({ action: "test-key", label: translate("test_key") }, () => {
      const key = this.#field.value.trim();
      return this.#request(async () => (await api.post("key/test", { key }, context)).text);
    });
    const where = { href: CIVITAI_ACCOUNT, target: "_blank", rel: "noopener noreferrer" };
    this.element = el(
      "fieldset",
      { class: "key" },
      el("legend", {}, translate("key_legend")),
      el("label", { for: "key" }, translate("api_key")),
      this.#field,
      el("div", { class: "row" }, this.#saveButton, test, this.#removeButton),
      this.#message,
      el("a", where, translate("where_to_get_key")),
    );
    context.store.on(["bootstrap"], () => this.showState(), context);
  }

  /** Show whether an API key is saved. */
  showState() {
    const { store, translate } = this.context;
    const { bootstrap } = store.get();
    const key = bootstrap?.key;
    if (!key) return;
    const isFixed = key.from_environment || key.locked !== "";
    this.#field.disabled = this.#saveButton.disabled = isFixed;
    if (!key.saved && this.context.root.activeElement === this.#removeButton) this.#field.focus();
    this.#removeButton.disabled = isFixed || !key.saved;
    const status = key.from_environment
      ? "key_of_environment"
      : key.saved
        ? "key_is_saved"
        : "key_none";
    this.#showMessage(
      key.locked && !getCommonLock(bootstrap)
        ? `${translate(status)} · ${translate(`reason_${key.locked}`)}`
        : translate(status),
    );
  }

  async #save() {
    const key = this.#field.value.trim();
    if (key) await this.#saveKey(key);
    else this.#showMessage(this.context.translate("key_empty"), true);
  }

  async #saveKey(key: string) {
    const { api, store, actions, signal } = this.context;
    await this.#request(async () => {
      const { message = "", ...state } = await api.put("key", { key }, { signal });
      this.#field.value = "";
      updateBootstrap(store, { key: state });
      for (const part of getFailedParts(store.get(), "needs_key")) actions.retry(part);
      return message;
    });
  }

  async #request(request: () => Promise<string>) {
    const { translate, signal } = this.context;
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#showMessage(translate("waiting"));
    let message = "";
    let isWrong = false;
    try {
      message = await request();
    } catch (error) {
      if (signal.aborted) return;
      message = getErrorMessage(error, translate);
      isWrong = true;
    }
    this.#isBusy = false;
    this.showState();
    this.#showMessage(message, isWrong);
  }

  #showMessage(message: string, isWrong = false) {
    this.#message.textContent = message;
    this.#message.classList.toggle("wrong", isWrong);
  }
}

/** The programs that make images: those that answer, and what to do with one that cannot be used. */
export class EngineList {
  element;
  #list = el("ul", { class: "engines" });
  #none = el("p", { class: "dim", role: "status" });

  constructor(private readonly context: Context) {
    const { root, translate, store } = context;
    const look = {
      action: "find-engines",
      icon: "again",
      label: translate("engine_find"),
    } as const;
    this.element = el(
      "fieldset",
      {},
      el("legend", {}, translate("engine_found")),
      el("p", { class: "dim" }, translate("engine_hint")),
      this.#list,
      this.#none,
      el(
        "div",
        { class: "row" },
        button(look, () => this.load()),
      ),
    );
    const draw = ({ engines }: State) => {
      const rows = engines.map((engine) => this.#makeRow(engine));
      redraw(root, this.#list, () => this.#list.replaceChildren(...rows));
    };
    store.on(["engines"], draw, context);
    draw(store.get());
  }

  /** Ask again which programs answer. */
  async load() {
    const { actions, store, translate } = this.context;
    this.#none.textContent = translate("waiting");
    await actions.findEngines(true);
    const { engines } = store.get();
    this.#none.textContent = engines.length ? "" : translate("engine_none_found");
  }

  #makeRow(engine: EngineView) {
    const { translate } = this.context;
    const { name, address, state, message } = engine;
    return el(
      "li",
      { "data-state": state },
      el("strong", { dir: "auto" }, name),
      el("span", { class: "dim", dir: "ltr" }, address),
      el("p", { role: "status", dir: "auto" }, message || translate("engine_ready")),
      state === "needs_login" && this.#makeLogin(engine),
    );
  }

  /** Return the fields for a login. Not a `<form>`, as for the API key. */
  #makeLogin({ id }: EngineView) {
    const { api, translate, signal } = this.context;
    const wrong = el("p", { class: "wrong", role: "alert" });
    const make = (type: string, label: string) =>
      el("input", {
        type,
        "data-field": `engine-${type}`,
        "aria-label": translate(label),
        placeholder: translate(label),
        autocomplete: "off",
        on: { keydown: ({ key, isComposing }) => key === "Enter" && !isComposing && void save() },
      });
    const user = make("text", "engine_user");
    const password = make("password", "engine_password");
    const save = async () => {
      wrong.textContent = "";
      try {
        const login = `${user.value.trim()}:${password.value}`;
        await api.put("engines/login", { engine: id, login }, { signal });
        await this.load();
        wrong.textContent = translate("engine_login_refused"); // else this row went
      } catch (error) {
        wrong.textContent = getErrorMessage(error, translate);
      }
    };
    const look = { action: "save-login", label: translate("engine_login"), class: "primary" };
    return el("div", {}, el("div", { class: "row" }, user, password, button(look, save)), wrong);
  }
}

const KINDS = { author: "hidden_kind_author", word: "hidden_kind_word" } as const;

export class HiddenRules {
  #kind;
  #text;
  element;

  constructor(private readonly context: Context) {
    const { root, translate, store } = context;
    const list = el("ul", {});
    this.#kind = el(
      "select",
      { "data-field": "hidden-kind", "aria-label": translate("hidden_kind") },
      ...Object.entries(KINDS).map(([kind, key]) => el("option", { value: kind }, translate(key))),
    );
    this.#kind.value = "word";
    this.#text = el("input", {
      type: "text",
      "data-field": "hidden-text",
      "aria-label": translate("hidden_text"),
      maxlength: 100,
      dir: "auto",
      on: { keydown: (event) => event.key === "Enter" && void this.#add() },
    });
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
      const rows = hiddenRules.map((rule) => this.#makeRow(rule));
      if (!redraw(root, list, () => list.replaceChildren(...rows))) this.focus();
    };
    store.on(["hiddenRules"], draw, context);
  }

  /** Fetch the rules and show them. */
  load() {
    return this.context.actions.loadHiddenRules();
  }

  /** Focus the first button that deletes a rule, as soon as the rules are loaded. Do nothing if the
   * user has moved the focus by then. */
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

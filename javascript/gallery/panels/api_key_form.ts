/** The form for the API key, in the settings. */

import { button, el } from "../core/dom";
import { getErrorMessage } from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock, getFailedParts } from "../state/state";
import type { Context } from "../types";

const CIVITAI_ACCOUNT = "https://civitai.com/user/account";

export class ApiKeyForm {
  #field;
  #message = el("p", { class: "form-message", role: "status" });
  #saveButton;
  #removeButton;
  #requests = 0; // only the last one's answer is shown
  /** Not a `<form>`, because browsers offer to store a password typed in one. */
  element;

  constructor(readonly context: Context) {
    const { translate } = context;
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
    const test = button({ action: "test-key", label: translate("test_key") }, () => this.#test());
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
    let saved = "";
    await this.#request(async () => {
      const { message = "", ...state } = await api.put("key", { key }, { signal });
      this.#field.value = "";
      saved = message;
      updateBootstrap(store, { key: state });
      for (const part of getFailedParts(store.get(), "needs_key")) actions.retry(part);
      return message;
    });
    if (key && saved) await this.#test(saved);
  }

  /** Ask Civitai whose key was typed, or else is saved.
   * @param before a sentence to which the answer is added */
  #test(before = "") {
    const { api } = this.context;
    const key = this.#field.value.trim();
    const ask = async () => (await api.post("key/test", { key }, this.context)).text;
    return this.#request(ask, before);
  }

  async #request(request: () => Promise<string>, before = "") {
    const { translate, signal } = this.context;
    const number = ++this.#requests;
    this.#showMessage(before || translate("waiting"));
    let message = "";
    let isWrong = false;
    try {
      message = await request();
    } catch (error) {
      if (signal.aborted) return;
      message = getErrorMessage(error, translate);
      isWrong = true;
    }
    if (number !== this.#requests) return;
    this.showState();
    this.#showMessage([before, message].filter(Boolean).join(" · "), isWrong);
  }

  #showMessage(message: string, isWrong = false) {
    this.#message.textContent = message;
    this.#message.classList.toggle("wrong", isWrong);
  }
}

/** The form for the API key, in the settings. */

import { button, el } from "../core/dom";
import { onEnter } from "../core/widgets";
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
  #isBusy = false;
  /** Not a `<form>`, because browsers offer to store a password typed in one. */
  element;

  constructor(readonly context: Context) {
    const { translate, api } = context;
    const secret = { type: "password", autocomplete: "off", spellcheck: "false" };
    const hint = translate("api_key_hint");
    const on = { keydown: onEnter(() => this.#save()) };
    const names = { id: "key", "data-field": "key", "data-takes-focus": true };
    this.#field = el("input", { ...secret, ...names, placeholder: hint, on });
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

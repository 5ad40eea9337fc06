/** The form for the API key, in the settings. */

import { button, el } from "../core/dom";
import { onEnter } from "../core/widgets";
import { getErrorMessage } from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock, getFailedParts } from "../state/state";
import type { Context } from "../types";

const CIVITAI_ACCOUNT = "https://civitai.com/user/account";

export function makeApiKeyForm(context: Context) {
  const { actions, api, root, signal, store, translate } = context;
  const messageText = el("p", { class: "form-message", role: "status" });
  let isBusy = false;
  const secret = { type: "password", autocomplete: "off", spellcheck: "false" };
  const hint = translate("api_key_hint");
  const on = { keydown: onEnter(saveTyped) };
  const field = el("input", { ...secret, id: "key", "data-field": "key", placeholder: hint, on });
  const save = { action: "save-key", label: translate("save_key"), class: "primary" };
  const saveButton = button(save, saveTyped);
  const remove = { action: "remove-key", label: translate("remove_key") };
  const removeButton = button(remove, () => saveKey(""));
  const test = button({ action: "test-key", label: translate("test_key") }, () => {
    const key = field.value.trim();
    return request(async () => (await api.post("key/test", { key }, context)).text);
  });
  const where = { href: CIVITAI_ACCOUNT, target: "_blank", rel: "noopener noreferrer" };
  /** Not a `<form>`, because browsers offer to store a password typed in one. */
  const element = el(
    "fieldset",
    { class: "key stack" },
    el("legend", {}, translate("key_legend")),
    el("label", { for: "key" }, translate("api_key")),
    field,
    el("div", { class: "row" }, saveButton, test, removeButton),
    messageText,
    el("a", where, translate("where_to_get_key")),
  );
  store.on(["bootstrap"], showState, context);

  /** Show whether an API key is saved. */
  function showState() {
    const { bootstrap } = store.get();
    const key = bootstrap?.key;
    if (!key) return;
    const isFixed = key.from_environment || key.locked !== "";
    field.disabled = saveButton.disabled = isFixed;
    if (!key.saved && root.activeElement === removeButton) field.focus();
    removeButton.disabled = isFixed || !key.saved;
    const status = key.from_environment
      ? "key_of_environment"
      : key.saved
        ? "key_is_saved"
        : "key_none";
    showMessage(
      key.locked && !getCommonLock(bootstrap)
        ? `${translate(status)} · ${translate(`reason_${key.locked}`)}`
        : translate(status),
    );
  }

  async function saveTyped() {
    const key = field.value.trim();
    if (key) await saveKey(key);
    else showMessage(translate("key_empty"), true);
  }

  async function saveKey(key: string) {
    await request(async () => {
      const { message = "", ...state } = await api.put("key", { key }, { signal });
      field.value = "";
      updateBootstrap(store, { key: state });
      for (const part of getFailedParts(store.get(), "needs_key")) actions.retry(part);
      return message;
    });
  }

  async function request(send: () => Promise<string>) {
    if (isBusy) return;
    isBusy = true;
    showMessage(translate("waiting"));
    let message = "";
    let isWrong = false;
    try {
      message = await send();
    } catch (error) {
      if (signal.aborted) return;
      message = getErrorMessage(error, translate);
      isWrong = true;
    }
    isBusy = false;
    showState();
    showMessage(message, isWrong);
  }

  function showMessage(message: string, isWrong = false) {
    messageText.textContent = message;
    messageText.classList.toggle("wrong", isWrong);
  }
  return { element, showState };
}

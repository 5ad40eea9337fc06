/** The form for the API key, in the settings. */

import { button, el } from "../core/dom";
import { onEnter } from "../core/widgets";
import { getErrorMessage } from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock, getFailedParts } from "../state/state";
import type { Context } from "../types";

const CIVITAI_ACCOUNT = "https://civitai.com/user/account";

export function makeApiKeyForm(context: Context) {
  const { actions, api, signal, store, translate } = context;
  const messageText = el("p", { class: "form-message", role: "status" });
  let requests = 0; // only the last one's answer is shown
  const secret = { type: "password", autocomplete: "off", spellcheck: "false" };
  const hint = translate("api_key_hint");
  const on = { keydown: onEnter(saveTyped) };
  const names = { id: "key", "data-field": "key", "data-takes-focus": true };
  const field = el("input", { ...secret, ...names, placeholder: hint, on });
  const save = { action: "save-key", label: translate("save_key"), class: "primary" };
  const saveButton = button(save, saveTyped);
  const remove = { action: "remove-key", label: translate("remove_key") };
  const removeButton = button(remove, () => saveKey(""));
  const test = button({ action: "test-key", label: translate("test_key") }, () => testKey());
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
    let saved = "";
    await request(async () => {
      const { message = "", ...state } = await api.put("key", { key }, { signal });
      field.value = "";
      saved = message;
      updateBootstrap(store, { key: state });
      for (const part of getFailedParts(store.get(), "needs_key")) actions.retry(part);
      return message;
    });
    if (key && saved) await testKey(saved);
  }

  /** Ask Civitai whose key was typed, or else is saved.
   * @param before a sentence to which the answer is added */
  function testKey(before = "") {
    const key = field.value.trim();
    return request(() => api.post("key/test", { key }, context), before);
  }

  async function request(send: () => Promise<string>, before = "") {
    const number = ++requests;
    showMessage(before || translate("waiting"));
    let message = "";
    let isWrong = false;
    try {
      message = await send();
    } catch (error) {
      if (signal.aborted) return;
      message = getErrorMessage(error, translate);
      isWrong = true;
    }
    if (number !== requests) return;
    showState();
    showMessage([before, message].filter(Boolean).join(" · "), isWrong);
  }

  function showMessage(message: string, isWrong = false) {
    messageText.textContent = message;
    messageText.classList.toggle("wrong", isWrong);
  }
  return { element, showState };
}

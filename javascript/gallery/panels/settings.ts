/** The panel of the settings. */

import type { Setting } from "../contract";
import { el, type Props, runWhileBusy } from "../core/dom";
import { savePreference } from "../core/preferences";
import { ApiError, isAborted, showError } from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock } from "../state/state";
import type { Context, State, Translate } from "../types";
import { PACES, readPace } from "../viewer/slideshow";
import { Panel } from "./panel";
import { HiddenRules, KeyForm } from "./settings_forms";

class FilenamePreview {
  element;
  #abort = new AbortController();
  #list = el("ul", { class: "filename-list", "data-names": "" });
  #message = el("p", { class: "dim" });

  constructor(readonly context: Context) {
    this.element = el(
      "div",
      { class: "filename-preview", "aria-live": "polite" },
      this.#message,
      this.#list,
    );
    this.element.hidden = true;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Show the file names that a template gives to the images loaded last.
   * @param showError shows what is wrong with the template, "" for nothing */
  async show(template: string, showError: (message: string) => void) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const query = new URLSearchParams({ template });
      this.#draw(await this.context.api.get(`filename_preview?${query}`, { signal }));
      showError("");
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.element.hidden = true;
      showError(error.message);
    }
  }

  #draw({ filenames, fields }: import("../contract").FilenamePreview) {
    this.element.hidden = false;
    this.#message.textContent = this.context.translate("filename_fields", { fields });
    this.#list.replaceChildren(...filenames.map((name) => el("li", { dir: "auto" }, name)));
  }
}

/** Return the section with the settings that are stored in this browser. */
function makeBrowserSettings(translate: Translate) {
  const options = PACES.map((pace) =>
    el("option", { value: pace }, translate("slideshow_seconds", { n: pace })),
  );
  const pace = el("select", { id: "setting-slideshow", "data-field": "slideshow" }, ...options);
  pace.value = String(readPace());
  pace.addEventListener("change", () => savePreference("slideshow", Number(pace.value)));
  return el(
    "fieldset",
    {},
    el("legend", {}, translate("settings_browser")),
    el(
      "div",
      { class: "setting" },
      el("label", { for: pace.id }, translate("slideshow_pace")),
      pace,
    ),
  );
}

type SettingValue = string | number | boolean;

const GROUPS = ["page", "saving", "models", "network"] as const;

export class Settings {
  key;
  filenamePreview;
  hiddenRules;
  #fields = new Map<string, SettingField>();

  constructor(readonly context: Context) {
    this.key = new KeyForm(context);
    this.filenamePreview = new FilenamePreview(context);
    this.hiddenRules = new HiddenRules(context);
    const { store, signal } = context;
    store.on(["bootstrap"], (now, before) => this.#follow(now, before), { signal });
    new Panel(context, "settings", {
      title: "open_settings",
      build: () => this.#build(),
      opened: () => this.#onOpen(),
    });
  }

  #build() {
    const { store, translate } = this.context;
    const { bootstrap } = store.get();
    const lock = getCommonLock(bootstrap);
    const reason = lock ? [el("p", { class: "notice" }, translate(`reason_${lock}`))] : [];
    return [...reason, this.key.element, this.#makeForm(bootstrap?.settings ?? [], !lock)];
  }

  /** Show the saved values; discard what was typed but not saved. */
  #onOpen() {
    for (const setting of this.context.store.get().bootstrap?.settings ?? []) {
      const field = this.#fields.get(setting.name);
      field?.showValue(setting.value);
      if (field && setting.name === "saved_name") this.#showFilenames(field);
    }
    this.key.showState();
    void this.hiddenRules.load();
  }

  /** Open the panel at the list of rules that hide images, or at the field for another rule.
   * @param how isToAdd: at the field */
  async openHiddenRules({ isToAdd = false }: { isToAdd?: boolean } = {}) {
    const { store, actions } = this.context;
    if (store.get().panel !== "settings") actions.panel("settings");
    this.hiddenRules.focus();
    if (!isToAdd) await this.hiddenRules.focusFirst();
  }

  /** Show values that were changed elsewhere, unless the user is editing them. */
  #follow({ bootstrap }: State, { bootstrap: previous }: State) {
    const values = new Map(previous?.settings.map(({ name, value }) => [name, value]));
    for (const { name, value } of bootstrap?.settings ?? []) {
      const field = this.#fields.get(name);
      if (field && value !== values.get(name) && field.value === values.get(name))
        field.showValue(value);
    }
  }

  /** Return the form of all settings.
   * @param canChange whether any of them can be changed */
  #makeForm(settings: Setting[], canChange: boolean) {
    const { translate } = this.context;
    const look = { type: "submit", class: "primary", "data-do": "save-settings" };
    const save = el("button", look, el("span", { text: translate("save_settings") }));
    save.hidden = !canChange;
    const [page, ...others] = GROUPS.map((group) => this.#makeGroup(group, settings, canChange));
    const groups = [page, makeBrowserSettings(translate), this.hiddenRules.element, ...others];
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      void runWhileBusy(save, () => this.#send());
    };
    const props = { novalidate: true, autocomplete: "off", on: { submit } };
    return el("form", props, ...groups, el("footer", {}, save));
  }

  /** Return the fieldset with the settings of a group, null if there are none.
   * @param explainsLocks whether each locked setting says why it is locked */
  #makeGroup(group: Setting["group"], settings: Setting[], explainsLocks: boolean) {
    const members = settings.filter((setting) => setting.group === group);
    if (!members.length) return null;
    const fields = members.map((setting) => {
      const field = new SettingField(setting, this.context.translate, explainsLocks);
      this.#fields.set(setting.name, field);
      if (setting.name === "saved_name") {
        field.element.append(this.filenamePreview.element);
        field.control.addEventListener("input", () => this.#showFilenames(field));
      }
      return field.element;
    });
    return el(
      "fieldset",
      {},
      el("legend", {}, this.context.translate(`settings_${group}`)),
      ...fields,
    );
  }

  /** Show the file names of a field's template, or what is wrong with it. */
  #showFilenames(field: SettingField) {
    void this.filenamePreview.show(field.control.value, (message) => field.showError(message));
  }

  async #send() {
    const { api, store, toast, translate, signal } = this.context;
    const { bootstrap } = store.get();
    if (!bootstrap) return;
    for (const field of this.#fields.values()) field.showError("");
    try {
      const answer = await api.put("settings", this.#getChanges(bootstrap.settings), { signal });
      const { settings, has_models } = answer;
      updateBootstrap(store, { settings, host: { ...bootstrap.host, has_models } });
      toast(translate("settings_saved"), "good");
    } catch (error) {
      this.#showRefusal(error);
    }
  }

  /** Return the values that the user has changed, by the name of the setting. */
  #getChanges(settings: Setting[]) {
    const changed: Record<string, SettingValue> = {};
    for (const { name, value } of settings) {
      const typed = this.#fields.get(name)?.value;
      if (typed !== undefined && typed !== value) changed[name] = typed;
    }
    return changed;
  }

  /** Show the server's errors below the fields they belong to. If there are none, show the error as
   * a toast. */
  #showRefusal(error: unknown) {
    const messages = error instanceof ApiError ? error.fields : {};
    const refused = [...this.#fields.values()].filter(({ setting }) => setting.name in messages);
    for (const field of refused) field.showError(messages[field.setting.name] ?? "");
    if (refused[0]) refused[0].focus();
    else showError(error, this.context);
  }
}

/** One setting: its label, its control, and an error below. */
class SettingField {
  control;
  wrong;
  element;

  /** @param explainsLock whether to say why the setting is locked */
  constructor(
    readonly setting: Setting,
    translate: Context["translate"],
    explainsLock: boolean,
  ) {
    const { name, label, kind } = setting;
    const id = `setting-${name}`;
    const described = { "aria-describedby": `${id}-wrong ${id}-fixed` };
    const isLocked = setting.locked !== "";
    this.control = makeControl(setting, { id, "data-field": id, ...described, disabled: isLocked });
    this.wrong = el("p", { class: "wrong", id: `${id}-wrong`, role: "alert" });
    const named = el("label", { for: id }, label);
    const fixed =
      isLocked &&
      explainsLock &&
      el("p", { class: "dim", id: `${id}-fixed` }, translate(`reason_${setting.locked}`));
    this.element = el(
      "div",
      { class: `setting of-${kind}` },
      named,
      this.control,
      this.wrong,
      fixed,
    );
    this.showValue(setting.value);
  }

  /** Return the value to send. A text that is not a number is sent as it is; the server refuses
   * it. */
  get value() {
    const { control: field } = this;
    if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked;
    const isNumber = this.setting.kind === "number" || this.setting.kind === "whole";
    const number = Number(field.value);
    return isNumber && field.value.trim() && !Number.isNaN(number) ? number : field.value;
  }

  /** Show a value. */
  showValue(value: SettingValue) {
    this.showError("");
    if (this.control instanceof HTMLInputElement && this.control.type === "checkbox") {
      this.control.checked = value === true;
    } else {
      this.control.value = String(value);
    }
  }

  /** Show why a value was refused, "" to hide the error. */
  showError(message: string) {
    this.wrong.textContent = message;
    this.control.setAttribute("aria-invalid", String(message !== ""));
  }

  focus() {
    this.control.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }
}

function makeControl({ kind, low, high, choices }: Setting, props: Props) {
  if (kind === "choice") {
    const options = (choices ?? []).map(({ value, label }) => el("option", { value }, label));
    return el("select", props, ...options);
  }
  if (kind === "switch") return el("input", { ...props, type: "checkbox" });
  if (kind === "text")
    return el("input", { ...props, type: "text", spellcheck: "false", dir: "auto" });
  const step = kind === "whole" ? 1 : "any";
  return el("input", { ...props, type: "number", min: low, max: high, step, inputmode: "decimal" });
}

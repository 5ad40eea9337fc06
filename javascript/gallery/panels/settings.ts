/** The panel of the settings: each is saved when it is changed. */

import type { Setting, SettingsSaved } from "../contract";
import { button, el, type Props, setLabel } from "../core/dom";
import { readPreference, savePreference } from "../core/preferences";
import {
  ApiError,
  getErrorMessage,
  ignoreFailure,
  isAborted,
  LatestRequest,
  ResponseOrder,
  showError,
} from "../data/api";
import { updateBootstrap } from "../data/records";
import { getCommonLock, getSetting, isOffline } from "../state/state";
import type { Context, State } from "../types";
import { PACES, readPace } from "../viewer/slideshow";
import { makeApiKeyForm } from "./api_key_form";
import { makeEngineList } from "./engine_list";
import { makeHiddenRulesForm } from "./hidden_rules_form";
import { Panel } from "./panel";

function makeFilenamePreview(context: Context) {
  const { api, translate } = context;
  const request = new LatestRequest(context);
  const list = el("ul", { class: "filename-list", "data-names": "" });
  const fieldsText = el("p", { class: "dim" });
  const element = el(
    "div",
    { class: "filename-preview small", "aria-live": "polite" },
    fieldsText,
    list,
  );
  element.hidden = true;

  /** Show the file names that a template gives to the images loaded last.
   * @param showError shows what is wrong with the template, "" for nothing */
  async function show(template: string, showError: (message: string) => void) {
    const signal = request.begin();
    try {
      const query = new URLSearchParams({ template });
      const { filenames, fields } = await api.get(`filename_preview?${query}`, { signal });
      element.hidden = false;
      fieldsText.textContent = translate("filename_fields", { fields });
      list.replaceChildren(...filenames.map((name) => el("li", { dir: "auto" }, name)));
      showError("");
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      element.hidden = true;
      showError(error.message);
    }
  }
  return { element, show };
}

type SettingValue = string | number | boolean;

const GROUPS = ["page", "saving", "models", "network"] as const;
const PAGES = ["basic", "advanced", "engines"] as const;
/** The settings of the programs that make images, on a page of their own. */
const OF_ENGINES = ["engine_addresses", "made_images_folder", "engine_encoders"];

export function makeSettings(context: Context) {
  const { actions, api, signal, store, toast, translate } = context;
  const fieldsByName = new Map<string, SettingField>();
  const order = new ResponseOrder();
  let saving = Promise.resolve(); // a value is sent after those before
  const channel = new BroadcastChannel("civitai-shortcut-settings");
  const pageBox = el("div", { class: "settings-page", "data-page": "basic" });
  const key = makeApiKeyForm(context);
  const filenamePreview = makeFilenamePreview(context);
  const hiddenRules = makeHiddenRulesForm(context);
  const engines = makeEngineList(context);
  store.on(["bootstrap"], follow, { signal });
  const saveWaiting = (now: State) => {
    if (isOffline(now)) return;
    for (const field of fieldsByName.values()) if (field.isWaiting) void saveField(field);
  };
  store.on([isOffline], saveWaiting, { signal });
  channel.addEventListener("message", read);
  signal.addEventListener("abort", () => channel.close());
  const panel = new Panel(context, "settings", {
    title: "open_settings",
    build,
    opened: onOpen,
  });

  function build() {
    const { bootstrap } = store.get();
    const settings = bootstrap?.settings ?? [];
    const lock = getCommonLock(bootstrap);
    const groups = (isBasic: boolean) =>
      GROUPS.map((group) => {
        const members = settings.filter((one) => one.group === group && one.basic === isBasic);
        const usual = members.filter(({ name }) => !OF_ENGINES.includes(name));
        return makeGroup(group, usual, !lock);
      });
    const ofEngines = OF_ENGINES.flatMap((name) => settings.find((one) => one.name === name) ?? []);
    const [page, ...others] = groups(true);
    const parts = [page, makeBrowserSettings(), ...others];
    const basic = [...parts, key.element, hiddenRules.element];
    const pages = PAGES.map((name) =>
      button({ action: `settings-${name}`, label: translate(`settings_${name}`) }, () =>
        showPage(name),
      ),
    );
    const props = {
      class: "settings-pages",
      role: "group",
      "aria-label": translate("open_settings"),
    };
    pageBox.append(
      el("div", props, ...pages),
      lock ? el("p", { class: "notice" }, translate(`reason_${lock}`)) : "",
      el("div", { "data-of": "basic" }, ...basic),
      el("div", { "data-of": "advanced" }, ...groups(false)),
      el("div", { "data-of": "engines" }, engines.element, makeGroup("engines", ofEngines, !lock)),
    );
    showPage("basic");
    return [pageBox];
  }

  function showPage(name: (typeof PAGES)[number]) {
    pageBox.dataset.page = name;
    for (const part of pageBox.querySelectorAll<HTMLElement>("[data-of]"))
      part.hidden = part.dataset.of !== name;
    if (name === "engines") void engines.load();
    for (const page of PAGES) {
      const control = pageBox.querySelector(`[data-do="settings-${page}"]`);
      control?.setAttribute("aria-pressed", String(page === name));
    }
  }

  function makeGroup(
    group: Setting["group"] | "engines",
    members: Setting[],
    explainsLocks: boolean,
  ) {
    if (!members.length) return null;
    const fields = members.map((setting) => {
      const save = () => void saveField(field);
      const field = new SettingField(setting, translate, explainsLocks, save);
      fieldsByName.set(setting.name, field);
      if (setting.name === "saved_name") {
        field.element.append(filenamePreview.element);
        field.control.addEventListener("input", () => showFilenames(field));
      }
      return field.element;
    });
    const legend = el("legend", {}, translate(`settings_${group}`));
    return el("fieldset", {}, legend, ...fields);
  }

  function makeBrowserSettings() {
    const make = (name: string, label: string, value: string, options: [string, string][]) => {
      const choices = options.map(([one, text]) => el("option", { value: one }, text));
      const props = { id: `setting-${name}`, "data-field": name };
      const control = el("select", props, ...choices);
      const save = (chosen: string) => {
        control.value = chosen;
        savePreference(name, name === "slideshow" ? Number(chosen) : chosen);
        window.dispatchEvent(new StorageEvent("storage")); // as the browser tells its other tabs
      };
      control.value = value;
      control.addEventListener("change", () => {
        const before = value;
        value = control.value;
        save(value);
        toast(translate("setting_saved", { label }), "good", () => {
          value = before;
          save(before);
        });
      });
      return el("div", { class: "setting" }, el("label", { for: props.id }, label), control);
    };
    const paces = PACES.map((n): [string, string] => [
      `${n}`,
      translate("slideshow_seconds", { n }),
    ]);
    return el(
      "fieldset",
      {},
      el("legend", {}, translate("settings_browser")),
      make("theme", translate("theme"), readPreference("theme", ""), [
        ["", translate("theme_host")],
        ["light", translate("theme_light")],
        ["dark", translate("theme_dark")],
      ]),
      make("slideshow", translate("slideshow_pace"), String(readPace()), paces),
    );
  }

  function onOpen() {
    for (const setting of store.get().bootstrap?.settings ?? []) {
      const field = fieldsByName.get(setting.name);
      if (field && !field.isWaiting) field.begin(setting.value);
      if (field && setting.name === "saved_name") showFilenames(field);
    }
    key.showState();
    void read();
    void hiddenRules.load();
  }

  /** Open the panel at the programs that make images. */
  function openEngines() {
    actions.panel("settings");
    showPage("engines");
  }

  /** Open the panel at the rules that hide images; isToAdd: at the field for another. */
  async function openHiddenRules({ isToAdd = false }: { isToAdd?: boolean } = {}) {
    actions.panel("settings");
    showPage("basic");
    hiddenRules.focus();
    if (!isToAdd) await hiddenRules.focusFirst();
  }

  /** Show values that were changed elsewhere, unless the user is editing them. */
  function follow({ bootstrap }: State, { bootstrap: previous }: State) {
    for (const { name, value } of bootstrap?.settings ?? []) {
      const field = fieldsByName.get(name);
      const before = getSetting(previous, name);
      if (field && value !== before && field.value === before) field.follow(value, before);
    }
  }

  /** Request everything from this host of Civitai, and load the open gallery from there. */
  function useHost(host: string) {
    return change("civitai_host", host, () => actions.reloadGallery());
  }

  /** Search model files in these folders too. */
  function addModelFolders(folders: string) {
    const before = getSetting(store.get().bootstrap, "model_folders");
    const all = [before, folders].filter(Boolean).join(";");
    return change("model_folders", all, () => actions.findEngines(true));
  }

  /** Save a setting, and call `follow` then and after Undo. */
  async function change(name: string, value: SettingValue, follow: () => unknown) {
    const setting = store.get().bootstrap?.settings.find((one) => one.name === name);
    if (!setting) return;
    const { label, value: before } = setting;
    try {
      await put(name, value);
    } catch (error) {
      return showError(error, context);
    }
    toast(translate("setting_saved", { label }), "good", () => change(name, before, follow));
    await follow();
  }

  function showFilenames(field: SettingField) {
    void filenamePreview.show(field.control.value, (message) => field.showError(message));
  }

  async function read() {
    const request = order.read(() => api.get("settings", context));
    apply(await request.catch(ignoreFailure));
  }

  function apply(answer: SettingsSaved | null) {
    if (answer) updateBootstrap(store, answer); // else outdated or failed
  }

  function saveField(field: SettingField) {
    saving = saving.then(() => send(field));
    return saving;
  }

  /** Save what a field shows, once the server responds, or say why it is refused. */
  async function send(field: SettingField) {
    const { name, label } = field.setting;
    const { value } = field;
    const current = getSetting(store.get().bootstrap, name);
    field.showError("");
    field.isWaiting = false;
    if (value === current) return;
    try {
      await put(name, value);
    } catch (error) {
      if (!isAborted(error)) showRefusal(field, error);
      return;
    }
    const saved = getSetting(store.get().bootstrap, name);
    if (name === "engine_addresses") void engines.load();
    if (field.value === value) field.showValue(saved ?? value);
    if (!field.toast?.isConnected) field.before = current;
    const undo = () => undoChange(field, saved);
    field.toast = toast(translate("setting_saved", { label }), "good", undo, field.toast);
  }

  async function put(name: string, value: SettingValue) {
    const answer = await order.change(() => api.put("settings", { [name]: value }, { signal }));
    apply(answer);
    channel.postMessage("changed");
  }

  /** Save the value that a setting had before, unless it was changed again elsewhere. */
  function undoChange({ setting: { name }, before }: SettingField, saved?: SettingValue) {
    const now = getSetting(store.get().bootstrap, name);
    if (before === undefined || now !== saved) return toast(translate("setting_changed_since"));
    saving = saving.then(() => put(name, before).catch((error) => showError(error, context)));
    return saving;
  }

  function showRefusal(field: SettingField, error: unknown) {
    field.isWaiting = error instanceof ApiError && error.code === "offline";
    const message = field.isWaiting
      ? translate("setting_waits")
      : getErrorMessage(error, translate);
    field.showError(message);
    const { label } = field.setting;
    const named = message.includes(label) ? message : `${label}: ${message}`;
    if (!panel.isOpen) toast(named, "bad");
  }
  return { openEngines, openHiddenRules, useHost, addModelFolders };
}

export type Settings = ReturnType<typeof makeSettings>;

/** One setting: its label, its control, and an error below. */
class SettingField {
  control;
  wrong;
  #back;
  element;
  #opened: SettingValue = "";
  isWaiting = false; // for the server, to be saved
  /** the value before the change that `toast` reports */
  before?: SettingValue;
  toast: HTMLElement | null = null;

  /** @param explainsLock whether to say why the setting is locked
   * @param save called when the user has changed the value */
  constructor(
    readonly setting: Setting,
    private readonly translate: Context["translate"],
    explainsLock: boolean,
    save: () => void,
  ) {
    const { name, label, kind } = setting;
    const id = `setting-${name}`;
    const described = { "aria-describedby": `${id}-wrong ${id}-fixed` };
    const isLocked = setting.locked !== "";
    this.control = makeControl(setting, { id, "data-field": id, ...described, disabled: isLocked });
    this.wrong = el("p", { class: "wrong", id: `${id}-wrong`, role: "alert" });
    this.#back = button({ action: "setting-back", label: "", class: "quiet" }, () => {
      this.control.focus();
      this.showValue(this.#opened);
      save();
    });
    this.control.addEventListener("change", save);
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
      this.#back,
    );
    this.begin(setting.value);
  }

  /** Show the value that the setting has when the panel is opened. */
  begin(value: SettingValue) {
    this.#opened = value;
    this.showValue(value);
  }

  /** Show a value that was changed elsewhere. The former one is brought back only by a user who has
   * changed it here. */
  follow(value: SettingValue, before: SettingValue) {
    if (before === this.#opened) this.begin(value);
    else this.showValue(value);
  }

  /** Return the value to send; what is no number goes as it is, and is refused. */
  get value() {
    const { control: field } = this;
    if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked;
    const isNumber = this.setting.kind === "number" || this.setting.kind === "whole";
    const number = Number(field.value);
    return isNumber && field.value.trim() && !Number.isNaN(number) ? number : field.value;
  }

  /** Show a value and, if it has changed since `begin`, the button that brings back the former. */
  showValue(value: SettingValue) {
    this.showError("");
    this.#back.hidden = value === this.#opened;
    const { choices } = this.setting;
    const former = choices?.find((one) => one.value === this.#opened)?.label ?? this.#opened;
    const isNamed = former !== "" && typeof former !== "boolean";
    setLabel(
      this.#back,
      this.translate(isNamed ? "setting_back" : "do_undo", { value: String(former) }),
    );
    this.isWaiting = false;
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

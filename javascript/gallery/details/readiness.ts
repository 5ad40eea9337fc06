/** Says whether the host can make the open image again: which models are missing, and which fields
 * of the infotext the host does not support. */

import type { ImageDetails, NeededFileView, ResourceView } from "../contract";
import { button, el, setLabel, setText } from "../core/dom";
import { formatBytes, getLanguage } from "../core/text";
import { ignoreFailure } from "../data/api";
import { canChooseCheckpoint } from "../host/host_page";
import { findJobFile, isAbsent, listGettable, sumSizes } from "../state/model_files";
import type { Context, State } from "../types";

export class Compatibility {
  element;
  #abort = new AbortController();
  #lines = el("ul");
  #title = el("h3");

  constructor(readonly context: Context) {
    this.element = el(
      "section",
      { class: "compatibility", role: "status" },
      this.#title,
      this.#lines,
    );
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Return a section with these warnings; it is hidden if there are none. */
  show(incompatibilities: string[]) {
    this.#abort.abort();
    const { store, translate } = this.context;
    const { name = "" } = store.get().bootstrap?.host ?? {};
    this.#title.textContent = translate("incompatibilities", { host: name });
    this.#lines.replaceChildren(
      ...incompatibilities.map((line) => el("li", { dir: "auto" }, line)),
    );
    this.element.hidden = !incompatibilities.length;
    return this.element;
  }

  /** Fetch the warnings for an edited infotext and show them. */
  async check(text: string) {
    const { api, store } = this.context;
    if (!store.get().bootstrap?.host.in_webui) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    const found = await api.post("compatibility", { text }, { signal }).catch(ignoreFailure);
    if (found && !signal.aborted) this.show(found);
  }
}

type Used = ResourceView | NeededFileView;

/** Keys of the messages that count resources, by type; "" is for all other types. */
const COUNTS: Record<string, string> = {
  model: "count_model",
  lora: "count_lora",
  embed: "count_embed",
  vae: "count_vae",
  hypernet: "count_hypernet",
  "": "count_other",
};

export class Readiness {
  element;
  #line = el("p", { role: "status" });
  #get;
  #choose;
  #settings;
  #resources: ResourceView[] = [];

  constructor(private readonly context: Context) {
    const { translate, actions, store, signal } = context;
    this.#get = button(
      { action: "get-missing", icon: "download", label: translate("model_get") },
      () => actions.getModelFiles(listGettable(store.get(), "image")),
    );
    this.#choose = button(
      { action: "choose-checkpoint", icon: "check", label: translate("choose_checkpoint") },
      () => actions.chooseCheckpoint(this.#checkpoint?.local_name ?? ""),
    );
    this.#settings = button(
      { action: "models-settings", icon: "settings", label: translate("open_settings") },
      () => actions.panel("settings"),
    );
    this.element = el(
      "section",
      { class: "readiness" },
      this.#line,
      this.#get,
      this.#choose,
      this.#settings,
    );
    store.on([(state) => state.needs.image, "jobs", "fileChoices", hasModels], () => this.#draw(), {
      signal,
    });
  }

  /** Return the section that says which models an image needs and which are missing. */
  show(record: ImageDetails) {
    this.#resources = record.resources;
    this.#draw();
    // else the line that there is no infotext stands here
    this.element.hidden = record.infotext_source === "none" && !record.resources.length;
    return this.element;
  }

  #draw() {
    const { store, translate } = this.context;
    const state = store.get();
    const { answer, loading } = state.needs.image;
    const gettable = listGettable(state, "image");
    // a record may name a model twice, by its name and by its number
    const used = answer?.files ?? this.#resources;
    const here = used.filter((one) => one.availability === "here");
    const absent = used.filter(isAbsent);
    const hasFolders = hasModels(state) && (!used.length || here.length + absent.length > 0);
    const coming = (answer?.files ?? []).filter((needed) => findJobFile(state.jobs, needed)).length;
    const availability = absent.length ? "missing" : here.length && "here";
    this.element.dataset.here = (hasFolders && availability) || "";
    if (!used.length) setText(this.#line, translate("ready_unknown"));
    else if (!hasFolders) setText(this.#line, translate("model_no_folders"));
    else if (coming && coming === absent.length)
      setText(this.#line, translate("ready_all_coming", { n: coming }));
    else if (coming)
      setText(this.#line, translate("ready_coming", { n: coming, all: absent.length }));
    else if (absent.length) {
      const key = absent.length === 1 ? "ready_missing_one" : "ready_missing";
      setText(this.#line, translate(key, { list: this.#listKinds(absent) }));
    } else setText(this.#line, this.#describeHere(here));
    this.#settings.hidden = hasFolders || !used.length;
    const isAsking = loading && !answer && absent.length > 0;
    this.#get.hidden = !isAsking && (Boolean(answer?.locked) || !gettable.length);
    this.#get.disabled = isAsking;
    const size = formatBytes(sumSizes(gettable, state.fileChoices));
    setLabel(this.#get, size ? translate("model_get_size", { size }) : translate("model_get"));
    this.#choose.hidden = !this.#checkpoint || !canChooseCheckpoint() || !this.#get.hidden;
    this.#choose.title = this.#checkpoint?.local_name ?? "";
  }

  #describeHere(here: Used[]) {
    const { translate } = this.context;
    const list = this.#listKinds(here);
    if (!here.some(({ type }) => type === "model"))
      return translate("ready_no_checkpoint", { list });
    return translate(here.length === 1 ? "ready_here_one" : "ready_here", { list });
  }

  /** Return a text with the number of models of each kind, such as "Checkpoint and 2 LoRAs". */
  #listKinds(used: Used[]) {
    const { translate } = this.context;
    const texts = Object.entries(COUNTS).flatMap(([kind, key]) => {
      const n = used.filter(({ type }) => (type in COUNTS ? type : "") === kind).length;
      if (!n) return [];
      return [kind === "model" && n === 1 ? translate("one_checkpoint") : translate(key, { n })];
    });
    const list = new Intl.ListFormat(getLanguage())
      .format(texts)
      .replace(/(\w)(?=\p{Script=Han})/gu, "$1 ") // its Chinese "and" has no spaces
      .replace(/(\p{Script=Han})(?=\w)/gu, "$1 ");
    return list.charAt(0).toUpperCase() + list.slice(1);
  }

  get #checkpoint() {
    return this.#resources.find((one) => one.type === "model" && one.availability === "here");
  }
}

function hasModels({ bootstrap }: State) {
  return bootstrap?.host.has_models ?? false;
}

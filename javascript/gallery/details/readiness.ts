/** Says whether the host can make the open image again: which models are missing, and which fields
 * of the infotext the host does not support. */

import type { ImageDetails, NeededFileView, ResourceView } from "../contract";
import { button, el, fill, setLabel, setText } from "../core/dom";
import { formatBytes, getLanguage } from "../core/text";
import { ignoreFailure, LatestRequest } from "../data/api";
import { canChooseCheckpoint } from "../host/webui_fields";
import { findJobFile, isAbsent, listGettable, sumSizes } from "../state/model_files";
import type { Context, State } from "../types";

export function makeCompatibility(context: Context) {
  const { api, store, translate } = context;
  const request = new LatestRequest(context);
  const lines = el("ul");
  const title = el("h3");
  const element = el("section", { class: "compatibility", role: "status" }, title, lines);

  /** Return a section with these warnings; it is hidden if there are none. */
  function show(incompatibilities: string[]) {
    request.abort();
    const { name = "" } = store.get().bootstrap?.host ?? {};
    title.textContent = translate("incompatibilities", { host: name });
    lines.replaceChildren(...incompatibilities.map((line) => el("li", { dir: "auto" }, line)));
    element.hidden = !incompatibilities.length;
    return element;
  }

  /** Fetch the warnings for an edited infotext and show them. */
  async function check(text: string) {
    if (!store.get().bootstrap?.host.in_webui) return;
    const signal = request.begin();
    const found = await api.post("compatibility", { text }, { signal }).catch(ignoreFailure);
    if (found && !signal.aborted) show(found);
  }
  return { element, show, check };
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

export function makeReadiness(context: Context) {
  const { actions, signal, store, translate } = context;
  const line = el("p", { role: "status" });
  let resources: ResourceView[] = [];
  const get = button(
    { action: "get-missing", icon: "download", label: translate("model_get") },
    () => actions.getModelFiles(listGettable(store.get(), "image")),
  );
  const choose = button(
    { action: "choose-checkpoint", icon: "check", label: translate("choose_checkpoint") },
    () => actions.chooseCheckpoint(findCheckpoint()?.local_name ?? ""),
  );
  const settings = button(
    { action: "models-settings", icon: "settings", label: translate("open_settings") },
    () => actions.panel("settings"),
  );
  const folders = el("span");
  const element = el("section", { class: "readiness row" }, line, get, choose, folders, settings);
  const needs = (state: State) => state.needs.image;
  store.on([needs, "jobs", "fileChoices", "engines", hasModels], draw, { signal });

  /** Return the section that says which models an image needs and which are missing. */
  function show(record: ImageDetails) {
    resources = record.resources;
    draw();
    // else the line that there is no infotext stands here
    element.hidden = record.infotext_source === "none" && !record.resources.length;
    return element;
  }

  function draw() {
    const state = store.get();
    const { answer, loading } = state.needs.image;
    const gettable = listGettable(state, "image");
    // a record may name a model twice, by its name and by its number
    const used = answer?.files ?? resources;
    const here = used.filter((one) => one.availability === "here");
    const absent = used.filter(isAbsent);
    const hasFolders = hasModels(state) && (!used.length || here.length + absent.length > 0);
    const coming = (answer?.files ?? []).filter((needed) => findJobFile(state.jobs, needed)).length;
    const availability = absent.length ? "missing" : here.length && "here";
    element.dataset.here = (hasFolders && availability) || "";
    if (!used.length) setText(line, translate("ready_unknown"));
    else if (!hasFolders) setText(line, translate("model_no_folders"));
    else if (coming && coming === absent.length)
      setText(line, translate("ready_all_coming", { n: coming }));
    else if (coming) setText(line, translate("ready_coming", { n: coming, all: absent.length }));
    else if (absent.length) {
      const key = absent.length === 1 ? "ready_missing_one" : "ready_missing";
      setText(line, translate(key, { list: listKinds(absent) }));
    } else setText(line, describeHere(here));
    const lacks = used.length > 0 && (absent.length > 0 || !hasFolders);
    const others = lacks && state.engines.find((one) => one.model_folders)?.model_folders;
    fill(folders, others && makeFoldersButton(context, others));
    settings.hidden = hasFolders || !used.length || Boolean(others);
    const isAsking = loading && !answer && absent.length > 0;
    get.hidden = !isAsking && (Boolean(answer?.locked) || !gettable.length);
    get.disabled = isAsking;
    const size = formatBytes(sumSizes(gettable, state.fileChoices));
    setLabel(get, size ? translate("model_get_size", { size }) : translate("model_get"));
    choose.hidden = !findCheckpoint() || !canChooseCheckpoint() || !get.hidden;
    choose.title = findCheckpoint()?.local_name ?? "";
  }

  function describeHere(here: Used[]) {
    const list = listKinds(here);
    if (!here.some(({ type }) => type === "model"))
      return translate("ready_no_checkpoint", { list });
    return translate(here.length === 1 ? "ready_here_one" : "ready_here", { list });
  }

  /** Return a text with the number of models of each kind, such as "Checkpoint and 2 LoRAs". */
  function listKinds(used: Used[]) {
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

  function findCheckpoint() {
    return resources.find((one) => one.type === "model" && one.availability === "here");
  }
  return { element, show };
}

/** Return the button that lets model files be searched where ComfyUI has its own. */
export function makeFoldersButton({ actions, translate }: Context, folders: string) {
  const look = { label: translate("engine_models"), title: folders } as const;
  return button({ action: "add-folders", icon: "folder", ...look }, () =>
    actions.addModelFolders(folders),
  );
}

function hasModels({ bootstrap }: State) {
  return bootstrap?.has_models ?? false;
}

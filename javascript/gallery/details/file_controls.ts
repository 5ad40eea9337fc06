import type { JobModelFile, NeededFileView, NewerVersionView, RemoteFileView } from "../contract";
import { button, el, setAttribute, setLabel, setText } from "../core/dom";
import { formatBytes, formatDate } from "../core/text";
import { Rows } from "../core/widgets";
import {
  canGet,
  findJobFailure,
  findJobFile,
  getChoice,
  getChosenFile,
  getRefusal,
  getSearchWords,
  isAbsent,
  makeNeedsQuery,
} from "../state/model_files";
import type { Context, FileChoice, State } from "../types";
import { makeExternalLink } from "./sections";

export class FileControls {
  element;
  #get;
  #choose = el("select", { "data-field": "model-file" });
  #trust = el("input", { type: "checkbox", "data-field": "trust" });
  #trustLabel;
  #companions = el("div", { class: "companions" });
  #bar = el("progress", { max: 100 });
  #line = el("span", { class: "line" });
  #progress;
  #refusal = el("p", { class: "refusal warns", dir: "auto" });
  #remarks = el("p", { class: "remarks", dir: "auto" });
  #search;
  #archive;
  #needed: NeededFileView | null = null;

  /** @param how hasButton: whether there is a button that downloads this file alone */
  constructor(
    private readonly context: Context,
    { hasButton }: { hasButton: boolean },
  ) {
    const { translate, actions } = context;
    this.#get = hasButton
      ? button(
          { action: "get-model", icon: "download", label: translate("model_get"), class: "get" },
          () => this.#needed && actions.getModelFiles([this.#needed]),
        )
      : null;
    this.#choose.addEventListener("change", () =>
      this.#change({ file: Number(this.#choose.value), allowed: null }),
    );
    this.#trustLabel = el(
      "label",
      { class: "trust" },
      this.#trust,
      el("span", {}, translate("model_pickle")),
    );
    this.#trust.addEventListener("change", () =>
      this.#change({ allowed: this.#trust.checked ? Number(this.#choose.value) : null }),
    );
    this.#progress = el("div", { class: "coming" }, this.#bar, this.#line);
    this.#search = button(
      { action: "search-civitai", icon: "search", label: translate("model_search_civitai") },
      () => this.#needed && actions.searchModels(getSearchWords(this.#needed)),
    );
    this.#archive = button(
      {
        action: "look-in-archive",
        icon: "search",
        label: translate("archive_look"),
        title: translate("archive_look_hint"),
      },
      () => this.#needed && actions.getArchivedFile(this.#needed),
    );
    this.element = el(
      "div",
      { class: "model-file" },
      this.#choose,
      this.#trustLabel,
      this.#companions,
      this.#get,
      this.#progress,
      this.#refusal,
      this.#remarks,
      this.#search,
      this.#archive,
    );
  }

  /** Show the state of a needed model. */
  draw(needed: NeededFileView) {
    const { store, translate } = this.context;
    const { jobs, fileChoices } = store.get();
    const isNews = needed !== this.#needed;
    this.#needed = needed;
    const file = getChosenFile(needed, fileChoices);
    const coming = findJobFile(jobs, needed);
    const isMissing = isAbsent(needed) && !coming;
    this.element.hidden = !isMissing && !coming && !needed.remarks.length;
    this.#remarks.hidden = !needed.remarks.length;
    setText(this.#remarks, needed.remarks.join(" "));
    if (isNews) this.#fillChoices(needed);
    this.#choose.hidden = !isMissing || Boolean(needed.refusal) || needed.choices.length < 2;
    if (file) this.#choose.value = String(file.id);
    this.#trustLabel.hidden =
      !isMissing || !file?.may_run_code || Boolean(getRefusal(needed, fileChoices));
    this.#trust.checked = file !== null && getChoice(needed, fileChoices).allowed === file.id;
    this.#companions.hidden = !isMissing || !file || Boolean(needed.refusal);
    const searched = { label: translate("model_search_civitai"), name: getSearchWords(needed) };
    this.#search.hidden = !isMissing || !searched.name;
    setAttribute(this.#search, "aria-label", translate("model_get_name", searched));
    this.#archive.hidden = !isMissing || !needed.sha256;
    this.#progress.hidden = !coming;
    if (coming) showReceived(this.#bar, coming);
    setText(this.#line, coming?.line ?? "");
    const refusal = getRefusal(needed, fileChoices) || findJobFailure(jobs, needed);
    this.#refusal.hidden = !isMissing || !refusal;
    setText(this.#refusal, refusal);
    this.#drawButton(needed, file, isMissing);
  }

  #fillChoices(needed: NeededFileView) {
    const { translate } = this.context;
    const name = needed.name || needed.hash;
    this.#choose.setAttribute("aria-label", translate("model_choose", { name }));
    this.#choose.replaceChildren(
      ...needed.choices.map((file) => el("option", { value: file.id }, this.#describeFile(file))),
    );
    this.#companions.replaceChildren(
      ...needed.companions.map((file) => this.#makeCompanionBox(file)),
    );
  }

  #describeFile(file: RemoteFileView) {
    const size = formatBytes(file.size);
    return [file.form, size, file.name].filter(Boolean).join(" · ");
  }

  /** Return the checkbox of a companion, such as a VAE, to download with the chosen file. */
  #makeCompanionBox(file: RemoteFileView) {
    const { translate, store } = this.context;
    const box = el("input", { type: "checkbox", "data-field": "companion" });
    const chosen = this.#needed && getChoice(this.#needed, store.get().fileChoices).companions;
    box.checked = chosen?.has(file.id) ?? false;
    box.disabled = Boolean(file.refusal);
    box.addEventListener("change", () => {
      if (!this.#needed) return;
      const companions = new Set(getChoice(this.#needed, store.get().fileChoices).companions);
      if (box.checked) companions.add(file.id);
      else companions.delete(file.id);
      this.#change({ companions });
    });
    const label = translate("model_companion", { name: this.#describeFile(file) });
    return el("label", { title: file.refusal || null }, box, el("span", { dir: "auto" }, label));
  }

  #change(change: Partial<FileChoice>) {
    if (this.#needed) this.context.actions.chooseFile(this.#needed, change);
  }

  /** Show the download button with the size of the file, if there are several to choose from. */
  #drawButton(needed: NeededFileView, file: RemoteFileView | null, isMissing: boolean) {
    if (!this.#get) return;
    const { store, translate } = this.context;
    const { fileChoices, needs, jobs } = store.get();
    const { answer } = needs.image;
    const isOnly =
      (answer?.files ?? []).filter((one) => isAbsent(one) && !findJobFile(jobs, one)).length < 2;
    this.#get.hidden =
      isOnly ||
      !isMissing ||
      !file ||
      Boolean(getRefusal(needed, fileChoices)) ||
      Boolean(answer?.locked);
    this.#get.disabled = !canGet(needed, fileChoices);
    const size = formatBytes(file?.size ?? 0);
    const label = size ? translate("model_get_size", { size }) : translate("model_get");
    setLabel(this.#get, size || label);
    const name = needed.name || needed.hash;
    this.#get.setAttribute("aria-label", translate("model_get_name", { label, name }));
    this.#get.title = needed.folder ? translate("model_goes_to", { folder: needed.folder }) : "";
  }
}

/** Return the button that lists the file of a newer version, null if there is none. */
export function makeNewerButton(context: Context, newer: NewerVersionView | null) {
  if (!newer) return null;
  const { translate, actions } = context;
  const { model, version, version_name, base_model, date, about, remarks } = newer;
  const day = formatDate(date, false);
  const name = [version_name, base_model, day].filter(Boolean).join(" · ");
  return button(
    {
      action: "get-version",
      icon: "again",
      label: translate("newer_version", { name }),
      title: [about, ...remarks].filter(Boolean).join("\n"),
      class: "quiet newer",
    },
    () => actions.listNeeds(makeNeedsQuery({ model, version })),
  );
}

export class JobFiles {
  element = el("ul", { class: "job-files" });
  #rows: Rows<JobModelFile, JobFileRow> = new Rows(
    this.element,
    (file) => file.file_id,
    () => new JobFileRow(),
  );

  /** Show the model files of a job; a job that downloads images has none. */
  draw(files: JobModelFile[]) {
    this.element.hidden = !files.length;
    this.#rows.draw(files);
  }
}

function showReceived(bar: HTMLProgressElement, { title, name, received, size }: JobModelFile) {
  setAttribute(bar, "aria-label", title || name);
  if (size) bar.value = Math.min(100, (100 * received) / size);
  else bar.removeAttribute("value");
}

class JobFileRow {
  element;
  #name = el("span", { class: "name", dir: "auto" });
  #bar = el("progress", { max: 100 });
  #line = el("span", { class: "line", dir: "auto" });
  #drawnName = "";

  constructor() {
    this.element = el("li", {}, this.#name, this.#bar, this.#line);
  }

  /** Show the state of a file. */
  draw(file: JobModelFile) {
    const { title, name, url, state, line } = file;
    const shown = title || name;
    if (shown !== this.#drawnName) {
      this.#name.replaceChildren(url ? makeExternalLink(url, shown) : el("bdi", {}, shown));
      this.#drawnName = shown;
    }
    this.element.dataset.state = state;
    this.#bar.hidden = state !== "running";
    showReceived(this.#bar, file);
    setText(this.#line, title ? `${name} · ${line}` : line);
  }
}

export class GetModel {
  element;

  constructor(private readonly context: Context) {
    const { translate, actions, store, signal } = context;
    this.element = button(
      { action: "get-this-model", icon: "model", label: translate("model_get_this"), title: "" },
      () => {
        // the downloads while the model is being downloaded, else the list with its file
        const { jobs, needs } = store.get();
        if (this.#needed && findJobFile(jobs, this.#needed)) actions.panel("jobs");
        else actions.listNeeds(needs.gallery.of);
      },
    );
    this.element.hidden = true;
    store.on([makeQuery], (now) => actions.showNeeds("gallery", makeQuery(now)), { signal });
    store.on([(state) => state.needs.gallery, "jobs", "fileChoices"], () => this.#draw(), {
      signal,
    });
    actions.showNeeds("gallery", makeQuery(store.get()));
  }

  get #needed() {
    return this.context.store.get().needs.gallery.answer?.files[0] ?? null;
  }

  #draw() {
    const { store, translate } = this.context;
    const { jobs, fileChoices } = store.get();
    const needed = this.#needed;
    this.element.hidden = !needed || !isAbsent(needed);
    if (!needed || this.element.hidden) return;
    const coming = findJobFile(jobs, needed);
    const percent = coming?.size ? Math.floor((100 * coming.received) / coming.size) : 0;
    const size = formatBytes(getChosenFile(needed, fileChoices)?.size ?? 0);
    const key = size ? "model_get_this_size" : "model_get_this";
    const reason = needed.refusal_short;
    const offer = reason ? translate("model_not_available", { reason }) : translate(key, { size });
    const text = coming ? translate("model_coming", { percent }) : offer;
    setLabel(this.element, text);
    this.element.classList.toggle("quiet", reason !== "" && !coming);
    this.element.toggleAttribute("data-on", coming !== null);
    this.element.title = needed.refusal || translate("model_get_this_hint");
  }
}

/** Return the query for the open model's files, "" without one or without a models folder. */
function makeQuery({ where, model, bootstrap }: State) {
  const isOpen = where.model !== null && model?.id === where.model;
  return isOpen && bootstrap?.host.has_models
    ? makeNeedsQuery({ model: where.model, version: where.version })
    : "";
}

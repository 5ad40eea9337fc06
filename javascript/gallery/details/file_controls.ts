/** The buttons and choices of a model file: which file, its size and safety, *Get*, its progress. */

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

/** @param how hasButton: whether there is a button that downloads this file alone */
export function makeFileControls(context: Context, { hasButton }: { hasButton: boolean }) {
  const { actions, store, translate } = context;
  const choose = el("select", { "data-field": "model-file" });
  const trust = el("input", { type: "checkbox", "data-field": "trust" });
  const companions = el("div", { class: "companions" });
  const bar = el("progress", { max: 100 });
  const line = el("span", { class: "line" });
  const refusalText = el("p", { class: "refusal warns", dir: "auto" });
  const remarks = el("p", { class: "remarks", dir: "auto" });
  let shown: NeededFileView | null = null;
  const get = hasButton
    ? button(
        { action: "get-model", icon: "download", label: translate("model_get"), class: "get" },
        () => shown && actions.getModelFiles([shown]),
      )
    : null;
  choose.addEventListener("change", () => change({ file: Number(choose.value), allowed: null }));
  const trustLabel = el(
    "label",
    { class: "trust" },
    trust,
    el("span", {}, translate("model_pickle")),
  );
  trust.addEventListener("change", () =>
    change({ allowed: trust.checked ? Number(choose.value) : null }),
  );
  const progress = el("div", { class: "coming" }, bar, line);
  const search = button(
    { action: "search-civitai", icon: "search", label: translate("model_search_civitai") },
    () => shown && actions.searchModels(getSearchWords(shown)),
  );
  const archive = button(
    {
      action: "look-in-archive",
      icon: "search",
      label: translate("archive_look"),
      title: translate("archive_look_hint"),
    },
    () => shown && actions.getArchivedFile(shown),
  );
  const element = el(
    "div",
    { class: "model-file row" },
    choose,
    trustLabel,
    companions,
    get,
    progress,
    refusalText,
    remarks,
    search,
    archive,
  );

  /** Show the state of a needed model. */
  function draw(needed: NeededFileView) {
    const { jobs, fileChoices } = store.get();
    const isNews = needed !== shown;
    shown = needed;
    const file = getChosenFile(needed, fileChoices);
    const coming = findJobFile(jobs, needed);
    const isMissing = isAbsent(needed) && !coming;
    element.hidden = !isMissing && !coming && !needed.remarks.length;
    remarks.hidden = !needed.remarks.length;
    setText(remarks, needed.remarks.join(" "));
    if (isNews) fillChoices(needed);
    choose.hidden = !isMissing || Boolean(needed.refusal) || needed.choices.length < 2;
    if (file) choose.value = String(file.id);
    trustLabel.hidden =
      !isMissing || !file?.may_run_code || Boolean(getRefusal(needed, fileChoices));
    trust.checked = file !== null && getChoice(needed, fileChoices).allowed === file.id;
    companions.hidden = !isMissing || !file || Boolean(needed.refusal) || !needed.companions.length;
    const searched = { label: translate("model_search_civitai"), name: getSearchWords(needed) };
    search.hidden = !isMissing || !searched.name;
    setAttribute(search, "aria-label", translate("model_get_name", searched));
    archive.hidden = !isMissing || !needed.sha256;
    progress.hidden = !coming;
    if (coming) showReceived(bar, coming);
    setText(line, coming?.line ?? "");
    const refusal = getRefusal(needed, fileChoices) || findJobFailure(jobs, needed);
    refusalText.hidden = !isMissing || !refusal;
    setText(refusalText, refusal);
    drawButton(needed, file, isMissing);
  }

  function fillChoices(needed: NeededFileView) {
    const name = needed.name || needed.hash;
    choose.setAttribute("aria-label", translate("model_choose", { name }));
    choose.replaceChildren(
      ...needed.choices.map((file) => el("option", { value: file.id }, describeFile(file))),
    );
    companions.replaceChildren(...needed.companions.map(makeCompanionBox));
  }

  function describeFile(file: RemoteFileView) {
    const size = formatBytes(file.size);
    return [file.form, size, file.name].filter(Boolean).join(" · ");
  }

  /** Return the checkbox of a companion, such as a VAE, to download with the chosen file. */
  function makeCompanionBox(file: RemoteFileView) {
    const box = el("input", { type: "checkbox", "data-field": "companion" });
    const chosen = shown && getChoice(shown, store.get().fileChoices).companions;
    box.checked = chosen?.has(file.id) ?? false;
    box.disabled = Boolean(file.refusal);
    box.addEventListener("change", () => {
      if (!shown) return;
      const companions = new Set(getChoice(shown, store.get().fileChoices).companions);
      if (box.checked) companions.add(file.id);
      else companions.delete(file.id);
      change({ companions });
    });
    const label = translate("model_companion", { name: describeFile(file) });
    return el("label", { title: file.refusal || null }, box, el("span", { dir: "auto" }, label));
  }

  function change(choice: Partial<FileChoice>) {
    if (shown) actions.chooseFile(shown, choice);
  }

  function drawButton(needed: NeededFileView, file: RemoteFileView | null, isMissing: boolean) {
    if (!get) return;
    const { fileChoices, needs, jobs } = store.get();
    const { answer } = needs.image;
    const isOnly =
      (answer?.files ?? []).filter((one) => isAbsent(one) && !findJobFile(jobs, one)).length < 2;
    get.hidden =
      isOnly ||
      !isMissing ||
      !file ||
      Boolean(getRefusal(needed, fileChoices)) ||
      Boolean(answer?.locked);
    get.disabled = !canGet(needed, fileChoices);
    const size = formatBytes(file?.size ?? 0);
    const label = size ? translate("model_get_size", { size }) : translate("model_get");
    setLabel(get, size || label);
    const name = needed.name || needed.hash;
    get.setAttribute("aria-label", translate("model_get_name", { label, name }));
    get.title = needed.folder ? translate("model_goes_to", { folder: needed.folder }) : "";
  }
  return { element, draw };
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

export function makeJobFiles() {
  const element = el("ul", { class: "job-files stack" });
  const getKey = ({ file_id }: JobModelFile) => file_id;
  const rows = new Rows(element, getKey, makeJobFileRow);

  /** Show the model files of a job; a job that downloads images has none. */
  function draw(files: JobModelFile[]) {
    element.hidden = !files.length;
    rows.draw(files);
  }
  return { element, draw };
}

function showReceived(bar: HTMLProgressElement, { title, name, received, size }: JobModelFile) {
  setAttribute(bar, "aria-label", title || name);
  if (size) bar.value = Math.min(100, (100 * received) / size);
  else bar.removeAttribute("value");
}

function makeJobFileRow() {
  const nameBox = el("span", { class: "name", dir: "auto" });
  const bar = el("progress", { max: 100 });
  const lineText = el("span", { class: "line", dir: "auto" });
  let drawnName = "";
  const element = el("li", {}, nameBox, bar, lineText);

  /** Show the state of a file. */
  function draw(file: JobModelFile) {
    const { title, name, url, state, line } = file;
    const shown = title || name;
    if (shown !== drawnName) {
      nameBox.replaceChildren(url ? makeExternalLink(url, shown) : el("bdi", {}, shown));
      drawnName = shown;
    }
    element.dataset.state = state;
    bar.hidden = state !== "running";
    showReceived(bar, file);
    setText(lineText, title ? `${name} · ${line}` : line);
  }
  return { element, draw };
}

export function makeGetModel(context: Context) {
  const { actions, signal, store, translate } = context;
  const element = button(
    { action: "get-this-model", icon: "model", label: translate("model_get_this"), title: "" },
    () => {
      // the downloads while the model is being downloaded, else the list with its file
      const { jobs, needs } = store.get();
      const needed = findNeeded();
      if (needed && findJobFile(jobs, needed)) actions.panel("jobs");
      else actions.listNeeds(needs.gallery.of);
    },
  );
  element.hidden = true;
  store.on([makeQuery], (now) => actions.showNeeds("gallery", makeQuery(now)), { signal });
  store.on([(state) => state.needs.gallery, "jobs", "fileChoices"], draw, {
    signal,
  });
  actions.showNeeds("gallery", makeQuery(store.get()));

  function findNeeded() {
    return store.get().needs.gallery.answer?.files[0] ?? null;
  }

  function draw() {
    const { jobs, fileChoices } = store.get();
    const needed = findNeeded();
    element.hidden = !needed || !isAbsent(needed);
    if (!needed || element.hidden) return;
    const coming = findJobFile(jobs, needed);
    const percent = coming?.size ? Math.floor((100 * coming.received) / coming.size) : 0;
    const size = formatBytes(getChosenFile(needed, fileChoices)?.size ?? 0);
    const key = size ? "model_get_this_size" : "model_get_this";
    const reason = needed.refusal_short;
    const offer = reason ? translate("model_not_available", { reason }) : translate(key, { size });
    const text = coming ? translate("model_coming", { percent }) : offer;
    setLabel(element, text);
    element.classList.toggle("quiet", reason !== "" && !coming);
    element.toggleAttribute("data-on", coming !== null);
    element.title = needed.refusal || translate("model_get_this_hint");
  }
  return { element };
}

/** Return the query for the open model's files, "" without one or without a models folder. */
function makeQuery({ where, model, bootstrap }: State) {
  const isOpen = where.model !== null && model?.id === where.model;
  return isOpen && bootstrap?.has_models
    ? makeNeedsQuery({ model: where.model, version: where.version })
    : "";
}

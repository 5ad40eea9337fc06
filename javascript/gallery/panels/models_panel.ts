/** The panel of the models that images need: those to get, and what that takes on the disk. */

import type { Disk, NeededFileView } from "../contract";
import { button, el, fill, setLabel } from "../core/dom";
import { formatBytes } from "../core/text";
import { Rows } from "../core/widgets";
import { makeFileControls, makeNewerButton } from "../details/file_controls";
import { makeExternalLink } from "../details/sections";
import {
  canGet,
  findJobFile,
  getChosenFile,
  getModelTypeName,
  getRefusal,
  isAbsent,
  listGettable,
  makeRequest,
  sumSizes,
} from "../state/model_files";
import type { Context, State } from "../types";
import { Panel } from "./panel";

/** @param unchecked keys of the files that the user has unchecked; the row adds and removes its
 *     own
 * @param changed called when the user checks or unchecks the row */
function makeNeededRow(context: Context, unchecked: Set<string>, changed: () => void) {
  const { store, translate } = context;
  const box = el("input", { type: "checkbox", "data-field": "needed" });
  const title = el("h3", { dir: "auto" });
  const facts = el("p", { class: "dim" });
  const licence = el("p", { class: "dim licence", dir: "auto" });
  const newer = el("div");
  const folder = el("p", { class: "dim", dir: "auto" });
  let shown: NeededFileView | null = null;
  const controls = makeFileControls(context, { hasButton: false });
  box.addEventListener("change", () => {
    const key = shown?.key ?? "";
    unchecked[box.checked ? "delete" : "add"](key);
    changed();
  });
  const element = el(
    "li",
    { class: "needed" },
    el("label", {}, box),
    el("div", {}, title, facts, licence, newer, controls.element, folder),
  );

  /** Show the state of a needed model. */
  function draw(needed: NeededFileView) {
    const { fileChoices, jobs, needs } = store.get();
    const name = needed.name || needed.hash;
    if (needed !== shown) {
      title.replaceChildren(needed.url ? makeExternalLink(needed.url, name) : el("bdi", {}, name));
      box.setAttribute("aria-label", translate("model_choose_one", { name }));
      fill(newer, makeNewerButton(context, needed.newer));
    }
    shown = needed;
    element.dataset.here = needed.availability;
    const file = getChosenFile(needed, fileChoices);
    const isOffered = isAbsent(needed) && file !== null && !getRefusal(needed, fileChoices);
    const isGettable = canGet(needed, fileChoices) && !findJobFile(jobs, needed);
    box.disabled = !isGettable;
    box.checked = isGettable && !unchecked.has(needed.key);
    const isMany = (needs.list.answer?.image_count ?? 0) > 1;
    facts.textContent = [
      getModelTypeName(needed.type, translate),
      needed.availability_label,
      !needed.url && needed.hash,
      isOffered && formatBytes(file.size),
      isMany && translate("model_needed_by", { n: needed.image_count }),
    ]
      .filter(Boolean)
      .join(" · ");
    licence.textContent = needed.licence;
    controls.draw(needed);
    folder.textContent = translate("model_goes_to", { folder: needed.folder });
    folder.hidden = !isOffered || !needed.folder;
  }
  return { element, draw };
}

export function addModelFilesPanel(context: Context) {
  const { actions, signal, store, translate } = context;
  /** keys of the files that the user left out */
  const unchecked = new Set<string>();
  let shownOf = "";
  const summary = el("p", { class: "summary", role: "status" });
  const list = el("ul", { class: "needed-list" });
  const all = el("input", { type: "checkbox", "data-field": "needed-all" });
  const diskList = el("ul", { class: "disks" });
  const rows: Rows<NeededFileView, ReturnType<typeof makeNeededRow>> = new Rows(
    list,
    ({ key }) => key,
    () => makeNeededRow(context, unchecked, draw),
  );
  const get = button(
    { action: "get-chosen", icon: "download", label: translate("model_get"), class: "primary" },
    () => actions.getModelFiles(listChosen()),
  );
  const settings = button(
    { action: "models-settings", icon: "settings", label: translate("open_settings") },
    () => actions.panel("settings"),
  );
  const allLabel = el("label", { class: "all" }, all, el("span", {}, translate("model_all")));
  all.addEventListener("change", () => {
    for (const { key } of listGettable(store.get(), "list"))
      unchecked[all.checked ? "delete" : "add"](key);
    draw();
  });
  const footer = el("footer", { class: "get-chosen stack" }, diskList, get);
  const ownPanel = new Panel(context, "model_files", {
    title: "model_files_title",
    build: () => [summary, settings, allLabel, list, footer],
    opened: draw,
    read: () => store.get().needs.list.problem && actions.retryNeeds("list"),
  });
  const keys = [(now: State) => now.needs.list];
  store.on([...keys, "jobs", "fileChoices", "bootstrap"], draw, { signal });
  const leave = ({ panel, needs }: State) =>
    panel !== "model_files" && needs.list.loading && actions.showNeeds("list", "");
  store.on(["panel"], leave, { signal });

  function draw() {
    if (!ownPanel.isOpen) return;
    const state = store.get();
    const { of, answer, problem, loading } = state.needs.list;
    if (of !== shownOf) unchecked.clear();
    shownOf = of;
    rows.draw(answer?.files ?? []);
    const hasFolders = state.bootstrap?.has_models ?? false;
    ownPanel.showProblem(problem);
    settings.hidden = hasFolders;
    summary.textContent = hasFolders ? summarize(loading) : translate("model_no_folders");
    const gettable = listGettable(state, "list");
    const chosen = listChosen();
    allLabel.hidden = gettable.length < 2;
    all.checked = chosen.length === gettable.length;
    all.indeterminate = chosen.length > 0 && !all.checked;
    drawFooter(chosen, answer?.locked ?? "");
  }

  function summarize(loading: boolean) {
    const { answer } = store.get().needs.list;
    if (!answer) return loading ? translate("model_looking") : "";
    const { files, image_count: images } = answer;
    if (!files.length) return translate("model_none_needed");
    const absent = files.filter(isAbsent);
    const refused = absent.filter((one) => getRefusal(one, store.get().fileChoices)).length;
    const parts = [
      images > 1 && translate("model_images", { n: images }),
      files.length > 1 &&
        translate("model_needed", { n: files.length, here: files.length - absent.length }),
      files.length > 1 && refused > 0 && translate("model_refused", { n: refused }),
    ];
    return parts.filter(Boolean).join(" ");
  }

  function drawFooter(chosen: NeededFileView[], locked: string) {
    const { fileChoices, needs, jobs } = store.get();
    const size = formatBytes(sumSizes(chosen, fileChoices));
    const key = size ? "model_get_n" : "model_get_n_unknown";
    const n = makeRequest(chosen, fileChoices).length;
    setLabel(get, translate(chosen.length ? key : "model_get_none", { n, size }));
    get.disabled = !chosen.length;
    get.hidden = Boolean(locked);
    const { disks = [], files = [] } = needs.list.answer ?? {};
    diskList.replaceChildren(
      ...disks.map((_, at) => makeDiskLine(disks, at, chosen)),
      locked && el("li", { "data-short": true }, locked),
    );
    const isOffered = (one: NeededFileView) =>
      isAbsent(one) && one.file !== null && !getRefusal(one, fileChoices);
    footer.hidden = !files.some((one) => isOffered(one) && !findJobFile(jobs, one));
  }

  function makeDiskLine(disks: Disk[], at: number, chosen: NeededFileView[]) {
    const { fileChoices } = store.get();
    const { free, usable, folder } = disks[at];
    const here = chosen.filter((one) => one.disk === at);
    const needed = sumSizes(here, fileChoices);
    const format = (bytes: number) => formatBytes(bytes) || "0";
    const values = { size: format(needed), free: format(free), folder };
    const text = translate(disks.length > 1 ? "model_disk" : "model_free", values);
    const isShort = needed > usable;
    const short = isShort && ` ${translate("model_disk_short")}`;
    return el("li", { dir: "auto", "data-short": isShort }, text, short);
  }

  function listChosen() {
    const gettable = listGettable(store.get(), "list");
    return gettable.filter(({ key }) => !unchecked.has(key));
  }
}

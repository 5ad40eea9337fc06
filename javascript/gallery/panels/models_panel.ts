import type { Disk, NeededFileView } from "../contract";
import { button, el, fill, setLabel } from "../core/dom";
import { formatBytes } from "../core/text";
import { Rows } from "../core/widgets";
import { FileControls, makeNewerButton } from "../details/file_controls";
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

class NeededRow {
  element;
  #box = el("input", { type: "checkbox", "data-field": "needed" });
  #title = el("h3", { dir: "auto" });
  #facts = el("p", { class: "dim" });
  #licence = el("p", { class: "dim licence", dir: "auto" });
  #newer = el("div");
  #folder = el("p", { class: "dim", dir: "auto" });
  #controls;
  #needed: NeededFileView | null = null;

  /** @param unchecked keys of the files that the user has unchecked; the row adds and removes its
   *     own
   * @param changed called when the user checks or unchecks the row */
  constructor(
    private readonly context: Context,
    private readonly unchecked: Set<string>,
    changed: () => void,
  ) {
    this.#controls = new FileControls(context, { hasButton: false });
    this.#box.addEventListener("change", () => {
      const key = this.#needed?.key ?? "";
      unchecked[this.#box.checked ? "delete" : "add"](key);
      changed();
    });
    this.element = el(
      "li",
      { class: "needed" },
      el("label", {}, this.#box),
      el(
        "div",
        {},
        this.#title,
        this.#facts,
        this.#licence,
        this.#newer,
        this.#controls.element,
        this.#folder,
      ),
    );
  }

  /** Show the state of a needed model. */
  draw(needed: NeededFileView) {
    const { store, translate } = this.context;
    const { fileChoices, jobs, needs } = store.get();
    const name = needed.name || needed.hash;
    if (needed !== this.#needed) {
      this.#title.replaceChildren(
        needed.url ? makeExternalLink(needed.url, name) : el("bdi", {}, name),
      );
      this.#box.setAttribute("aria-label", translate("model_choose_one", { name }));
      fill(this.#newer, makeNewerButton(this.context, needed.newer));
    }
    this.#needed = needed;
    this.element.dataset.here = needed.availability;
    const file = getChosenFile(needed, fileChoices);
    const isOffered = isAbsent(needed) && file !== null && !getRefusal(needed, fileChoices);
    const isGettable = canGet(needed, fileChoices) && !findJobFile(jobs, needed);
    this.#box.disabled = !isGettable;
    this.#box.checked = isGettable && !this.unchecked.has(needed.key);
    const isMany = (needs.list.answer?.image_count ?? 0) > 1;
    this.#facts.textContent = [
      getModelTypeName(needed.type, translate),
      needed.availability_label,
      !needed.url && needed.hash,
      isOffered && formatBytes(file.size),
      isMany && translate("model_needed_by", { n: needed.image_count }),
    ]
      .filter(Boolean)
      .join(" · ");
    this.#licence.textContent = needed.licence;
    this.#controls.draw(needed);
    this.#folder.textContent = translate("model_goes_to", { folder: needed.folder });
    this.#folder.hidden = !isOffered || !needed.folder;
  }
}

export class ModelFilesPanel {
  panel;
  /** keys of the files that the user left out */
  #unchecked = new Set<string>();
  #of = "";
  #summary = el("p", { class: "summary", role: "status" });
  #list = el("ul", { class: "needed-list" });
  #all = el("input", { type: "checkbox", "data-field": "needed-all" });
  #allLabel;
  #rows: Rows<NeededFileView, NeededRow>;
  #disks = el("ul", { class: "disks" });
  #get;
  #footer;
  #settings;

  constructor(private readonly context: Context) {
    const { translate, actions, store, signal } = context;
    this.#rows = new Rows(
      this.#list,
      ({ key }) => key,
      () => new NeededRow(context, this.#unchecked, () => this.#draw()),
    );
    this.#get = button(
      { action: "get-chosen", icon: "download", label: translate("model_get"), class: "primary" },
      () => actions.getModelFiles(this.#listChosen()),
    );
    this.#settings = button(
      { action: "models-settings", icon: "settings", label: translate("open_settings") },
      () => actions.panel("settings"),
    );
    this.#allLabel = el(
      "label",
      { class: "all" },
      this.#all,
      el("span", {}, translate("model_all")),
    );
    this.#all.addEventListener("change", () => {
      for (const { key } of listGettable(store.get(), "list"))
        this.#unchecked[this.#all.checked ? "delete" : "add"](key);
      this.#draw();
    });
    this.#footer = el("footer", { class: "get-chosen" }, this.#disks, this.#get);
    this.panel = new Panel(context, "model_files", {
      title: "model_files_title",
      build: () => [this.#summary, this.#settings, this.#allLabel, this.#list, this.#footer],
      opened: () => this.#draw(),
      read: () => store.get().needs.list.problem && actions.retryNeeds("list"),
    });
    const keys = [(now: State) => now.needs.list];
    store.on([...keys, "jobs", "fileChoices", "bootstrap"], () => this.#draw(), { signal });
    const leave = ({ panel, needs }: State) =>
      panel !== "model_files" && needs.list.loading && actions.showNeeds("list", "");
    store.on(["panel"], leave, { signal });
  }

  #draw() {
    if (!this.panel.isOpen) return;
    const { store, translate } = this.context;
    const state = store.get();
    const { of, answer, problem, loading } = state.needs.list;
    if (of !== this.#of) this.#unchecked.clear();
    this.#of = of;
    this.#rows.draw(answer?.files ?? []);
    const hasFolders = state.bootstrap?.host.has_models ?? false;
    this.panel.showProblem(problem);
    this.#settings.hidden = hasFolders;
    this.#summary.textContent = hasFolders
      ? this.#summarize(loading)
      : translate("model_no_folders");
    const gettable = listGettable(state, "list");
    const chosen = this.#listChosen();
    this.#allLabel.hidden = gettable.length < 2;
    this.#all.checked = chosen.length === gettable.length;
    this.#all.indeterminate = chosen.length > 0 && !this.#all.checked;
    this.#drawFooter(chosen, answer?.locked ?? "");
  }

  /** Return how many models are needed, are present, and cannot be downloaded. */
  #summarize(loading: boolean) {
    const { store, translate } = this.context;
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

  #drawFooter(chosen: NeededFileView[], locked: string) {
    const { store, translate } = this.context;
    const { fileChoices, needs, jobs } = store.get();
    const size = formatBytes(sumSizes(chosen, fileChoices));
    const key = size ? "model_get_n" : "model_get_n_unknown";
    const n = makeRequest(chosen, fileChoices).length;
    setLabel(this.#get, translate(chosen.length ? key : "model_get_none", { n, size }));
    this.#get.disabled = !chosen.length;
    this.#get.hidden = Boolean(locked);
    const { disks = [], files = [] } = needs.list.answer ?? {};
    this.#disks.replaceChildren(
      ...disks.map((_, at) => this.#makeDiskLine(disks, at, chosen)),
      locked && el("li", { "data-short": true }, locked),
    );
    const isOffered = (one: NeededFileView) =>
      isAbsent(one) && one.file !== null && !getRefusal(one, fileChoices);
    this.#footer.hidden = !files.some((one) => isOffered(one) && !findJobFile(jobs, one));
  }

  #makeDiskLine(disks: Disk[], at: number, chosen: NeededFileView[]) {
    const { store, translate } = this.context;
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

  #listChosen() {
    const gettable = listGettable(this.context.store.get(), "list");
    return gettable.filter(({ key }) => !this.#unchecked.has(key));
  }
}

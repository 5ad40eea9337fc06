/** The panel that lists the models that images need, to download all or some of them. */

import { button, el } from "../core/dom.js";
import { formatBytes } from "../core/format.js";
import { icon } from "../core/icons.js";
import { Panel } from "../panels/panel.js";
import { Rows } from "../panels/rows.js";
import {
  findJobFile,
  getRefusal,
  isAbsent,
  listGettable,
  makeRequest,
  sumSizes,
} from "../state/model_files.js";
import { NeededRow } from "./needed_row.js";

/** @import { Context, NeededFile } from "../types.js" */

export class ModelFilesPanel {
  #context;
  /** @type {Set<string>} keys of the files that the user left out */
  #left = new Set();
  #of = "";
  #summary = el("p", { class: "summary", role: "status" });
  #list = el("ul", { class: "needed-list" });
  #all = el("input", { type: "checkbox", "data-field": "needed-all" });
  #allLabel;
  /** @type {Rows<NeededFile, {element: Element, draw: (one: NeededFile) => void}>} */
  #rows;
  #retry;
  #disks = el("ul", { class: "disks" });
  #get;
  #footer;
  #settings;

  /** @param {Context} context */
  constructor(context) {
    const { words, actions, store, signal } = context;
    this.#context = context;
    this.#rows = new Rows(
      this.#list,
      ({ key }) => key,
      ({ key }) => this.#makeRow(key),
      () => this.panel.focus(),
    );
    this.#retry = button(
      { action: "needs-again", icon: icon("again"), words: words("do_retry") },
      () => actions.retryNeeds("list"),
    );
    this.#get = button(
      { action: "get-chosen", icon: icon("download"), words: words("model_get"), class: "primary" },
      () => actions.getModelFiles(this.#listChosen()),
    );
    this.#settings = button(
      { action: "models-settings", icon: icon("settings"), words: words("open_settings") },
      () => actions.panel("settings"),
    );
    this.#allLabel = el("label", { class: "all" }, this.#all, el("span", {}, words("model_all")));
    this.#all.addEventListener("change", () => this.#chooseAll(this.#all.checked));
    this.#footer = el("footer", { class: "get-chosen" }, this.#disks, this.#get);
    this.panel = new Panel(context, "model_files", {
      title: "model_files_title",
      build: () => [
        this.#summary,
        this.#settings,
        this.#retry,
        this.#allLabel,
        this.#list,
        this.#footer,
      ],
      opened: () => this.#draw(),
    });
    const keys = [(/** @type {import("../types.js").State} */ now) => now.needs.list];
    store.on([...keys, "jobs", "fileChoices", "bootstrap"], () => this.#draw(), { signal });
    store.on(["panel"], () => this.#leave(), { signal });
  }

  /** Return the row of a file. All files are chosen until the user unchecks them.
   * @param {string} key */
  #makeRow(key) {
    const row = new NeededRow(this.#context, (isChosen) => this.#choose(key, isChosen));
    const { element } = row;
    return {
      element,
      draw: (/** @type {NeededFile} */ one) => row.draw(one, !this.#left.has(key)),
    };
  }

  /** Stop loading the list once the panel is closed. */
  #leave() {
    const { store, actions } = this.#context;
    if (!this.panel.isOpen && store.get().needs.list.loading) actions.showNeeds("list", "");
  }

  #draw() {
    if (!this.panel.isOpen) return;
    const { store, words } = this.#context;
    const state = store.get();
    const { of, answer, problem, loading } = state.needs.list;
    if (of !== this.#of) this.#left.clear();
    this.#of = of;
    const files = answer?.files ?? [];
    this.#rows.draw(files);
    const hasFolders = state.bootstrap?.host.has_models ?? false;
    this.#settings.hidden = hasFolders || Boolean(problem);
    this.#retry.hidden = !problem;
    this.#summary.textContent =
      problem || (hasFolders ? this.#summarize(loading) : words("model_no_folders"));
    this.#drawAll();
    this.#drawFooter(answer?.locked ?? "");
  }

  /** Show whether all files are chosen that can be downloaded. */
  #drawAll() {
    const gettable = this.#listGettable();
    const chosen = gettable.filter(({ key }) => !this.#left.has(key)).length;
    this.#allLabel.hidden = gettable.length < 2;
    this.#all.checked = chosen === gettable.length;
    this.#all.indeterminate = chosen > 0 && chosen < gettable.length;
  }

  /** Check or uncheck all files that can be downloaded. @param {boolean} isChosen */
  #chooseAll(isChosen) {
    for (const { key } of this.#listGettable()) {
      if (isChosen) this.#left.delete(key);
      else this.#left.add(key);
    }
    this.#draw();
  }

  /** Return a text with the number of models and of those present.
   * @param {boolean} loading  whether a response is awaited */
  #summarize(loading) {
    const { store, words } = this.#context;
    const { answer } = store.get().needs.list;
    if (!answer) return loading ? words("model_looking") : "";
    const { files, image_count: images } = answer;
    if (!files.length) return words("model_none_needed");
    const absent = files.filter(isAbsent);
    const refused = absent.filter((one) => getRefusal(one, store.get().fileChoices)).length;
    const parts = [
      images > 1 && words("model_images", { n: images }),
      files.length > 1 &&
        words("model_needed", { n: files.length, here: files.length - absent.length }),
      files.length > 1 && refused > 0 && words("model_refused", { n: refused }),
    ];
    return parts.filter(Boolean).join(" ");
  }

  /** Show the download button and the free space on the disks.
   * @param {string} locked  why no download can be started here, "" if it can */
  #drawFooter(locked) {
    const { store, words } = this.#context;
    const { fileChoices, bootstrap, needs, jobs } = store.get();
    const chosen = this.#listChosen();
    const language = bootstrap?.language;
    const size = formatBytes(sumSizes(chosen, fileChoices), language);
    const label = this.#get.querySelector("span");
    const key = size ? "model_get_n" : "model_get_n_unknown";
    const n = makeRequest(chosen, fileChoices).length;
    const text = words(chosen.length ? key : "model_get_none", { n, size });
    if (label) label.textContent = text;
    this.#get.disabled = !chosen.length;
    this.#get.hidden = Boolean(locked);
    const disks = needs.list.answer?.disks ?? [];
    const lines = disks.map((disk, index) => {
      const here = chosen.filter((one) => one.disk === index);
      const needed = sumSizes(here, fileChoices);
      const values = {
        size: formatBytes(needed, language) || "0",
        free: formatBytes(disk.free, language) || "0",
        folder: disk.folder,
      };
      const text = words(disks.length > 1 ? "model_disk" : "model_free", values);
      const isShort = needed > disk.usable;
      return el(
        "li",
        { dir: "auto", "data-short": isShort },
        isShort ? `${text} ${words("model_disk_short")}` : text,
      );
    });
    this.#disks.replaceChildren(
      ...lines,
      ...(locked ? [el("li", { "data-short": true }, locked)] : []),
    );
    const isOffered = (/** @type {NeededFile} */ one) =>
      isAbsent(one) && one.file !== null && !getRefusal(one, fileChoices);
    const files = needs.list.answer?.files ?? [];
    this.#footer.hidden = !files.some((one) => isOffered(one) && !findJobFile(jobs, one));
  }

  /** Return the files that will be downloaded. */
  #listChosen() {
    return this.#listGettable().filter(({ key }) => !this.#left.has(key));
  }

  #listGettable() {
    const state = this.#context.store.get();
    return listGettable(state, state.needs.list.answer?.files ?? []);
  }

  /** Check or uncheck a file.
   * @param {string} key
   * @param {boolean} isChosen */
  #choose(key, isChosen) {
    if (isChosen) this.#left.delete(key);
    else this.#left.add(key);
    this.#draw();
  }
}

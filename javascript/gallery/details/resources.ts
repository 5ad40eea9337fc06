/** The resources that an image was made with: which are present, and how to download the others. */

import type { ImageDetails, NeededFileView, ResourceView } from "../contract";
import { button, el, fill, iconButton } from "../core/dom";
import { formatBytes } from "../core/text";
import { needsReload } from "../data/api";
import { listReady } from "../data/making";
import { getModelTypeName, isAbsent, makeNeedsQuery } from "../state/model_files";
import type { Context } from "../types";
import { FileControls, makeNewerButton } from "./file_controls";
import { hasWeight } from "./make_it";
import { makeExternalLink, makePermissions } from "./sections";

class ResourceRow {
  element;
  #controls;
  #name = el("span", { class: "name" });
  #tag = el("span", { class: "tag" });
  #status = el("span", { class: "availability", dir: "auto" });
  #drawn = "";
  #try;
  #canTry;

  constructor(
    private readonly context: Context,
    readonly resource: ResourceView,
    image: ImageDetails,
  ) {
    this.#controls = new FileControls(context, { hasButton: true });
    const { weight, name } = resource;
    const { translate, actions } = context;
    const label = translate("weights_try", { name });
    const press = () => actions.tryWeights(image.id, name);
    this.#try = iconButton("try-weights", "make", label, press, "quiet");
    this.#canTry = image.kind === "image" && hasWeight(resource);
    this.element = el(
      "li",
      {},
      this.#tag,
      this.#name,
      weight !== null &&
        el("span", { class: "weight", title: translate("weight") }, weight, this.#try),
      this.#status,
      makeNewerButton(context, resource.newer),
      this.#controls.element,
    );
  }

  /** Show the resource's name, type, availability and size, and the download button once Civitai's
   * data are loaded.
   * @param needed Civitai's data, undefined until they are loaded */
  draw(needed: NeededFileView | undefined) {
    this.#controls.element.hidden = !needed;
    this.#try.hidden = !this.#canTry || !listReady(this.context.store.get()).length;
    this.element.dataset.here = (needed ?? this.resource).availability;
    if (needed) this.#controls.draw(needed);
    const { name, hash } = this.resource;
    const url = this.resource.url || needed?.url;
    // of some resources the record tells the number alone
    const type = this.resource.type || needed?.type || this.context.translate("resource");
    const shown = (/^#\d+$/.test(name) && needed?.name) || name || hash;
    const drawn = JSON.stringify([url, shown, type, needed !== undefined]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#tag.textContent = getModelTypeName(type, this.context.translate);
    this.#name.replaceChildren(url ? makeExternalLink(url, shown) : el("bdi", {}, shown));
    const label = (needed ?? this.resource).availability_label;
    this.#status.textContent = [label, this.#formatSize(needed)].filter(Boolean).join(" · ");
    this.#status.hidden = !this.#status.textContent;
  }

  /** Return the file's size, "" if the button shows it or nothing is known of the file. */
  #formatSize(needed: NeededFileView | undefined) {
    const { availability, size } = this.resource;
    const isTold = availability === "" || (needed && availability !== "here");
    return isTold ? "" : formatBytes(size);
  }

  /** Return whether a needed file belongs to this row's resource: both have the same version id or,
   * if the resource has none, the same hash or, without a hash, the same name and type. */
  fits(needed: NeededFileView) {
    const { version_id, hash, name, type } = this.resource;
    if (version_id !== null) return needed.version_id === version_id;
    if (hash) return needed.hash === hash;
    return needed.name === name && needed.type === type;
  }
}

export class Resources {
  #rows: ResourceRow[] = [];
  element = el("section", { class: "resources" });
  #licence = el("div");
  #drawnLicence = "";
  #status = el("p", { class: "dim", role: "status" });
  #retry;
  #record: ImageDetails | null = null;

  constructor(readonly context: Context) {
    const { translate, actions, store, signal } = context;
    this.#retry = button(
      { action: "needs-again", icon: "again", label: translate("do_retry"), class: "quiet" },
      () => actions.retryNeeds("image"),
    );
    store.on([(state) => state.needs.image, "jobs", "fileChoices", "engines"], () => this.#draw(), {
      signal,
    });
  }

  /** Return the section with an image's resources. It is hidden if there are none. */
  show(record: ImageDetails) {
    const { translate, actions, store } = this.context;
    const { where } = store.get();
    this.#rows = record.resources.map((one) => new ResourceRow(this.context, one, record));
    this.#record = record;
    const absent = record.resources.filter(isAbsent);
    const isAsked = absent.length > 0 || record.licence.some(({ state }) => state === "unknown");
    actions.showNeeds(
      "image",
      isAsked ? makeNeedsQuery({ image: record.id, model: where.model }) : "",
    );
    this.element.hidden = !record.resources.length;
    const texts = absent.map(({ type, name, hash, size, url }) =>
      [type, name, hash, formatBytes(size), url].filter(Boolean).join("  "),
    );
    const copy = iconButton(
      "copy-missing",
      "copy",
      translate("copy_missing"),
      () => void actions.copy(texts.join("\n")),
      "quiet",
    );
    const title = el("h3", {}, translate("resources"));
    this.element.replaceChildren(
      el("div", { class: "title" }, title, absent.length > 0 && copy),
      el("ul", {}, ...this.#rows.map((row) => row.element)),
      this.#licence,
      this.#status,
      this.#retry,
    );
    this.#draw();
    return this.element;
  }

  /** Show each resource once, although the record may name it twice. */
  #draw() {
    const { translate, store } = this.context;
    const { answer, problem, loading } = store.get().needs.image;
    const drawn = new Set<NeededFileView | undefined>();
    for (const row of this.#rows) {
      const needed = answer?.files.find((file) => row.fits(file));
      const isTwice = needed ? drawn.has(needed) : isAbsent(row.resource);
      row.element.hidden = answer !== null && isTwice;
      row.draw(needed);
      drawn.add(needed);
    }
    const licence = answer?.licence ?? this.#record?.licence ?? [];
    const drawnLicence = JSON.stringify(licence);
    if (drawnLicence !== this.#drawnLicence)
      fill(this.#licence, licence.length > 0 && makePermissions(licence));
    this.#drawnLicence = drawnLicence;
    this.#status.textContent =
      problem?.message ??
      (loading && !answer ? translate("model_looking") : (answer?.locked ?? ""));
    this.#status.hidden = !this.#status.textContent;
    if (!loading || !this.#status.textContent)
      // stays while it is at work
      this.#retry.hidden = !problem || needsReload(problem.code);
  }
}

/** Return a button that copies the workflow for ComfyUI's editor, null without one. */
export function makeWorkflowButton(context: Context, record: ImageDetails) {
  if (!record.has_workflow) return null;
  const { translate, actions, api } = context;
  const copy = () => actions.copy(api.get(`images/${record.id}/workflow`).then(({ text }) => text));
  return el(
    "section",
    {},
    button({ action: "copy-workflow", icon: "copy", label: translate("copy_workflow") }, copy),
  );
}

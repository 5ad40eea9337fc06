/** The row of one resource in the details: whether its file is present, and how to download it. */

import { el } from "../core/dom";
import { formatBytes } from "../core/format";
import { FileControls } from "../model_files/file_controls";
import { getModelTypeName } from "../state/model_types";
import type { Context, NeededFile, Resource } from "../types";
import { makeExternalLink } from "./sections";

export class ResourceRow {
  declare resource: Resource;
  declare element;
  #context;
  #controls;
  #name = el("span", { class: "name" });
  #tag = el("span", { class: "tag" });
  #status = el("span", { class: "availability", dir: "auto" });
  #drawn = "";

  constructor(context: Context, resource: Resource) {
    this.#context = context;
    this.resource = resource;
    this.#controls = new FileControls(context, { hasButton: true });
    const { weight } = resource;
    const { translate } = context;
    this.element = el(
      "li",
      { "data-here": resource.availability || null },
      this.#tag,
      this.#name,
      weight !== null && el("span", { class: "weight", title: translate("weight") }, weight),
      this.#status,
      this.#controls.element,
    );
  }

  /** Show the resource's name, type, availability and size, and the download button once Civitai's
   * data are loaded.
   * @param needed Civitai's data, undefined until they are loaded */
  draw(needed: NeededFile | undefined) {
    this.#controls.element.hidden = !needed;
    if (needed) this.#controls.draw(needed);
    const { name, hash } = this.resource;
    const url = this.resource.url || needed?.url;
    // of some resources the record tells the number alone
    const type = this.resource.type || needed?.type || this.#context.translate("resource");
    const shown = (/^#\d+$/.test(name) && needed?.name) || name || hash;
    const drawn = JSON.stringify([url, shown, type, needed !== undefined]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#tag.textContent = getModelTypeName(type, this.#context.translate);
    this.#name.replaceChildren(url ? makeExternalLink(url, shown) : el("bdi", {}, shown));
    const label = (needed ?? this.resource).availability_label;
    this.#status.textContent = [label, this.#formatSize(needed)].filter(Boolean).join(" · ");
    this.#status.hidden = !this.#status.textContent;
  }

  /** Return the size of the file as a text. Return "" if the download button shows the size, or it
   * is not known whether the file is present. */
  #formatSize(needed: NeededFile | undefined) {
    const { availability, size } = this.resource;
    const isTold = availability === "" || (needed && availability !== "here");
    const { bootstrap } = this.#context.store.get();
    return isTold ? "" : formatBytes(size, bootstrap?.language);
  }

  /** Return whether a needed file belongs to this row's resource: both have the same version id or,
   * if the resource has none, the same hash or, without a hash, the same name and type. */
  fits(needed: NeededFile) {
    const { version_id, hash, name, type } = this.resource;
    if (version_id !== null) return needed.version_id === version_id;
    if (hash) return needed.hash === hash;
    return needed.name === name && needed.type === type;
  }
}

/** The row of one needed model in the panel's list: created once, then updated in place. */

import { el } from "../core/dom";
import { formatBytes } from "../core/format";
import { makeExternalLink } from "../details/sections";
import { canGet, findJobFile, getChosenFile, getRefusal, isAbsent } from "../state/model_files";
import { getModelTypeName } from "../state/model_types";
import type { Context, NeededFile } from "../types";
import { FileControls } from "./file_controls";

export class NeededRow {
  declare element;
  #context;
  #box = el("input", { type: "checkbox", "data-field": "needed" });
  #title = el("h3", { dir: "auto" });
  #facts = el("p", { class: "dim" });
  #folder = el("p", { class: "dim", dir: "auto" });
  #controls;
  #unchecked;
  #needed: NeededFile | null = null;

  /** @param unchecked keys of the files that the user has unchecked; the row adds and removes its
   *     own
   * @param changed called when the user checks or unchecks the row */
  constructor(context: Context, unchecked: Set<string>, changed: () => void) {
    this.#context = context;
    this.#unchecked = unchecked;
    this.#controls = new FileControls(context, { hasButton: false });
    this.#box.addEventListener("change", () => {
      const key = this.#needed?.key ?? "";
      if (this.#box.checked) unchecked.delete(key);
      else unchecked.add(key);
      changed();
    });
    this.element = el(
      "li",
      { class: "needed" },
      this.#box,
      el("div", {}, this.#title, this.#facts, this.#controls.element, this.#folder),
    );
  }

  /** Show the state of a needed model. */
  draw(needed: NeededFile) {
    const { store, translate } = this.#context;
    const { fileChoices, jobs, bootstrap, needs } = store.get();
    const name = needed.name || needed.hash;
    if (needed !== this.#needed) {
      this.#title.replaceChildren(
        needed.url ? makeExternalLink(needed.url, name) : el("bdi", {}, name),
      );
      this.#box.setAttribute("aria-label", translate("model_choose_one", { name }));
    }
    this.#needed = needed;
    this.element.dataset.here = needed.availability;
    const file = getChosenFile(needed, fileChoices);
    const isOffered = isAbsent(needed) && file !== null && !getRefusal(needed, fileChoices);
    const isGettable = canGet(needed, fileChoices) && !findJobFile(jobs, needed);
    this.#box.disabled = !isGettable;
    this.#box.checked = isGettable && !this.#unchecked.has(needed.key);
    const isMany = (needs.list.answer?.image_count ?? 0) > 1;
    this.#facts.textContent = [
      getModelTypeName(needed.type, translate),
      needed.availability_label,
      !needed.url && needed.hash,
      isOffered && formatBytes(file.size, bootstrap?.language),
      isMany && translate("model_needed_by", { n: needed.image_count }),
    ]
      .filter(Boolean)
      .join(" · ");
    this.#controls.draw(needed);
    this.#folder.textContent = translate("model_goes_to", { folder: needed.folder });
    this.#folder.hidden = !isOffered || !needed.folder;
  }
}

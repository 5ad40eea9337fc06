/**
 * The button in the gallery's header that downloads the open model if its file is missing. If
 * Civitai does not offer the file, the button says why.
 */

import { button, setLabel } from "../core/dom";
import { formatBytes } from "../core/format";
import { findJobFile, getChosenFile, isAbsent, makeNeedsQuery } from "../state/model_files";
import type { Context, State } from "../types";

export class GetModel {
  declare element;
  #context;

  constructor(context: Context) {
    const { translate, actions, store, signal } = context;
    this.#context = context;
    this.element = button(
      { action: "get-this-model", icon: "model", label: translate("model_get_this"), title: "" },
      () => this.#press(),
    );
    this.element.hidden = true;
    const query = (state: State) => makeQuery(state);
    store.on([query], (now) => actions.showNeeds("gallery", makeQuery(now)), { signal });
    store.on([(state) => state.needs.gallery, "jobs", "fileChoices"], () => this.#draw(), {
      signal,
    });
    actions.showNeeds("gallery", makeQuery(store.get()));
  }

  get #needed() {
    return this.#context.store.get().needs.gallery.answer?.files[0] ?? null;
  }

  /** Open the downloads while the model is being downloaded, else the list with its file. */
  #press() {
    const { store, actions } = this.#context;
    const { jobs, needs } = store.get();
    if (this.#needed && findJobFile(jobs, this.#needed)) actions.panel("jobs");
    else actions.listNeeds(needs.gallery.of);
  }

  #draw() {
    const { store, translate } = this.#context;
    const { jobs, fileChoices, bootstrap } = store.get();
    const needed = this.#needed;
    this.element.hidden = !needed || !isAbsent(needed);
    if (!needed || this.element.hidden) return;
    const coming = findJobFile(jobs, needed);
    const percent = coming?.size ? Math.floor((100 * coming.received) / coming.size) : 0;
    const size = formatBytes(getChosenFile(needed, fileChoices)?.size ?? 0, bootstrap?.language);
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

/** Return the query string for the files of the open model, "" if no model is open or the host has
 * no models folder. */
function makeQuery({ where, model, bootstrap }: State) {
  const isOpen = where.model !== null && model?.id === where.model;
  return isOpen && bootstrap?.host.has_models
    ? makeNeedsQuery({ model: where.model, version: where.version })
    : "";
}

/**
 * The button that downloads the open gallery, and its options: how many images, and whether to walk
 * through the gallery's pages twice.
 */

import { button, el } from "../core/dom";
import { makeLimitField } from "../core/limit_field";
import { makePopover } from "../core/popover";
import { getSetting } from "../state/state";
import type { Context, State } from "../types";

const LIMIT = "gallery_download_limit";
const SECOND_PAGE = 89; // images a request, as the server walks a gallery the second time

export class DownloadOptions {
  #context;
  #limit;
  #verify = el("input", { type: "checkbox", "data-field": "verify" });
  #cost = el("p", { class: "dim" });
  #popover;
  /** Opens the options. */
  trigger;

  /** @param other a button below which the options open on a narrow page, where their own button
   *     is hidden */
  constructor(context: Context, other: HTMLElement) {
    const { store, translate, root, signal } = context;
    this.#context = context;
    this.#limit = this.#makeLimit();
    this.trigger = button(
      { action: "download-options", icon: "download", label: translate("download_whole") },
      () => {},
    );
    this.#popover = makePopover(
      this.trigger,
      {
        id: "download-options",
        label: translate("download_whole"),
        getAnchor: () => (this.trigger.getClientRects().length ? this.trigger : other),
      },
      this.#makeForm(),
    );
    root.append(this.#popover);
    this.#verify.addEventListener("change", () => this.#drawCost());
    this.#limit.addEventListener("input", () => this.#drawCost());
    store.on(["bootstrap"], (now, before) => this.#updateLimit(now, before), { signal });
    store.on(["ended"], () => this.#drawCost(), { signal });
    this.#drawCost();
  }

  #makeLimit() {
    const { store, translate } = this.#context;
    const setting = store.get().bootstrap?.settings.find((one) => one.name === LIMIT);
    const [value, high] = [Number(setting?.value ?? 100), setting?.high ?? null];
    return makeLimitField(translate, { name: "limit", label: "download_most", value, high });
  }

  #makeForm() {
    const { translate } = this.#context;
    const look = { action: "download-gallery", label: translate("do_download_marked") };
    const start = button({ ...look, icon: "download", class: "primary" }, () => this.#start());
    const submit = (event: Event) => {
      event.preventDefault();
      start.click();
    };
    return el(
      "form",
      { class: "download-options", on: { submit } },
      el("label", {}, el("span", { text: translate("download_most") }), this.#limit),
      el("label", { class: "switch" }, this.#verify, el("span", { text: translate("make_sure") })),
      this.#cost,
      start,
    );
  }

  #start() {
    if (!this.#limit.reportValidity()) return undefined;
    this.#popover.hidePopover();
    const { actions } = this.#context;
    return actions.downloadGallery(this.#limit.valueAsNumber, this.#verify.checked);
  }

  /** Show a changed setting in the limit field, without overwriting what the user has typed. */
  #updateLimit(now: State, before: State) {
    const value = getSetting(now.bootstrap, LIMIT);
    if (value === getSetting(before.bootstrap, LIMIT)) return;
    this.#limit.value = String(value);
    this.#drawCost();
  }

  /** Show how many more requests it costs to walk through the gallery's pages a second time. */
  #drawCost() {
    const { store, translate } = this.#context;
    const { ended, images } = store.get();
    const limit = this.#limit.valueAsNumber || 1;
    const count = ended ? Math.min(limit, images.length) : limit;
    const n = Math.max(1, Math.ceil(count / SECOND_PAGE));
    this.#cost.textContent = translate("make_sure_hint", { n });
  }
}

/** The reproductions of the open image, which the user generated from its infotext. Also compares a
 * file of the user's with the open image. */

import type { ImageDetails, ReproductionView } from "../contract";
import { el, setAttribute } from "../core/dom";
import { formatDate } from "../core/text";
import { makeFileField } from "../core/widgets";
import { type Api, ignoreFailure, showError } from "../data/api";
import { acceptDrops } from "../host/drag";
import { isBlurred } from "../state/state";
import type { Context, State } from "../types";

const LARGEST = 64 * 1024 * 1024; // bytes that the server takes

export class Reproductions {
  element;
  #field;
  #abort = new AbortController();
  #record: ImageDetails | null = null;
  #title = el("h3");
  #list = el("ul");

  /** @param zone the element on which files can be dropped */
  constructor(
    private readonly context: Context,
    zone: HTMLElement,
  ) {
    const { store } = context;
    const compare = ([file]: readonly File[]) => file && this.#compareFile(file);
    this.#field = makeFileField("compare-file", "image/png,image/jpeg,image/webp", compare);
    this.element = el("section", { class: "reproductions" }, this.#title, this.#list, this.#field);
    acceptDrops(zone, ["Files"], ({ files }) => void compare([...files]));
    store.on(["revealed", "bootstrap"], () => this.#blur(), context);
    store.on(["compared"], (now) => now.compared === null && this.#reload(), context);
    const countMade = ({ made }: State) =>
      made.filter((job) => job.image_id === this.#record?.id && job.state === "done").length;
    store.on(["made"], (now, old) => countMade(now) > countMade(old) && this.#reload(), context);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /** Show an image's reproductions. The element is hidden if there are none. */
  show(record: ImageDetails) {
    this.clear();
    this.#record = record.kind === "image" ? record : null;
    this.#draw([], record.reproduction_count);
    if (!this.#record) return;
    const { host } = this.context.store.get().bootstrap ?? {};
    // A WebUI may have saved one since the record was fetched.
    if (record.reproduction_count || host?.in_webui) void this.#load(record);
  }

  /** Let the user choose a file, and compare it with the image. */
  chooseFile() {
    this.#field.click();
  }

  clear() {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#record = null;
  }

  #reload() {
    if (this.#record) void this.#load(this.#record);
  }

  async #load(record: ImageDetails) {
    const { api } = this.context;
    const { signal } = this.#abort;
    const request = api.get(`images/${record.id}/reproductions`, { signal });
    const items = await request.catch(ignoreFailure);
    if (items && !signal.aborted) this.#draw(items);
  }

  #draw(items: ReproductionView[], count: number = items.length) {
    const room = Array.from({ length: count - items.length }, () => el("li", { class: "room" }));
    this.#title.textContent = this.context.translate("made_here_n", { n: count });
    this.#list.replaceChildren(...items.map((item) => this.#makeItem(item)), ...room);
    this.element.hidden = !count;
    this.#blur();
  }

  #makeItem(item: ReproductionView) {
    const { api, translate, actions } = this.context;
    const nearness = item.nearness && translate(`nearness_${item.nearness}`);
    const measured = [nearness, item.ssim?.toFixed(2)].filter(Boolean).join(" · ");
    const date = formatDate(item.made_at);
    const gone = item.file === "gone" ? translate("reproduction_gone") : "";
    const details = [date, measured, gone].filter(Boolean).join(", ");
    const record = this.#record;
    const open = () =>
      record && actions.comparePair({ record, made: item, stored: item, file: null });
    const made = el(
      "button",
      {
        type: "button",
        "data-do": "open-reproduction",
        "data-nearness": item.nearness || null,
        "data-gone": item.file === "gone",
        "aria-label": translate("reproduction_open", { details }),
        title: [details, ...item.differences.slice(0, 3)].join("\n"),
        on: { click: open },
      },
      el("img", {
        src: getReproductionThumb(api, item),
        alt: "",
        loading: "lazy",
        draggable: "false",
      }),
      el("span", { class: "measured" }, gone || measured || "–"),
    );
    return el("li", {}, made);
  }

  async #compareFile(file: File) {
    const { api, actions, records, store, toast, translate, signal } = this.context;
    const { open } = store.get();
    if (open === null) return;
    if (file.size > LARGEST) return toast(translate("compare_too_large"), "bad");
    const message = toast(translate("compare_waits"));
    try {
      const record = await records.getRecord(open, signal);
      if (record.kind !== "image") return;
      const made = await api.postFile(`images/${open}/comparison`, file, { signal });
      if (store.get().open === open) actions.comparePair({ record, made, stored: null, file });
    } catch (error) {
      showError(error, this.context);
    } finally {
      message?.remove();
    }
  }

  #blur() {
    const isCovered = this.#record && isBlurred(this.context.store.get(), this.#record);
    setAttribute(this.#list, "data-blurred", isCovered);
  }
}

/** Return a thumbnail's URL, with the time: the server uses a deleted one's id again. */
export function getReproductionThumb(api: Api, { id, made_at }: ReproductionView) {
  return api.getUrl(`reproductions/${id}/thumb?made=${encodeURIComponent(made_at)}`);
}

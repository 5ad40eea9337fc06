/** The reproductions of the open image, which the user generated from its infotext. Also compares a
 * file of the user's with the open image. */

import type { ImageDetails, ReproductionView } from "../contract";
import { el, setAttribute } from "../core/dom";
import { formatDate } from "../core/text";
import { makeFileField } from "../core/widgets";
import { type Api, ignoreFailure, LatestRequest, showError } from "../data/api";
import { acceptDrops } from "../host/drag";
import { isBlurred } from "../state/state";
import type { Context, State } from "../types";

const LARGEST = 64 * 1024 * 1024; // bytes that the server takes

/** @param zone the element on which files can be dropped */
export function makeReproductions(context: Context, zone: HTMLElement) {
  const { actions, api, records, signal, store, toast, translate } = context;
  const request = new LatestRequest(context);
  let shownRecord: ImageDetails | null = null;
  const title = el("h3");
  const list = el("ul");
  const compare = ([file]: readonly File[]) => file && compareFile(file);
  const field = makeFileField("compare-file", "image/png,image/jpeg,image/webp", compare);
  const element = el("section", { class: "reproductions" }, title, list, field);
  acceptDrops(zone, ["Files"], ({ files }) => void compare([...files]));
  store.on(["revealed", "bootstrap"], blur, context);
  store.on(["compared"], (now) => now.compared === null && reload(), context);
  const countMade = ({ made }: State) =>
    made.filter((job) => job.image_id === shownRecord?.id && job.state === "done").length;
  store.on(["made"], (now, old) => countMade(now) > countMade(old) && reload(), context);
  context.signal.addEventListener("abort", clear);

  /** Show an image's reproductions. The element is hidden if there are none. */
  function show(record: ImageDetails) {
    clear();
    shownRecord = record.kind === "image" ? record : null;
    draw([], record.reproduction_count);
    if (!shownRecord) return;
    const { host } = store.get().bootstrap ?? {};
    // A WebUI may have saved one since the record was fetched.
    if (record.reproduction_count || host?.in_webui) void load(record);
  }

  /** Let the user choose a file, and compare it with the image. */
  function chooseFile() {
    field.click();
  }

  function clear() {
    request.begin();
    shownRecord = null;
  }

  function reload() {
    if (shownRecord) void load(shownRecord);
  }

  async function load(record: ImageDetails) {
    const { signal } = request;
    const answer = api.get(`images/${record.id}/reproductions`, { signal });
    const items = await answer.catch(ignoreFailure);
    if (items && !signal.aborted) draw(items);
  }

  function draw(items: ReproductionView[], count: number = items.length) {
    const room = Array.from({ length: count - items.length }, () => el("li", { class: "room" }));
    title.textContent = translate("made_here_n", { n: count });
    list.replaceChildren(...items.map(makeItem), ...room);
    element.hidden = !count;
    blur();
  }

  function makeItem(item: ReproductionView) {
    const nearness = item.nearness && translate(`nearness_${item.nearness}`);
    const measured = [nearness, item.ssim?.toFixed(2)].filter(Boolean).join(" · ");
    const date = formatDate(item.made_at);
    const gone = item.file === "gone" ? translate("reproduction_gone") : "";
    const details = [date, measured, gone].filter(Boolean).join(", ");
    const record = shownRecord;
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

  async function compareFile(file: File) {
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
      showError(error, context);
    } finally {
      message?.remove();
    }
  }

  function blur() {
    const isCovered = shownRecord && isBlurred(store.get(), shownRecord);
    setAttribute(list, "data-blurred", isCovered);
  }
  return { element, show, chooseFile, clear };
}

/** Return a thumbnail's URL, with the time: the server uses a deleted one's id again. */
export function getReproductionThumb(api: Api, { id, made_at }: ReproductionView) {
  return api.getUrl(`reproductions/${id}/thumb?made=${encodeURIComponent(made_at)}`);
}

/** The resources that an image was made with: which are present, and how to download the others. */

import type { ImageDetails, NeededFileView, ResourceView } from "../contract";
import { button, el, fill, iconButton } from "../core/dom";
import { formatBytes } from "../core/text";
import { needsReload } from "../data/api";
import { listReady } from "../data/making";
import { getModelTypeName, isAbsent, makeNeedsQuery } from "../state/model_files";
import type { Context } from "../types";
import { makeFileControls, makeNewerButton } from "./file_controls";
import { hasWeight } from "./make_it";
import { makeExternalLink, makePermissions } from "./sections";

function makeResourceRow(context: Context, resource: ResourceView, image: ImageDetails) {
  const { actions, store, translate } = context;
  const nameBox = el("span", { class: "name" });
  const tag = el("span", { class: "tag" });
  const status = el("span", { class: "availability dim small", dir: "auto" });
  let drawnBefore = "";
  const controls = makeFileControls(context, { hasButton: true });
  const { weight, name } = resource;
  const label = translate("weights_try", { name });
  const press = () => actions.tryWeights(image.id, name);
  const tryButton = iconButton("try-weights", "make", label, press, "quiet");
  const canTry = image.kind === "image" && hasWeight(resource);
  const element = el(
    "li",
    {},
    tag,
    nameBox,
    weight !== null &&
      el("span", { class: "weight", title: translate("weight") }, weight, tryButton),
    status,
    makeNewerButton(context, resource.newer),
    controls.element,
  );

  /** Show the resource's name, type, availability and size, and the download button once Civitai's
   * data are loaded.
   * @param needed Civitai's data, undefined until they are loaded */
  function draw(needed: NeededFileView | undefined) {
    controls.element.hidden = !needed;
    tryButton.hidden = !canTry || !listReady(store.get()).length;
    element.dataset.here = (needed ?? resource).availability;
    if (needed) controls.draw(needed);
    const { name, hash } = resource;
    const url = resource.url || needed?.url;
    // of some resources the record tells the number alone
    const type = resource.type || needed?.type || translate("resource");
    const shown = (/^#\d+$/.test(name) && needed?.name) || name || hash;
    const drawn = JSON.stringify([url, shown, type, needed !== undefined]);
    if (drawn === drawnBefore) return;
    drawnBefore = drawn;
    tag.textContent = getModelTypeName(type, translate);
    nameBox.replaceChildren(makeExternalLink(url ?? "", shown));
    const label = (needed ?? resource).availability_label;
    status.textContent = [label, formatSize(needed)].filter(Boolean).join(" · ");
    status.hidden = !status.textContent;
  }

  /** Return the file's size, "" if the button shows it or nothing is known of the file. */
  function formatSize(needed: NeededFileView | undefined) {
    const { availability, size } = resource;
    const isTold = availability === "" || (needed && availability !== "here");
    return isTold ? "" : formatBytes(size);
  }

  /** Return whether a needed file belongs to this row's resource: both have the same version id or,
   * if the resource has none, the same hash or, without a hash, the same name and type. */
  function fits(needed: NeededFileView) {
    const { version_id, hash, name, type } = resource;
    if (version_id !== null) return needed.version_id === version_id;
    if (hash) return needed.hash === hash;
    return needed.name === name && needed.type === type;
  }
  return { element, resource, draw, fits };
}

export function makeResources(context: Context) {
  const { actions, signal, store, translate } = context;
  let rows: ReturnType<typeof makeResourceRow>[] = [];
  const element = el("section", { class: "resources" });
  const licenceBox = el("div");
  let licenceBefore = "";
  const status = el("p", { class: "dim small", role: "status" });
  let shownRecord: ImageDetails | null = null;
  const retry = button(
    { action: "needs-again", icon: "again", label: translate("do_retry"), class: "quiet" },
    () => actions.retryNeeds("image"),
  );
  store.on([(state) => state.needs.image, "jobs", "fileChoices", "engines"], draw, {
    signal,
  });

  /** Return the section with an image's resources. It is hidden if there are none. */
  function show(record: ImageDetails) {
    const { where } = store.get();
    rows = record.resources.map((one) => makeResourceRow(context, one, record));
    shownRecord = record;
    const absent = record.resources.filter(isAbsent);
    const isAsked = absent.length > 0 || record.licence.some(({ state }) => state === "unknown");
    actions.showNeeds(
      "image",
      isAsked ? makeNeedsQuery({ image: record.id, model: where.model }) : "",
    );
    element.hidden = !record.resources.length;
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
    element.replaceChildren(
      el("div", { class: "title" }, title, absent.length > 0 && copy),
      el("ul", {}, ...rows.map((row) => row.element)),
      licenceBox,
      status,
      retry,
    );
    draw();
    return element;
  }

  /** Show each resource once, although the record may name it twice. */
  function draw() {
    const { answer, problem, loading } = store.get().needs.image;
    const drawn = new Set<NeededFileView | undefined>();
    for (const row of rows) {
      const needed = answer?.files.find((file) => row.fits(file));
      const isTwice = needed ? drawn.has(needed) : isAbsent(row.resource);
      row.element.hidden = answer !== null && isTwice;
      row.draw(needed);
      drawn.add(needed);
    }
    const licence = answer?.licence ?? shownRecord?.licence ?? [];
    const drawnLicence = JSON.stringify(licence);
    if (drawnLicence !== licenceBefore)
      fill(licenceBox, licence.length > 0 && makePermissions(licence));
    licenceBefore = drawnLicence;
    status.textContent = problem?.message ?? answer?.locked ?? "";
    status.hidden = !status.textContent;
    if (!loading || !status.textContent)
      // stays while it is at work
      retry.hidden = !problem || needsReload(problem.code);
  }
  return { element, show };
}

/** Return a button that copies the workflow for ComfyUI's editor, null without one. */
export function makeWorkflowButton(context: Context, record: ImageDetails) {
  if (!record.has_workflow) return null;
  const { translate, actions, api } = context;
  const copy = () => actions.copy(api.get(`images/${record.id}/workflow`));
  return el(
    "section",
    {},
    button({ action: "copy-workflow", icon: "copy", label: translate("copy_workflow") }, copy),
  );
}

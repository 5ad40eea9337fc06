/** The resources that an image was made with, and its ComfyUI workflow. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { getErrorMessage } from "../data/problems.js";
import { makeExternalLink } from "./sections.js";

/** @import { Context, ImageRecord } from "../types.js" */

/** Return the list of resources with a button that copies the missing ones; null if there are
 * none.
 * @param {Context} context
 * @param {ImageRecord} record */
export function makeResources(context, record) {
  if (!record.resources.length) return null;
  const { words, actions } = context;
  const rows = record.resources.map((one) => makeResource(context, one));
  const missing = record.resources.filter(
    (one) => one.availability === "missing" || one.availability === "other",
  );
  const copy = button(
    { action: "copy-missing", icon: icon("copy"), words: words("copy_missing") },
    () => void actions.copy(missing.map((one) => listResource(context, one)).join("\n")),
  );
  return el(
    "section",
    { class: "resources" },
    el("h3", {}, words("resources")),
    el("ul", {}, ...rows),
    missing.length > 0 && copy,
  );
}

/** Return the row of a resource.
 * @param {Context} context
 * @param {import("../types.js").Resource} one */
function makeResource(context, one) {
  const { words } = context;
  const status = [one.availability_label, one.availability && formatSize(context, one)]
    .filter(Boolean)
    .join(" · ");
  return el(
    "li",
    { "data-here": one.availability || null },
    el("span", { class: "tag" }, one.type || words("resource")),
    one.url ? makeExternalLink(one.url, one.name || one.hash) : el("bdi", {}, one.name || one.hash),
    one.weight !== null && el("span", { class: "weight", title: words("weight") }, one.weight),
    status && el("span", { class: "availability", dir: "auto" }, status),
  );
}

/** Return a line of text about a missing resource.
 * @param {Context} context
 * @param {import("../types.js").Resource} one */
function listResource(context, one) {
  return [one.type, one.name, one.hash, formatSize(context, one), one.url]
    .filter(Boolean)
    .join("  ");
}

/** Return the size of a resource in kB, MB or GB, "" if it is unknown.
 * @param {Context} context
 * @param {import("../types.js").Resource} one */
function formatSize({ store }, { size }) {
  if (!size) return "";
  const step = size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  const number = size / 1024 ** step;
  const unit = ["kB", "MB", "GB"][step - 1];
  const digits = number < 10 ? 1 : 0;
  return `${Number(number.toFixed(digits)).toLocaleString(store.get().bootstrap?.language)} ${unit}`;
}

/** Return a button that copies the workflow for ComfyUI's editor, null without one.
 * @param {Context} context
 * @param {ImageRecord} record */
export function makeWorkflow({ words, actions, api, toast }, record) {
  if (!record.has_workflow) return null;
  const copy = async () => {
    try {
      await actions.copy((await api.get(`images/${record.id}/workflow`)).workflow);
    } catch (error) {
      toast(getErrorMessage(error, words), "bad");
    }
  };
  const looks = { action: "copy-workflow", icon: icon("copy"), words: words("copy_workflow") };
  return el("section", {}, button(looks, copy));
}

/** What a picture was made with: each resource, here or not, and ComfyUI's workflow. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { errorWords } from "../data/problems.js";
import { outside } from "./sections.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */

/**
 * @param {Context} context
 * @param {PictureRecord} record
 */
export function resources(context, record) {
  if (!record.resources.length) return null;
  const { words, acts } = context;
  const rows = record.resources.map((one) => resource(context, one));
  const missing = record.resources.filter((one) => one.here === "missing" || one.here === "other");
  const copy = button(
    { deed: "copy-missing", icon: icon("copy"), words: words("copy_missing") },
    () => void acts.copy(missing.map((one) => listed(context, one)).join("\n")),
  );
  return el(
    "section",
    { class: "resources" },
    el("h3", {}, words("resources")),
    el("ul", {}, ...rows),
    missing.length > 0 && copy,
  );
}

/**
 * @param {Context} context
 * @param {import("../types.js").Resource} one
 */
function resource(context, one) {
  const { words } = context;
  const said = [one.here_words, one.here && bytesOf(context, one)].filter(Boolean).join(" · ");
  return el(
    "li",
    { "data-here": one.here || null },
    el("span", { class: "tag" }, one.type || words("resource")),
    one.url ? outside(one.url, one.name || one.hash) : el("bdi", {}, one.name || one.hash),
    one.weight !== null && el("span", { class: "weight", title: words("weight") }, one.weight),
    said && el("span", { class: "is-here", dir: "auto" }, said),
  );
}

/**
 * A line of what is missing, for whoever fetches it.
 *
 * @param {Context} context
 * @param {import("../types.js").Resource} one
 */
function listed(context, one) {
  return [one.type, one.name, one.hash, bytesOf(context, one), one.url].filter(Boolean).join("  ");
}

/**
 * @param {Context} context
 * @param {import("../types.js").Resource} one
 */
function bytesOf({ store }, { size }) {
  if (!size) return "";
  const step = size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  const number = size / 1024 ** step;
  const unit = ["kB", "MB", "GB"][step - 1];
  const digits = number < 10 ? 1 : 0;
  return `${Number(number.toFixed(digits)).toLocaleString(store.get().hello?.language)} ${unit}`;
}

/**
 * ComfyUI's workflow, to be dropped or pasted on its editor.
 *
 * @param {Context} context
 * @param {PictureRecord} record
 */
export function workflow({ words, acts, api, toast }, record) {
  if (!record.has_workflow) return null;
  const copy = async () => {
    try {
      await acts.copy((await api.get(`images/${record.id}/workflow`)).workflow);
    } catch (error) {
      toast(errorWords(error, words), "bad");
    }
  };
  const looks = { deed: "copy-workflow", icon: icon("copy"), words: words("copy_workflow") };
  return el("section", {}, button(looks, copy));
}

/** The most common settings at a glance, and as an infotext to take along. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { longText } from "../core/long_text.js";
import { parameterName } from "../state/state.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("./types.js").Figures} Figures */

const OWN = 0.1;
const USUAL_TAB = "txt2img";
const FIRST = ["Sampler", "Schedule type"]; // an infotext begins with the steps

/**
 * @param {Context} context
 * @param {Figures} figures  with a recipe
 */
export function recipeOf(context, figures) {
  const { words } = context;
  return el(
    "section",
    { class: "recipe" },
    el("h3", {}, words("figures_recipe")),
    el("dl", {}, ...glance(context, figures).map(([name, value]) => pair(name, value))),
    el("div", { class: "text", dir: "auto" }, longText(figures.recipe, words)),
    el("div", { class: "deeds" }, ...deeds(context, figures.recipe)),
  );
}

/**
 * What one sets, and how strong the model's own LoRA is.
 *
 * @param {Context} context
 * @param {Figures} figures
 * @returns {[string, string][]}
 */
function glance({ words, store }, { settings, groups }) {
  const { hello } = store.get();
  const loras = groups.find(({ kind }) => kind === "lora")?.bars ?? [];
  const own = loras.find((bar) => isItsOwn(bar) && bar.weight);
  const first = settings.filter(([name]) => FIRST.includes(name));
  const rest = settings.filter(([name]) => !FIRST.includes(name));
  /** @type {[string, string][]} */
  const all = [...first, ...rest].map(([name, value]) => [parameterName(hello, name), value]);
  return own ? [[words("figures_own_weight"), own.weight], ...all] : all;
}

/**
 * Whether the model is a LoRA that its pictures are made with; a checkpoint may be named as one.
 *
 * @param {import("./types.js").Bar} bar
 */
export function isItsOwn({ is_own, share }) {
  return is_own && share >= OWN;
}

/**
 * @param {string} name
 * @param {string} value
 */
function pair(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value));
}

/**
 * @param {Context} context
 * @param {string} text
 */
function deeds({ words, acts, store }, text) {
  const copy = button(
    { deed: "figures-copy", icon: icon("copy"), words: words("figures_copy") },
    () => void acts.copy(text),
  );
  const tabs = store.get().hello?.host.send_to ?? [];
  const tab = tabs.includes(USUAL_TAB) ? USUAL_TAB : tabs[0];
  if (!tab) return [copy];
  const look = { deed: "figures-send", icon: icon("send"), class: "primary" };
  return [
    button({ ...look, words: words("figures_send", { tab }) }, () => acts.send(tab, null, text)),
    copy,
  ];
}

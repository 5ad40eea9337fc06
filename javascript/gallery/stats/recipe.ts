/** The most common settings of a gallery, as a summary and as an infotext. */

import type { Stats, StatsBarView } from "../contract";
import { button, el, makePair } from "../core/dom";
import { makeLongText } from "../core/long_text";
import { getTabName } from "../host/host_page";
import { getParameterLabel } from "../state/state";
import type { Context } from "../types";

const LEAST_SHARE = 0.1;
const USUAL_TAB = "txt2img";
const FIRST = ["Sampler", "Schedule type"]; // an infotext begins with the steps

/** Return a section with the most common generation settings.
 * @param stats must have a recipe */
export function makeRecipe(context: Context, stats: Stats) {
  const { translate } = context;
  return el(
    "section",
    { class: "recipe" },
    el("h3", {}, translate("stats_recipe")),
    el("dl", {}, ...summarize(context, stats).map(([name, value]) => makePair(name, value))),
    el("div", { class: "text", dir: "auto" }, makeLongText(stats.recipe, translate)),
    el("div", { class: "actions" }, ...makeButtons(context, stats.recipe)),
  );
}

/** Return the most common settings by label: the usual weight of the model's own LoRA if it has
 * one, sampler and schedule type, then the others. */
function summarize(
  { translate, store }: Context,
  { settings, groups }: Stats,
): [name: string, value: string][] {
  const { bootstrap } = store.get();
  const loras = groups.find(({ kind }) => kind === "lora")?.bars ?? [];
  const modelLora = loras.find((bar) => isModelLora(bar) && bar.weight);
  const first = settings.filter(([name]) => FIRST.includes(name));
  const rest = settings.filter(([name]) => !FIRST.includes(name));
  const all: [string, string][] = [...first, ...rest].map(([name, value]) => [
    getParameterLabel(bootstrap, name),
    value,
  ]);
  return modelLora ? [[translate("stats_own_weight"), modelLora.weight], ...all] : all;
}

/** Return whether a bar is for the model's own LoRA: a version of the model that at least a tenth
 * of the images use. A rarer one may be a checkpoint of the same name.
 * @param bar of a LoRA */
export function isModelLora({ is_model_version, share }: StatsBarView) {
  return is_model_version && share >= LEAST_SHARE;
}

/** Return the buttons that send the infotext to a tab of the host, if it has one, and copy it. */
function makeButtons({ translate, actions, store }: Context, text: string) {
  const copy = button(
    { action: "figures-copy", icon: "copy", label: translate("stats_copy") },
    () => void actions.copy(text),
  );
  const tabs = store.get().bootstrap?.host.send_to ?? [];
  const tab = tabs.includes(USUAL_TAB) ? USUAL_TAB : tabs[0];
  if (!tab) return [copy];
  const send = button(
    {
      action: "figures-send",
      icon: "send",
      label: translate("stats_send", { tab: getTabName(tab) }),
      class: "primary",
    },
    () => actions.send(tab, null, text),
  );
  return [send, copy];
}

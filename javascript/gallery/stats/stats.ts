/** The panel "What works here": what the loaded images of the open model have in common. */

import type { StatsGroup as Group, Stats, StatsBarView } from "../contract";
import { button, el } from "../core/dom";
import { formatNumber } from "../core/format";
import { redraw } from "../core/redraw";
import { Panel } from "../panels/panel";
import type { Context } from "../types";
import { makeBars } from "./bars";
import { ReadMore } from "./read_more";
import { isModelLora, makeRecipe } from "./recipe";
import { makeVersions } from "./versions";

const FEW = 30; // images with data that say little
/** The order of the groups: first how images are made, then what they show. */
const ORDER = [
  ...["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip"],
  ...["lora", "word", "negative", "embedding", "checkpoint", "upscaler", "upscale", "denoising"],
];

export class StatsPanel {
  declare panel;
  #context;
  #sample = el("header", { class: "sample" });
  #reading;
  #content = el("div", { class: "stats-content" });
  #abort = new AbortController();

  constructor(context: Context) {
    this.#context = context;
    context.signal.addEventListener("abort", () => this.#abort.abort());
    this.panel = new Panel(context, "stats", {
      title: "stats_title",
      build: () => [this.#sample, this.#reading.element, this.#content],
      read: () => this.#read(),
    });
    this.#reading = new ReadMore(context, () => this.panel.isOpen && void this.#read());
    // The statistics depend on the model's versions and file names.
    context.store.on(["where", "model"], () => this.panel.isOpen && void this.#read(), context);
  }

  async #read() {
    const { api, store, translate } = this.#context;
    const { model, version, level } = store.get().where;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    this.#reading.element.hidden = model === null;
    if (model === null) return this.#showMessage(translate("stats_open_a_model"));
    if (!this.#content.childElementCount) this.#showMessage(translate("reading"));
    const query = new URLSearchParams({ model: String(model), level });
    if (version !== null) query.set("version", String(version));
    const stats = await this.panel.readData(() => api.get(`stats?${query}`, { signal }));
    if (stats) this.#draw(stats);
  }

  /** Show a message in place of the statistics. */
  #showMessage(text: string) {
    this.#sample.replaceChildren();
    this.#content.replaceChildren(
      el("div", { class: "none" }, el("p", { class: "dim", role: "status" }, text)),
    );
  }

  /** Show the statistics. */
  #draw(stats: Stats) {
    const { actions, translate, root } = this.#context;
    const show = ({ search }: StatsBarView) => {
      actions.panel("");
      void actions.search(search, "gallery"); // all that was read, as the bars are
    };
    const groups = [...stats.groups].sort(
      (one, other) => getGroupOrder(one) - getGroupOrder(other),
    );
    const bars = groups.map((group) => makeBars(this.#context, group, show));
    const versions = makeVersions(this.#context, stats.versions, (version) => {
      void actions.setWhere({ version });
    });
    this.#drawSample(stats);
    const parts = [
      stats.recipe && makeRecipe(this.#context, stats),
      bars.length > 0 && el("p", { class: "dim" }, translate("stats_hint")),
      el("div", { class: "bar-groups" }, ...bars),
      stats.versions.length > 1 && versions,
    ];
    redraw(root, this.#content, () =>
      this.#content.replaceChildren(...parts.filter((part) => part instanceof HTMLElement)),
    );
  }

  /** Show how many images the statistics are based on. */
  #drawSample({ image_count, with_data, reactions }: Stats) {
    const { translate, store, actions } = this.#context;
    const { bootstrap, model, where } = store.get();
    const version = model?.versions.find((one) => one.id === where.version);
    const number = (value: number) => formatNumber(value, bootstrap?.language);
    const counts = { pictures: number(image_count), with_data: number(with_data) };
    const all = { action: "figures-every", label: translate("every_version"), class: "quiet" };
    const summary = image_count
      ? translate("stats_sample", { ...counts, reactions: number(reactions) })
      : translate("stats_none");
    this.#sample.replaceChildren(
      el("h3", { dir: "auto" }, model?.name, version && ` · ${version.name}`),
      el("p", { role: "status" }, summary),
      image_count && with_data < FEW ? el("p", { class: "warns" }, translate("stats_few")) : "",
      version ? button(all, () => actions.setWhere({ version: null })) : "",
    );
  }
}

/** Return a number by which the groups are sorted: LoRAs come first if the model is one of them. */
function getGroupOrder({ kind, bars }: Group) {
  return kind === "lora" && bars.some(isModelLora) ? -1 : ORDER.indexOf(kind);
}

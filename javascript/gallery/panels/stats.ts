/** The panel of what the images of a model have in common. */

import type {
  StatsBar as Bar,
  StatsGroup as Group,
  Stats,
  TagReading,
  VersionStats,
} from "../contract";
import { button, el, fill, icon, makePair } from "../core/dom";
import { formatNumber } from "../core/text";
import { makeLimitField, makeLongText } from "../core/widgets";
import { LatestRequest, tryOrTell } from "../data/api";
import { getTabName } from "../host/webui_fields";
import { getParameterLabel, getSource } from "../state/state";
import type { Context } from "../types";
import { Panel } from "./panel";

const FIRST_BARS = 6; // bars that are shown before "all" is pressed

function makeBars(context: Context, group: Group, show: (bar: Bar) => void) {
  const { translate } = context;
  const list = el("ol", {}, ...group.bars.map((bar) => makeBar(context, bar, show)));
  const section = el(
    "section",
    { class: "bar-group stack", "data-kind": group.kind },
    el("h3", {}, translate(`stats_${group.kind}`)),
    list,
  );
  if (group.bars.length > FIRST_BARS + 1) section.append(makeMoreButton(context, group, list));
  return section;
}

function makeMoreButton({ translate }: Context, group: Group, list: HTMLElement) {
  const fold = button(
    {
      action: "figures-all",
      label: translate("stats_all", { n: group.bars.length }),
      class: "quiet dim small",
    },
    () => {
      const isOpen = list.toggleAttribute("data-all");
      fold.setAttribute("aria-expanded", String(isOpen));
      const label = isOpen
        ? translate("stats_less")
        : translate("stats_all", { n: group.bars.length });
      fold.lastElementChild?.replaceChildren(label);
    },
  );
  fold.setAttribute("aria-expanded", "false");
  fold.dataset.value = "all"; // its label changes
  return fold;
}

function makeBar({ translate }: Context, bar: Bar, show: (bar: Bar) => void) {
  const unseen = (text: string) => el("span", { class: "visually-hidden" }, text);
  const { low, high } = bar; // of the LoRA's weights
  const weight = translate(low === high ? "stats_weight" : "stats_weights", {
    weight: bar.weight,
    low,
    high,
  });
  const made = el(
    "button",
    {
      type: "button",
      class: "stats-bar",
      "data-do": "figures-show",
      "data-value": bar.value,
      title: bar.search ? translate("stats_show", { label: bar.label }) : null,
      disabled: !bar.search,
      on: { click: () => show(bar) },
    },
    el("span", { class: "label", dir: "auto" }, bar.label),
    bar.weight && el("span", { class: "weight" }, " ", weight),
    el("span", { class: "share" }, " ", formatPercent(bar.share)),
    unseen(translate("stats_bar_count", { n: bar.count })),
    el("span", { class: "bar-reactions" }, icon("like"), " ", formatNumber(bar.reactions)),
    unseen(translate("stats_bar_got")),
  );
  made.style.setProperty("--cs-bar-length", `${100 * bar.share}%`);
  return el("li", {}, made);
}

/** Return a share (0 to 1) in whole percent, "<1 %" if that would be 0. */
function formatPercent(share: number) {
  const number = Math.round(100 * share);
  return `${number < 1 ? "<1" : formatNumber(number)} %`;
}

const KINDS = ["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip", "upscaler"];

function makeVersions(context: Context, versions: VersionStats[], show: (id: number) => void) {
  const { translate } = context;
  const kinds = KINDS.filter((kind) => versions.some((version) => version.most[kind]));
  const heads = ["stats_version", "stats_pictures", ...kinds.map((kind) => `stats_${kind}`)];
  const table = el(
    "table",
    {},
    el(
      "thead",
      {},
      el("tr", {}, ...heads.map((key) => el("th", { scope: "col" }, translate(key)))),
    ),
    el("tbody", {}, ...versions.map((version) => makeRow(context, version, kinds, show))),
  );
  const name = translate("stats_versions");
  return el(
    "section",
    { class: "versions stack" },
    el("h3", {}, name),
    el("div", { class: "wide", role: "region", "aria-label": name, tabindex: 0 }, table),
  );
}

function makeRow(
  { translate }: Context,
  version: VersionStats,
  kinds: string[],
  show: (id: number) => void,
) {
  const open = el("button", {
    type: "button",
    "data-do": "figures-version",
    dir: "auto",
    title: translate("stats_of_version", { name: version.name }),
    text: version.name,
    on: { click: () => show(version.id) },
  });
  const cells = kinds.map((kind) => {
    const most = version.most[kind];
    if (!most) return el("td", { class: "dim" }, "–");
    const share = el("span", { class: "dim" }, formatPercent(most.share));
    return el("td", {}, el("span", { dir: "auto" }, most.label), " ", share);
  });
  const pictures = el("td", {}, formatNumber(version.with_data));
  return el("tr", {}, el("th", { scope: "row" }, open), pictures, ...cells);
}

const LEAST_SHARE = 0.1;
const USUAL_TAB = "txt2img";
const FIRST = ["Sampler", "Schedule type"]; // an infotext begins with the steps

function makeRecipe(context: Context, stats: Stats) {
  const { translate } = context;
  return el(
    "section",
    { class: "recipe stack" },
    el("h3", {}, translate("stats_recipe")),
    el("dl", {}, ...summarize(context, stats).map(([name, value]) => makePair(name, value))),
    el("div", { class: "text dim small", dir: "auto" }, makeLongText(stats.recipe, translate)),
    el("div", { class: "actions" }, ...makeButtons(context, stats.recipe)),
  );
}

/** Return the most common settings: the weight of the model's LoRA, sampler, the others. */
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

/** Return whether a bar is for the model's own LoRA: a rare one may be of a checkpoint. */
function isModelLora({ is_model_version, share }: Bar) {
  return is_model_version && share >= LEAST_SHARE;
}

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
      label: translate("send_to_tab", { tab: getTabName(tab) }),
      class: "primary",
    },
    () => actions.send(tab, null, text),
  );
  return [send, copy];
}

const USUAL = 300; // images
const MOST = 10_000;
const UNDER_WAY = ["queued", "running"];

/** @param more called when more records are loaded */
function makeReadMore(context: Context, more: () => unknown) {
  const { actions, store, translate } = context;
  const line = el("p", { role: "status" });
  let readSoFar = -1; // images, of the job that is shown
  const what = { name: "read-limit", label: "stats_read_most", value: USUAL, high: MOST };
  const limit = makeLimitField(translate, what);
  const begin = button(
    { action: "figures-read", icon: "again", label: translate("stats_read") },
    () => limit.reportValidity() && actions.readRecords(limit.valueAsNumber),
  );
  const stop = button(
    { action: "figures-stop", icon: "stop", label: translate("do_give_up") },
    () => {
      const job = findJob();
      return job && actions.cancelJob(job.id);
    },
  );
  const upTo = el("span", { class: "dim", text: translate("up_to") });
  const label = el("label", {}, upTo, limit);
  const form = el("div", { class: "limit-form joined" }, label, begin);
  const progress = el("div", { class: "row" }, line, stop);
  const element = el("div", { class: "row" }, form, progress);
  store.on(["jobs"], () => follow(more), context);
  follow(() => {});

  function findJob() {
    const { jobs, model } = store.get();
    return jobs?.jobs.find(
      (job) => job.reads_only && UNDER_WAY.includes(job.state) && job.title === model?.name,
    );
  }

  function follow(more: () => unknown) {
    const job = findJob();
    if (job) showInstead(progress, form, stop);
    else showInstead(form, progress, begin);
    line.textContent = job?.line ?? "";
    const read = job?.saved ?? -1;
    if (read === readSoFar) return;
    readSoFar = read;
    more();
  }
  return { element };
}

/** Return what reads Civitai's tags of the gallery's images, a hundred images at a time. */
function makeTagReader(context: Context, more: () => unknown) {
  const { api, signal, store, translate } = context;
  const request = new LatestRequest(context);
  const line = el("p", { class: "dim", role: "status" });
  const begin = button(
    { action: "tags-read", icon: "again", label: translate("tags_read") },
    readTags,
  );
  const stop = button({ action: "tags-stop", icon: "stop", label: translate("search_stop") }, () =>
    request.abort(),
  );
  stop.hidden = true;
  const element = el("div", { class: "row" }, line, begin, stop);
  store.on([({ where }) => getSource(where)], () => request.abort(), { signal });

  /** Show of how many images the tags are known. */
  function show({ image_count: total, with_tags: count }: Stats) {
    if (!stop.hidden) return;
    line.textContent = say("tags_known", { n: count, total });
    begin.hidden = count >= total;
  }

  function say(key: string, numbers: Record<string, number>) {
    const texts = Object.entries(numbers).map(([name, n]) => [name, formatNumber(n)]);
    return translate(key, Object.fromEntries(texts));
  }

  async function readTags() {
    const where = { ...store.get().where, search: null, tag: "" };
    const signal = request.begin();
    showInstead(stop, begin, stop);
    line.textContent = translate("reading");
    await tryOrTell(context, async () => {
      let below: number | null = null;
      do {
        const answer: TagReading = await api.post("tags", { where, below }, { signal });
        line.textContent = say("tags_left", { n: answer.left });
        below = answer.next;
      } while (below !== null);
    });
    showInstead(begin, stop, begin);
    more();
  }
  return { element, show };
}

/** Show an element in place of another; if that has the focus, a button in the first gets it. */
function showInstead(shown: HTMLElement, gone: HTMLElement, focused: HTMLButtonElement) {
  const hadFocus = gone.matches(":focus-within");
  shown.hidden = false;
  if (hadFocus) focused.focus();
  gone.hidden = true;
}

const FEW = 30; // images with data that say little
/** The order of the groups: first how images are made, then what they show. */
const ORDER = [
  ...["sampler", "schedule", "steps", "cfg", "guidance", "size", "clip"],
  ...[
    "lora",
    "word",
    "tag",
    "negative",
    "embedding",
    "checkpoint",
    "upscaler",
    "upscale",
    "denoising",
  ],
];

export function addStatsPanel(context: Context) {
  const { actions, api, store, translate } = context;
  const sample = el("header", { class: "sample stack" });
  const content = el("div", { class: "stats-content" });
  const request = new LatestRequest(context);
  const panel = new Panel(context, "stats", {
    title: "stats_title",
    build: () => [sample, readMore.element, content],
    read,
  });
  const readMore = makeReadMore(context, () => panel.isOpen && void read());
  const tagReader = makeTagReader(context, () => panel.isOpen && void read());
  // The statistics depend on the model's versions and file names.
  store.on(["where", "model"], () => panel.isOpen && void read(), context);

  async function read() {
    const { model, version, images, level } = store.get().where;
    const signal = request.begin();
    readMore.element.hidden = model === null && !images;
    if (model === null && !images) return showMessage(translate("stats_open_a_model"));
    if (!content.childElementCount) showMessage(translate("reading"));
    const query = new URLSearchParams({
      level,
      ...(images ? { images } : { model: String(model) }),
    });
    if (version !== null) query.set("version", String(version));
    const stats = await panel.readData(() => api.get(`stats?${query}`, { signal }));
    if (stats) draw(stats);
  }

  function showMessage(text: string) {
    sample.replaceChildren();
    content.replaceChildren(
      el("div", { class: "none" }, el("p", { class: "dim", role: "status" }, text)),
    );
  }

  function draw(stats: Stats) {
    const show = ({ search }: Bar) => {
      actions.panel("");
      void actions.search(search, "gallery"); // all that was read, as the bars are
    };
    const tags = stats.groups.find(({ kind }) => kind === "tag") ?? { kind: "tag", bars: [] };
    const others = stats.groups.filter((group) => group !== tags);
    // LoRAs come first if the model is one of them
    const getOrder = ({ kind, bars }: Group) =>
      kind === "lora" && bars.some(isModelLora) ? -1 : ORDER.indexOf(kind);
    const groups = [...others, tags].sort((one, other) => getOrder(one) - getOrder(other));
    const bars = groups.map((group) => makeBars(context, group, show));
    const versions = makeVersions(context, stats.versions, (version) => {
      void actions.setWhere({ version });
    });
    bars[groups.indexOf(tags)].append(tagReader.element);
    tagReader.show(stats);
    fill(
      content,
      stats.recipe && makeRecipe(context, stats),
      others.length > 0 && el("p", { class: "dim" }, translate("stats_hint")),
      stats.image_count > 0 && el("div", { class: "bar-groups" }, ...bars),
      stats.versions.length > 1 && versions,
    );
    drawSample(stats);
  }

  function drawSample({ image_count, with_data, reactions }: Stats) {
    const { model, where, total } = store.get();
    const title = where.images ? translate("list_title", { n: total ?? "…" }) : model?.name;
    const version = model?.versions.find((one) => one.id === where.version);
    const counts = { pictures: formatNumber(image_count), with_data: formatNumber(with_data) };
    const all = { action: "figures-every", label: translate("every_version"), class: "quiet" };
    const summary = image_count
      ? translate("stats_sample", { ...counts, reactions })
      : translate("stats_none");
    fill(
      sample,
      el("h3", { dir: "auto" }, title, version && ` · ${version.name}`),
      el("p", { role: "status" }, summary),
      image_count > 0 && with_data < FEW && el("p", { class: "warns" }, translate("stats_few")),
      version && button(all, () => actions.setWhere({ version: null })),
    );
  }
}

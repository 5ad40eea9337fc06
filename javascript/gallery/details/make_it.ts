/** *Make it*: an image made again by a program on the user's machine, with what must be known
 * before, and how far it is. */

import type { PageContext } from "../actions";
import type {
  EngineView,
  ImageDetails,
  MakeView,
  PlanImageBody,
  PlanView,
  ResourceView,
  WorkflowView,
} from "../contract";
import { openAsk } from "../core/dialogs";
import { button, el, fill, icon, iconButton, setText } from "../core/dom";
import { type MenuItem, makeItem } from "../core/menu";
import { tryOrTell } from "../data/api";
import { listReady, type MakeOptions } from "../data/making";
import { HOST_TAB, makeInHost } from "../host/send_to_tab";
import { canGenerate, getLoadedCheckpoint, getTabName } from "../host/webui_fields";
import { makeNeedsQuery } from "../state/model_files";
import { isMaking } from "../state/state";
import type { Context } from "../types";

const FILES = ["model", "lora", "vae", "embed", "upscaler"]; // what is missing and can be had
const SEEDS = 4;
const MOST_LORAS = 3; // in a menu
const MOST_WEIGHTS = 10; // made at once
const MOST_WEIGHT = 10;
const CAN_DROP = FILES.slice(1); // what an image can be made without

/** Return the actions that make images again. */
export function makeMakingActions(context: PageContext) {
  const { parts } = context;
  return {
    /** Find the programs that make images, unless they were found some minutes ago.
     * @param isAnew ask in any case */
    findEngines: (isAnew?: boolean) => parts.making.findEngines(isAnew),
    /** The same for a menu, which does not wait longer than it may take to open. */
    findEnginesSoon: () => parts.making.findEnginesSoon(),
    listMakers: (ids: number[]) => listMakers(context, ids),
    /** Make images again, one after another. Of one image, ask before if something is missing, will
     * differ, or needs the user's consent.
     * @param variants of one image, which differ from it in any case */
    async make(ids: number[], options: PlanImageBody, variants?: MakeOptions[]) {
      if (ids.length > 1) return parts.making.start(ids, options);
      const [id] = ids;
      const plan = await parts.making.plan(id, options);
      if (!plan) return;
      const { missing, cautions, custom_nodes: nodes } = plan;
      const replan = (changed: PlanImageBody) => parts.making.plan(id, changed);
      const start = (chosen: PlanImageBody) => parts.making.start(ids, chosen, variants);
      if (missing.length || nodes.length || (!variants && cautions.length))
        return askToMake(context, id, { plan: replan, start }, options, plan);
      await start({ ...options, seed: plan.seed });
    },
    /** Ask with which weights of a LoRA to make an image, and make it with each. */
    async tryWeights(id: number, lora: string) {
      const options = { engine: listReady(context.store.get()).at(0)?.id, lora };
      const plan = await parts.making.plan(id, options);
      if (!plan) return;
      const field = makeWeightsField(context, lora, plan.weights);
      const replan = (changed: PlanImageBody) => parts.making.plan(id, changed);
      const start = (chosen: PlanImageBody) => parts.making.start([id], chosen, field.list());
      askToMake(context, id, { plan: replan, start, field }, options, plan);
    },
    /** Make an image in the host, on the host's own page. Ask before as `make` does.
     * @param text the edited infotext, null for the image's own */
    async makeInHost(id: number, text: string | null) {
      const start = () => makeInHost(context, id, text);
      await tryOrTell(context, async () => {
        const plan = planInHost(context, await context.records.getRecord(id, context.signal));
        const drop = async ({ drops_missing }: PlanImageBody) =>
          drops_missing ? { ...plan, missing: [] } : plan;
        if (!plan.missing.length && !plan.cautions.length) return await start();
        askToMake(context, id, { plan: drop, start }, {}, plan);
      });
    },
    /** Store an image's workflow in a ComfyUI, and say where it is. */
    async openWorkflow(id: number, { id: engine, address }: EngineView) {
      const store = () => context.api.post(`images/${id}/workflow`, { engine }, context);
      const stored = await tryOrTell(context, store);
      if (stored) showWorkflow(context, stored, address);
    },
    /** Make what has failed again, as it was begun. */
    retryMaking: (jobs: readonly MakeView[]) => parts.making.retry(jobs),
    stopMaking: (jobs: readonly MakeView[]) => parts.making.stop(jobs),
    /** Compare an image with what was made of it. */
    showMade: (jobs: readonly MakeView[]) => parts.making.show(jobs),
  };
}

/** Return the items that make images: one for the host around the page, and one for each program
 * that was found, the last used one first.
 * @param edited the infotext of a single image as the user has changed it, null if unchanged */
export function listMakers(
  { store, translate, actions }: Context,
  ids: number[],
  edited: () => string | null = () => null,
): MenuItem[] {
  if (!ids.length) return [];
  const ready = listReady(store.get()).map(({ id, name, is_host: isHost }) => {
    return { name, isHost, make: () => actions.make(ids, { engine: id }) };
  });
  const { host } = store.get().bootstrap ?? {};
  const hasTab = host?.send_to.includes(HOST_TAB) && canGenerate(HOST_TAB);
  // a host that was found by its API too is asked by that: the user stays here
  if (host && hasTab && ids.length === 1 && !ready.some(({ isHost }) => isHost)) {
    const make = () => actions.makeInHost(ids[0], edited());
    ready.unshift({ name: host.name || getTabName(HOST_TAB), isHost: true, make });
  }
  const n = ids.length;
  const makers = ready.map(({ name: engine, make }) => {
    const isNamed = ready.length > 1;
    const one = isNamed ? translate("make_in", { engine }) : translate("make_it");
    const many = isNamed ? translate("make_n_in", { n, engine }) : translate("make_n", { n });
    return makeItem("make", n > 1 ? many : one, make, { icon: "make" });
  });
  const editors = n > 1 ? [] : listReady(store.get()).filter(({ kind }) => kind === "comfyui");
  const openers = editors.map((engine) => {
    const text = translate("workflow_open", { engine: engine.name });
    return makeItem("open-workflow", text, () => actions.openWorkflow(ids[0], engine));
  });
  return [...makers, ...openers];
}

/** Return the items that make an image several times, with other seeds or other weights of a LoRA, in
 * the program that was used last; none if no program was found. */
export function listVariants(
  { store, translate, actions }: Context,
  { id, resources }: ImageDetails,
): MenuItem[] {
  const engine = listReady(store.get()).at(0)?.id;
  if (!engine) return [];
  const seeds = Array.from({ length: SEEDS }, () => ({ seed: "random" }));
  const text = translate("make_seeds", { n: SEEDS });
  const make = () => actions.make([id], { engine, seed: "random" }, seeds);
  const loras = resources.filter(hasWeight).slice(0, MOST_LORAS);
  return [
    makeItem("make-seeds", text, make, { startsGroup: true }),
    ...loras.map(({ name }) =>
      makeItem("try-weights", translate("weights_try", { name }), () =>
        actions.tryWeights(id, name),
      ),
    ),
  ];
}

/** Return whether other weights of a resource can be tried. */
export function hasWeight({ type, name, weight }: ResourceView) {
  return type === "lora" && weight !== null && name !== "";
}

/** Return a field for the weights of a LoRA, which lists them as variants. */
function makeWeightsField({ translate }: Context, lora: string, proposed: number[]) {
  const props = { value: proposed.join("  "), inputmode: "decimal", "data-field": "weights" };
  const input = el("input", { ...props, type: "text", autocomplete: "off" });
  const name = el("span", { dir: "auto" }, translate("weights_of", { name: lora }));
  const read = () => [...new Set(parseNumbers(input.value))];
  const isValid = () => {
    const weights = read();
    const isUsable = weights.length > 0 && weights.length <= MOST_WEIGHTS;
    const isWrong = !isUsable || weights.some((one) => Math.abs(one) > MOST_WEIGHT);
    const values = { n: MOST_WEIGHTS, most: MOST_WEIGHT };
    input.setCustomValidity(isWrong ? translate("weights_wrong", values) : "");
    return input.reportValidity();
  };
  input.addEventListener("input", () => input.setCustomValidity(""));
  const list = (): MakeOptions[] => read().map((weight) => ({ weight }));
  return { element: el("label", { class: "weights" }, name, input), isValid, list };
}

/** Return the numbers of a text. A single comma in a number without a point is a decimal point. */
function parseNumbers(text: string) {
  const split = (part: string) =>
    part.includes(".") || part.split(",").length > 2 ? part.split(",") : [part.replace(",", ".")];
  const parts = text.split(/,?[\s;]+|,$/).flatMap(split);
  return parts.filter(Boolean).map(Number).filter(Number.isFinite);
}

function planInHost(
  { store, translate }: Context,
  { id, resources, incompatibilities }: ImageDetails,
): PlanView {
  const { needs, where } = store.get();
  const isAnswered = needs.image.of === makeNeedsQuery({ image: id, model: where.model });
  // the record may know only the number of a model, Civitai's answer also its kind
  const used = (isAnswered && needs.image.answer?.files) || resources;
  const loaded = getLoadedCheckpoint();
  const checkpoint = resources.find(({ type }) => type === "model");
  const isOther = loaded && checkpoint && !isCheckpoint(loaded, checkpoint);
  const values = { loaded, wanted: checkpoint?.name || checkpoint?.local_name || "?" };
  const missing = used.filter(
    ({ type, availability }) => availability === "missing" && CAN_DROP.includes(type),
  );
  return {
    engine: store.get().bootstrap?.host.name || getTabName(HOST_TAB),
    seed: "",
    infotext: "",
    should_match: false,
    has_own_graph: false,
    cautions: [
      ...(isOther ? [translate("make_other_checkpoint", values)] : []),
      ...incompatibilities,
    ],
    missing: missing.map(({ type, name }) => {
      return { type, name, text: translate(`missing_${type}`, { name }) };
    }),
    custom_nodes: [],
    weights: [],
  };
}

function isCheckpoint(title: string, { name, local_name, hash }: ResourceView) {
  const said = /\[([0-9a-f]{10,64})\]$/i.exec(title)?.[1] ?? "";
  const size = Math.min(said.length, hash.length);
  if (size >= 10) return said.slice(0, size).toLowerCase() === hash.slice(0, size).toLowerCase();
  const file = title.replace(/ \[\w+\]$/, "").split(/[\\/]/);
  const stem = (file.at(-1) ?? "").replace(/\.\w+$/, "").toLowerCase();
  return [name, local_name].some((one) => one.toLowerCase() === stem);
}

/** How an image is planned, null after an error, and made. field: asks for more. */
interface Maker {
  field?: { element: HTMLElement; isValid: () => boolean };
  plan: (options: PlanImageBody) => Promise<PlanView | null>;
  start: (options: PlanImageBody) => unknown;
}

/** Ask whether to make an image with what is missing, differs, or needs consent. */
function askToMake(
  context: Context,
  id: number,
  maker: Maker,
  given: PlanImageBody,
  first: PlanView,
) {
  const { translate, actions } = context;
  const body = el("div", { class: "make-plan stack" });
  let options = given;
  let plan = first;
  const change = async (changed: PlanImageBody) => {
    const planned = await maker.plan({ ...options, ...changed });
    if (!planned) return draw();
    options = { ...options, ...changed };
    plan = planned;
    draw();
  };
  const makeSwitch = (name: "drops_missing" | "runs_custom_nodes" | "rebuilds", key: string) => {
    const box = el("input", { type: "checkbox", "data-do": `make-${name}`, "data-field": name });
    box.checked = options[name] === true;
    box.addEventListener("change", () => void change({ [name]: box.checked }));
    return el("label", { class: "choice row" }, box, translate(key));
  };
  const press = (action: string, key: string, look: string, act: () => unknown) =>
    button({ action, label: translate(key), class: look }, () => {
      if (action === "make-now" && maker.field && !maker.field.isValid()) return undefined;
      leave();
      return act();
    });
  const draw = () => {
    const { missing, custom_nodes: nodes, cautions, engine } = plan;
    const lacking = missing.map(({ text }) => text);
    const isReady = !missing.length && (!nodes.length || options.runs_custom_nodes === true);
    const hasFiles = missing.some(({ type }) => FILES.includes(type));
    // without the LoRA itself, none of its weights can be tried
    const isTried = missing.some(({ name }) => name === options.lora);
    const lacksPart = missing.some(({ type }) => type === "part");
    const canDrop = !isTried && missing.some(({ type }) => CAN_DROP.includes(type));
    const isForeign = nodes.length > 0 || missing.some(({ type }) => type.endsWith("node"));
    const make = press("make-now", "make_it", isReady ? "primary" : "", () =>
      maker.start({ ...options, seed: plan.seed }),
    );
    make.disabled = !isReady;
    const parts = [
      maker.field?.element,
      ...makeList(translate("make_lacks", { engine }), lacking),
      (options.drops_missing || canDrop) && makeSwitch("drops_missing", "make_without"),
      ...makeList(translate("make_nodes"), nodes),
      nodes.length > 0 && makeSwitch("runs_custom_nodes", "make_runs_nodes"),
      (options.rebuilds || (isForeign && plan.has_own_graph)) &&
        makeSwitch("rebuilds", "make_rebuilds"),
      ...makeList(translate("make_unlike"), cautions),
      plan.should_match && !maker.field && el("p", {}, translate("make_matches")),
      el(
        "div",
        { class: "row" },
        press("leave-make", "do_cancel", "", () => {}),
        make,
        lacksPart && press("make-engines", "settings_engines", "", () => actions.openEngines()),
        hasFiles && press("make-get", "do_get_models", "primary", () => actions.listNeeds([id])),
      ),
    ];
    fill(body, ...parts);
    const last = [...body.querySelectorAll("button:enabled")].at(-1); // or "Cancel"
    last?.setAttribute("data-takes-focus", "");
  };
  const leave = openAsk(context, translate("make_in", { engine: plan.engine }), body);
  draw();
  body.querySelector<HTMLElement>("[data-takes-focus]")?.focus();
}

function makeList(title: string, texts: string[]) {
  if (!texts.length) return [];
  const items = texts.map((text) => el("li", { dir: "auto" }, text));
  return [el("p", {}, title), el("ul", {}, ...items)];
}

/** Say where ComfyUI has a workflow; its file can also be dragged onto ComfyUI's page. */
function showWorkflow(context: Context, stored: WorkflowView, address: string) {
  const { translate } = context;
  const { engine, name, text } = stored;
  const file = `${name.split("/").at(-1)}.json`;
  // as a data URL it is what a drag hands over: ComfyUI's page may not read from this server, and
  // takes no other type, even with a charset
  const href = `data:application/json,${encodeURIComponent(text)}`;
  const link = el(
    "a",
    { "data-do": "save-workflow", href, download: file },
    icon("download"),
    file,
  );
  const isReached = !isOwnMachine(address) || isOwnMachine(location.href);
  const open = isReached && {
    action: "show-comfyui",
    icon: "external" as const,
    label: translate("workflow_show"),
    class: "primary",
  };
  const leave = openAsk(
    context,
    translate("workflow_open", { engine }),
    el("p", { dir: "auto" }, translate("workflow_stored", { name })),
    el("p", { class: "dim" }, translate("workflow_file")),
    el("p", { class: "workflow-file" }, link),
    el(
      "div",
      { class: "row" },
      button({ action: "leave-workflow", label: translate("do_close") }, () => leave()),
      open && button(open, () => window.open(address, "_blank", "noopener")),
    ),
  );
}

function isOwnMachine(address: string) {
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(new URL(address).hostname);
}

/** How far an image is that is being made. */
export function makeProgress(context: Context) {
  const { actions, store, translate } = context;
  const element = el("section", { class: "making", hidden: true });
  const textBox = el("p", { role: "status" });
  const bar = el("progress", { max: 1 });
  let imageId = 0;
  const label = translate("make_stop");
  const press = () => actions.stopMaking(list());
  const stop = iconButton("stop-making", "stop", label, press, "quiet");
  element.append(textBox, stop, bar);
  store.on(["made"], draw, context);

  /** Return the element, which then shows how far this image is. */
  function show({ id }: ImageDetails) {
    imageId = id;
    draw();
    return element;
  }

  function list() {
    const { made } = store.get();
    return made.filter((job) => job.image_id === imageId && isMaking(job)).reverse();
  }

  function draw() {
    const jobs = list();
    const running = jobs.find(({ state }) => state === "running");
    element.hidden = !jobs.length;
    if (!jobs.length) return;
    const { engine } = running ?? jobs[0];
    const text = translate(running ? "make_runs" : "make_waits", { engine });
    const more = jobs.length > 1 ? ` · ${translate("make_more", { n: jobs.length - 1 })}` : "";
    setText(textBox, `${text}${more}`);
    bar.value = running?.part ?? 0;
    bar.setAttribute("aria-label", text);
  }
  return { element, show };
}

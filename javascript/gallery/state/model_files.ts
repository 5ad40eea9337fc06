/** What is known of the model files that images need: chosen, safe, here, on their way. */

import type {
  JobList,
  JobModelFile,
  ModelFileChoice,
  NeededFileView,
  RemoteFileView,
} from "../contract";
import type { FileChoice, Needs, NeedsPlace, State, Translate } from "../types";

/** By the key of a needed file. */
type Choices = ReadonlyMap<string, FileChoice>;

export const NO_NEEDS: Needs = Object.freeze({
  of: "",
  answer: null,
  problem: null,
  loading: false,
});

const USUAL: FileChoice = Object.freeze({
  file: null,
  allowed: null,
  companions: new Set<number>(),
});

/** Return the user's choice for a needed file, or the default choice. */
export function getChoice({ key }: NeededFileView, choices: Choices) {
  return choices.get(key) ?? USUAL;
}

/** Return the file that the user has chosen, else the default file; null if there is none. */
export function getChosenFile(needed: NeededFileView, choices: Choices): RemoteFileView | null {
  const id = getChoice(needed, choices).file ?? needed.file;
  return needed.choices.find((file) => file.id === id) ?? null;
}

/** Return the text why a file cannot be downloaded, "" if it can. */
export function getRefusal(needed: NeededFileView, choices: Choices) {
  return needed.refusal || (getChosenFile(needed, choices)?.refusal ?? "");
}

/** Return whether the user must agree to the download, because the chosen file may run code. */
export function needsConsent(needed: NeededFileView, choices: Choices) {
  const file = getChosenFile(needed, choices);
  return Boolean(file?.may_run_code) && getChoice(needed, choices).allowed !== file?.id;
}

/** Return whether a file is missing and can be downloaded, with consent where needed. */
export function canGet(needed: NeededFileView, choices: Choices) {
  return (
    isAbsent(needed) &&
    getChosenFile(needed, choices) !== null &&
    !getRefusal(needed, choices) &&
    !needsConsent(needed, choices)
  );
}

/** Return whether a version's file is missing; another version may be present. */
export function isAbsent({ availability }: Pick<NeededFileView, "availability">) {
  return availability === "missing" || availability === "other";
}

/** Return the words to search a model that Civitai does not know by hash, else "". */
export function getSearchWords({
  version_id,
  url,
  name,
}: Pick<NeededFileView, "version_id" | "url" | "name">) {
  const isKnown = version_id !== null || url !== "";
  return isKnown ? "" : name.replaceAll(/[_\s]+/g, " ").trim();
}

/** Return the needed files that can be downloaded and are not being downloaded. */
export function listGettable(
  { needs, fileChoices, jobs }: Pick<State, "needs" | "fileChoices" | "jobs">,
  place: NeedsPlace,
) {
  const files = needs[place].answer?.files ?? [];
  return files.filter((needed) => canGet(needed, fileChoices) && !findJobFile(jobs, needed));
}

function listChosen(needed: NeededFileView, choices: Choices): RemoteFileView[] {
  const file = getChosenFile(needed, choices);
  const { companions } = getChoice(needed, choices);
  const beside = needed.companions.filter(({ id }) => companions.has(id) && id !== file?.id);
  return file ? [file, ...beside] : [];
}

/** Return the total size of these needed files in bytes. */
export function sumSizes(files: readonly NeededFileView[], choices: Choices) {
  const chosen = files.flatMap((needed) => listChosen(needed, choices));
  return chosen.reduce((sum, { size }) => sum + size, 0);
}

/** Return the files to download: each chosen file, and its chosen companions. */
export function makeRequest(files: readonly NeededFileView[], choices: Choices): ModelFileChoice[] {
  return files.flatMap((needed) =>
    listChosen(needed, choices).map((file) => ({
      version_id: needed.version_id ?? 0,
      file_id: file.id,
      allow_pickle: file.may_run_code && getChoice(needed, choices).allowed === file.id,
    })),
  );
}

/** Return the file of a version that a job is downloading, null if there is none. */
export function findJobFile(
  jobs: JobList | null,
  { version_id }: Pick<NeededFileView, "version_id">,
): JobModelFile | null {
  for (const job of jobs?.jobs ?? []) {
    if (job.state === "cancelled") continue;
    const file = job.model_files.find((one) => one.version_id === version_id);
    if (file && ["waiting", "running"].includes(file.state)) return file;
  }
  return null;
}

/** Return the reason why the last download of a version failed, or "". */
export function findJobFailure(
  jobs: JobList | null,
  { version_id }: Pick<NeededFileView, "version_id">,
) {
  const files = (jobs?.jobs ?? []).flatMap((job) => job.model_files);
  const last = files.find((file) => file.version_id === version_id);
  return last?.state === "failed" ? last.line : "";
}

/** Return the ids of the files that jobs have downloaded, or have found on this machine. */
export function listArrivals({ jobs }: Pick<State, "jobs">) {
  const files = (jobs?.jobs ?? []).flatMap((job) => job.model_files);
  const here = files.filter(({ state }) => state === "saved" || state === "skipped");
  return here.map(({ file_id }) => file_id);
}

/** Return a text that changes whenever a model file has arrived. */
export function describeArrivals(state: Pick<State, "jobs">) {
  return listArrivals(state).join(" ");
}

/** Return the needed files, with the newly arrived ones marked as present. */
export function markArrived(needs: Needs, fresh: ReadonlySet<number>, label: string): Needs {
  const { answer } = needs;
  if (!answer) return needs;
  const files = answer.files.map((needed) =>
    needed.choices.some(({ id }) => fresh.has(id))
      ? { ...needed, availability: "here" as "here", availability_label: label }
      : needed,
  );
  return { ...needs, answer: { ...answer, files } };
}

/** Return the query string to request the model files of an image, a model version, a collection or a
 * list.
 * @param of model: id of the version's model; beside an image, id of the model whose gallery is
 *     open; version: null for the newest */
export function makeNeedsQuery(of: {
  image?: number;
  model?: number | null;
  version?: number | null;
  collection?: string;
  images?: string; // of a list
}) {
  const given = Object.entries(of).filter(([, value]) => value !== null);
  return String(new URLSearchParams(given.map(([name, value]) => [name, String(value)])));
}

/** The texts by the type as Civitai or an infotext writes it, without capitals and spaces. */
const TEXTS: Record<string, string> = {
  model: "type_model",
  checkpoint: "type_model",
  lora: "type_lora",
  embed: "type_embed",
  textualinversion: "type_embed",
  hypernet: "type_hypernet",
  hypernetwork: "type_hypernet",
  vae: "type_vae",
  textencoder: "type_text_encoder",
  controlnet: "type_controlnet",
  upscaler: "type_upscaler",
  motionmodule: "type_motion",
  detection: "type_detection",
  aestheticgradient: "type_aesthetic",
  poses: "type_poses",
  wildcards: "type_wildcards",
  workflows: "type_workflows",
  other: "type_other",
};

/** Return the name of a model type in the user's language, or the type itself if it is unknown. */
export function getModelTypeName(type: string, translate: Translate) {
  const key = type.toLowerCase().replaceAll(/[ _]/g, "");
  return Object.hasOwn(TEXTS, key) ? translate(TEXTS[key]) : type;
}

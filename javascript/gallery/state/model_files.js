/** Functions of the state that tell which model files are needed, chosen and being downloaded. */

/** @import { JobModelFile, RemoteFileView, ModelFileChoice } from "../contract" */
/** @import { FileChoice, NeededFile, Needs, NeedsPlace, State } from "../types.js" */
/** @typedef {ReadonlyMap<string, FileChoice>} Choices  by the key of a needed file */

/** @type {Needs} */
export const NO_NEEDS = Object.freeze({ of: "", answer: null, problem: null, loading: false });

/** @type {FileChoice} */
const USUAL = Object.freeze({ file: null, allowed: null, companions: new Set() });

/** Return the user's choice for a needed file, or the default choice.
 * @param {NeededFile} needed
 * @param {Choices} choices */
export function getChoice({ key }, choices) {
  return choices.get(key) ?? USUAL;
}

/** Return the file that the user has chosen, else the default file; null if there is none.
 * @param {NeededFile} needed
 * @param {Choices} choices
 * @returns {RemoteFileView | null} */
export function getChosenFile(needed, choices) {
  const id = getChoice(needed, choices).file ?? needed.file;
  return needed.choices.find((file) => file.id === id) ?? null;
}

/** Return the text why a file cannot be downloaded, "" if it can.
 * @param {NeededFile} needed
 * @param {Choices} choices */
export function getRefusal(needed, choices) {
  return needed.refusal || (getChosenFile(needed, choices)?.refusal ?? "");
}

/** Return whether the user must agree to the download, because the chosen file may run code.
 * @param {NeededFile} needed
 * @param {Choices} choices */
export function needsConsent(needed, choices) {
  const file = getChosenFile(needed, choices);
  return Boolean(file?.may_run_code) && getChoice(needed, choices).allowed !== file?.id;
}

/** Return whether a needed file is missing and can be downloaded without the user's consent, or with
 * the consent that the user has given.
 * @param {NeededFile} needed
 * @param {Choices} choices */
export function canGet(needed, choices) {
  return (
    isAbsent(needed) &&
    getChosenFile(needed, choices) !== null &&
    !getRefusal(needed, choices) &&
    !needsConsent(needed, choices)
  );
}

/** Return whether the needed version's file is missing. Another version of the model may be
 * present.
 * @param {Pick<NeededFile, "availability">} needed */
export function isAbsent({ availability }) {
  return availability === "missing" || availability === "other";
}

/** Return the words to search on Civitai for a model that Civitai does not know by hash. Return ""
 * if the model is known or has no name.
 * @param {Pick<NeededFile, "version_id" | "url" | "name">} needed */
export function getSearchWords({ version_id, url, name }) {
  const isKnown = version_id !== null || url !== "";
  return isKnown ? "" : name.replaceAll(/[_\s]+/g, " ").trim();
}

/** Return the needed files that can be downloaded and are not being downloaded.
 * @param {Pick<State, "needs" | "fileChoices" | "jobs">} state
 * @param {NeedsPlace} place  the part of the page that shows the files */
export function listGettable({ needs, fileChoices, jobs }, place) {
  const files = needs[place].answer?.files ?? [];
  return files.filter((needed) => canGet(needed, fileChoices) && !findJobFile(jobs, needed));
}

/** Return the chosen file and the chosen companions of a needed file.
 * @param {NeededFile} needed
 * @param {Choices} choices
 * @returns {RemoteFileView[]} */
function listChosen(needed, choices) {
  const file = getChosenFile(needed, choices);
  const { companions } = getChoice(needed, choices);
  const beside = needed.companions.filter(({ id }) => companions.has(id) && id !== file?.id);
  return file ? [file, ...beside] : [];
}

/** Return the total size of these needed files in bytes.
 * @param {readonly NeededFile[]} files
 * @param {Choices} choices */
export function sumSizes(files, choices) {
  const chosen = files.flatMap((needed) => listChosen(needed, choices));
  return chosen.reduce((sum, { size }) => sum + size, 0);
}

/** Return the files to name in a download request: each needed file's chosen or default file, and
 * the chosen companions, such as a VAE.
 * @param {readonly NeededFile[]} files
 * @param {Choices} choices
 * @returns {ModelFileChoice[]} */
export function makeRequest(files, choices) {
  return files.flatMap((needed) =>
    listChosen(needed, choices).map((file) => ({
      version_id: needed.version_id ?? 0,
      file_id: file.id,
      allow_pickle: file.may_run_code && getChoice(needed, choices).allowed === file.id,
    })),
  );
}

/** Return the file of a model version that a job is downloading or will download, null if there is
 * none.
 * @param {import("../types.js").Jobs | null} jobs
 * @param {Pick<NeededFile, "version_id">} needed
 * @returns {JobModelFile | null} */
export function findJobFile(jobs, { version_id }) {
  for (const job of jobs?.jobs ?? []) {
    if (job.state === "cancelled") continue;
    const file = job.model_files.find((one) => one.version_id === version_id);
    if (file && ["waiting", "running"].includes(file.state)) return file;
  }
  return null;
}

/** Return the reason why the last download of a version failed, or "".
 * @param {import("../types.js").Jobs | null} jobs
 * @param {Pick<NeededFile, "version_id">} needed */
export function findJobFailure(jobs, { version_id }) {
  const files = (jobs?.jobs ?? []).flatMap((job) => job.model_files);
  const last = files.find((file) => file.version_id === version_id);
  return last?.state === "failed" ? last.line : "";
}

/** Return the ids of the files that jobs have downloaded, or have found on this machine.
 * @param {Pick<State, "jobs">} state */
export function listArrivals({ jobs }) {
  const files = (jobs?.jobs ?? []).flatMap((job) => job.model_files);
  const here = files.filter(({ state }) => state === "saved" || state === "skipped");
  return here.map(({ file_id }) => file_id);
}

/** Return a text that changes whenever a model file has arrived.
 * @param {Pick<State, "jobs">} state */
export function describeArrivals(state) {
  return listArrivals(state).join(" ");
}

/** Return the needed files, with the newly arrived ones marked as present.
 * @param {Needs} needs
 * @param {ReadonlySet<number>} fresh  ids of the arrived files
 * @param {string} label  text that says that a file is present
 * @returns {Needs} */
export function markArrived(needs, fresh, label) {
  const { answer } = needs;
  if (!answer) return needs;
  const files = answer.files.map((needed) =>
    needed.choices.some(({ id }) => fresh.has(id))
      ? { ...needed, availability: /** @type {"here"} */ ("here"), availability_label: label }
      : needed,
  );
  return { ...needs, answer: { ...answer, files } };
}

/** Return the query string to request the model files of an image, a model version or a collection.
 * @param {{image?: number, model?: number | null, version?: number | null, collection?: string}} of
 *     model: id of the version's model; beside an image, id of the model whose gallery is open;
 *     version: null for the newest */
export function makeNeedsQuery(of) {
  const given = Object.entries(of).filter(([, value]) => value !== null);
  return String(new URLSearchParams(given.map(([name, value]) => [name, String(value)])));
}

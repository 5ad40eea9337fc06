/** Whether the host's functions are still those that the open page was built with. */

/** @typedef {import("../types.js").Context} Context */

/**
 * A page calls them by number. After a restart a number may be another one's: with one more
 * extension a press in the page would run something else. After most restarts all are the same.
 * @param {Context} context
 */
export async function isSameInstance({ root, api, signal }) {
  const { instance } = await api.get("bootstrap", { signal });
  const element = /** @type {HTMLElement} */ (root.host);
  if (element.dataset.instance === instance) return true;
  const isSame =
    describeFunctions(await api.get("../../config", { signal })) ===
    describeFunctions(getPageConfig());
  if (isSame) element.dataset.instance = instance;
  return isSame;
}

/** What gradio has built this page of, under the name that all its versions use. */
function getPageConfig() {
  return Reflect.get(window, "gradio_config");
}

/** Which function each number is, as far as a page is told. @param {any} config */
function describeFunctions(config) {
  const dependencies = config?.dependencies ?? [];
  return JSON.stringify(
    dependencies.map((/** @type {any} */ { targets, inputs, outputs, api_name }) => [
      targets,
      inputs,
      outputs,
      api_name,
    ]),
  );
}

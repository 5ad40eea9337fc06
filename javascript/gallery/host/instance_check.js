/** Checks that the host's functions are still those that the open page was built with. */

/** @import { Context } from "../types.js" */

/** Return whether the host still has the functions with which the page was built. The page calls
 * them by number, and after a restart with one more extension a number may run another function.
 * @param {Context} context */
export async function isSameInstance({ root, api, signal }) {
  const { instance } = await api.get("instance", { signal });
  const element = /** @type {HTMLElement} */ (root.host);
  if (element.dataset.instance === instance) return true;
  const config = await api.getHostConfig({ signal });
  const isSame =
    describeFunctions(config) === describeFunctions(Reflect.get(window, "gradio_config"));
  if (isSame) element.dataset.instance = instance;
  return isSame;
}

/** Return a text that lists the functions in gradio's configuration, to compare two configurations.
 * @param {any} config */
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

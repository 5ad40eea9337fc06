/** Checks that the host's functions are still those that the open page was built with. */

import type { HostConfig } from "../data/api";
import type { Context } from "../types";

/** Return whether the host still has the functions with which the page was built. The page calls
 * them by number, and after a restart with one more extension a number may run another function. */
export async function isSameInstance({ root, api, signal }: Context) {
  const { instance } = await api.get("instance", { signal });
  const element = root.host as HTMLElement;
  if (element.dataset.instance === instance) return true;
  const config = await api.getHostConfig({ signal });
  const isSame =
    describeFunctions(config) === describeFunctions(Reflect.get(window, "gradio_config"));
  if (isSame) element.dataset.instance = instance;
  return isSame;
}

/** Return a text that lists the functions in gradio's configuration, to compare two configurations. */
function describeFunctions(config?: HostConfig) {
  const dependencies = config?.dependencies ?? [];
  return JSON.stringify(
    dependencies.map(({ targets, inputs, outputs, api_name }) => [
      targets,
      inputs,
      outputs,
      api_name,
    ]),
  );
}

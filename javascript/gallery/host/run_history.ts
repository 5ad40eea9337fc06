/** The run history that gradio 6 stores in the browser. */

/** Delete our entries in gradio's run history, which the browser stores. Older versions of this
 * page left the API key there. */
export function clearRunHistory() {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const name of Object.keys(storage)) {
        if (!name.startsWith("gradio:run-history:")) continue;
        if (storage.getItem(name)?.includes("civitai_shortcut_")) storage.removeItem(name);
      }
    }
  } catch {
    // Without storage there is no history.
  }
}

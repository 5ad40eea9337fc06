/** The run history that gradio 6 stores in the browser. */

/** Remove what earlier versions of this page left in gradio's run history, which the browser keeps:
 * their events carried the API key. */
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

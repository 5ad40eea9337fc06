"""A WebUI's way with an extension, for tests: `serve.py EXTENSION PORT`, stand-in `modules` beside.

Executes the extension's script as a module that is nowhere in sys.modules, with its root on
sys.path only meanwhile; twice, as "Reload UI" does. Facts go to stdout as one line of JSON;
a line "KEY JSON" on stdin changes a setting as the settings page does.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from typing import Any

_EXTENSION, _PORT = sys.argv[1], int(sys.argv[2])


def _load() -> None:
    path = os.path.join(_EXTENSION, "scripts", "civitai_shortcut.py")
    sys.path.insert(0, _EXTENSION)
    spec = importlib.util.spec_from_file_location("civitai_shortcut.py", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(_EXTENSION)


def _files() -> list[str]:
    return sorted(name for _, _, names in os.walk(os.environ["STAND_IN_DATA"]) for name in names)


def _page(gr: Any, callbacks: Any, infotext_utils: Any, parts: dict[str, Any]) -> Any:
    tabs = [tab for tabs in callbacks.call("ui_tabs") for tab in tabs]
    with gr.Blocks(**parts) as page:
        with gr.Tabs():
            with gr.TabItem("txt2img"):
                gr.Textbox(label="prompt", elem_id="txt2img_prompt")
            for blocks, title, name in tabs:
                with gr.TabItem(title, id=name, elem_id=f"tab_{name}"):
                    blocks.render()
        received = gr.Textbox(label="received", elem_id="received")
        infotext_utils.connect(received)
    return page


def main() -> None:
    import gradio as gr
    from modules import infotext_utils, script_callbacks, shared

    before = set(sys.modules)
    _load()
    imported = sorted(set(sys.modules) - before)
    files = _files()
    script_callbacks.callbacks.clear()
    _load()
    script_callbacks.call("ui_settings")

    from civitai_manager_libs import host

    with open(os.path.join(_EXTENSION, "style.css"), encoding="utf-8") as file:
        css = file.read()
    with open(
        os.path.join(_EXTENSION, "javascript", "civitai_shortcut.js"), encoding="utf-8"
    ) as file:
        javascript = file.read()
    parts, for_launch = host.page_parts(css, javascript)
    page = _page(gr, script_callbacks, infotext_utils, parts)
    with page:
        host.run_in_page(page, javascript)
    app, _, _ = page.queue().launch(
        server_name="127.0.0.1",
        server_port=_PORT,
        prevent_thread_lock=True,
        quiet=True,
        **for_launch,
    )
    script_callbacks.call("app_started", page, app)
    saved_in_config = [
        component.elem_id
        for component in page.blocks.values()
        if str(component.elem_id).startswith("civitai_shortcut_")
        and not getattr(component, "do_not_save_to_config", False)
    ]
    facts = {
        "callbacks": {name: len(called) for name, called in script_callbacks.callbacks.items()},
        "options": {key: info.default for key, info in shared.opts.data_labels.items()},
        "sections": sorted({info.section[0] for info in shared.opts.data_labels.values()}),
        "imported": [name for name in imported if name.startswith("civitai_manager_libs")],
        "files_after_import": files,
        "saved_in_config": saved_in_config,
    }
    print("FACTS " + json.dumps(facts), flush=True)
    for line in sys.stdin:
        key, _, value = line.partition(" ")
        shared.opts.set(key, json.loads(value))
        print(f"SET {key}", flush=True)


main()

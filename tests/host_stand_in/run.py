"""A host in little: executes our entry as hosts do, twice, and serves its tab among others.

    python run.py PORT

It tells what a test wants to know at /stand_in/state.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import types
from typing import Any
from unittest import mock

_HERE = os.path.dirname(os.path.abspath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_HERE))
_TABS = os.environ.get("STAND_IN_TABS", "txt2img,img2img,inpaint,extras,pnginfo").split(",")
_TITLES = json.loads(os.environ.get("STAND_IN_TITLES", "{}"))  # of tabs that are not named so
sys.path.insert(0, _HERE)

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr  # noqa: E402
from modules import hashes, paste, script_callbacks, sd_samplers, sd_schedulers  # noqa: E402, F401
from modules import paths_internal, shared  # noqa: E402
from PIL import Image  # noqa: E402
from starlette.requests import Request  # noqa: E402
from starlette.responses import FileResponse, JSONResponse, Response  # noqa: E402
from starlette.routing import Route  # noqa: E402

_MAJOR = int(gr.__version__.split(".", 1)[0])
_OWN_SCRIPT = """
const press = (title, id) => {
    const buttons = [...document.querySelectorAll("button")];  // gradio 3 gives them no id
    const named = buttons.find((button) => button.textContent.trim() === title);
    const button = document.getElementById(id + "-button") ?? named;
    // gradio 6 builds a tab when it is first shown
    button ? button.click() : requestAnimationFrame(() => press(title, id));
};
for (const [name, title] of Object.entries(%s).filter(([name]) => name !== "pnginfo"))
    window["switch_to_" + name] = () => {
        press(title, name === "inpaint" ? "tab_img2img" : "tab_" + name);
        if (name === "img2img") press("Picture", "img2img_img2img_tab");
        if (name === "inpaint") press("Inpaint", "img2img_inpaint_tab");
    };
"""
# gradio 3 takes no head; a script that is parsed by itself does not run.
_ADD_TO_HEAD = """() => {
    const head = new DOMParser().parseFromString(%s, "text/html").head;
    for (const { localName, textContent, attributes } of head.children) {
        const made = Object.assign(document.createElement(localName), { textContent });
        for (const { name, value } of attributes) made.setAttribute(name, value);
        document.head.append(made);
    }
}"""
_told: dict[str, Any] = {"rounds": []}
_watched: list[str] = []
_is_watching = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _is_watching and event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        _watched.append(f"{event} {arguments!r}"[:200])


def _load_extension() -> None:
    """Execute the extension's script as hosts do: only meanwhile is its root on the path."""
    global _is_watching
    path = os.path.join(_ROOT, "scripts", "civitai_shortcut.py")
    module = types.ModuleType("civitai_shortcut.py")
    module.__file__ = path
    sys.path.insert(0, _ROOT)
    _is_watching = True
    try:
        with open(path, encoding="utf-8") as file:
            exec(compile(file.read(), path, "exec"), module.__dict__)
    finally:
        _is_watching = False
        sys.path.remove(_ROOT)


def _build_page() -> Any:
    """Build the page: the host's own tabs first, so that an extension's tab can send to them."""
    paste.reset()
    # gradio makes a whole application of each tab, which takes most of a start and serves nobody.
    with mock.patch("gradio.routes.App.create_app"):
        own = [(_own_tab(name), title, name) for name, title in _own_titles().items()]
        callbacks = script_callbacks.callbacks.get("ui_tabs", [])
        tabs = [tab for callback in callbacks for tab in callback()]
    with gr.Blocks(analytics_enabled=False, title="A host") as page:
        with gr.Tabs(elem_id="tabs"):
            for tab, title, name in [*own, *tabs]:
                with gr.Tab(title, id=name, elem_id=f"tab_{name}"):
                    tab.render()
        paste.connect_paste_params_buttons()
        if _MAJOR < 4:
            page.load(None, None, None, _js=_ADD_TO_HEAD % json.dumps(_head()))
    unsaved = [bool(getattr(b, "do_not_save_to_config", False)) for b in _components(tabs)]
    _told["rounds"].append(
        {
            "callbacks": {k: len(v) for k, v in script_callbacks.callbacks.items()},
            "tabs": [[title, name] for _, title, name in tabs],
            "all_unsaved": all(unsaved),
            "components": len(unsaved),
        }
    )
    return page


def _own_titles() -> dict[str, str]:
    """Return {name: title} of the host's own tabs."""
    return {name: _TITLES.get(name, name) for name in _TABS if name != "inpaint"}


def _own_tab(name: str) -> Any:
    """Build a tab with the fields that this tab of a host has, longer than the window."""
    with gr.Blocks(analytics_enabled=False) as tab:
        text = gr.Textbox(label=f"{name} text", elem_id=f"{name}_text", lines=4)
        text.value = None if "STAND_IN_FIRST_START" in os.environ else ""
        has_prompt = name not in ("extras", "pnginfo")
        fields = _build_prompt(name, text) if has_prompt else None
        if name == "img2img":
            with gr.Tabs(elem_id="mode_img2img"):
                for image, title in (("img2img", "Picture"), ("inpaint", "Inpaint")):
                    with gr.Tab(title, elem_id=f"img2img_{image}_tab"):
                        paste.add_paste_fields(image, paste.make_image_field(image, True), fields)
        elif name == "control":
            with gr.Tabs(elem_id="control-tab-input"), gr.Tab("Image"):
                paste.add_paste_fields(name, paste.make_image_field(name, True), fields)
        else:
            field = paste.make_image_field(name, has_prompt) if name != "txt2img" else None
            paste.add_paste_fields(name, field, fields)
        gr.HTML("<div style='height: 200vh'></div>")
    return tab


def _build_prompt(name: str, text: Any) -> list[tuple[Any, str]]:
    """Build the prompt, the size, and the button that fills them from an infotext in the prompt.

    Return the fields that the infotext fills, `text` among them.
    """
    prompt = gr.Textbox("", label=f"{name} prompt", elem_id=f"{name}_prompt", lines=4)
    with gr.Row(elem_id=f"{name}_tools"):
        button = gr.Button("read", elem_id="paste")
    id_of_size = "control_before_resize" if name == "control" else name
    sides = [
        gr.Number(512, label=f"{name} {side}", elem_id=f"{id_of_size}_{side}", interactive=True)
        for side in ("width", "height")
    ]
    seed = gr.Number(-1, label=f"{name} seed", elem_id=f"{name}_seed", interactive=True)
    generate = gr.Button("Generate", elem_id=f"{name}_generate")
    generate.click(_generate_image, [text, prompt, seed], [])
    binding = paste.ParamBinding(button, name, source_text_component=prompt)
    paste.register_paste_params_button(binding)
    sizes = zip(sides, ("Size-1", "Size-2"))
    return [(text, "Infotext"), (prompt, "Prompt"), (seed, "Seed"), *sizes]


def _components(tabs: list[Any]) -> list[Any]:
    return [block for tab, _, _ in tabs for block in tab.blocks.values()]


def _list_extension_files() -> list[str]:
    """Return the files of the extension that a host's page loads: its style and scripts."""
    names = sorted(os.listdir(os.path.join(_ROOT, "javascript")))
    return ["style.css", *(f"javascript/{name}" for name in names if name.endswith(".js"))]


def _head() -> str:
    """Return the head of the host's page, with its own script and the extension's files."""
    titles = _own_titles()
    titles = {**titles, "inpaint": titles["img2img"]} if "img2img" in titles else titles
    tags = [f"<script>{_OWN_SCRIPT % json.dumps(titles)}</script>"]
    for name in _list_extension_files():
        url = f"stand_in/civitai-shortcut/{name}"
        link = f'<link rel="stylesheet" href="{url}">'
        tags.append(link if name.endswith(".css") else f'<script src="{url}"></script>')
    return "".join(tags)


def _extension_file(request: Request) -> Response:
    name = request.path_params["name"]
    is_known = name in _list_extension_files()
    return FileResponse(os.path.join(_ROOT, name)) if is_known else Response(status_code=404)


def _served(page: Any, port: int) -> Any:
    options: dict[str, Any] = {"show_api": False} if _MAJOR < 6 else {}
    if _MAJOR >= 6:
        options = {"head": _head(), "ssr_mode": False}
    elif _MAJOR >= 4:
        page.head = _head()
    if "STAND_IN_ROOT" in os.environ:
        options["root_path"] = os.environ["STAND_IN_ROOT"]
    if "STAND_IN_LOGIN" in os.environ:
        options["auth"] = [tuple(os.environ["STAND_IN_LOGIN"].split(":"))]
    if "STAND_IN_ALLOWED" in os.environ:
        options["allowed_paths"] = [os.environ["STAND_IN_ALLOWED"]]
    if "STAND_IN_NO_QUEUE" not in os.environ:
        page.queue(**({"concurrency_count": 64} if _MAJOR < 4 else {}))
    app, _, _ = page.launch(
        server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True, **options
    )
    app.router.routes[:0] = [
        Route("/stand_in/state", _state),
        Route("/stand_in/generate", _generate),
        Route("/stand_in/civitai-shortcut/{name:path}", _extension_file),
    ]
    if "STAND_IN_API" in os.environ:
        for path, answer in (("internal/ping", {}), ("sdapi/v1/progress", {"progress": 0})):
            known = JSONResponse(answer)
            app.router.routes.insert(0, Route(f"/{path}", lambda _, known=known: known))
    for callback in script_callbacks.callbacks.get("app_started", []):
        callback(page, app)
    return app


def _state(request: Request) -> Response:
    from civitai_manager_libs import setting

    seen = {entry.name: getattr(setting, entry.name) for entry in setting.SETTINGS}
    return JSONResponse({**_told, "seen": seen, "watched": _watched})


def _generate(request: Request) -> Response:
    return Response(_save_image(request.query_params["infotext"]))


def _generate_image(infotext: str, prompt: str, seed: float) -> None:
    """Do what the host's button does with the values that its fields have sent."""
    _told["generated"] = [prompt, int(seed)]
    _save_image(infotext)


def _save_image(infotext: str) -> str:
    """Save an image of one colour with this infotext, tell the extensions, return the path."""
    os.makedirs(paths_internal.default_output_dir, exist_ok=True)
    filename = os.path.join(paths_internal.default_output_dir, "00000-1.png")
    image = Image.new("RGB", (512, 768), "teal")
    image.save(filename)
    params = types.SimpleNamespace(image=image, p=object(), filename=filename)
    params.pnginfo = {"parameters": infotext}
    for callback in script_callbacks.callbacks.get("image_saved", []):
        callback(params)
    return filename


def main() -> None:
    port = int(sys.argv[1])
    sys.addaudithook(_watch)
    _load_extension()
    first = _build_page()
    _served(first, port)
    first.close()
    script_callbacks.callbacks.clear()  # "Reload UI"
    _load_extension()
    shared.demo = _build_page()
    _served(shared.demo, port)
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

"""The tab in a WebUI."""

from __future__ import annotations

from typing import Any

from .. import host, setting, util
from . import bundle


def add_gallery_tab() -> None:
    """Register our tab in the WebUI. Call this again after "Reload UI", which removes the tab."""
    host.register_tab(_on_tabs)


def _on_tabs() -> list[tuple[Any, str, str]]:
    import gradio as gr

    from .routes import new_instance

    # Not earlier: the WebUI lists each callback in a setting on its page, which is built by now.
    host.register_callbacks(_on_started, _on_image_saved)
    for problem in setting.load():
        util.printD(problem)
    instance, code = new_instance(), bundle.find_code_version()
    with gr.Blocks(analytics_enabled=False) as tab:
        # In every load of the WebUI's page, so as little as can be: no quotes, no end tag.
        gr.HTML(f"<civitai-gallery data-instance={instance} data-code={code}>")
    host.keep_out_of_ui_config(tab)
    return [(tab, "Civitai Shortcut", "civitai_shortcut")]


def _on_image_saved(image: Any, path: str, infotext: str) -> None:
    from ..library import reproductions

    reproductions.receive_image(image, path, infotext)


def _on_started(page: Any, app: Any) -> None:
    from .routes import add_routes, resume_work

    page.blocked_paths = [*(page.blocked_paths or []), *setting.private_paths()]
    host.limit_page_shutdown(page)
    host.fill_empty_prompts()
    add_routes(app)
    resume_work()

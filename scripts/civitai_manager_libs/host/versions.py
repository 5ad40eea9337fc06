"""gradio's versions, and the page that one of them serves: what differs between 3.41 and 6.

Imports neither gradio nor the WebUI until a function needs it, so that a terminal loads neither.
"""

from __future__ import annotations

from typing import Any

from .access import has_login

__all__ = [
    "end_with_page",
    "event_options",
    "gradio_major",
    "header",
    "is_logged_in",
    "is_of",
    "mounted",
    "page_parts",
    "run_in_page",
    "use_in_place",
]
_LEFT_OVER = 5  # seconds for requests that are under way when a host closes its page


def gradio_major() -> int:
    import gradio

    return int(gradio.__version__.split(".", 1)[0])


def event_options() -> dict[str, Any]:
    """For every event of ours: many browser pages at once, where gradio would let one in.

    Also again while the last one is not done, which gradio 4 and later would drop. None is told
    among the functions of a page: each page load would carry it, and gradio 6 keeps in the browser
    what went through a public one.
    """
    major = gradio_major()
    untold = {"api_visibility": "undocumented"} if major >= 6 else {"api_name": False}
    if major < 4:
        return untold
    return {"trigger_mode": "multiple", "concurrency_limit": 20, **untold}


def page_parts(css: str, javascript: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of `Blocks` and `mount_gradio_app` for a page of our own with this style and code.

    gradio 3 takes no code there: see `run_in_page`.
    """
    major, head = gradio_major(), f"<script>{javascript}</script>"
    if major < 4:
        wide = ".gradio-container { max-width: none !important; }"
        return {"css": f"{css}\n{wide}"}, {}
    if major < 6:
        return {"css": css, "head": head, "fill_width": True}, {}
    return {"fill_width": True}, {"css": css, "head": head, "ssr_mode": False, "footer_links": []}


def mounted(app: Any, page: Any, options: dict[str, Any], login: tuple[str, str] | None) -> Any:
    """Have `app` serve the page; gradio's own application for it, which knows who has logged in.

    login: the user and password that it asks for.
    """
    import gradio
    from gradio.routes import App

    accounts = None if login is None else [login]
    if gradio_major() < 4:  # whose mounting takes none, but keeps what is there
        page.auth, page.auth_message = accounts, None
    else:
        options = {**options, "auth": accounts}
    gradio.mount_gradio_app(app, page, path="/", **options)
    inner = (getattr(route, "app", None) for route in app.routes)
    return next(one for one in inner if isinstance(one, App))


def run_in_page(blocks: Any, javascript: str) -> None:
    """Where the page's head cannot be given: code that runs when it has loaded."""
    if gradio_major() < 4:
        blocks.load(fn=None, inputs=None, outputs=None, _js=f"() => {{ {javascript} }}")


def end_with_page(page: Any) -> None:
    """gradio 3 waits for ever for what a browser asked for before it was closed, and the host's
    "Reload UI" waits with it: for so many seconds at most, from now on."""
    config = getattr(getattr(page, "server", None), "config", None)
    if gradio_major() < 4 and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _LEFT_OVER


def use_in_place(folder: str) -> None:
    """gradio 4 and later copy each file that they hand on, and keep that: not those in here."""
    import gradio

    if gradio_major() >= 4:
        gradio.set_static_paths([folder])


def header(request: Any, name: str) -> str:
    """Of a `gr.Request`, "" if it is not there. gradio 3 keeps them as attributes of an object."""
    headers = getattr(request, "headers", None)
    if hasattr(headers, "get"):
        return headers.get(name, "")
    return getattr(headers, name, "")


def is_of(origin: str, address: str) -> bool:
    """Whether the `Origin` of a request is the page at `address`, which its `Host` names."""
    return origin.partition("://")[2].lower() == address.lower() != ""


def is_logged_in(request: Any) -> bool:
    """Whether a request comes from somebody whom the page itself would let in."""
    if not has_login(request):
        return True
    return any(value in request.app.tokens for value in request.cookies.values())

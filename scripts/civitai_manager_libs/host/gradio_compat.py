"""gradio's versions, and the page that one of them serves: what differs between 3.41 and 6.

Imports neither gradio nor the WebUI until a function needs it, so that a terminal loads neither.
"""

from __future__ import annotations

from typing import Any

from .access import has_login

__all__ = [
    "end_with_page",
    "event_options",
    "request_header",
    "is_logged_in",
    "is_same_origin",
    "serve_in_place",
]
_LEFT_OVER = 5  # seconds for requests that are under way when a host closes its page


def event_options() -> dict[str, Any]:
    """For every event of ours: many browser pages at once, where gradio would let one in.

    Also again while the last one is not done, which gradio 4 and later would drop. None is told
    among the functions of a page: each page load would carry it, and gradio 6 keeps in the browser
    what went through a public one.
    """
    major = _gradio_major()
    untold = {"api_visibility": "undocumented"} if major >= 6 else {"api_name": False}
    if major < 4:
        return untold
    return {"trigger_mode": "multiple", "concurrency_limit": 20, **untold}


def end_with_page(page: Any) -> None:
    """gradio 3 waits for ever for what a browser asked for before it was closed, and the host's
    "Reload UI" waits with it: for so many seconds at most, from now on."""
    config = getattr(getattr(page, "server", None), "config", None)
    if _gradio_major() < 4 and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _LEFT_OVER


def serve_in_place(folder: str) -> None:
    """gradio 4 and later copy each file that they hand on, and keep that: not those in here."""
    import gradio

    if _gradio_major() >= 4:
        gradio.set_static_paths([folder])


def request_header(request: Any, name: str) -> str:
    """Of a `gr.Request`, "" if it is not there. gradio 3 keeps them as attributes of an object."""
    headers = getattr(request, "headers", None)
    if hasattr(headers, "get"):
        return headers.get(name, "")
    return getattr(headers, name, "")


def is_same_origin(origin: str, address: str) -> bool:
    """Whether the `Origin` of a request is the page at `address`, which its `Host` names."""
    return origin.partition("://")[2].lower() == address.lower() != ""


def is_logged_in(request: Any) -> bool:
    """Whether a request comes from somebody whom the page itself would let in."""
    if not has_login(request):
        return True
    return any(value in request.app.tokens for value in request.cookies.values())


def _gradio_major() -> int:
    import gradio

    return int(gradio.__version__.split(".", 1)[0])

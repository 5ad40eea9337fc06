"""What differs between gradio's versions, from 3.41 to 6.

Imports gradio and the WebUI inside functions only: a terminal loads neither.
"""

from __future__ import annotations

from typing import Any

__all__ = ["is_same_origin", "limit_page_shutdown"]
_GRACE = 5  # seconds for running requests when a host closes its page


def limit_page_shutdown(page: Any) -> None:
    """Make the page's server wait at most five seconds for running requests when it closes.

    Only gradio 3 needs this: a WebUI's "Reload UI" would wait forever. page: gradio's Blocks.
    """
    config: Any = getattr(getattr(page, "server", None), "config", None)
    if _gradio_major() < 4 and getattr(config, "timeout_graceful_shutdown", 0) is None:
        config.timeout_graceful_shutdown = _GRACE


def is_same_origin(origin: str, host: str) -> bool:
    """Return whether a request comes from our own page and not from another web site.

    origin, host: the request's headers `Origin` and `Host`.
    """
    return origin.partition("://")[2].lower() == host.lower() != ""


def _gradio_major() -> int:
    import gradio

    return int(gradio.__version__.split(".", 1)[0])

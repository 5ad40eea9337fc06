"""The tab by itself: a gradio page on this machine."""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from .. import host, setting, util
from ..errors import CivitaiShortcutError

__all__ = ["run"]

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
_BAD_INPUT, _NOTHING_DONE = 2, 3
_POLICY = b"frame-ancestors 'self'; object-src 'none'; base-uri 'self'"


def run(address: str, port: int, example: str = "") -> int:
    """Serve until Ctrl-C; the exit code. A failure is one sentence on stderr.

    example: a model that is open when the page opens.
    """
    # gradio asks its own servers at start unless it is told not to.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    for problem in setting.load():
        util.printD(problem)
    if not 0 < port < 65536:
        util.printD(f"--port must be from 1 to 65535, not {port}.")
        return _BAD_INPUT
    try:
        page = start(address, port, example)
    except OSError:
        util.printD(
            f"The page cannot listen on {address}:{port}: the port is in use, or the address is"
            " not this machine's. Choose another with --port or --host."
        )
        return _NOTHING_DONE
    except CivitaiShortcutError as error:
        util.printD(str(error))
        return _NOTHING_DONE
    try:
        print(f"Civitai Shortcut: http://{address}:{port}  (Ctrl-C ends it)", flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        page.close()
        _finish()
    return 0


def start(address: str, port: int, example: str = "") -> Any:
    """The page, being served. Raises OSError when the port cannot be had."""
    import gradio as gr
    from starlette.middleware import Middleware

    from . import door
    from .api import add_routes, start_with

    css = _read("style.css")
    names = sorted(os.listdir(os.path.join(_ROOT, "javascript")))  # as a WebUI loads them
    javascript = "\n".join(_read("javascript", name) for name in names if name.endswith(".js"))
    for_blocks, for_launch = host.page_parts(css, javascript)
    with gr.Blocks(title="Civitai Shortcut", **for_blocks) as page:
        door.build()
        host.run_in_page(page, javascript)
    os.makedirs(setting.shortcut_gallery_folder, exist_ok=True)
    start_with(example)
    _go_on()
    app, _, _ = page.launch(
        server_name=address,
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        show_error=True,
        blocked_paths=[host.key_file(), setting.database_file()],
        app_kwargs={"middleware": [Middleware(_OwnPageOnly, address=address)]},
        **for_launch,
    )
    add_routes(app)
    host.let_rest(page)
    return page


def _go_on() -> None:
    from .api import job_service

    try:
        job_service().go_on_after_start()
    except CivitaiShortcutError as error:  # what was asked can be seen all the same
        util.printD(str(error))


def _finish() -> None:
    from ..library import finish

    finish()


class _OwnPageOnly:
    """Refuses requests that another site's page sends here, whatever name it gave this machine.

    A name that its owner lets point to 127.0.0.1 (DNS rebinding) is refused as `Host`; our own
    page is asked for by an address, or as localhost.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], address: str) -> None:
        self._app, self._address = app, address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif self._is_ours(scope):
            await self._app(scope, receive, _with_policy(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            head = {"type": "http.response.start", "status": 403, "headers": []}
            await send(head)
            await send({"type": "http.response.body", "body": b"Not from this page."})

    def _is_ours(self, scope: Any) -> bool:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        named = headers.get(b"host", "")
        origin = headers.get(b"origin")
        return self._is_our_name(named) and (origin is None or host.is_of(origin, named))

    def _is_our_name(self, netloc: str) -> bool:
        try:
            name = (urlsplit(f"//{netloc}").hostname or "").lower()
            if name in ("localhost", self._address.lower()):
                return True
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _with_policy(send: Any) -> Any:
    """No other site may show the page in a frame; nothing in it may change where it leads."""

    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            policy = (b"content-security-policy", _POLICY)
            message = {**message, "headers": [*message.get("headers", ()), policy]}
        await send(message)

    return sent


def _read(*names: str) -> str:
    with open(os.path.join(_ROOT, *names), encoding="utf-8") as file:
        return file.read()

"""The tab by itself: a gradio page on this machine."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
import socket
from typing import Any

from .. import host, setting, util
from ..errors import CivitaiShortcutError, DiskError, Refused
from ..ground import disk_error, disk_errors, ENDING_SIGNALS

__all__ = ["run"]

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
_NOTHING_DONE = 3
_LEFT_OVER = 3  # seconds for what is under way when it ends
_BACKLOG = 32  # connections that wait to be taken; many less than one peer may have
# Nothing but our element is in the page, and it is as wide as the window.
_WIDE = ".main:has(> .wrap > .contain > .column > #civitai_shortcut_page) { padding: 0 16px; }"
_OPEN_TO_ALL = (
    "Everybody who reaches this machine's address can look through galleries, see what was saved"
    " and start downloads here, without a password: --auth USER:PASSWORD asks for one. Settings and"
    " the API key can be changed from this machine only."
)
_OPEN_TO_SOME = (
    "Everybody who reaches this machine's address and knows the password can use the page, and"
    " change its settings and API key. Between them and it nothing is encrypted."
)


def run(address: str, port: int, example: str = "", login: tuple[str, str] | None = None) -> int:
    """Serve until Ctrl-C; the exit code. A failure is one sentence on stderr.

    example: a model that is open when the page opens. login: the user and password that the page
    asks for.
    """
    # gradio asks its own servers at start unless it is told not to.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ["GRADIO_RUN_HISTORY"] = "False"  # which gradio 6 would keep in the browser
    for problem in setting.load():
        util.printD(problem)
    try:
        with _listening(address, port) as listener:
            app = _app(address, example, login)
            if not _is_loopback(address):
                util.printD(_OPEN_TO_ALL if login is None else _OPEN_TO_SOME)
            _serve(app, listener, f"http://{address}:{port}")
    except CivitaiShortcutError as error:
        util.printD(str(error))
        return _NOTHING_DONE
    return 0


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def _listening(address: str, port: int) -> socket.socket:
    """Raises Refused."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Refused(
            f"The page cannot listen on {address}:{port}: the port is in use, or the address is"
            " not this machine's. Choose another with --port or --host."
        ) from error
    # Connections inherit it. Else the end of a response waits for the browser's ACK, up to 40 ms:
    # asyncio sets it only on sockets that were made with their protocol's number.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(app: Any, listener: socket.socket, url: str) -> None:
    """Until Ctrl-C. Without the start of gradio's queue, which would look for work of ours, of
    which there is none, a thousand times a second."""
    import uvicorn

    from ..library import finish
    from .wire import Connections, OnceAMinute

    connections = Connections()
    options = {"lifespan": "off", "log_level": "warning", "timeout_graceful_shutdown": _LEFT_OVER}
    options.update(http=connections.protocol, ws="none", backlog=_BACKLOG)
    server = uvicorn.Server(uvicorn.Config(connections.around(app), **options))
    for logger in ("uvicorn.error", "asyncio"):
        logging.getLogger(logger).addFilter(OnceAMinute())

    def end(*_: Any) -> None:
        server.should_exit = True

    for number in ENDING_SIGNALS:  # also before uvicorn itself listens to them
        signal.signal(number, end)
    print(f"Civitai Shortcut: {url}  (Ctrl-C ends it)", flush=True)
    try:
        server.run([listener])
    finally:
        finish()


def _app(address: str, example: str, login: tuple[str, str] | None) -> Any:
    """The page and its routes. Raises DiskError."""
    with host.without_proxies():  # gradio makes a client that wants a library for a SOCKS proxy
        import gradio  # noqa: F401
    from fastapi import FastAPI
    from starlette.middleware import Middleware

    from .api import add_routes, go_on_with_jobs, start_with
    from .bundle import PreloadHeader
    from .wire import LoginBrake, OwnPageOnly, Policy

    folder = setting.shortcut_gallery_folder
    with disk_errors(folder):
        os.makedirs(folder, exist_ok=True)
    start_with(example)
    go_on_with_jobs()
    javascript = _javascript()
    layers = [
        Middleware(Policy, own=javascript),
        Middleware(OwnPageOnly, address=address),
        Middleware(LoginBrake),
        Middleware(PreloadHeader),
    ]
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, middleware=layers)
    add_routes(_mounted(app, login, javascript))  # where those who have logged in are known
    return app


def _mounted(app: Any, login: tuple[str, str] | None, javascript: str) -> Any:
    """The page in `app`; gradio's own application for it. Raises DiskError."""
    try:
        page, options = _page(javascript)
        inner = host.mounted(app, page, options, login)
    except OSError as error:  # gradio 6 makes folders
        told = disk_error(error, error.filename or "gradio's folder")
        raise DiskError(f"{told} Name another for gradio in GRADIO_TEMP_DIR.") from error
    page.blocked_paths = setting.private_places()
    return inner


def _page(javascript: str) -> tuple[Any, dict[str, Any]]:
    """gradio's, with our element in it; what its mounting needs to know."""
    import gradio as gr

    from . import door

    css = f'{_read("style.css")}\n{_WIDE}'
    for_blocks, for_mount = host.page_parts(css, javascript)
    with gr.Blocks(title="Civitai Shortcut", **for_blocks) as page:
        door.build()
        host.run_in_page(page, javascript)
    page.show_api = False
    return page, for_mount


def _javascript() -> str:
    """Return our scripts as one, in the order in which a WebUI loads them."""
    names = sorted(os.listdir(os.path.join(_ROOT, "javascript")))
    scripts = [_read("javascript", name) for name in names if name.endswith(".js")]
    return "\n".join(["window.civitaiShortcutAlone = true;", *scripts])


def _read(*names: str) -> str:
    with open(os.path.join(_ROOT, *names), encoding="utf-8") as file:
        return file.read()

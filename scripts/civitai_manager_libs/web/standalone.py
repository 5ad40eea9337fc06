"""The standalone server."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
from typing import Any

from .. import host, setting, util
from ..core import ENDING_SIGNALS, translate_disk_errors
from ..errors import CivitaiShortcutError, Refused

__all__ = ["run_server"]

_NOTHING_DONE = 3
_LEFT_OVER = 3  # seconds for requests in progress when the server stops
_BACKLOG = 32  # connections waiting to be accepted
_OPEN_TO_ALL = (
    "Everybody who can reach this machine's address can browse galleries, see your downloads"
    " and start new ones, without a password. To require one, use --auth USER:PASSWORD. Settings"
    " and the API key can be changed only from this machine."
)
_OPEN_TO_SOME = (
    "Everybody who can reach this machine's address and knows the password can use the page and"
    " change its settings and API key. The connection is not encrypted."
)


def run_server(
    address: str, port: int, is_demo: bool = False, login: tuple[str, str] | None = None
) -> int:
    """Serve the page until Ctrl-C and return 0; return 3 after a failure, such as a port in use.

    The failure is printed as one sentence. is_demo: whether an offline imitation of Civitai is
    used. login: the user and password that the page asks for, None for no login.
    """
    for problem in setting.load():
        util.printD(problem)
    try:
        with _listen(address, port) as listener:
            app = _make_app(address, port, is_demo, login)
            if not _is_loopback(address):
                util.printD(_OPEN_TO_ALL if login is None else _OPEN_TO_SOME)
            _serve(app, listener, f"http://{f'[{address}]' if ':' in address else address}:{port}")
    except CivitaiShortcutError as error:
        util.printD(str(error))
        return _NOTHING_DONE
    return 0


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.lower() == "localhost"


def _listen(address: str, port: int) -> socket.socket:
    """Return a listening socket. Raises Refused if the address or port cannot be used."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise Refused(
            f"The server cannot listen on {address}:{port}: the port is in use, or the address is"
            " not this machine's. Choose another with --port or --host."
        ) from error
    # Connections inherit it; else the end of a response waits up to 40 ms for the browser's ACK.
    # asyncio sets it only on sockets that were created with a protocol number.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(app: Any, listener: socket.socket, url: str) -> None:
    import uvicorn

    from ..library import wait_for_writes
    from .http import IdleConnections

    connections = IdleConnections()
    config = uvicorn.Config(
        connections.wrap_app(app),
        lifespan="off",
        log_level="warning",
        timeout_graceful_shutdown=_LEFT_OVER,
        http=connections.make_protocol,  # type: ignore[arg-type]  # not a class
        ws="none",
        backlog=_BACKLOG,
        proxy_headers=False,  # a client could send them
    )
    server = uvicorn.Server(config)

    def end(*_: Any) -> None:
        server.should_exit = True

    for number in ENDING_SIGNALS:  # effective even before uvicorn handles them
        signal.signal(number, end)
    print(f"Civitai Shortcut: {url}  (Ctrl-C stops it)", flush=True)
    try:
        server.run([listener])
    finally:
        wait_for_writes()


def _make_app(address: str, port: int, is_demo: bool, login: tuple[str, str] | None) -> Any:
    """Return the ASGI application with our routes, the page and its login.

    Raises DiskError if the cache folder cannot be created.
    """
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware

    from .routes import add_routes, resume_work, set_demo
    from .http import CrossSiteGuard

    folder = setting.shortcut_gallery_folder
    with translate_disk_errors(folder):
        os.makedirs(folder, exist_ok=True)
    set_demo(is_demo)
    resume_work()
    layers = [
        Middleware(CrossSiteGuard, address=address),
        Middleware(GZipMiddleware, compresslevel=5),
    ]
    app = Starlette(middleware=layers)
    _add_page(app, port, login)
    add_routes(app)
    return app


def _add_page(app: Any, port: int, login: tuple[str, str] | None) -> None:
    from starlette.routing import Route

    from .gallery_page import make_gallery_page
    from .login_form import make_login_form
    from .http import Login

    async def page(request: Any) -> Any:
        return (make_gallery_page if host.is_logged_in(request) else make_login_form)(request)

    app.router.routes.append(Route("/", page))
    # The names are gradio's, so that our routes use both applications in the same way.
    app.auth, app.tokens = login, {}
    if login is not None:
        # The name has the port, since browsers send a cookie to all ports of a machine.
        logins = Login(*login, cookie=f"civitai_shortcut_{port}", form=make_login_form)
        app.tokens = logins.tokens
        app.router.routes.append(Route("/login", logins.log_in, methods=["GET", "POST"]))

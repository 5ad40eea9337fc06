"""Our own server, without a WebUI, and the HTML documents that it sends."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from .. import host, setting, util
from ..core import ENDING_SIGNALS, translate_disk_errors
from ..errors import CivitaiShortcutError, Refused
from ..i18n import messages
from .bundle import find_code_version, make_preload_links, read_host_file
from .http import CrossSiteGuard, find_language, is_loopback, Login

_TITLE = "Civitai Shortcut"
_THEMES = ("light", "dark")  # values of `?__theme=`; by default, the browser's preference
_ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<rect width='16' height='16' rx='3.5' fill='%232563eb'/><g fill='white'>"
    "<rect x='3' y='3' width='4.5' height='6' rx='1'/><rect x='3' y='10' width='4.5' height='3'"
    " rx='1'/><rect x='8.5' y='3' width='4.5' height='3' rx='1'/><rect x='8.5' y='7' width='4.5'"
    " height='6' rx='1'/></g></svg>"
)
# The gallery takes its colours from these two variables, which gradio defines in a WebUI.
_DARK = "color-scheme: dark; --background-fill-primary: #15171a; --body-text-color: #eceef0;"
_STYLE = f"""
:root {{ color-scheme: light; --background-fill-primary: #fff; --body-text-color: #1f2328; }}
@media (prefers-color-scheme: dark) {{ :root:not(.light) {{ {_DARK} }} }}
:root.dark {{ {_DARK} }}
body {{
  margin: 0;
  padding: 0 max(16px, env(safe-area-inset-right)) 0 max(16px, env(safe-area-inset-left));
  background: var(--background-fill-primary);
  color: var(--body-text-color);
  font: 14px/1.45 system-ui, sans-serif;
}}
{read_host_file("style.css")}
h1.heading {{ position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden;
  clip-path: inset(50%); white-space: nowrap; }}
form {{ display: grid; gap: 14px; width: min(320px, 100%); margin: 18vh auto 0; }}
form h1, form p {{ margin: 0; }}
form h1 {{ font-size: 20px; }}
label {{ display: grid; gap: 4px; }}
input, button {{ min-height: 44px; box-sizing: border-box; padding: 0 12px; border-radius: 10px;
  border: 1px solid color-mix(in srgb, currentcolor 25%, transparent); font: inherit; }}
button {{ border: 0; background: var(--body-text-color); color: var(--background-fill-primary);
  font-weight: 600; cursor: pointer; }}
"""
_BASE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"


def _make_document(
    request: Request, head: str, body: str, policy: str, status: int, headers: dict[str, str]
) -> HTMLResponse:
    theme = request.query_params.get("__theme", "")
    chosen = f' class="{theme}"' if theme in _THEMES else ""
    html = (
        f'<!DOCTYPE html><html lang="{find_language(request)}"{chosen}><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{_TITLE}</title><link rel="icon" href="{_ICON}"><style>{_STYLE}</style>'
        f"{head}</head><body>{body}</body></html>"
    )
    headers = {
        **headers,
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": policy,
        "Vary": "Accept-Language, Cookie",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, headers)


@functools.cache
def _make_policy_hash(content: str) -> str:
    """Return the hash of a script or style for a policy. See https://www.w3.org/TR/CSP3/."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _make_gallery_page(request: Request) -> HTMLResponse:
    no_script = escape(messages.translate("needs_javascript", find_language(request)))
    body = (
        f'<main><h1 class="heading">{_TITLE}</h1>'
        f'<civitai-gallery data-code="{find_code_version()}"></civitai-gallery></main>'
        f"<noscript><p>{no_script}</p></noscript>"
    )
    script, style = _make_policy_hash(_script()), _make_policy_hash(_STYLE)
    policy = f"{_BASE_POLICY}; script-src 'self' {script}; connect-src 'self'; media-src 'self'"
    policy += f" blob:; img-src 'self' data: blob:; style-src 'self' {style}"
    head = f"<script>{_script()}</script>"
    return _make_document(request, head, body, policy, 200, {"Link": make_preload_links()})


@functools.cache
def _script() -> str:
    loader = read_host_file("javascript/civitai_shortcut.js")
    return f"window.civitaiShortcutAlone = true;\n{loader}"


def _make_login_form(request: Request, status: int = 401, problem: str = "") -> HTMLResponse:
    language = find_language(request)
    user, password, log_in = (
        escape(messages.translate(key, language))
        for key in ("login_user", "login_password", "login_button")
    )
    query = f"?{request.url.query}" if request.url.query else ""
    body = (
        f'<main><form method="post" action="login{escape(query)}"><h1>{_TITLE}</h1>'
        f'<p role="alert">{escape(problem)}</p>'
        f'<label>{user}<input name="username" autocomplete="username" required autofocus></label>'
        f'<label>{password}<input name="password" type="password" required'
        f' autocomplete="current-password"></label><button>{log_in}</button></form></main>'
    )
    policy = f"{_BASE_POLICY}; img-src data:; style-src {_make_policy_hash(_STYLE)}"
    return _make_document(request, "", body, policy, status, {})


_SECONDS = 10.0  # to wait for the whole head of a request
_MOST = 128  # connections of a client; a browser opens six
_KEY = "civitai_shortcut_connection"


class IdleConnections:
    """Closes connections that are idle for 10 seconds, or if their client opens more than 128.

    uvicorn calls `make_protocol` for each new connection. The application must be wrapped by
    `wrap_app`, which marks a connection as busy during a request.
    """

    def __init__(self) -> None:
        self.all: dict[_Connection, None] = {}  # oldest first

    def make_protocol(self, *, app_state: dict[str, Any], **options: Any) -> Any:
        """Return the asyncio protocol of a new connection.

        app_state, options: the arguments that uvicorn passes to its own protocol class.
        """
        from uvicorn.protocols.http.h11_impl import H11Protocol

        state = dict(app_state)  # a request's scope gets a copy of it
        inner: Any = H11Protocol(app_state=state, **options)
        state[_KEY] = connection = _Connection(self, inner)
        return connection

    def wrap_app(self, app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Return an ASGI application that calls `app`; a connection counts as busy meanwhile."""

        async def reporting(scope: Any, receive: Any, send: Any) -> None:
            connection = scope["state"].pop(_KEY)
            connection.set_busy()
            try:
                await app(scope, receive, send)
            finally:
                connection.set_idle()

        return reporting

    def admit_client(self, peer: str) -> bool:
        """Return whether a client may open one more connection.

        If the client has 128 connections, close the oldest idle one to make room; return False if
        all of them are busy. peer: the client's IP address.
        """
        own = [one for one in self.all if one.peer == peer]
        oldest = next((one for one in own if one.is_idle), None)
        if len(own) >= _MOST and oldest is not None:
            oldest.abort()
        return len(own) < _MOST or oldest is not None


class _Connection:
    """A connection, closed after 10 idle seconds; uvicorn's protocol `inner` does the rest."""

    peer = ""
    is_idle = True  # no request is being answered

    def __init__(self, others: IdleConnections, inner: Any) -> None:
        self._others, self._inner = others, inner
        self._transport: Any = None
        self._timer: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        self._inner.connection_made(transport)
        if self._others.admit_client(self.peer):
            self._others.all[self] = None
            self.set_idle()
        else:
            transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.set_busy()
        self._others.all.pop(self, None)
        self._inner.connection_lost(error)

    def set_busy(self) -> None:
        """Mark the connection as busy; it is not closed until `set_idle` is called."""
        self.is_idle = False
        if self._timer is not None:
            self._timer.cancel()

    def set_idle(self) -> None:
        """Mark the connection as idle; it is closed if no request comes in 10 seconds."""
        self.is_idle = True
        if not self._transport.is_closing():
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.abort)

    def abort(self) -> None:
        self._others.all.pop(self, None)
        self._transport.abort()


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
            if not is_loopback(address):
                util.printD(_OPEN_TO_ALL if login is None else _OPEN_TO_SOME)
            _serve(app, listener, f"http://{f'[{address}]' if ':' in address else address}:{port}")
    except CivitaiShortcutError as error:
        util.printD(str(error))
        return _NOTHING_DONE
    return 0


def _listen(address: str, port: int) -> socket.socket:
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
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.routing import Route

    from .routes import add_routes, resume_work, set_demo

    folder = setting.shortcut_gallery_folder
    with translate_disk_errors(folder):
        os.makedirs(folder, exist_ok=True)
    set_demo(is_demo)
    resume_work()
    layers = [
        Middleware(CrossSiteGuard, address=address),
        Middleware(GZipMiddleware, compresslevel=5),
    ]

    async def page(request: Any) -> Any:
        return (_make_gallery_page if host.is_logged_in(request) else _make_login_form)(request)

    app: Any = Starlette(middleware=layers, routes=[Route("/", page)])
    # The names are gradio's, so that our routes use both applications in the same way.
    app.auth, app.tokens = login, {}
    if login is not None:
        # The name has the port, since browsers send a cookie to all ports of a machine.
        logins = Login(*login, cookie=f"civitai_shortcut_{port}", form=_make_login_form)
        app.tokens = logins.tokens
        app.router.routes.append(Route("/login", logins.log_in, methods=["GET", "POST"]))
    add_routes(app)
    return app

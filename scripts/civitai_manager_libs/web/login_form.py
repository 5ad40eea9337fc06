"""The HTML form of our own server that asks for user and password."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ..i18n import messages
from .html_document import BASE_POLICY, make_document, make_policy_hash, STYLE, TITLE
from .http import find_language

__all__ = ["make_login_form"]


def make_login_form(request: Request, status: int = 401, problem: str = "") -> HTMLResponse:
    """Return the HTML form that asks for user and password.

    status: the HTTP status. problem: why the last attempt failed, "" if there was none.
    """
    language = find_language(request)
    user, password, log_in = (
        escape(messages.translate(key, language))
        for key in ("login_user", "login_password", "login_button")
    )
    query = f"?{request.url.query}" if request.url.query else ""
    body = (
        f'<main><form method="post" action="login{escape(query)}"><h1>{TITLE}</h1>'
        f'<p role="alert">{escape(problem)}</p>'
        f'<label>{user}<input name="username" autocomplete="username" required autofocus></label>'
        f'<label>{password}<input name="password" type="password" required'
        f' autocomplete="current-password"></label><button>{log_in}</button></form></main>'
    )
    policy = f"{BASE_POLICY}; img-src data:; style-src {make_policy_hash(STYLE)}"
    return make_document(request, "", body, policy, status, {})

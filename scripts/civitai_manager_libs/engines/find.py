"""Which programs that make images answer, and with which login."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from .. import host, setting
from ..core import as_mapping, as_text, clean_line, lock_file, read_json_object, run_parallel
from ..core import write_text_file
from ..errors import CivitaiShortcutError, EngineError, InputError, InvalidResponse
from ..errors import NetworkError, SettingError
from ..i18n import messages
from ..network import EngineClient, EngineReply, ReplyLimits

EngineKind = Literal["comfyui", "sdnext", "webui"]

_LOGINS = "engine_logins.json"  # in the data folder
# ComfyUI and its desktop app; A1111's family, and without its page.
_USUAL = tuple(f"http://127.0.0.1:{port}" for port in (8188, 8000, 7860, 7861))
_MAX_ADDRESSES = 20
_PROBE = ReplyLimits(connect=1, wait=3, total=5, size=1_000_000)
# The folders of an absolute path, whose names may have spaces.
_NAME = r"(?:[^\\/:\"'<>|\s]|(?<=\S) (?=[^\s\\/])){0,100}"
_FOLDERS = re.compile(r"(?<![^\s\"'(\[=,`])(?:[A-Za-z]:)?[\\/](?=\S)(?:" + _NAME + r"[\\/])*")
_ADDRESS = re.compile(r"https?://[^\s/@?#;]{1,200}(?:/[^\s@?#;]{0,200})?", re.IGNORECASE)


@dataclass(frozen=True)
class Engine:
    """A program that makes images. state: whether it takes requests. version: "" if unknown."""

    kind: EngineKind
    address: str
    state: Literal["ready", "no_api", "needs_login"] = "ready"
    version: str = ""

    @property
    def name(self) -> str:
        names = {"comfyui": "ComfyUI", "sdnext": "SD.Next", "webui": "WebUI"}
        name = names.get(self.kind, self.kind)  # of a newer version perhaps
        return f"{name} {self.version}".strip()


def make_error(key: str, **values: object) -> EngineError:
    """Return an error with the sentence for this key."""
    return EngineError(messages.translate(key, "en", **values), key, **values)


def validate_addresses(text: str) -> str:
    """Return addresses with `;` between them; one without a scheme gets `http://`.

    Raises InputError for a bad one.
    """
    stated = [one.strip() for one in text.split(";") if one.strip()]
    addresses = [one if "://" in one else f"http://{one}" for one in stated]
    for address in addresses:
        if not _is_address(address):
            message = f"{address!r} is no address such as http://127.0.0.1:8188."
            raise InputError(message, "engine_bad_address", address=repr(address[:100]))
    return ";".join(address.rstrip("/") for address in addresses)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text) if _ADDRESS.fullmatch(text) else None
        return parts is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def list_addresses() -> list[str]:
    """Return the addresses in the settings, then the WebUI's own and the usual ones here."""
    stated = [one.strip().rstrip("/") for one in setting.engine_addresses.split(";")]
    known = filter(_is_address, (*stated, host.find_own_address()))
    return list(dict.fromkeys((*known, *_USUAL)))[:_MAX_ADDRESSES]


def find_engines(addresses: Sequence[str] | None = None) -> list[Engine]:
    """Ask these or all known addresses at the same time; return the programs that answer."""
    addresses = list_addresses() if addresses is None else addresses

    def ask(address: str) -> Engine | None:
        try:
            return probe(address)
        except CivitaiShortcutError:
            return None

    found = dict(run_parallel(addresses, ask, _MAX_ADDRESSES))
    return [engine for address in addresses if (engine := found.get(address)) is not None]


def find_engine(address: str) -> Engine:
    """Return the program at a known address. Raises EngineError if it takes no requests."""
    if address not in list_addresses():  # only the owner's settings name others
        raise make_error("engine_unknown", address=address)
    try:
        engine = probe(address)
    except InputError:
        raise
    except CivitaiShortcutError as error:
        raise make_error("engine_off", address=address) from error
    if engine is None:
        raise make_error("engine_none", address=address)
    if engine.state != "ready":
        raise make_error(f"engine_{engine.state}", engine=engine.name, address=address)
    return engine


def probe(address: str) -> Engine | None:
    """Return the program that answers at an address, None if it is another kind of program.

    Raises NetworkError if nothing answers, and InputError for an address that is not allowed.
    """
    client = EngineClient(address, _read_login(address))
    reply = client.fetch("GET", "/system_stats", limits=_PROBE)
    stats = as_mapping(reply.value)
    if reply.status == 200 and "devices" in stats:
        version = as_text(as_mapping(stats.get("system")).get("comfyui_version"))
        return Engine("comfyui", address, version=clean_line(version, 40))
    ping = client.fetch("GET", "/internal/ping", limits=_PROBE)
    has_page = (ping.status, ping.value) == (200, {})
    if not has_page:
        reply = client.fetch("GET", "/sdapi/v1/version", limits=_PROBE)
        stated = as_mapping(reply.value)
        # With --auth it says no name, but has an error of this form, unlike others.
        if (reply.status, stated.get("error"), stated.get("code")) == (401, "HTTPException", 401):
            return Engine("sdnext", address, "needs_login")
        if stated.get("app") == "sd.next":
            return Engine("sdnext", address)
        if (ping.status, reply.status) != (404, 404):  # unlike a WebUI with --nowebui
            return None
    params = {"skip_current_image": "true"}
    reply = client.fetch("GET", "/sdapi/v1/progress", params=params, limits=_PROBE)
    if reply.status == 200 and "progress" in as_mapping(reply.value):
        return Engine("webui", address)
    if reply.status in (401, 403):
        return Engine("webui", address, "needs_login")
    return Engine("webui", address, "no_api") if has_page else None


def save_login(address: str, login: str) -> None:
    """Store "user:password" for an address in a file of its own; "" removes it.

    Only the file's owner can read it. Raises InputError for an invalid login, and DiskError.
    """
    if address not in list_addresses():
        raise InputError(
            f"{address} is not among the addresses.", "engine_unknown", address=address
        )
    is_valid = ":" in login and login.isprintable() and len(login) <= 1_000
    if login and not is_valid:  # the text is not repeated: it may be a password
        raise InputError("The login must be user:password.", "engine_bad_login")
    write_note(_LOGINS, address, login)


def read_notes(name: str) -> dict[str, Any]:
    """Return {address: value} of a file in the data folder, {} if it is missing or damaged."""
    try:
        return read_json_object(setting.data_path(name))
    except SettingError:
        return {}


def write_note(name: str, address: str, value: Any) -> None:
    """Note a value for an address in a private file, or remove it if empty. Raises DiskError."""
    path = setting.data_path(name)
    if value or os.path.isfile(path):
        with lock_file(path):
            notes = {**read_notes(name), address: value}
            text = json.dumps({one: each for one, each in notes.items() if each})
            write_text_file(path, text, private=True)


def _read_login(address: str) -> str:
    return as_text(read_notes(_LOGINS).get(address))


class Connection(EngineClient):
    """Requests to one engine, with its login; what goes wrong becomes an EngineError."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        try:
            super().__init__(engine.address, _read_login(engine.address))
        except NetworkError as error:  # its name is not found
            raise make_error("engine_off", address=engine.address) from error

    def error(self, key: str, **values: object) -> EngineError:
        """Return an error with the sentence for this key, which may name the engine."""
        return make_error(key, engine=self.engine.name, address=self.engine.address, **values)

    def read_json(
        self, path: str, allowed: tuple[int, ...] = (200,), method: str = "GET", **options: Any
    ) -> EngineReply:
        """Send a request as `fetch` does and return the response as `check` does."""
        try:
            return self.check(self.fetch(method, path, **options), allowed)
        except NetworkError as error:
            raise self.error("engine_off") from error
        except InvalidResponse as error:
            raise self.error("engine_invalid") from error

    def check(self, reply: EngineReply, allowed: tuple[int, ...] = (200,)) -> EngineReply:
        """Return a response that has JSON and one of the allowed statuses, else raise."""
        if reply.status in (401, 403):
            raise self.error("engine_needs_login")
        if reply.status == 429:
            raise self.error("engine_busy")
        if reply.status not in allowed:
            stated = as_mapping(reply.value)
            parts = [stated.get(name) for name in ("errors", "message", "detail", "error")]
            texts = (as_text(as_mapping(one).get("message")) or as_text(one) for one in parts)
            detail = next(filter(None, texts), f"HTTP {reply.status}")
            raise self.error("engine_failed", error=shorten_error(detail))
        if reply.value is None:
            raise self.error("engine_invalid")
        return reply


def shorten_error(text: str) -> str:
    """Return the first line of an error's text, without the folders of its paths."""
    lines = [line for line in as_text(text)[:5_000].splitlines() if line.strip()]
    return clean_line(_FOLDERS.sub("", lines[0] if lines else ""), 300)

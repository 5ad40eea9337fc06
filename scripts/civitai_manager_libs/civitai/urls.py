"""Civitai's URLs: which of them may be fetched, and what a URL or text refers to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .. import setting
from ..core import has_too_many_parts, LAST_ID
from ..errors import InputError

_HOSTS = ("civitai.com", "civitai.red", "civitai.green")
_PORTS = {"http": 80, "https": 443}
_MAX_URL = 2_000  # characters; the patterns below may read each of them several times
_LABEL = "[a-z0-9_-]{1,63}"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]"
# The whole grammar of a URL that is fetched. No user:password@, no backslash: parsers disagree on
# the host of such a URL.
_ADDRESS = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(?:/[^\\]*)?", re.I)
_AIR = re.compile(r"(?:urn:)?(?:air:[^:]*:[^:]*:)?(?:civitai:)?([0-9]+)@([0-9]+)(?:[:.?].*)?", re.I)
_AIR_MODEL = re.compile(r"(?:(?:urn:)?air:[^:]*:[^:]*:)?civitai:([0-9]+)(?:[:.?].*)?", re.I)
_OTHER_AIR = re.compile(r"(?:urn:)?air:[^:]*:[^:]*:.+|urn:.+", re.I)
_WITH_SCHEME = re.compile(r"(?<![a-z0-9+.-])[0-9+.-]*([a-z][a-z0-9+.-]*://\S+)", re.I)
_FOREIGN_SITE = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?::[0-9]+)?/\S*", re.I)
_PATH_ONLY = re.compile(
    r"/?(?:api/(?:v1|download)/)?(?:models|model-versions|images|posts|collections)/[0-9]\S*"
    r"|/?user/\w\S*|\??modelVersionId=\S*",
    re.I,
)
_ID_WITH_VERSION = re.compile(r"([0-9]+)/?(\?modelVersionId=\S*)", re.I)
_VERSION_PATH = re.compile(r"/(?:model-versions|api/download/models)/([0-9]+)(?:/|$)", re.I)
_MODEL_PATH = re.compile(r"(?<!/download)/models/([0-9]+)(?:/|$)", re.I)
_USER_PATH = re.compile(r"/user/([^/]+)(?:/|$)", re.I)
# Chinese and Japanese texts go on behind a URL without a space.
_TEXT_BEHIND_ID = re.compile(r"(?<=[0-9])[^\x00-\x7f](?!.*\?modelVersionId=).*", re.I)
_MARKS_BEHIND = "<>\"').,;）」』】》”’。，、；：！？"
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,60}")  # Civitai's API refuses others


@dataclass(frozen=True)
class Reference:
    """A model, version, post, user, image or collection that a text refers to; or search words.

    version_id: a version of the model, or a version that the image was made with. is_bare: whether
    the text was only a number; such a number is taken for a model's id.
    """

    model_id: int | None = None
    version_id: int | None = None
    words: str = ""
    post_id: int | None = None
    username: str = ""
    image_id: int | None = None
    collection_id: int | None = None
    is_bare: bool = False


class _NotAReference(Exception):
    """Raised for a text that refers to nothing on Civitai; its message says why."""


def is_allowed_url(url: str) -> bool:
    """Return whether files may be fetched from this URL.

    The allowed hosts are those of Civitai and of the configured site, with https at the default
    port. On the configured site's host, the scheme and port of its own URL are allowed too.
    """
    parts = _split_origin(url)
    if parts is None or parts == _split_base_url():
        return parts is not None
    scheme, host, port = parts
    return _is_known_host(host) and scheme == "https" and port == _PORTS["https"]


def parse_reference(text: str, suggests_search: bool = True) -> Reference:
    """Parse a text that a user typed: a URL, an id, an AIR (`civitai:123@456`) or search words.

    A URL may be on Civitai or on the configured site. Raises InputError for a text that is empty or
    too long, for an id out of range, and for a URL or AIR of anything but a model, version, post,
    user, image or collection. suggests_search: whether the error's message suggests search words
    too.
    """
    try:
        if len(text) > _MAX_URL:
            raise _NotAReference("That text is too long")
        text = " ".join(text.split())
        if not text:
            raise _NotAReference("Nothing was given")
        if text.isascii() and text.isdigit():
            return Reference(model_id=_parse_id(text, "model"), is_bare=True)
        air = text.replace(" ", "")
        if match := _AIR.fullmatch(air):
            return Reference(_parse_id(match[1], "model"), _parse_id(match[2], "version"))
        if match := _AIR_MODEL.fullmatch(air):
            return Reference(_parse_id(match[1], "model"))
        if _OTHER_AIR.fullmatch(air):
            raise _NotAReference("That resource name (AIR) is not one of Civitai's")
        url = _complete_url(text)
        if url is not None:
            return _parse_url(url)
        words = "".join(c for c in text if c == " " or c.isprintable()).strip()
        if not words or len(words) > 200:
            raise _NotAReference("A search needs at least one letter, and at most 200")
        return Reference(words=words)
    except _NotAReference as error:
        hint = "give a Civitai URL of a model, or a model's id such as 12345"
        if suggests_search:
            hint = "give a Civitai URL of a model, image, post or user, a model's id, or words"
            hint += " to search for"
        raise InputError(f"{error}: {hint}.") from error


_IMAGE_PATH = re.compile(r"/images/([0-9]{1,10})(?![0-9]|x[0-9]|\.[a-z])", re.I)
_NO_HOST = re.compile(r"[^a-z0-9.:-]", re.I)
_PORT = re.compile(r":[0-9]*$")
_ESCAPED_SLASH = re.compile(r"\\/|\\u002f|%2f", re.I)  # in the source of a page
# Of JSON: outside strings, and in all. The records of 10,000 images have fewer.
_MOST_PARTS = 1_000_000, 5_000_000
_ID_LINE = re.compile(r"[0-9,;\s]*[0-9][,;\s]*")


def parse_image_ids(text: str) -> list[int]:
    """Return the ids of the images that a text lists, each once, in the text's order.

    The text has URLs of images on Civitai and lines of ids between any other text. Beside URLs, a
    number under a million is no id: a page that was saved as text has lines of counts. It may also
    be the JSON of an export or of Civitai's API, or several such texts in a row, as JSON Lines are:
    `{"pictures": [{"id": 1}]}`, `[1, "2"]`, `{"id": 1}\\n{"id": 2}`. Raises InputError if the text
    lists no image, or more than 20,000.
    """
    text = text.replace("\0", "").lstrip("\ufeff\ufffd")  # UTF-16 that was read as UTF-8
    ids = dict[int, None]()
    for number in _list_ids_in_json(text) or _iter_ids_in_text(text):
        if len(number) <= 10 and number.isascii() and 1 <= int(number) <= LAST_ID:
            ids[int(number)] = None
            if len(ids) > 20_000:
                raise _make_length_error()
    if not ids:
        message = (
            "This list names no picture: give addresses such as https://civitai.com/images/123"
        )
        raise InputError(f"{message}, or ids, one on each line.", "list_is_empty")
    return list(ids)


def _make_length_error() -> InputError:
    return InputError("A list can have at most 20000 pictures.", "list_is_long")


def _iter_ids_in_text(text: str) -> Iterator[str]:
    lines = _ESCAPED_SLASH.sub("/", text).splitlines()
    digits = 7 if any(_list_ids_in_urls(line) for line in lines) else 1
    for line in lines:
        urls = _list_ids_in_urls(line)
        numbers = re.finditer("[0-9]+", line) if not urls and _ID_LINE.fullmatch(line) else ()
        yield from urls
        yield from (number[0] for number in numbers if len(number[0]) >= digits)


def _list_ids_in_urls(line: str) -> list[str]:
    ids = []
    for match in _IMAGE_PATH.finditer(line):
        # Relative in the source of a page of Civitai.
        before = line[max(0, match.start() - 100) : match.start()]  # a host is shorter
        host = _PORT.sub("", _NO_HOST.split(before)[-1]).rpartition(":")[2]
        if not host or _is_known_host(host.lower()):
            ids.append(match[1])
    return ids


def _list_ids_in_json(text: str) -> list[str]:
    decoder, values, rows, place = json.JSONDecoder(), list[Any](), list[Any](), 0
    text = text.strip()
    if text[:1] in ("{", "[") and has_too_many_parts(text.encode(errors="replace"), *_MOST_PARTS):
        raise _make_length_error()
    try:
        while place < len(text) and (values or text[0] in "{["):
            value, place = decoder.raw_decode(text, place)
            values.append(value)
            while text[place : place + 1].isspace():
                place += 1
    except (ValueError, RecursionError):
        return []
    for value in values:
        if isinstance(value, dict):
            lists = (value[name] for name in ("pictures", "items", "images") if name in value)
            is_image = len(values) > 1 or "width" in value  # alone, it could be a model's
            value = next(lists, [value] if is_image else [])
        rows += value if isinstance(value, list) else []
    ids = (row.get("id") if isinstance(row, dict) else row for row in rows)
    return [str(one) for one in ids if type(one) is int or isinstance(one, str) and one.isdigit()]


def _split_origin(url: str) -> tuple[str, str, int] | None:
    match = _ADDRESS.fullmatch(url) if len(url) <= _MAX_URL and url.isprintable() else None
    if match is None:
        return None
    scheme, host = match[1].lower(), match[2].lower()
    return scheme, host, int(match[3] or _PORTS[scheme])


def _split_base_url() -> tuple[str, str, int] | None:
    return _split_origin(re.sub(r"//[^/@]*@", "//", setting.base_url()))


def _is_known_host(host: str) -> bool:
    if any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        return True
    base = _split_base_url()
    return base is not None and host == base[1]


def _complete_url(text: str) -> str | None:
    if match := _WITH_SCHEME.search(text):
        url = match[1].rstrip(_MARKS_BEHIND)
        return url if _USER_PATH.search(url) else _TEXT_BEHIND_ID.sub("", url)
    start = text.strip("<>\"'")
    if start.startswith("//"):
        return f"https:{start}"
    host = re.split(r"[/?#:]", start, maxsplit=1)[0].lower()
    if _is_known_host(host):
        return f"https://{start}"
    if _PATH_ONLY.fullmatch(start):
        path = start if start.startswith(("/", "?")) else f"/{start}"
        return f"https://{_HOSTS[0]}{re.sub('^/(?=modelVersionId)', '/?', path, flags=re.I)}"
    if match := _ID_WITH_VERSION.fullmatch(start):
        return f"https://{_HOSTS[0]}/models/{match[1]}{match[2]}"
    return f"https://{start}" if _FOREIGN_SITE.fullmatch(start) else None


def _parse_url(url: str) -> Reference:
    try:
        parts = urlsplit(url)
    except ValueError as error:  # "[" in the host, or a look-alike letter
        raise _NotAReference("This address is not valid") from error
    host = parts.hostname or ""
    if parts.scheme.lower() not in _PORTS:
        raise _NotAReference("Only http and https addresses are supported")
    if not _is_known_host(host):
        raise _NotAReference(f"That address is on {_shorten(host)}, not on Civitai")
    model = _MODEL_PATH.search(parts.path)
    version = _VERSION_PATH.search(parts.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    params = {name.lower(): values[0] for name, values in query.items()}
    model_text = model[1] if model else params.get("modelid")
    version_text = version[1] if version else params.get("modelversionid")
    other = None if model or version else _parse_gallery_path(parts.path)
    if other is not None and (other.image_id is None or version_text is None):
        return other
    version_id = None if version_text is None else _parse_id(version_text, "version")
    if other is not None:
        return replace(other, version_id=version_id)
    if model_text is None and version_text is None:
        raise _NotAReference("That page on Civitai is not a model, version, image, post or user")
    model_id = None if model_text is None else _parse_id(model_text, "model")
    return Reference(model_id, version_id)


def _parse_gallery_path(path: str) -> Reference | None:
    """Return the image, post, collection or user that a URL's path names; None if it names none."""
    for kind in ("image", "post", "collection"):
        if match := re.search(rf"/{kind}s/([0-9]+)(?:/|$)", path, re.I):
            found: dict[str, Any] = {f"{kind}_id": _parse_id(match[1], kind)}
            return Reference(**found)
    if not (match := _USER_PATH.search(path)):
        return None
    name = unquote(match[1])
    if not _USERNAME.fullmatch(name):
        raise _NotAReference(
            f"Civitai's API cannot find users with a name such as {_shorten(name)}"
        )
    return Reference(username=name)


def _parse_id(text: str, kind: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= 20
    number = int(text) if digits else 0
    if not 1 <= number <= LAST_ID:
        shown = _shorten(text) if text else "Nothing"
        raise InputError(f"{shown} is not a {kind} id: give a whole number from 1 to {LAST_ID}.")
    return number


def _shorten(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60]) or "nowhere"

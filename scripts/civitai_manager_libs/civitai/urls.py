"""Which addresses are Civitai's, and what they name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ..errors import InputError

__all__ = ["Reference", "is_image_url", "resolve_reference"]

_HOSTS = ("civitai.com", "civitai.red", "civitai.green")
_PORTS = {"http": 80, "https": 443}
_MAX_ID = 2**31 - 1  # the site answers 400 beyond it
_MAX_URL = 2_000  # characters; the patterns below may look at each of them more than once
_MAX_WORDS = 200  # characters
_LABEL = "[a-z0-9_-]{1,63}"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\]"
# The whole grammar of an address that is fetched. No user:password@, no backslash: parsers differ
# in what they take such an address for.
_ADDRESS = re.compile(rf"(https?)://({_HOST})(?::([0-9]{{1,5}}))?(?:/[^\\]*)?", re.I)
_AIR = re.compile(r"(?:urn:)?(?:air:[^:]*:[^:]*:)?(?:civitai:)?([0-9]+)@([0-9]+)(?:[:.?].*)?", re.I)
_AIR_MODEL = re.compile(r"(?:(?:urn:)?air:[^:]*:[^:]*:)?civitai:([0-9]+)(?:[:.?].*)?", re.I)
_OTHER_AIR = re.compile(r"(?:urn:)?air:[^:]*:[^:]*:.+|urn:.+", re.I)
_WITH_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.I)
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
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,60}")  # others Civitai's API refuses
_HINT = "give a Civitai page of a model, image, post or user, a model's id, or words to search for"
_HINT_WITHOUT_WORDS = "give a Civitai model page, or a model's id such as 12345"


@dataclass(frozen=True)
class Reference:
    """What a user's text names: a model, a version (its model may be unknown), a post, a user, one
    image (maybe with a version it was made with), a collection, or search words. is_bare: an id
    alone, which is taken for a model's."""

    model_id: int | None = None
    version_id: int | None = None
    words: str = ""
    post_id: int | None = None
    username: str = ""
    image_id: int | None = None
    collection_id: int | None = None
    is_bare: bool = False


class _NotAReference(Exception):
    """What is wrong with a text, without what to give instead."""


def is_image_url(url: str, base_url: str) -> bool:
    """Whether a picture that Civitai's answer names may be asked for at `url`.

    https on Civitai's hosts or the base URL's, at the usual port; http, and another port,
    only where the base URL itself has them.
    """
    parts = _split_origin(url)
    if parts is None or parts == _split_base_url(base_url):
        return parts is not None
    scheme, host, port = parts
    return _is_known_host(host, base_url) and scheme == "https" and port == _PORTS["https"]


def resolve_reference(text: str, base_url: str, takes_words: bool = True) -> Reference:
    """What `text` means: a URL, an id, an AIR (`civitai:123@456`), or words.

    Raises InputError with a sentence that says what to give instead; takes_words: whether that
    may be words.
    """
    try:
        return _parse_text(text, base_url)
    except _NotAReference as error:
        raise InputError(f"{error}: {_HINT if takes_words else _HINT_WITHOUT_WORDS}.") from error


def _parse_text(text: str, base_url: str) -> Reference:
    if len(text) > _MAX_URL:
        raise _NotAReference("That text is too long")
    text = " ".join(text.split())
    if not text:
        raise _NotAReference("Nothing was given")
    if text.isascii() and text.isdigit():
        return Reference(model_id=_parse_id(text, "model"), is_bare=True)
    named = _parse_air(text.replace(" ", ""))
    if named is not None:
        return named
    url = _complete_url(text, base_url)
    return _words_reference(text) if url is None else _reference_from_url(url, base_url)


def _split_origin(url: str) -> tuple[str, str, int] | None:
    found = _ADDRESS.fullmatch(url) if len(url) <= _MAX_URL and url.isprintable() else None
    if found is None:
        return None
    scheme, host = found[1].lower(), found[2].lower()
    return scheme, host, int(found[3] or _PORTS[scheme])


def _split_base_url(base_url: str) -> tuple[str, str, int] | None:
    return _split_origin(re.sub(r"//[^/@]*@", "//", base_url))


def _is_known_host(host: str, base_url: str) -> bool:
    """Whether it is Civitai's, or the one that the base URL names."""
    if any(host == known or host.endswith(f".{known}") for known in _HOSTS):
        return True
    base = _split_base_url(base_url)
    return base is not None and host == base[1]


def _complete_url(text: str, base_url: str) -> str | None:
    found = _WITH_SCHEME.search(text)
    if found:
        return found[0].rstrip("<>\"').,;")
    start = text.strip("<>\"'")
    if start.startswith("//"):
        return f"https:{start}"
    host = re.split(r"[/?#:]", start, maxsplit=1)[0].lower()
    if _is_known_host(host, base_url):
        return f"https://{start}"
    if _PATH_ONLY.fullmatch(start):
        path = start if start.startswith(("/", "?")) else f"/{start}"
        return f"https://{_HOSTS[0]}{re.sub('^/(?=modelVersionId)', '/?', path, flags=re.I)}"
    found = _ID_WITH_VERSION.fullmatch(start)
    if found:
        return f"https://{_HOSTS[0]}/models/{found[1]}{found[2]}"
    return f"https://{start}" if _FOREIGN_SITE.fullmatch(start) else None


def _split_url(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:  # "[" in the host, or a look-alike letter
        raise _NotAReference("This address cannot be read") from error


def _reference_from_url(url: str, base_url: str) -> Reference:
    parts = _split_url(url)
    host = parts.hostname or ""
    if parts.scheme.lower() not in _PORTS:
        raise _NotAReference("An address of this kind is not read")
    if not _is_known_host(host, base_url):
        raise _NotAReference(f"That address is on {_shorten(host)}, not on Civitai")
    model = _MODEL_PATH.search(parts.path)
    version = _VERSION_PATH.search(parts.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    asked = {name.lower(): values[0] for name, values in query.items()}
    model_text = model[1] if model else asked.get("modelid")
    version_text = version[1] if version else asked.get("modelversionid")
    other = None if model or version else _gallery_reference(parts.path)
    if other is not None:
        has_version = other.image_id is not None and version_text is not None
        return (
            replace(other, version_id=_parse_id(version_text, "version")) if has_version else other
        )
    if model_text is None and version_text is None:
        raise _NotAReference("That page of Civitai is no model, version, image, post or user")
    return Reference(
        model_id=None if model_text is None else _parse_id(model_text, "model"),
        version_id=None if version_text is None else _parse_id(version_text, "version"),
    )


def _gallery_reference(path: str) -> Reference | None:
    """An image, a post, a collection or a user."""
    for kind in ("image", "post", "collection"):
        if found := re.search(rf"/{kind}s/([0-9]+)(?:/|$)", path, re.I):
            return Reference(**{f"{kind}_id": _parse_id(found[1], kind)})
    if not (found := _USER_PATH.search(path)):
        return None
    name = unquote(found[1])
    if not _USERNAME.fullmatch(name):
        raise _NotAReference(f"Civitai's API finds no user by a name such as {_shorten(name)}")
    return Reference(username=name)


def _parse_air(text: str) -> Reference | None:
    found = _AIR.fullmatch(text)
    if found:
        return Reference(_parse_id(found[1], "model"), _parse_id(found[2], "version"))
    found = _AIR_MODEL.fullmatch(text)
    if found:
        return Reference(_parse_id(found[1], "model"))
    if _OTHER_AIR.fullmatch(text):
        raise _NotAReference("That resource name is not one of Civitai's")
    return None


def _words_reference(text: str) -> Reference:
    words = "".join(c for c in text if c == " " or c.isprintable()).strip()
    if not words or len(words) > _MAX_WORDS:
        raise _NotAReference(f"That is no text to search for, of at most {_MAX_WORDS} letters")
    return Reference(words=words)


def _parse_id(text: str, kind: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= 20
    number = int(text) if digits else 0
    if not 1 <= number <= _MAX_ID:
        shown = _shorten(text) if text else "Nothing"
        raise InputError(f"{shown} is no {kind}'s id: give a whole number from 1 to {_MAX_ID}.")
    return number


def _shorten(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60]) or "nowhere"

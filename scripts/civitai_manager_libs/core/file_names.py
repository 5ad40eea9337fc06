"""Names and paths for files that are valid on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .untrusted import normalize_unicode

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}


def make_file_name(name: str, fallback: str = "unnamed", limit: int = 100) -> str:
    """Turn a text into a file name that is valid on Windows, macOS and Linux.

    Forbidden characters become spaces; a reserved name such as `con` gets a `_` in front. fallback:
    used if nothing is left. limit: the largest size in UTF-8 bytes.
    """
    name = normalize_unicode("NFC", name, 8 * limit)
    visible = (c for c in name if unicodedata.category(c)[0] != "C")
    text = re.sub(r'[<>:"/\\|?*\s]+', " ", "".join(visible)).strip(" .")
    text = text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore").rstrip(" .")
    if text.split(".", 1)[0].rstrip().lower() in _RESERVED:
        text = f"_{text}"
    return text or fallback


NO_VALUE = "unknown"
DATE_PART = re.compile(r"%[YmdHMSyj]")
_FIELD = re.compile(r"\{([A-Za-z_]*)(?::([^{}|/]*))?(?:\|([^{}/]*))?\}")
_DATE = "date"  # the only field that takes a format
_MAX_TEMPLATE, _MAX_FOLDERS = 300, 8  # characters, slashes


def clean_template(template: str) -> str:
    """Return a path template with forward slashes, without a final slash or spaces at the ends."""
    template = template.replace("\\", "/").strip()
    return template.rstrip("/") or template[:1]


def find_template_problem(
    template: str, fields: Collection[str]
) -> tuple[str, Mapping[str, Any]] | None:
    """Return a path template's first problem as (message key, message values), or None.

    fields: the names of the allowed fields.
    """
    if template.startswith("/") or re.match("[A-Za-z]:", template):
        return "template_whole_path", {}
    if len(template) > _MAX_TEMPLATE:
        return "template_long", {"most": _MAX_TEMPLATE}
    if template.count("/") > _MAX_FOLDERS:
        return "template_deep", {"most": _MAX_FOLDERS}
    if ".." in template.split("/"):
        return "template_leads_out", {}
    known = ", ".join(f"{{{name}}}" for name in fields)
    for name, value_format, _ in _FIELD.findall(template):
        field = f"{{{name}:{value_format}}}" if value_format else f"{{{name}}}"
        if name not in fields:
            return "template_unknown", {"field": f"{{{name}}}", "known": known}
        if value_format and name != _DATE:
            return "template_form", {"field": field}
        if "%" in DATE_PART.sub("", value_format):
            return "template_date", {"field": field}
    has_brace = re.search(r"[{}]", _FIELD.sub("", template))
    return ("template_brace", {}) if has_brace else None


def list_fields(template: str) -> list[str]:
    """Return the names of the fields in a path template, in order and with repetitions."""
    return [match[1] for match in _FIELD.finditer(template)]


def has_fields(template: str) -> bool:
    return _FIELD.search(template) is not None


def fill_fields(template: str, value_of: Callable[[str, str], str], max_bytes: int) -> str:
    """Return a path template with its fields replaced by values that are safe in file names.

    value_of: called with a field's name and format, such as "date" and "%Y"; returns the value. For
    the value "", the field's default is used (`nobody` in `{author|nobody}`), or "unknown" if it
    has none. max_bytes: the largest size of one value in UTF-8 bytes.
    """

    def fill(match: re.Match[str]) -> str:
        name, value_format, default = match.groups()
        value = value_of(name, value_format or "")
        # Made safe by itself, so that a dot or a reserved word is kept in other text.
        safe = make_file_name(value, "", max_bytes) if value else ""
        return safe or (NO_VALUE if default is None else default)

    return _FIELD.sub(fill, template)

"""The template of the subfolders that model files go into: its fields, and how it is filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .. import util
from ..errors import InputError
from ..i18n import messages

__all__ = ["FIELDS", "fill_folder_template", "validate_folder_template"]

FIELDS = ("base_model", "author", "model")
_MAX_TEMPLATE, _MAX_FOLDERS = 300, 8  # characters, slashes
_MAX_FOLDER_BYTES = 80  # UTF-8 bytes of a folder's name
# {field}, {author|nobody}: the text after the bar stands in for a missing value.
_FIELD = re.compile(r"\{([A-Za-z_]*)(?:\|([^{}/]*))?\}")
_NO_VALUE = "unknown"


def validate_folder_template(template: str) -> str:
    """Return a template of subfolders with forward slashes, and without spaces around it.

    The template "" means no subfolders. Raises InputError if the template is invalid; the message
    says what to change.
    """
    template = template.replace("\\", "/").strip()
    is_absolute = template.startswith("/") or re.match("[A-Za-z]:", template) is not None
    _refuse_if(is_absolute, "template_whole_path")
    template = template.rstrip("/")
    _refuse_if(len(template) > _MAX_TEMPLATE, "template_long", most=_MAX_TEMPLATE)
    _refuse_if(template.count("/") > _MAX_FOLDERS, "template_deep", most=_MAX_FOLDERS)
    _refuse_if(".." in template.split("/"), "template_leads_out")
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    for name, _ in _FIELD.findall(template):
        _refuse_if(name not in FIELDS, "template_unknown", field=f"{{{name}}}", known=known)
    has_stray_brace = re.search(r"[{}]", _FIELD.sub("", template)) is not None
    _refuse_if(has_stray_brace, "template_brace")
    return template


def fill_folder_template(template: str, values: Mapping[str, str]) -> str:
    """Return the relative path of the subfolders that a template describes, "" for none.

    values: the value of each field, "" if unknown. The names are valid on Windows, macOS and Linux.
    """
    filled = (
        _FIELD.sub(lambda match: _field_value(match, values), part) for part in template.split("/")
    )
    named = (util.safe_name(part, "", _MAX_FOLDER_BYTES) for part in filled)
    return "/".join(filter(None, named))


def _field_value(match: re.Match[str], values: Mapping[str, str]) -> str:
    name, default = match.groups()
    safe = util.safe_name(values.get(name, ""), "", _MAX_FOLDER_BYTES)
    return safe or (_NO_VALUE if default is None else default)


def _refuse_if(is_wrong: bool, key: str, **values: object) -> None:
    if is_wrong:
        why = messages.translate(key, "en", **values)
        raise InputError(f"This is no template for folders: {why}.", key, **values)

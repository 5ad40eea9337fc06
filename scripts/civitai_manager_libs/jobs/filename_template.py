"""Where a picture is saved below its folder: a template with the field's words, filled in. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from .. import util
from ..core import as_text, Image, level_name
from ..errors import InputError
from ..i18n import messages
from .records import NamingContext

__all__ = [
    "FIELDS",
    "MAX_NAME_BYTES",
    "DEFAULT_TEMPLATE",
    "validate_template",
    "split_template",
    "fill_template",
]

DEFAULT_TEMPLATE = "{id}"
_MAX_TEMPLATE, _MAX_FOLDERS = 300, 8
# UTF-8 bytes: what every disk takes of a part, and of a path below a folder of usual length
_MAX_VALUE, _MAX_PART, MAX_NAME_BYTES, _LEAST_PART = 100, 150, 200, 10
_RATINGS = {"None": "PG", "Soft": "PG-13", "Mature": "R", "X": "X", "XXX": "XXX"}
# {word}, {date:%Y-%m}, {author|nobody}: what stands behind the bar is for a picture without it.
_FIELD = re.compile(r"\{([A-Za-z_]*)(?::([^{}|/]*))?(?:\|([^{}/]*))?\}")
_DATE_PART = re.compile(r"%[YmdHMSyj]")
_NO_VALUE = "unknown"
_DIGITS = frozenset("0123456789")


def _meta_field(*keys: str) -> Callable[[Image, NamingContext], str]:
    def value(image: Image, _: NamingContext) -> str:
        found = (as_text((image.meta or {}).get(key)) for key in keys)
        return next((text for text in found if text), "")

    return value


def _version_name(image: Image, facts: NamingContext) -> str:
    """The one that was asked for, else the first of the gallery's that the picture names."""
    used = (facts.versions[v] for v in image.version_ids if v in facts.versions)
    return facts.version or next(used, "")


FIELDS: dict[str, Callable[[Image, NamingContext], str]] = {
    "id": lambda image, _: str(image.id),
    "model": lambda _, facts: facts.model,
    "version": _version_name,
    "author": lambda image, _: image.username,
    "date": lambda image, _: image.created_at,
    "level": lambda image, _: _RATINGS[level_name(image.level)],
    "type": lambda image, _: image.type,
    "base_model": lambda image, _: image.base_model,
    "post": lambda image, _: str(image.post_id or ""),
    "width": lambda image, _: str(image.width or ""),
    "height": lambda image, _: str(image.height or ""),
    "reactions": lambda image, _: str(image.reactions.total),
    "seed": _meta_field("seed", "Seed"),
    "sampler": _meta_field("sampler", "Sampler"),
    "steps": _meta_field("steps", "Steps"),
    "checkpoint": _meta_field("Model"),
}


def validate_template(template: str) -> str:
    """Without blanks around it. Raises InputError, a sentence that says what to do."""
    template = template.replace("\\", "/").strip()
    is_whole_path = template.startswith("/") or re.match("[A-Za-z]:", template) is not None
    _refuse_if(is_whole_path, "template_whole_path")
    template = template.rstrip("/")
    _refuse_if(len(template) > _MAX_TEMPLATE, "template_long", most=_MAX_TEMPLATE)
    _refuse_if(template.count("/") > _MAX_FOLDERS, "template_deep", most=_MAX_FOLDERS)
    _refuse_if(".." in template.split("/"), "template_leads_out")
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    for word, form, _ in _FIELD.findall(template):
        field = f"{{{word}:{form}}}" if form else f"{{{word}}}"
        _refuse_if(word not in FIELDS, "template_unknown", field=f"{{{word}}}", known=known)
        _refuse_if(bool(form) and word != "date", "template_form", field=field)
        _refuse_if("%" in _DATE_PART.sub("", form), "template_date", field=field)
    is_open = re.search(r"[{}]", _FIELD.sub("", template)) is not None
    _refuse_if(is_open, "template_brace")
    _require_id(template.rpartition("/")[2])
    return template


def _require_id(last: str) -> None:
    """Two pictures may never have one name, whatever strangers have called theirs."""
    _refuse_if(DEFAULT_TEMPLATE not in last, "template_no_id")
    sides = _split_at_id(last)
    _refuse_if(all(map(_FIELD.search, sides)), "template_id_inside")
    beside = (sides[0][-1:], sides[1][:1])
    is_near = any(c and (c in _DIGITS or c in "{}" or not c.isprintable()) for c in beside)
    _refuse_if(is_near, "template_id_touched")


def split_template(template: str, facts: NamingContext) -> tuple[str, str]:
    """Folders that all pictures of a job have in common, filled in; the rest of the template."""
    common, parts = [], template.split("/")
    is_known = {"model", *(("version",) if facts.version else ())}.issuperset
    while len(parts) > 1 and is_known(word for word, _, _ in _FIELD.findall(parts[0])):
        common.append(_fill_folder(parts.pop(0), Image(0, ""), facts))
    return "/".join(filter(None, common)), "/".join(parts)


def fill_template(
    template: str, image: Image, facts: NamingContext, longest: int = MAX_NAME_BYTES
) -> str:
    """The path below the folder, with "/" and without extension, cut to `longest` UTF-8 bytes.

    What is missing is what the template says behind a bar, else "unknown". Every part is a name
    that Windows, macOS and Linux take; the last one holds the picture's id.
    """
    *folders, last = template.split("/")
    name = _fill_file_name(last, image, facts, min(_MAX_PART, longest))
    parts = [part for part in (_fill_folder(folder, image, facts) for folder in folders) if part]
    return "/".join([*_fit_folders(parts, longest - len(name.encode())), name])


def _fit_folders(folders: list[str], room: int) -> list[str]:
    """Where they are too long in all, each is at most its share."""
    if sum(len(folder.encode()) + 1 for folder in folders) <= room:
        return folders
    share = max(_LEAST_PART, room // len(folders) - 1)
    return [util.safe_name(folder, _NO_VALUE, share) for folder in folders]


def _fill_folder(text: str, image: Image, facts: NamingContext) -> str:
    """A folder's name; "" for a part with nothing in it, which is none."""
    return (
        util.safe_name(_fill_fields(text, image, facts), _NO_VALUE, _MAX_PART)
        if text.strip()
        else ""
    )


def _fill_file_name(text: str, image: Image, facts: NamingContext, longest: int) -> str:
    """Only what is beside the id is cut: a picture without its id could take another's place."""
    before, after = (_fill_fields(side, image, facts) for side in _split_at_id(text))
    room = longest - len(str(image.id)) - 1
    before = _cut_bytes(before[:-1], room) + before[-1:]  # which keeps other digits away from it
    after = _cut_bytes(after, room - len(before.encode()))
    return util.safe_name(f"{before}{image.id}{after}", _NO_VALUE, 2 * _MAX_PART)


def _split_at_id(last: str) -> tuple[str, str]:
    """By the {id} that has only plain text on one side, if there is such a one."""
    before, _, after = last.partition(DEFAULT_TEMPLATE)
    if _FIELD.search(before):
        before, _, after = last.rpartition(DEFAULT_TEMPLATE)
    return before, after


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode("utf-8", "ignore")[: max(0, limit)].decode("utf-8", "ignore")


def _fill_fields(text: str, image: Image, facts: NamingContext) -> str:
    return _FIELD.sub(lambda found: _field_value(found, image, facts), text)


def _field_value(found: re.Match[str], image: Image, facts: NamingContext) -> str:
    word, form, otherwise = found.groups()
    value = FIELDS[word](image, facts)
    if word == "date":
        value = _format_date(value, form or "%Y-%m-%d")
    # A name of its own kind: a dot or a reserved word in it is only harmful as a whole part.
    kept = util.safe_name(value, "", _MAX_VALUE) if value else ""
    return kept or (_NO_VALUE if otherwise is None else otherwise)


def _format_date(moment: str, form: str) -> str:
    try:
        day = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return ""
    return _DATE_PART.sub(lambda part: day.strftime(part[0]), form)


def _refuse_if(is_wrong: bool, key: str, **values: object) -> None:
    if is_wrong:
        why = messages.translate(key, "en", **values)
        raise InputError(f"This is no template for a name: {why}.", key, **values)

"""The template of image file names: its fields, its rules, and filling it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..core import as_text, Image, level_name, make_file_name, path_template
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
# UTF-8 bytes: most in a field's value, in a file or folder name, and in a path that every system
# accepts below a folder of usual length; least in a folder name of a path that is shortened.
_MAX_VALUE, _MAX_PART, MAX_NAME_BYTES, _MIN_PART = 100, 150, 200, 10
_RATINGS = {"None": "PG", "Soft": "PG-13", "Mature": "R", "X": "X", "XXX": "XXX"}
_DIGITS = frozenset("0123456789")


def _meta_field(*keys: str) -> Callable[[Image, NamingContext], str]:
    def read_value(image: Image, _: NamingContext) -> str:
        values = (as_text((image.meta or {}).get(key)) for key in keys)
        return next(filter(None, values), "")

    return read_value


def _version_name(image: Image, context: NamingContext) -> str:
    """Return the name of the version that the job requested.

    If the job requested all versions, return the name of the first one that the image used, "" if
    no name is known.
    """
    known = (context.versions[v] for v in image.version_ids if v in context.versions)
    return context.version or next(known, "")


FIELDS: dict[str, Callable[[Image, NamingContext], str]] = {
    "id": lambda image, _: str(image.id),
    "model": lambda _, context: context.model,
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
    """Check a file name template; return it without surrounding spaces and with forward slashes.

    Raises InputError if the template is invalid; the message says what to change.
    """
    template = path_template.clean_template(template)
    key, values = path_template.find_template_problem(template, FIELDS) or (
        _find_name_problem(template.rpartition("/")[2]),
        {},
    )
    if key:
        why = messages.translate(key, "en", **values)
        raise InputError(f"This file name template is not valid: {why}.", key, **values)
    return template


def _find_name_problem(name_template: str) -> str:
    """Return why a template could give two images the same file name, as a message key.

    Return "" if all names are different. name_template: a template without folders.
    """
    if DEFAULT_TEMPLATE not in name_template:
        return "template_no_id"
    before, after = _split_at_id(name_template)
    if path_template.has_fields(before) and path_template.has_fields(after):
        return "template_id_inside"
    neighbours = (before[-1:], after[:1])
    is_touched = any(c and (c in _DIGITS or c in "{}" or not c.isprintable()) for c in neighbours)
    return "template_id_touched" if is_touched else ""


def split_template(template: str, context: NamingContext) -> tuple[str, str]:
    """Split a template into (folder that all images of a job share, template of the rest).

    The shared folder is filled in. Example: `{model}/{id}` gives ("Some model", "{id}").
    """
    common, parts = [], template.split("/")
    is_shared = {"model", *(("version",) if context.version else ())}.issuperset
    while len(parts) > 1 and is_shared(path_template.list_fields(parts[0])):
        common.append(_fill_folder(parts.pop(0), Image(0, ""), context))
    return "/".join(filter(None, common)), "/".join(parts)


def fill_template(
    template: str, image: Image, context: NamingContext, max_bytes: int = MAX_NAME_BYTES
) -> str:
    """Fill a template for an image; return a path below the job's folder, without extension.

    A missing value becomes the text after `|` in its field, else "unknown". Every part of the path
    is valid on Windows, macOS and Linux. max_bytes: the longest path in UTF-8 bytes.
    """
    *folders, last = template.split("/")
    name = _fill_file_name(last, image, context, min(_MAX_PART, max_bytes))
    parts = list(filter(None, (_fill_folder(folder, image, context) for folder in folders)))
    return "/".join([*_fit_folders(parts, max_bytes - len(name.encode())), name])


def _fit_folders(folders: list[str], max_bytes: int) -> list[str]:
    """Return the folder names; if their path exceeds `max_bytes`, cut each to an equal share."""
    if sum(len(folder.encode()) + 1 for folder in folders) <= max_bytes:
        return folders
    share = max(_MIN_PART, max_bytes // len(folders) - 1)
    return [make_file_name(folder, path_template.NO_VALUE, share) for folder in folders]


def _fill_folder(template: str, image: Image, context: NamingContext) -> str:
    """Return the folder name that a template gives, "" if the template is blank."""
    if not template.strip():
        return ""
    return make_file_name(_fill_fields(template, image, context), path_template.NO_VALUE, _MAX_PART)


def _fill_file_name(template: str, image: Image, context: NamingContext, max_bytes: int) -> str:
    """Return the file name that a template gives, without extension.

    If the name is longer than `max_bytes` in UTF-8, the text before and after the image id is
    shortened. The whole id stays, so that the name is unique.
    """
    before, after = (_fill_fields(side, image, context) for side in _split_at_id(template))
    room = max_bytes - len(str(image.id)) - 1
    before = _cut_bytes(before[:-1], room) + before[-1:]  # the separator keeps digits off the id
    after = _cut_bytes(after, room - len(before.encode()))
    return make_file_name(f"{before}{image.id}{after}", path_template.NO_VALUE, 2 * _MAX_PART)


def _split_at_id(name_template: str) -> tuple[str, str]:
    """Split a file name template at `{id}`; return (text before it, text after it).

    If `{id}` occurs several times, split at the first if no other field precedes it, else at the
    last.
    """
    before, _, after = name_template.partition(DEFAULT_TEMPLATE)
    if path_template.has_fields(before):
        before, _, after = name_template.rpartition(DEFAULT_TEMPLATE)
    return before, after


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode("utf-8", "ignore")[: max(0, limit)].decode("utf-8", "ignore")


def _fill_fields(template: str, image: Image, context: NamingContext) -> str:
    def value_of(name: str, date_format: str) -> str:
        value = FIELDS[name](image, context)
        return _format_date(value, date_format or "%Y-%m-%d") if name == "date" else value

    return path_template.fill_fields(template, value_of, _MAX_VALUE)


def _format_date(timestamp: str, date_format: str) -> str:
    """Return an ISO 8601 timestamp in a `strftime` format, "" if it cannot be parsed."""
    try:
        moment = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    except ValueError:
        return ""
    return path_template.DATE_PART.sub(lambda part: moment.strftime(part[0]), date_format)

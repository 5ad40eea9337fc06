"""The template by which the names of saved images are made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..core import as_text, file_names, Image, level_name, make_file_name
from ..errors import InputError
from ..i18n import messages
from .job_records import NamingContext

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


FIELDS: dict[str, Callable[[Image, NamingContext], str]] = {
    "id": lambda image, _: str(image.id),
    "model": lambda _, context: context.model,
    "version": lambda image, context: context.version
    or next((context.versions[v] for v in image.version_ids if v in context.versions), ""),
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
    """Return a file name template with forward slashes, without outer spaces. Raises InputError."""
    template = file_names.clean_template(template)
    key, values = file_names.find_template_problem(template, FIELDS) or ("", {})
    name = template.rpartition("/")[2]
    if not key and DEFAULT_TEMPLATE not in name:
        key = "template_no_id"
    elif not key:  # else two images could get the same name
        before, after = _split_at_id(name)
        near = (before[-1:], after[:1])
        if file_names.has_fields(before) and file_names.has_fields(after):
            key = "template_id_inside"
        elif any(c and (c in _DIGITS or c in "{}" or not c.isprintable()) for c in near):
            key = "template_id_touched"
    if key:
        why = messages.translate(key, "en", **values)
        raise InputError(f"This file name template is not valid: {why}.", key, **values)
    return template


def split_template(template: str, context: NamingContext) -> tuple[str, str]:
    """Split a template into (folder that all images of a job share, template of the rest).

    The shared folder is filled in. Example: `{model}/{id}` gives ("Some model", "{id}").
    """
    common, parts = [], template.split("/")
    is_shared = {"model", *(("version",) if context.version else ())}.issuperset
    while len(parts) > 1 and is_shared(file_names.list_fields(parts[0])):
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
    before, after = (_fill_fields(side, image, context) for side in _split_at_id(last))
    room = min(_MAX_PART, max_bytes) - len(str(image.id)) - 1
    before = _cut_bytes(before[:-1], room) + before[-1:]  # the separator keeps digits off the id
    after = _cut_bytes(after, room - len(before.encode()))
    name = make_file_name(f"{before}{image.id}{after}", file_names.NO_VALUE, 2 * _MAX_PART)
    parts = list(filter(None, (_fill_folder(folder, image, context) for folder in folders)))
    room = max_bytes - len(name.encode())
    if parts and sum(len(part.encode()) + 1 for part in parts) > room:
        share = max(_MIN_PART, room // len(parts) - 1)
        parts = [make_file_name(part, file_names.NO_VALUE, share) for part in parts]
    return "/".join([*parts, name])


def _fill_folder(template: str, image: Image, context: NamingContext) -> str:
    if not template.strip():
        return ""
    return make_file_name(_fill_fields(template, image, context), file_names.NO_VALUE, _MAX_PART)


def _split_at_id(name_template: str) -> tuple[str, str]:
    before, _, after = name_template.partition(DEFAULT_TEMPLATE)
    if file_names.has_fields(before):
        before, _, after = name_template.rpartition(DEFAULT_TEMPLATE)
    return before, after


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode("utf-8", "ignore")[: max(0, limit)].decode("utf-8", "ignore")


def _fill_fields(template: str, image: Image, context: NamingContext) -> str:
    def value_of(name: str, date_format: str) -> str:
        value = FIELDS[name](image, context)
        if name != "date":
            return value
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return ""
        form = date_format or "%Y-%m-%d"
        return file_names.DATE_PART.sub(lambda part: moment.strftime(part[0]), form)

    return file_names.fill_fields(template, value_of, _MAX_VALUE)

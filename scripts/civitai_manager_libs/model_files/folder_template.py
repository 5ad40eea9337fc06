"""The template of the subfolders that model files go into: its fields, and how it is filled in."""

from __future__ import annotations

from collections.abc import Mapping

from .. import util
from ..core import path_template
from ..errors import InputError
from ..i18n import messages

__all__ = ["FIELDS", "fill_folder_template", "validate_folder_template"]

FIELDS = ("base_model", "author", "model")
_MAX_FOLDER_BYTES = 80  # UTF-8 bytes of a folder's name


def validate_folder_template(template: str) -> str:
    """Return a template of subfolders with forward slashes, without spaces at the ends.

    The template "" means no subfolders. Raises InputError, with a message for the user, if the
    template is invalid.
    """
    template = path_template.clean_template(template)
    if (problem := path_template.find_template_problem(template, FIELDS)) is not None:
        key, values = problem
        why = messages.translate(key, "en", **values)
        raise InputError(f"This folder template is not valid: {why}.", key, **values)
    return template


def fill_folder_template(template: str, values: Mapping[str, str]) -> str:
    """Fill in a template of subfolders; return their relative path, "" for none.

    values: the value of each field, "" if unknown. The names are valid on every operating system.
    """
    filled = path_template.fill_fields(
        template, lambda name, _: values.get(name, ""), _MAX_FOLDER_BYTES
    )
    named = (util.safe_name(part, "", _MAX_FOLDER_BYTES) for part in filled.split("/"))
    return "/".join(filter(None, named))

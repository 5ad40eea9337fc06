"""The list of needed model files at a terminal: what is here, what is missing, and why."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

from .. import util
from ..civitai import make_version_page_url, RemoteFile
from ..core import find_free_space
from ..i18n import messages
from ..model_files import NeededFile, NeededFiles
from . import terminal

__all__ = ["print_needed_files"]

_STATE_WIDTH, _SIZE_WIDTH = 16, 9  # columns
_MIN_LINE = 60  # columns
_INDENT = " " * 6


def print_needed_files(needed: NeededFiles, as_json: bool) -> None:
    """Print the model files that images or models need, as a table or as JSON in one line."""
    if as_json:
        terminal.print_result(json.dumps(_to_json(needed)))
        return
    for file in needed.files:
        for line in _format_file(file):
            terminal.print_result(line)
    for model in needed.unknown:
        state = terminal.get_text("models_state_unknown")
        resource = model.resource
        name = " ".join(filter(None, (resource.type, resource.name or resource.hash)))
        terminal.print_result(_format_line(state, "", f"{name}{_format_count(model.image_count)}"))
    terminal.print_result(_format_sum(needed))


def _format_file(needed: NeededFile) -> Iterator[str]:
    state = terminal.get_text(f"models_state_{needed.availability}")
    size = util.short_bytes(needed.size) if needed.size else ""
    yield _format_line(state, size, f"{needed.title}{_format_count(needed.image_count)}")
    for code in needed.remarks:
        yield _INDENT + terminal.get_text(f"remark_{code}")
    if needed.availability == "here":
        return
    if needed.is_fetchable:
        yield f"{_INDENT}{needed.path}"
    for sentence in _list_reasons(needed):
        yield f"{_INDENT}{sentence}"
    others = [("models_other_file", file) for file in needed.choice.others]
    others += [("models_companion_file", file) for file in needed.choice.companions]
    for key, file in others:
        yield _INDENT + terminal.get_text(key, id=file.id, about=_describe_file(file))


def _list_reasons(needed: NeededFile) -> Iterator[str]:
    """Yield a sentence for each reason why a needed model file cannot be downloaded."""
    language, choice = terminal.get_user_language(), needed.choice
    if choice.refusal:
        yield messages.explain_reason(choice.refusal, language, choice.deadline, is_model=True)
    if choice.needs_consent and choice.file:
        yield terminal.get_text("models_allow_pickle", id=choice.file.id)
    if needed.error and not choice.refusal:
        yield messages.translate_error(needed.error, language)
        yield terminal.get_text("models_or_dest")


def _describe_file(file: RemoteFile) -> str:
    size = util.short_bytes(file.size) if file.size else ""
    kind = file.type if file.type != "Model" else ""
    return ", ".join(filter(None, (file.name, kind, file.precision, file.quantization, size)))


def _format_count(count: int) -> str:
    return f"  ({terminal.get_text('models_image_count', n=count)})" if count > 1 else ""


def _format_line(state: str, size: str, text: str) -> str:
    state = terminal.pad_columns(state, _STATE_WIDTH)
    line = f"{state} {terminal.pad_columns(size, -_SIZE_WIDTH)}  {text}"
    return terminal.fit_line(line, _MIN_LINE)


def _format_sum(needed: NeededFiles) -> str:
    missing = needed.missing
    here = sum(file.availability == "here" for file in needed.files)
    others = len(needed.files) - here - len(missing) + len(needed.unknown)
    size = util.short_bytes(sum(file.size for file in missing))
    parts = [terminal.get_text("models_sum", here=here, n=len(missing), size=size)]
    if others:
        parts.append(terminal.get_text("models_not_fetchable", n=others))
    for folder, free in _list_free_space(missing):
        amount = util.short_bytes(free)
        parts.append(terminal.get_text("models_free", size=amount, folder=folder))
    return ("; " if terminal.get_user_language() == "en" else "；").join(parts)


def _list_free_space(files: Sequence[NeededFile]) -> Iterator[tuple[str, int]]:
    """Yield (folder, free bytes of its disk) for the folders in which the files will be saved.

    Of several folders on one disk, only the first is yielded.
    """
    seen = set[int]()
    for folder in dict.fromkeys(os.path.dirname(file.path) for file in files):
        free = find_free_space(folder)
        if free is not None and free >> 20 not in seen:
            seen.add(free >> 20)
            yield folder, free


def _to_json(needed: NeededFiles) -> dict[str, object]:
    missing = needed.missing
    return {
        "files": [_file_to_json(file) for file in needed.files],
        "unknown": [
            {
                "type": one.resource.type,
                "name": one.resource.name,
                "hash": one.resource.hash,
                "images": one.image_count,
            }
            for one in needed.unknown
        ],
        "missing": len(missing),
        "bytes": sum(file.size for file in missing),
        "free": dict(_list_free_space(missing)),
    }


def _file_to_json(needed: NeededFile) -> dict[str, object]:
    version, choice = needed.version, needed.choice
    page = ""
    if version and version.model_id:
        page = make_version_page_url(version.id, version.model_id)
    return {
        "title": needed.title,
        "state": needed.availability,
        "type": needed.resource.type or (version.model_type if version else ""),
        "version_id": version.id if version else needed.resource.version_id,
        "page": page,
        "file_id": choice.file.id if choice.file else None,
        "name": choice.file.name if choice.file else "",
        "size": needed.size,
        "path": needed.path,
        "images": needed.image_count,
        "reason": choice.refusal or ("no_folder" if needed.error else ""),
        "deadline": choice.deadline,
        "needs_consent": choice.needs_consent,
        "remarks": list(needed.remarks),
        "others": [
            {"file_id": file.id, "name": file.name, "size": file.size}
            for file in (*choice.others, *choice.companions)
        ],
    }

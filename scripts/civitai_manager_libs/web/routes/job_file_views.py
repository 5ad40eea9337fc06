"""The model files of a job in words, each with its progress or failure."""

from __future__ import annotations

from typing import cast

from ... import util
from ...civitai import make_version_page_url
from ...i18n import messages
from ...jobs import JobProgress, JobState, JobView, ModelFileState
from ..schemas import jobs as schemas

__all__ = ["list_model_file_views", "list_rate_texts"]


def list_model_file_views(view: JobView, language: str) -> list[schemas.JobModelFile]:
    """Return the JSON of a job's model files, [] if the job downloads images."""
    return [_make_file_view(file, view, language) for file in view.model_files]


def _make_file_view(file: ModelFileState, view: JobView, language: str) -> schemas.JobModelFile:
    return {
        "version_id": file.version_id,
        "file_id": file.file_id,
        "title": file.title,
        "name": file.name,
        "url": make_version_page_url(file.version_id),
        "state": cast(schemas.ModelFileState, file.state),
        "received": file.received,
        "size": file.size,
        "line": _make_file_line(file, view, language),
    }


def _make_file_line(file: ModelFileState, view: JobView, language: str) -> str:
    if file.state == "failed":
        return messages.explain_reason(file.reason, language, file.message, is_model=True)
    size = util.short_bytes(file.size) if file.size else ""
    if file.received and file.state in ("running", "waiting"):
        done = {"done": util.short_bytes(file.received), "total": size or "?"}
        size = messages.translate("of", language, **done)
    state = "" if file.state == "running" else messages.translate(_find_state_key(file), language)
    parts = [state, size]
    if file.state == "running" and view.progress is not None:
        parts += _list_speed_texts(file, view.progress, language)
    return " · ".join(filter(None, parts))


def _find_state_key(file: ModelFileState) -> str:
    return {"saved": "model_file_saved", "skipped": "model_file_was_here"}.get(
        file.state, "model_file_waits"
    )


def _list_speed_texts(file: ModelFileState, progress: JobProgress, language: str) -> list[str]:
    if progress.state != JobState.RUNNING or not progress.rate:
        return []
    left = (file.size - file.received) / progress.rate if file.size > file.received else None
    return list_rate_texts(progress.rate, left, language)


def list_rate_texts(rate: float, seconds_left: float | None, language: str) -> list[str]:
    """Return [speed, time left] of a download in words, [speed] if `seconds_left` is None.

    rate: bytes per second.
    """
    texts = [f"{util.short_bytes(rate)}/s"]
    if seconds_left is not None:
        time = util.short_time(seconds_left)
        texts.append(messages.translate("time_left", language, time=time))
    return texts

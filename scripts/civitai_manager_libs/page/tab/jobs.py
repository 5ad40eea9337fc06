"""What the tab does to download, and what its panel of jobs shows."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ... import civitai_gallery_action, setting, util
from ...errors import InputError
from ...ground import cache_name, Image, poster_url, sized_url
from ...jobs import Item, JobProgress, JobService, ShownJob
from ...library import cache
from ...words import messages
from .state import Tab, TabState
from .told import status_line

__all__ = ["job_service", "on_download_gallery", "on_download_marked", "on_download_page"]
__all__ += ["on_save_picture", "panel"]

_service: JobService | None = None
_service_lock = threading.Lock()


def job_service() -> JobService:
    """The one service of this process, made when it is first asked for."""
    global _service
    with _service_lock:
        if _service is None:
            _service = JobService(lambda: civitai_gallery_action.get_http_client())
        return _service


# Handlers: each answers {name of a component: its new value}


def on_download_marked(tab: Tab) -> dict[str, str]:
    return _download(tab.state, tab.state.marked)


def on_download_page(tab: Tab) -> dict[str, str]:
    return _download(tab.state, tab.state.images)


def on_save_picture(tab: Tab) -> dict[str, str]:
    """One that was saved and is there still needs no job; one that is not is fetched again."""
    state, image = tab.state, tab.state.picture
    if image is None:
        return _download(state, ())
    path = job_service().saved_path(image.id)
    if os.path.isfile(path):
        words = messages.text("already_saved", state.language, path=path)
        return {"download_status": status_line(words)}
    return _download(state, (image,), again=bool(path))


def on_download_gallery(tab: Tab, limit: float | None) -> dict[str, str]:
    """The gallery as the filters show it, up to `limit` pictures."""
    state = tab.state
    if state.model is None:
        words = messages.text("choose_model", state.language)
        return {"download_status": status_line(words, "failed")}
    wanted = _limit_of(limit, state.language)
    job_id = job_service().download_gallery(state.model.name, state.pages.query, wanted)
    return _begun(state, job_id, wanted)


def _limit_of(number: float | None, language: str) -> int:
    entry = next(e for e in setting.SETTINGS if e.name == "gallery_download_limit")
    if number is None or number != int(number) or not entry.low <= number <= entry.high:
        bounds = {"low": entry.low, "high": entry.high}
        raise InputError(messages.text("bad_limit", language, **bounds))
    return int(number)


def _download(state: TabState, images: Sequence[Image], again: bool = False) -> dict[str, str]:
    if state.model is None:
        words = messages.text("choose_model", state.language)
        return {"download_status": status_line(words, "failed")}
    if not images:
        words = messages.text("nothing_to_download", state.language)
        return {"download_status": status_line(words, "failed")}
    job_id = job_service().download_chosen(state.model.name, images, again)
    return _begun(state, job_id, len(images))


def _begun(state: TabState, job_id: int, count: int) -> dict[str, str]:
    words = messages.text("job_started", state.language, job=job_id, n=count)
    return {"download_status": status_line(words)}


# The panel, as data for the page's code: every text in it is shown as text


def panel(language: str) -> dict[str, Any]:
    """All that the panel of jobs shows, in words. Raises DiskError."""
    names = ("jobs_title", "jobs_none", "jobs_clear", "jobs_offline")
    names += ("failed_picture", "failed_reason")
    words = {name: messages.text(name, language) for name in names}
    rows = [_row(shown, language) for shown in job_service().shown()]
    return {"words": words, "notice": job_service().notice, "jobs": rows}


def _row(shown: ShownJob, language: str) -> dict[str, Any]:
    job, state = shown.job, shown.state
    now = shown.progress or job
    more = job.failed - len(shown.failed)
    is_over = state in ("done", "cancelled")
    return {
        "id": job.id,
        "title": job.title,
        "state": state,
        "state_words": messages.text(f"state_{state}", language),
        "percent": round(100 * now.finished / now.total) if now.total else 100 * is_over,
        "line": _line(shown, language),
        "note": _note(shown, language),
        "folder": job.folder if is_over and now.saved else "",
        "toast": _toast(shown, now.failed, language),
        "failed_words": _why_failed(shown, now.failed, language),
        "actions": _actions(shown, language),
        "failed": [_failed_row(item, language) for item in shown.failed] if is_over else [],
        "more": messages.text("more_failed", language, n=more) if more > 0 and is_over else "",
    }


def _toast(shown: ShownJob, failed: int, language: str) -> str:
    if not failed:
        return ""
    return f"{messages.text('some_failed', language, n=failed)} {_reasons(shown, language)}".strip()


def _why_failed(shown: ShownJob, failed: int, language: str) -> str:
    return (
        f"{messages.text('failed_count', language, n=failed)} {_reasons(shown, language)}".strip()
    )


def _reasons(shown: ShownJob, language: str) -> str:
    """How many for each reason; nothing when only some of those that failed are known here."""
    if len(shown.failed) < shown.job.failed:
        return ""
    counted = Counter(item.reason for item in shown.failed).most_common()
    said = " · ".join(f"{messages.short_reason(code, language)}: {n}" for code, n in counted)
    return f"({said})" if said else ""


def _line(shown: ShownJob, language: str) -> str:
    now = shown.progress or shown.job
    if shown.state in ("done", "cancelled"):
        counts = {"saved": now.saved, "skipped": now.skipped, "failed": now.failed}
        said = messages.text("job_counts", language, **counts)
        left = now.total - now.finished if now.walked else 0
        return f"{said} · {messages.text('job_left', language, n=left)}" if left > 0 else said
    key = "of" if now.walked else "of_at_most"
    parts = [messages.text(key, language, done=now.finished, total=now.total)]
    parts.append(util.short_bytes(now.bytes))
    if shown.progress is not None:
        parts += _speed(shown.progress, language)
    return " · ".join(parts)


def _speed(progress: JobProgress, language: str) -> list[str]:
    if progress.resting >= 1:
        return [messages.text("resting", language, seconds=round(progress.resting))]
    if progress.state != "running":
        return []
    if not progress.rate:
        return [messages.text("no_answer_yet", language)]
    parts = [f"{util.short_bytes(progress.rate)}/s"]
    if progress.seconds_left is not None:
        time_left = util.short_time(progress.seconds_left)
        parts.append(messages.text("time_left", language, time=time_left))
    return parts


def _note(shown: ShownJob, language: str) -> str:
    """Why it does not go on, in words."""
    missing = shown.progress.missing if shown.progress is not None else 0
    if missing:
        return messages.text("missing_room", language, size=util.short_bytes(missing))
    now = shown.progress or shown.job
    if now.reason:
        return messages.reason(now.reason, language)
    return messages.text("not_there", language, n=shown.missing) if shown.missing else ""


def _actions(shown: ShownJob, language: str) -> list[dict[str, str]]:
    names = {
        "running": ["pause", "cancel"],
        "queued": ["resume", "cancel"],
        "paused": ["resume", "cancel"],
    }.get(shown.state, [])
    if shown.state == "paused" and shown.progress is not None:  # it goes on by itself
        names = ["resume", "pause", "cancel"]
    if shown.state in ("done", "cancelled"):
        now = shown.job
        is_cut_short = shown.state == "cancelled" and (now.waiting > 0 or not now.walked)
        names = ["resume"] if is_cut_short else []
        names += ["anew"] if shown.missing else []
        names += ["retry"] if any(item.reason != "gone" for item in shown.failed) else []
        names += ["open", "forget"]
    return [{"name": name, "words": messages.text(f"job_{name}", language)} for name in names]


def _failed_row(item: Item, language: str) -> dict[str, Any]:
    image = Image(item.image_id, item.url, item.kind)
    small = poster_url(image) if image.is_video else sized_url(item.url, "width=450")
    return {
        "id": item.image_id,
        "thumbnail": cache_name(small) if cache.cached(small) else "",
        "page": f"{setting.base_url()}/images/{item.image_id}",
        "reason": messages.reason(item.reason, language),
        "detail": item.message if language == "en" and item.message else item.reason,
        "code": item.reason,
    }

"""The downloads panel in words."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict
from itertools import chain

from ... import setting, util
from ...civitai import make_image_page_url, make_version_page_url
from ...errors import InvalidResponse
from ...i18n import messages
from ...jobs import (
    describe_job,
    Item,
    Job,
    JobProgress,
    JobService,
    JobState,
    JobView,
    matches_words,
    WalkState,
)
from ...library import bookmarks
from ..http import format_iso_time
from ..schemas.jobs import JobAction, JobCard, JobFailure, JobFailures, JobList, JobReport
from .job_file_views import list_model_file_views, list_rate_texts

__all__ = ["make_jobs_panel"]

_LONG_PAUSE = 120  # seconds; longer pauses are shown in minutes
_WAITS = {"network": "waits_for_network", "quota": "waits_for_quota"}


def make_jobs_panel(
    service: JobService,
    language: str,
    words: str = "",
    limit: int = 12,
    may_see_paths: bool = True,
) -> JobList:
    """Return the JSON of the downloads panel. Raises DiskError if the database cannot be used.

    words: list only jobs whose description contains all these words, "" for any. limit: how many
    jobs to list. may_see_paths: whether the panel may show paths and errors of this machine.
    """
    is_wanted = (lambda job: matches_words(job, words, language)) if words.strip() else None
    views, total = service.list_job_views(limit, is_wanted)
    active = sum(view.state == JobState.RUNNING for view in views)
    rows = [_make_job_card(view, language, may_see_paths) for view in views]
    waiting = service.count_waiting()
    more = waiting - sum(view.state is JobState.QUEUED for view in views)
    return {
        "active": active,
        "waiting": waiting,
        "total": total,
        "bookmarks_revision": bookmarks.get_revision(),
        "more": messages.translate("more_jobs_wait", language, n=more) if more > 0 else "",
        "notice": service.notice if may_see_paths else "",
        "jobs": rows,
    }


def _make_job_card(view: JobView, language: str, may_see_paths: bool = True) -> JobCard:
    job, now, state = view.job, view.current_job, view.state
    is_over, description = state.is_over, describe_job(job, language)
    return {
        "id": job.id,
        "kind": job.options.kind,
        "title": job.title,
        "group": description.group,
        "subject": description.subject,
        "filters": list(description.filters),
        "created": format_iso_time(job.created),
        "state": state,
        "state_label": _make_state_label(view, language),
        "reads_only": job.options.reads_only,
        "percent": _count_percent(now),
        "line": _make_progress_line(view, language),
        "note": _make_state_note(view, language),
        "folder": job.folder if may_see_paths and not job.options.reads_only else "",
        "saved": now.saved,
        "skipped": now.skipped,
        "failed": now.failed,
        "actions": _list_actions(view, language),
        "report": _make_report_view(view, language) if is_over else None,
        "model_files": list_model_file_views(view, language),
        **_make_failures_view(view, language, may_see_paths),
    }


def _count_percent(job: Job) -> int:
    done, total = job.finished, job.total
    if job.has_models:
        done, total = job.bytes, job.total_bytes
    return round(100 * done / total) if total else 100 * job.is_over


def _make_report_view(view: JobView, language: str) -> JobReport | None:
    """Return the JSON of what a job found in a gallery and why it read no further pages.

    Return None if the job has read no gallery, such as a job for selected images or model files.
    """
    report = view.job.report
    if not report.counts:
        return None
    end = messages.describe_end(report.end, report.seen, language)
    if view.job.options.verify:
        twice = messages.describe_second_walk(asdict(report), report.missing, language)
        end = f"{end} {twice}" if language == "en" else f"{end}{twice}"
    return {"end": end, "lines": messages.describe_counts(report.counts, language)}


def _make_failures_view(view: JobView, language: str, may_see_paths: bool) -> JobFailures:
    is_over = view.state.is_over
    failed = view.current_job.failed
    more = view.job.failed - len(view.failed)
    count = messages.translate("failed_count", language, n=failed)
    label = f"{count} {_make_reasons_text(view, language)}".strip()
    toast = label if failed else ""
    if not failed and view.job.reason == "empty_end":
        toast = messages.explain_reason("empty_end", language)
    return {
        "failed_label": label,
        "failures": [
            _make_failure_view(item, language, may_see_paths)
            for item in (view.failed if is_over else ())
        ],
        "more": messages.translate("more_failed", language, n=more) if more > 0 and is_over else "",
        "toast": toast,
    }


def _make_reasons_text(view: JobView, language: str) -> str:
    """Return the reasons of a job's failures with their numbers, such as "(Network: 3)".

    Return "" if there are no failures, or if `view` does not list all of them.
    """
    if len(view.failed) < view.job.failed:
        return ""
    counted = Counter(item.reason for item in view.failed).most_common()
    reasons = " · ".join(f"{messages.name_reason(code, language)}: {n}" for code, n in counted)
    return f"({reasons})" if reasons else ""


def _make_state_label(view: JobView, language: str) -> str:
    """Return the job's state in words; for a finished job with failures, their number instead."""
    failed = view.current_job.failed
    if view.state is JobState.DONE and failed:
        return messages.translate("failed_count", language, n=failed)
    return messages.translate(_find_state_key(view), language)


def _find_state_key(view: JobView) -> str:
    is_reading = view.job.options.reads_only and view.state == JobState.RUNNING
    if view.is_waiting_to_retry:
        return "state_resting"
    is_second = view.current_job.walk is WalkState.SECOND or view.current_job.needs_second_walk
    if view.state == JobState.RUNNING and is_second:
        return "state_verifying"
    return "state_reading" if is_reading else f"state_{view.state}"


def _make_progress_line(view: JobView, language: str) -> str:
    now = view.current_job
    if view.job.options.reads_only:
        return messages.translate("job_read", language, done=now.saved, total=now.total)
    if view.state.is_over:
        left = now.total - now.finished if now.walked else 0
        counts = {"saved": now.saved, "skipped": now.skipped, "failed": now.failed, "left": left}
        if view.state is JobState.DONE:  # its label says how many failed
            counts.pop("failed")
        known_counts = {name: n for name, n in counts.items() if n > 0 or name == "saved"}
        return " · ".join(
            messages.translate(f"job_{name}", language, n=n) for name, n in known_counts.items()
        )
    parts = _list_count_texts(now, language)
    if view.state is JobState.QUEUED and view.queue_status.jobs_ahead:
        parts.append(messages.translate("jobs_before", language, n=view.queue_status.jobs_ahead))
    if view.progress is not None:
        parts += _list_speed_texts(view.progress, language)
    return " · ".join(parts)


def _list_count_texts(now: Job, language: str) -> list[str]:
    if now.has_models:
        sizes = {"done": util.short_bytes(now.bytes), "total": util.short_bytes(now.total_bytes)}
        parts = [messages.translate("of", language, **sizes)]
        files = {"done": now.finished, "total": now.total}
        return [*parts, messages.translate("of_files", language, **files)]
    key = "of" if now.has_total else "of_at_most"
    count = messages.translate(key, language, done=now.finished, total=now.total)
    return [count, util.short_bytes(now.bytes)]


def _list_speed_texts(progress: JobProgress, language: str) -> list[str]:
    if progress.retry_in >= _LONG_PAUSE:
        time = util.short_time(progress.retry_in)
        return [messages.translate("resting_long", language, time=time)]
    if progress.retry_in >= 1:
        return [messages.translate("resting", language, seconds=round(progress.retry_in))]
    if progress.state != JobState.RUNNING:
        return []
    if not progress.rate:
        return [messages.translate("no_answer_yet", language)]
    return list_rate_texts(progress.rate, progress.seconds_left, language)


def _make_state_note(view: JobView, language: str) -> str:
    """Return why a job is not running, or what is wrong with its saved files, in words.

    Return "" for a job that waits for its turn in the queue, and if nothing is wrong.
    """
    missing = view.progress.missing if view.progress is not None else 0
    if missing:
        return messages.translate("missing_room", language, size=util.short_bytes(missing))
    now = view.current_job
    if view.state is JobState.QUEUED:
        return ""
    if now.reason in _WAITS and view.is_waiting_to_retry:
        return messages.translate(_WAITS[now.reason], language)
    if now.reason:
        return messages.explain_reason(now.reason, language)
    if view.state.is_over:
        codes = [file.reason.split() for file in view.model_files if file.state == "saved"]
        reasons = (messages.explain_reason(c, language, is_model=True) for c in chain(*codes))
        texts = dict.fromkeys(reasons)
        if texts:
            return (" " if language == "en" else "").join(texts)
    return messages.translate("not_there", language, n=view.missing) if view.missing else ""


def _list_actions(view: JobView, language: str) -> list[JobAction]:
    names = {
        JobState.RUNNING: ["pause", "cancel"],
        JobState.QUEUED: (
            ["first", "pause", "cancel"] if view.queue_status.jobs_ahead else ["pause", "cancel"]
        ),
        JobState.PAUSED: ["resume", "cancel"],
    }.get(view.state, [])
    if view.is_waiting_to_retry:
        names = ["resume", "pause", "cancel"]
    if view.state.is_over:
        now = view.job
        is_cut_short = view.state == JobState.CANCELLED and (now.waiting > 0 or not now.walked)
        names = ["retry"] if any(item.reason != "gone" for item in view.failed) else []
        names += ["resume"] if is_cut_short or now.ended_empty else []
        names += ["anew"] if view.missing else []
        has_files = not now.options.reads_only and view.current_job.saved + view.current_job.skipped
        names += ["open", "forget"] if has_files else ["forget"]
    return [{"name": name, "label": messages.translate(f"job_{name}", language)} for name in names]


def _make_failure_view(item: Item, language: str, may_see_paths: bool) -> JobFailure:
    is_model = item.kind == "model"
    return {
        "id": item.image_id,
        "url": _find_page_url(item),
        "title": os.path.basename(item.model_path) if is_model else "",
        "reason": messages.explain_reason(item.reason, language, item.message, is_model),
        # The messages are English, and may contain paths.
        "detail": item.message if language == "en" and may_see_paths else "",
        "code": item.reason,
        "has_thumb": item.kind not in ("audio", "model"),
    }


def _find_page_url(item: Item) -> str:
    """Return the URL of a failed image's or model's page on Civitai.

    For a model whose stored request cannot be read, return the URL of Civitai's home page.
    """
    if item.kind != "model":
        return make_image_page_url(item.image_id)
    try:
        request = item.model_request
    except InvalidResponse:
        return setting.base_url()
    return make_version_page_url(request.version_id, request.model_id)

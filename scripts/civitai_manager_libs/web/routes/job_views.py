"""The downloads panel in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from ... import setting, util
from ...i18n import messages
from ...jobs import Item, JobProgress, JobService, JobState, JobView, WalkState
from ..schemas.jobs import Job, JobAction, JobFailure, JobFailures, JobList, JobReport

__all__ = ["jobs_panel"]


def jobs_panel(service: JobService, language: str) -> JobList:
    """Return the list of jobs as the panel shows it. Raises DiskError."""
    shown = service.list_jobs()
    active = sum(one.state == JobState.RUNNING for one in shown)
    rows = [_job_row(one, language) for one in shown]
    waiting = service.count_waiting()
    more = waiting - sum(one.state is JobState.QUEUED for one in shown)
    return {
        "active": active,
        "waiting": waiting,
        "more": messages.translate("more_jobs_wait", language, n=more) if more > 0 else "",
        "notice": service.notice,
        "jobs": rows,
    }


def _job_row(shown: JobView, language: str) -> Job:
    job, now, state = shown.job, shown.current_job, shown.state
    is_over = state.is_over
    return {
        "id": job.id,
        "title": job.title,
        "state": state,
        "state_label": messages.translate(_state_key(shown), language),
        "reads_only": job.options.reads_only,
        "percent": round(100 * now.finished / now.total) if now.total else 100 * is_over,
        "line": _progress_line(shown, language),
        "note": _state_note(shown, language),
        "folder": job.folder if is_over and _has_pictures(shown) else "",
        "saved": now.saved,
        "skipped": now.skipped,
        "failed": now.failed,
        "actions": _list_actions(shown, language),
        "report": _report_view(shown, language) if is_over else None,
        **_failures_view(shown, language),
    }


def _has_pictures(shown: JobView) -> bool:
    """Return whether a job has images in its folder, new or older; else it may have no folder."""
    return (
        not shown.job.options.reads_only and shown.current_job.saved + shown.current_job.skipped > 0
    )


def _report_view(shown: JobView, language: str) -> JobReport | None:
    """Return what a job found in its gallery, None for images that were chosen one by one."""
    report = shown.job.report
    if not report.counts:
        return None
    counts, end = messages.report_texts(report.counts, report.end, language)
    if shown.job.options.verify:
        twice = messages.second_walk_text(asdict(report), report.missing, language)
        end = f"{end} {twice}" if language == "en" else f"{end}{twice}"
    return {"end": end, "lines": counts}


def _failures_view(shown: JobView, language: str) -> JobFailures:
    is_over = shown.state.is_over
    failed = shown.current_job.failed
    more = shown.job.failed - len(shown.failed)
    reasons, toast = _reasons_text(shown, language), ""
    count = messages.translate("failed_count", language, n=failed)
    if failed:
        toast = f"{messages.translate(_failed_key(shown), language, n=failed)} {reasons}".strip()
    elif shown.job.reason == "empty_end":
        toast = messages.reason_text("empty_end", language)
    return {
        "failed_label": f"{count} {reasons}".strip(),
        "failures": [_failure_view(item, language) for item in shown.failed] if is_over else [],
        "more": messages.translate("more_failed", language, n=more) if more > 0 and is_over else "",
        "toast": toast,
    }


def _failed_key(shown: JobView) -> str:
    """Return the key of the failure text; advise to check the network only if that may be the
    cause."""
    codes = {item.reason for item in shown.failed}
    return "some_failed" if not codes or "network" in codes else "failed_count"


def _reasons_text(shown: JobView, language: str) -> str:
    """Return how many images failed for each reason, "" if not all failures are listed."""
    if len(shown.failed) < shown.job.failed:
        return ""
    counted = Counter(item.reason for item in shown.failed).most_common()
    said = " · ".join(f"{messages.short_reason_text(code, language)}: {n}" for code, n in counted)
    return f"({said})" if said else ""


def _state_key(shown: JobView) -> str:
    is_reading = shown.job.options.reads_only and shown.state == JobState.RUNNING
    if shown.is_waiting_to_retry:
        return "state_resting"
    is_second = shown.current_job.walk is WalkState.SECOND or shown.current_job.needs_second_walk
    if shown.state == JobState.RUNNING and is_second:
        return "state_verifying"
    return "state_reading" if is_reading else f"state_{shown.state}"


def _progress_line(shown: JobView, language: str) -> str:
    now = shown.current_job
    if shown.job.options.reads_only:
        return messages.translate("job_read", language, done=now.saved, total=now.total)
    if shown.state.is_over:
        left = now.total - now.finished if now.walked else 0
        counts = {"skipped": now.skipped, "failed": now.failed, "left": left}
        told = {"saved": now.saved, **{name: n for name, n in counts.items() if n > 0}}
        return " · ".join(
            messages.translate(f"job_{name}", language, n=n) for name, n in told.items()
        )
    key = "of" if now.has_total else "of_at_most"
    parts = [messages.translate(key, language, done=now.finished, total=now.total)]
    parts.append(util.short_bytes(now.bytes))
    if shown.state is JobState.QUEUED and shown.turn.jobs_ahead:
        parts.append(messages.translate("jobs_before", language, n=shown.turn.jobs_ahead))
    if shown.progress is not None:
        parts += _speed_texts(shown.progress, language)
    return " · ".join(parts)


def _speed_texts(progress: JobProgress, language: str) -> list[str]:
    if progress.retry_in >= 1:
        return [messages.translate("resting", language, seconds=round(progress.retry_in))]
    if progress.state != JobState.RUNNING:
        return []
    if not progress.rate:
        return [messages.translate("no_answer_yet", language)]
    parts = [f"{util.short_bytes(progress.rate)}/s"]
    if progress.seconds_left is not None:
        time_left = util.short_time(progress.seconds_left)
        parts.append(messages.translate("time_left", language, time=time_left))
    return parts


def _state_note(shown: JobView, language: str) -> str:
    """Return why a job stands still, "" if it does not."""
    missing = shown.progress.missing if shown.progress is not None else 0
    if missing:
        return messages.translate("missing_room", language, size=util.short_bytes(missing))
    now = shown.current_job
    if shown.state is JobState.QUEUED:
        return ""
    if now.reason == "network" and shown.is_waiting_to_retry:
        return messages.translate("waits_for_network", language)
    if now.reason:
        return messages.reason_text(now.reason, language)
    return messages.translate("not_there", language, n=shown.missing) if shown.missing else ""


def _list_actions(shown: JobView, language: str) -> list[JobAction]:
    names = {
        JobState.RUNNING: ["pause", "cancel"],
        JobState.QUEUED: (
            ["first", "pause", "cancel"] if shown.turn.jobs_ahead else ["pause", "cancel"]
        ),
        JobState.PAUSED: ["resume", "cancel"],
    }.get(shown.state, [])
    if shown.is_waiting_to_retry:
        names = ["resume", "pause", "cancel"]
    if shown.state.is_over:
        now = shown.job
        is_cut_short = shown.state == JobState.CANCELLED and (now.waiting > 0 or not now.walked)
        names = ["resume"] if is_cut_short or now.ended_empty else []
        names += ["anew"] if shown.missing else []
        names += ["retry"] if any(item.reason != "gone" for item in shown.failed) else []
        names += ["open", "forget"] if _has_pictures(shown) else ["forget"]
    return [{"name": name, "label": messages.translate(f"job_{name}", language)} for name in names]


def _failure_view(item: Item, language: str) -> JobFailure:
    return {
        "id": item.image_id,
        "url": f"{setting.base_url()}/images/{item.image_id}",
        "reason": messages.reason_text(item.reason, language),
        "detail": item.message if language == "en" and item.message else item.reason,
        "code": item.reason,
        "has_thumb": item.kind != "audio",
    }

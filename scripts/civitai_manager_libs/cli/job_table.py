"""The list of jobs at a terminal: when each began, how far it is, and how to resume it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from ..jobs import (
    add_received,
    describe_job,
    Job,
    JobDescription,
    JobState,
    JobStore,
    matches_words,
)
from . import terminal
from .progress_bar import format_bytes

__all__ = ["can_resume", "print_jobs"]

_MIN_TITLE, _STATE = 20, 11  # columns
_COLUMNS = ("job", "state", "begun", "done", "failed", "title")


@dataclass(frozen=True)
class _Row:
    """A job in the table of jobs.

    state: the job's state, or `interrupted` if its program ended before the job did. hint: how to
    resume the job, "" if there is nothing to resume.
    """

    job: Job
    state: str
    hint: str


def print_jobs(store: JobStore, limit: int, words: str, as_json: bool) -> None:
    """Print the newest jobs as a table or as JSON in one line.

    limit: the number of newest jobs to read. words: only print those of them whose description
    contains all words; "" prints all.
    """
    language = terminal.get_user_language()
    found = (job for job in store.list_jobs(limit) if matches_words(job, words, language))
    jobs = (add_received(job, store.list_model_files(job.id)) for job in found)
    rows = [_make_row(store, job) for job in jobs]
    if as_json:
        terminal.print_result(json.dumps([_row_to_json(row) for row in rows]))
    elif rows:
        for line in _format_rows(rows):
            terminal.print_result(line)
    else:
        terminal.print_translated("jobs_none_found" if words else "no_jobs")


def _make_row(store: JobStore, job: Job) -> _Row:
    is_resumable = can_resume(store, job)
    is_interrupted = is_resumable and job.state in (JobState.RUNNING, JobState.QUEUED)
    state, hint = "interrupted" if is_interrupted else str(job.state), ""
    if is_resumable:
        why = terminal.explain_failure(job.reason, job.note) if job.note else ""
        hint = f"{why} {terminal.get_text('go_on_with', job=job.id)}".lstrip()
    elif job.ended_empty and job.state == JobState.DONE:
        why = terminal.explain_failure(job.reason, job.note)
        hint = f"{why} {terminal.get_text('ask_again_with', job=job.id)}"
    elif job.state == JobState.DONE and job.failed and _can_retry(store, job):
        hint = terminal.get_text("try_again_with", job=job.id)
    return _Row(job, state, hint)


def can_resume(store: JobStore, job: Job) -> bool:
    """Return whether the user can resume a job.

    Return False if the job is over or running, or if a running program will start it.
    """
    if job.is_over or store.is_job_running(job.id):
        return False
    return job.state != JobState.QUEUED or not store.is_queue_running()


def _can_retry(store: JobStore, job: Job) -> bool:
    return any(item.reason != "gone" for item in store.list_failed(job.id))


def _row_to_json(row: _Row) -> dict[str, object]:
    """Return a row of the table as a dict for `--json`.

    "created" is a UTC time in ISO 8601. "total" is the number of the job's images, or the job's
    limit while that number is unknown.
    """
    job = row.job
    head = {"job": job.id, "title": job.title, "state": row.state}
    names = ("saved", "skipped", "failed", "waiting", "folder", "note", "total", "bytes")
    counts = {name: getattr(job, name) for name in names}
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(job.created))
    models = {"kind": job.options.kind, "total_bytes": job.total_bytes} if job.has_models else {}
    return {**head, **counts, "created": created, **asdict(describe_job(job, "en")), **models}


def _format_rows(rows: Sequence[_Row]) -> Iterable[str]:
    states = [_describe_state(row) for row in rows]
    width = max(_STATE, *map(len, states))
    yield _format_line(width, *(terminal.get_text(f"head_{name}") for name in _COLUMNS))
    for row, state in zip(rows, states):
        job = row.job
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))
        done, failed = f"{job.finished}/{job.total}", f"{job.failed or ''}"
        description = describe_job(job, terminal.get_user_language())
        title = (
            f"{description.group} ({format_bytes(job)})" if job.has_models else description.group
        )
        yield _format_line(width, f"{job.id}", state, begun, done, failed, title)
        yield f"      {_describe(job, description)}"
        if row.hint:
            yield f"      {row.hint}"


def _describe(job: Job, description: JobDescription) -> str:
    parts = [description.subject, *description.filters]
    if job.folder:
        parts.append(terminal.get_text("job_in_folder", folder=job.folder))
    return " · ".join(parts)


def _describe_state(row: _Row) -> str:
    """Return a job's state in words; if a done job has failures, return their number instead."""
    if row.state == JobState.DONE and row.job.failed:
        return terminal.get_text("failed_count", n=row.job.failed)
    return terminal.get_text(f"state_{row.state}")


def _format_line(
    width: int, number: str, state: str, begun: str, done: str, failed: str, title: str
) -> str:
    cells = ((number, -4), (state, width), (begun, 16), (done, -9), (failed, -6))
    line = "  ".join(terminal.pad_columns(text, columns) for text, columns in cells) + "  "
    return terminal.fit_line(line + title, len(line) + _MIN_TITLE)

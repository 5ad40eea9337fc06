"""Jobs in a terminal: run, and listed as a table."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

from ..core import ENDING_SIGNALS
from ..http_client import CivitaiHttpClient
from ..i18n import messages
from ..jobs import (
    add_received,
    describe_job,
    Item,
    Job,
    JobClient,
    JobDescription,
    JobProgress,
    JobState,
    JobStore,
    JobWorker,
    matches_words,
    ModelFileState,
    WalkReport,
)
from ..library import wait_for_writes
from . import terminal
from .terminal import (
    explain_failure,
    format_bytes,
    get_text,
    get_user_language,
    print_message,
    print_result,
    print_translated,
    translate_errors,
)

__all__ = ["can_resume", "print_jobs", "run_job"]

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
    if row.state == JobState.DONE and row.job.failed:
        return terminal.get_text("failed_count", n=row.job.failed)
    return terminal.get_text(f"state_{row.state}")


def _format_line(
    width: int, number: str, state: str, begun: str, done: str, failed: str, title: str
) -> str:
    cells = ((number, -4), (state, width), (begun, 16), (done, -9), (failed, -6))
    line = "  ".join(terminal.pad_columns(text, columns) for text, columns in cells) + "  "
    return terminal.fit_line(line + title, len(line) + _MIN_TITLE)


# Exit codes
_SUCCESS, _SOME_FAILED, _NOTHING_DONE, _INTERRUPTED = 0, 1, 3, 130
_MAX_FAILED_SHOWN = 20


def run_job(store: JobStore, job_id: int, client: CivitaiHttpClient, as_json: bool) -> int:
    """Run a job, print its progress and result, and return the program's exit code.

    A job that is done gives 0, or 1 if an image or file failed or may have been missed. An
    unfinished job gives 130 if Ctrl-C paused it, else 1 if any image or file is finished, 3 if none
    is. as_json: print the result as JSON. Raises InputError if another program is running the job.
    """
    display, started = terminal.make_progress(sys.stderr), time.monotonic()
    with _record_signals() as signals:

        def show(progress: JobProgress) -> None:
            display.show(progress)
            if signals:
                worker.stop(JobState.PAUSED)

        worker = JobWorker(store, job_id, JobClient(client), show)
        with translate_errors("job_is_worked_on", job=job_id):
            job = worker.run()
    display.end()
    wait_for_writes()  # the library stores records in another thread
    failed = store.list_failed(job.id, job.failed)
    _print_report(store, job, failed, bool(signals))
    if as_json:
        files = store.list_model_files(job.id)
        print_result(_job_to_json(job, failed, files, time.monotonic() - started))
    elif job.options.reads_only:
        print_result(get_text("stats_were_read", n=job.saved))
    else:
        counts = {"saved": job.saved, "skipped": job.skipped, "failed": job.failed}
        print_result(get_text("result", **counts, folder=job.folder))
    return _choose_exit_code(job, bool(signals))


@contextmanager
def _record_signals() -> Iterator[list[int]]:
    """Yield a list that gets the numbers of ending signals, such as Ctrl-C, while the block runs.

    The first such signal does not end the program: the caller must stop the job when the list is no
    longer empty. A Ctrl-C after the first signal raises KeyboardInterrupt.
    """
    received: list[int] = []

    def record(number: int, _frame: FrameType | None) -> None:
        received.append(number)  # no more: this thread may hold any lock
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # A shell starts background commands with Ctrl-C ignored.
    handled = [n for n in ENDING_SIGNALS if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, record) for number in handled}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _choose_exit_code(job: Job, interrupted: bool) -> int:
    if job.state == JobState.DONE:
        is_unreliable = job.report.second_end and job.report.missing is None and job.total
        is_incomplete = job.failed or job.ended_empty or job.report.missing or is_unreliable
        return _SOME_FAILED if is_incomplete else _SUCCESS
    if interrupted:
        return _INTERRUPTED
    return _SOME_FAILED if job.finished else _NOTHING_DONE


def _print_report(store: JobStore, job: Job, failed: list[Item], interrupted: bool) -> None:
    if job.is_over and job.report.counts:
        print_message(_format_report(job))
    _print_failures(job, failed)
    for file in store.list_model_files(job.id):
        if file.state == "saved" and file.message:
            print_message(f"{file.name}: {file.message}")
        if file.state == "saved" and "not_verified" in file.reason.split():
            print_message(f"{file.name}: {get_text('reason_model_not_verified')}")
    missing = store.list_missing_paths(job.id)
    if missing:
        print_translated("not_there_now", n=len(missing), path=missing[0])
    elsewhere = store.count_saved_elsewhere(job.id)
    if elsewhere:
        print_translated("elsewhere", n=elsewhere)
    if job.state == JobState.DONE and job.ended_empty:
        print_message(
            f"{explain_failure(job.reason, job.note)} {get_text('ask_again_with', job=job.id)}"
        )
    elif job.state == JobState.DONE and not job.total:
        author = job.query.username
        print_translated("no_author" if author else "no_pictures", user=author)
    if job.state != JobState.DONE:
        why = get_text("interrupted") if interrupted else explain_failure(job.reason, job.note)
        print_message(f"{why} {get_text('go_on_with', job=job.id)}")


def _format_report(job: Job) -> str:
    """Return a text for the user: how many images a job found, and why it read no further pages.

    With `--verify`, the text also tells how many images the second reading found missing.
    """
    report, language = job.report, get_user_language()
    comma, stop, space = ("; ", ". ", " ") if language == "en" else ("、", "。", "")
    counts = messages.describe_counts(report.counts, language)
    end = messages.describe_end(report.end, report.seen, language)
    if job.options.verify:
        end += space + messages.describe_second_walk(asdict(report), report.missing, language)
    return f"{comma.join(counts)}{stop}{end}"


def _print_failures(job: Job, failed: list[Item]) -> None:
    for item in failed[:_MAX_FAILED_SHOWN]:
        name = os.path.basename(item.model_path) if item.kind == "model" else item.image_id
        print_message(f"{name}: {item.reason}: {explain_failure(item.reason, item.message)}")
    if len(failed) > _MAX_FAILED_SHOWN:
        print_translated("and_more", n=len(failed) - _MAX_FAILED_SHOWN)
    if failed:
        print_translated("failed_count" if job.has_models else "some_failed", n=len(failed))
        if any(item.reason in ("needs_key", "needs_access") for item in failed):
            print_translated("how_to_give_a_key")
        if job.state == JobState.DONE and any(item.reason != "gone" for item in failed):
            print_translated("try_again_with", job=job.id)


def _job_to_json(job: Job, failed: list[Item], files: list[ModelFileState], seconds: float) -> str:
    """Return a job's result as one line of JSON in ASCII, which any console can print.

    failed: the images and files that failed. files: the job's model files. seconds: how long the
    job ran.
    """
    names = {"id": "image_id", "url": "url", "reason": "reason", "message": "message"}
    rows = [{key: getattr(item, name) for key, name in names.items()} for item in failed]
    result: dict[str, Any] = {"job": job.id, "saved": job.saved, "skipped": job.skipped}
    result |= {"failed": rows, "bytes": job.bytes, "seconds": round(seconds, 3)}
    if job.has_models:
        names = {"id": "file_id", "path": "path", "state": "state", "bytes": "size"}
        result["files"] = [{key: getattr(f, name) for key, name in names.items()} for f in files]
    return json.dumps({**result, "report": _report_to_json(job.report)})


def _report_to_json(report: WalkReport) -> dict[str, Any]:
    """Return a report on the pages that a job read, as a dict for `--json`.

    "second_walk" has the counts of the second reading (`--verify`), None if there was none.
    """
    view = asdict(report)
    second = {name: view.pop(name) for name in ("first", "second", "both")}
    second |= {"missing": report.missing, "end": view.pop("second_end")}
    return {**view, "second_walk": second if second["end"] else None}

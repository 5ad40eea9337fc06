"""Jobs in a terminal: run, and listed as a table."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .. import setting
from ..http_client import CivitaiHttpClient
from ..jobs import add_received, describe_job, describe_report, Item, Job, JobClient, JobState
from ..jobs import JobStore, JobWorker, matches_words
from ..library import wait_for_writes
from . import terminal
from .terminal import catch_signals, explain_failure, get_text, INTERRUPTED, NOTHING_DONE
from .terminal import print_message, print_result, print_translated, SOME_FAILED, SUCCESS

MAX_JOBS = 1000  # listed, or resumed at once
_MAX_FAILED_SHOWN = 20
_STATE_WIDTH = 11  # columns
_COLUMNS = ("job", "state", "begun", "done", "failed")
_JSON_COUNTS = ("saved", "skipped", "failed", "waiting", "folder", "note", "total", "bytes")


def open_store() -> JobStore:
    """Return the opened jobs database; tell the user if a damaged one was set aside."""
    store = JobStore(setting.database_file())
    if store.recovery_notice:
        print_translated("set_aside", notice=store.recovery_notice)
    return store


def print_jobs(arguments: argparse.Namespace) -> int:
    """Print the newest jobs, those with all `words`, as a table or JSON; return the exit code."""
    with open_store() as store:
        language, words = terminal.get_user_language(), " ".join(arguments.words)
        found = (job for job in store.list_jobs(MAX_JOBS) if matches_words(job, words, language))
        jobs = [add_received(job, store.list_model_files(job.id)) for job in found]
        if arguments.json:
            print_result(json.dumps([_listed_job_to_json(store, job) for job in jobs]))
        elif jobs:
            _print_table(store, jobs)
        else:
            print_translated("jobs_none_found" if words else "no_jobs")
    return SUCCESS


def _print_table(store: JobStore, jobs: Sequence[Job]) -> None:
    shown = dict[int, str]()
    for job in jobs:
        if job.state == JobState.DONE and job.failed:
            shown[job.id] = get_text("failed_count", n=job.failed)
        else:
            shown[job.id] = get_text(f"state_{_find_state(store, job)}")
    width = max(_STATE_WIDTH, *map(len, shown.values()))
    widths = (-4, width, 16, -9, -6)
    heads = [get_text(f"head_{name}") for name in _COLUMNS]
    print_result(terminal.format_row(*zip(heads, widths), text=get_text("head_title")))
    for job in jobs:
        group, subject, filters = describe_job(job, terminal.get_user_language())
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))
        done, failed = f"{job.finished}/{job.total}", f"{job.failed or ''}"
        cells = (f"{job.id}", shown[job.id], begun, done, failed)
        title = f"{group} ({terminal.format_bytes(job)})" if job.has_models else group
        print_result(terminal.format_row(*zip(cells, widths), text=title))
        folder = [get_text("job_in_folder", folder=job.folder)] if job.folder else []
        print_result(f"      {' · '.join([subject, *filters, *folder])}")
        hint = _find_hint(store, job)
        if hint:
            print_result(f"      {hint}")


def can_resume(store: JobStore, job: Job) -> bool:
    """Return whether a job is neither over nor running nor about to be started by a program."""
    if job.is_over or store.is_job_running(job.id):
        return False
    return job.state != JobState.QUEUED or not store.is_queue_running()


def _find_state(store: JobStore, job: Job) -> str:
    """Return a job's state, or `interrupted` if its program ended before the job did."""
    is_active = job.state in (JobState.RUNNING, JobState.QUEUED)
    return "interrupted" if is_active and can_resume(store, job) else str(job.state)


def _find_hint(store: JobStore, job: Job) -> str:
    """Return how the user can continue a job, "" if nothing is left to do."""
    why = explain_failure(job.reason, job.note) if job.note else ""
    if can_resume(store, job):
        return f"{why} {get_text('go_on_with', job=job.id)}".lstrip()
    if job.state == JobState.DONE and job.ended_empty:
        return f"{why} {get_text('ask_again_with', job=job.id)}"
    failed = store.list_failed(job.id) if job.state == JobState.DONE and job.failed else []
    can_retry = any(item.reason != "gone" for item in failed)
    return get_text("try_again_with", job=job.id) if can_retry else ""


def _listed_job_to_json(store: JobStore, job: Job) -> dict[str, object]:
    head = {"job": job.id, "title": job.title, "state": _find_state(store, job)}
    counts = {name: getattr(job, name) for name in _JSON_COUNTS}
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(job.created))
    models = {"kind": job.options.kind, "total_bytes": job.total_bytes} if job.has_models else {}
    about = dict(zip(("group", "subject", "filters"), describe_job(job, "en")))
    return {**head, **counts, "created": created, **about, **models}


def run_job(
    store: JobStore,
    job_id: int,
    client: CivitaiHttpClient,
    as_json: bool,
    not_sent: Sequence[int] | None = None,
) -> int:
    """Run a job, print its progress and result, and return the program's exit code.

    A job that is done gives 0, or 1 if an image or file failed or may have been missed. An
    unfinished job gives 130 if Ctrl-C paused it, else 1 if any image or file is finished, 3 if none
    is. as_json: print the result as JSON. not_sent: of a list, the ids that Civitai did not send.
    Raises InputError if another program is running the job.
    """
    display, started = terminal.ProgressDisplay(sys.stderr), time.monotonic()
    with catch_signals() as signals:

        def show(progress: Job) -> None:
            display.show(progress)
            if signals:
                worker.stop(JobState.PAUSED)

        worker = JobWorker(store, job_id, JobClient(client), show)
        with terminal.translate_errors("job_is_worked_on", job=job_id):
            job = worker.run()
    display.end()
    wait_for_writes()  # the library stores records in another thread
    failed = store.list_failed(job.id, job.failed)
    _print_report(store, job, failed, bool(signals))
    if as_json:
        result = _result_to_json(store, job, failed, time.monotonic() - started)
        listed = {} if not_sent is None else {"not_sent": list(not_sent)}
        print_result(json.dumps(result | listed))
    elif job.options.reads_only:
        print_result(get_text("stats_were_read", n=job.saved))
    else:
        counts = {"saved": job.saved, "skipped": job.skipped, "failed": job.failed}
        print_result(get_text("result", **counts, folder=job.folder))
    if job.state == JobState.DONE:
        is_unreliable = job.report.second_end and job.report.missing is None and job.total
        is_incomplete = job.failed or job.ended_empty or job.report.missing or is_unreliable
        return SOME_FAILED if is_incomplete else SUCCESS
    if signals:
        return INTERRUPTED
    return SOME_FAILED if job.finished else NOTHING_DONE


def _print_report(store: JobStore, job: Job, failed: list[Item], interrupted: bool) -> None:
    if job.is_over and job.report.counts:
        language = terminal.get_user_language()
        comma, stop = ("; ", ". ") if language == "en" else ("、", "。")
        counts, end = describe_report(job, language)
        print_message(f"{comma.join(counts)}{stop}{end}")
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


def _result_to_json(
    store: JobStore, job: Job, failed: list[Item], seconds: float
) -> dict[str, Any]:
    result: dict[str, Any] = {"job": job.id, "saved": job.saved, "skipped": job.skipped}
    result["failed"] = [
        {"id": item.image_id, "url": item.url, "reason": item.reason, "message": item.message}
        for item in failed
    ]
    result |= {"bytes": job.bytes, "seconds": round(seconds, 3)}
    if job.has_models:
        result["files"] = [
            {"id": file.file_id, "path": file.path, "state": file.state, "bytes": file.size}
            for file in store.list_model_files(job.id)
        ]
    report = asdict(job.report)
    second = {name: report.pop(name) for name in ("first", "second", "both")}
    second |= {"missing": job.report.missing, "end": report.pop("second_end")}
    report["second_walk"] = second if second["end"] else None
    return {**result, "report": report}

"""Works on a job at a terminal: its progress, Ctrl-C, and what became of it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from .. import setting
from ..http_client import CivitaiHttpClient
from ..jobs import Item, Job, JobProgress, JobRun, JobStore, network_of, reserve
from ..words import messages
from .terminal import out, ProgressLine, say

__all__ = ["work_on"]

# Exit codes
_ALL_THERE, _SOME_FAILED, _NOTHING_DONE, _INTERRUPTED = 0, 1, 3, 130
_FAILED_SHOWN = 20


def work_on(store: JobStore, job_id: int, client: CivitaiHttpClient, as_json: bool) -> int:
    """The exit code. Raises InputError when somebody else works on it."""
    line, started = ProgressLine(sys.stderr, setting.language), time.monotonic()
    with _signals_noted() as seen:

        def show(progress: JobProgress) -> None:
            line.show(progress)
            if seen:
                run.stop("paused")

        network, concurrency = network_of(client), setting.gallery_max_concurrent_downloads
        run = JobRun(store, job_id, network, concurrency, reserve(), show)
        job = run.run()
    line.end()
    failed = store.failed(job.id, job.failed)
    _report(store, job, failed, bool(seen))
    if as_json:
        out(_json(job, failed, time.monotonic() - started))
    else:
        counts = f"{job.saved} saved, {job.skipped} skipped, {job.failed} failed"
        out(f"{counts}: {job.folder}")
    return _code_of(job, bool(seen))


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """The signals that asked us to end; a second Ctrl-C ends the program at once.

    A handler may interrupt this thread while it holds any lock, so it does no more than note it.
    """
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    # A shell lets its background commands ignore Ctrl-C.
    heeded = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) != signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in heeded}
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _code_of(job: Job, interrupted: bool) -> int:
    if job.state == "done":
        return _SOME_FAILED if job.failed or job.ended_empty else _ALL_THERE
    if interrupted:
        return _INTERRUPTED
    return _SOME_FAILED if job.finished else _NOTHING_DONE


def _report(store: JobStore, job: Job, failed: list[Item], interrupted: bool) -> None:
    for item in failed[:_FAILED_SHOWN]:
        say(f"{item.image_id}: {item.reason}: {item.message}")
    if len(failed) > _FAILED_SHOWN:
        say(f"... and {len(failed) - _FAILED_SHOWN} more.")
    if failed:
        say(messages.text("some_failed", setting.language, n=len(failed)))
        if any(item.reason == "needs_key" for item in failed):
            say("For needs_key: set CIVITAI_API_KEY, or save a key in the tab's settings.")
        if job.state == "done" and any(item.reason != "gone" for item in failed):
            say(f"Try again what failed with: retry {job.id}")
    missing = store.missing_paths(job.id)
    if missing:
        say(_not_there_now(missing))
    elsewhere = _count_elsewhere(store, job, len(missing)) if job.skipped else 0
    if elsewhere:
        say(_saved_elsewhere(elsewhere))
    if job.state == "done" and not job.total:
        say("There are no pictures: try another --level, --type, --period or --version.")
    if job.state == "done" and job.ended_empty:
        say(f"{job.note} Try it again with: resume {job.id}")
    if job.state != "done":
        why = "Interrupted." if interrupted else job.note
        say(f"{why} Go on with: resume {job.id}")


def _not_there_now(paths: list[str]) -> str:
    if len(paths) == 1:
        return (
            f"1 of the skipped was saved before but is not there now: {paths[0]}."
            " To fetch it anew: --again"
        )
    return (
        f"{len(paths)} of the skipped were saved before but are not there now, such as"
        f" {paths[0]}. To fetch them anew: --again"
    )


def _count_elsewhere(store: JobStore, job: Job, missing: int) -> int:
    """Of its pictures that are somewhere, how many are not in its folder."""
    try:
        names = [os.path.splitext(name) for name in os.listdir(job.folder)]
    except OSError:  # gone since; nothing is in it then
        names = []
    pictures = {stem for stem, extension in names if extension not in (".txt", ".json")}
    here = sum(str(image_id) in pictures for image_id in store.image_ids(job.id))
    return min(job.skipped, max(0, job.saved + job.skipped - missing - here))


def _saved_elsewhere(count: int) -> str:
    if count == 1:
        return (
            "1 of the skipped was saved before, in another folder. To fetch it into this one too:"
            " --again"
        )
    return (
        f"{count} of the skipped were saved before, in other folders. To fetch them into this one"
        " too: --again"
    )


def _json(job: Job, failed: list[Item], seconds: float) -> str:
    """One line of ASCII, whatever the console's code page."""
    names = {"id": "image_id", "url": "url", "reason": "reason", "message": "message"}
    rows = [{key: getattr(item, name) for key, name in names.items()} for item in failed]
    result: dict[str, Any] = {"job": job.id, "saved": job.saved, "skipped": job.skipped}
    return json.dumps({**result, "failed": rows, "bytes": job.bytes, "seconds": round(seconds, 3)})

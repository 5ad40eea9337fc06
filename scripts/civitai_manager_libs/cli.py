"""The same deeds from a terminal."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # `--help` loads none of these
    from .gallery.job_run import JobRun
    from .gallery.jobs import Job, JobStore
    from .gallery.paging import ImageQuery

__all__ = ["add_commands", "run"]

# Exit codes
_ALL_THERE, _SOME_FAILED, _BAD_INPUT, _NOTHING_DONE, _INTERRUPTED = 0, 1, 2, 3, 130
_MOST_CONCURRENT = 16
_DEFAULT_LIMIT = 200


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The commands below `civitai_shortcut.py`; without one it is the tab that starts."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    download = commands.add_parser("download", help="download a model's gallery")
    download.add_argument("model", metavar="MODEL", help="a Civitai URL, or a model's id")
    download.add_argument("--version", type=_positive, metavar="ID", help="of this version only")
    download.add_argument("--limit", type=_positive, default=_DEFAULT_LIMIT, metavar="N")
    levels = ("None", "Soft", "Mature", "X", "XXX")
    download.add_argument("--level", choices=levels, default="None", help="highest rating")
    download.add_argument("--type", choices=("image", "video"), help="default: both")
    download.add_argument("--sort", default="Newest", help='such as "Most Reactions"')
    download.add_argument("--period", default="AllTime", help="AllTime, Year, Month, Week, Day")
    download.add_argument("--dest", metavar="DIR", help="default: a folder of the model's name")
    download.add_argument("--concurrency", type=_concurrency, metavar="N")
    download.add_argument("--again", action="store_true", help="fetch what was saved before, too")
    resume = commands.add_parser("resume", help="go on with a job, or with all unfinished ones")
    retry = commands.add_parser("retry", help="try again what failed in a job, or in all")
    for command in (resume, retry):
        command.add_argument("job", type=_positive, nargs="?", metavar="JOB")
    listing = commands.add_parser("jobs", help="list the jobs")
    for command in (download, resume, retry, listing):
        command.add_argument("--json", action="store_true", help="the result as JSON, last line")


def run(arguments: argparse.Namespace) -> int:
    """The exit code. Every failure is one sentence on stderr."""
    from . import errors, setting

    try:
        for problem in setting.load():
            _say(problem)
        return _COMMANDS[arguments.command](arguments)
    except errors.InputError as error:
        _say(str(error))
        return _BAD_INPUT
    except errors.CivitaiShortcutError as error:
        _say(str(error))
        return _NOTHING_DONE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _download(arguments: argparse.Namespace) -> int:
    from . import setting
    from .gallery.jobs import JobStore
    from .gallery_network import pictures_folder

    if arguments.concurrency is not None:
        setting.change("gallery_max_concurrent_downloads", arguments.concurrency)
    if arguments.dest:
        _check_folder(arguments.dest)
    title, query = _asked(arguments)
    folder = os.path.abspath(arguments.dest) if arguments.dest else pictures_folder(title)
    _check_folder(folder)
    with _store(JobStore) as store:
        job_id = store.add(title, query, folder, arguments.limit, arguments.again)
        return _worked(store, [job_id], arguments)


def _asked(arguments: argparse.Namespace) -> tuple[str, ImageQuery]:
    """The model's name, and what is asked of its gallery."""
    from . import civitai_api, errors
    from .gallery.images import level_mask
    from .gallery.paging import PERIODS, SORTS, ImageQuery

    _check_choice("--sort", arguments.sort, SORTS)
    _check_choice("--period", arguments.period, PERIODS)
    reference = civitai_api.parse_reference(arguments.model)
    version_id = arguments.version or reference.version_id
    if reference.model_id is None and version_id is None:
        raise errors.InputError(
            f"{arguments.model!r} is neither a Civitai URL nor a model's id, such as 12345."
        )
    client = _client()
    if reference.model_id is not None:
        model = civitai_api.read_model(client, reference.model_id)
        model_id, title = model.id, model.name
        if version_id is not None and version_id not in {v.id for v in model.versions}:
            raise errors.InputError(f"The model {title!r} has no version {version_id}.")
    else:
        version = civitai_api.read_version(client, version_id)
        model_id, title = version.model_id, version.model_name
    level = level_mask(arguments.level)
    asked = (model_id, version_id, arguments.sort, arguments.period, level, arguments.type)
    return title, ImageQuery(*asked)


def _client() -> Any:
    """The client. Says so when Civitai does not know the key: its other answers never tell."""
    from . import civitai_api, errors, setting
    from .http_client import CivitaiHttpClient

    client = CivitaiHttpClient()
    if setting.civitai_api_key:
        try:
            civitai_api.read_user(client)
        except errors.NeedsKey as error:
            raise errors.InputError(
                "Civitai does not know this API key: make a new one in your account settings,"
                " or unset CIVITAI_API_KEY."
            ) from error
        except errors.CivitaiShortcutError:
            return client  # it is not the key; what follows says what it is
    return client


def _resume(arguments: argparse.Namespace) -> int:
    from .gallery.jobs import JobStore

    with _store(JobStore) as store:
        chosen = [store.job(arguments.job)] if arguments.job else store.jobs(1000)[::-1]
        jobs = [job.id for job in chosen if not job.is_over]
        if not jobs:
            _say("There is nothing to go on with.")
        return _worked(store, jobs, arguments)


def _retry(arguments: argparse.Namespace) -> int:
    from .gallery.jobs import JobStore

    with _store(JobStore) as store:
        chosen = [store.job(arguments.job)] if arguments.job else store.jobs(1000)[::-1]
        jobs = [job.id for job in chosen if store.retry_failed(job.id)]
        if not jobs:
            _say("Nothing has failed.")
        return _worked(store, jobs, arguments)


def _jobs(arguments: argparse.Namespace) -> int:
    from .gallery.jobs import JobStore

    with _store(JobStore) as store:
        listed = [_row_of(job, store) for job in store.jobs(1000)]
    for row in listed if not arguments.json else ():
        counts = "{saved} saved, {skipped} skipped, {failed} failed, {waiting} waiting"
        print(f"{row['job']:>4}  {row['state']:<11} {counts.format(**row)}  {row['title']}")
    if arguments.json:
        print(json.dumps(listed, ensure_ascii=False))
    return _ALL_THERE


def _row_of(job: Job, store: JobStore) -> dict[str, Any]:
    interrupted = job.state == "running" and not store.is_worked_on(job.id)
    names = ("saved", "skipped", "failed", "waiting", "folder", "note")
    row = {"job": job.id, "title": job.title, "state": "interrupted" if interrupted else job.state}
    return {**row, **{name: getattr(job, name) for name in names}}


_COMMANDS = {"download": _download, "resume": _resume, "retry": _retry, "jobs": _jobs}


def _worked(store: JobStore, job_ids: list[int], arguments: argparse.Namespace) -> int:
    """Work on each in turn; the worst of their exit codes."""
    worst = _ALL_THERE
    for job_id in job_ids:
        code = _worked_on(store, job_id, arguments.json)
        if code == _INTERRUPTED:
            return code
        worst = max(worst, code)
    return worst


def _worked_on(store: JobStore, job_id: int, as_json: bool) -> int:
    from . import setting
    from .gallery.job_run import JobRun
    from .gallery_network import network_of, reserve
    from .http_client import CivitaiHttpClient
    from .terminal import ProgressLine

    shown = ProgressLine(sys.stderr, setting.language)
    run = JobRun(
        store,
        job_id,
        network_of(CivitaiHttpClient()),
        setting.gallery_max_concurrent_downloads,
        reserve(),
        shown.show,
    )
    before, started = store.job(job_id), time.monotonic()
    interrupted = _stopping_on_signals(run)
    job = run.run()
    shown.end()
    _report(store, job, before, time.monotonic() - started, as_json)
    if interrupted:
        _say(f"Interrupted; go on with: resume {job_id}")
        return _INTERRUPTED
    return _code_of(job)


def _code_of(job: Job) -> int:
    if job.state == "done":
        return _SOME_FAILED if job.failed else _ALL_THERE
    return _SOME_FAILED if job.finished or job.reason == "disk" else _NOTHING_DONE


def _stopping_on_signals(run: JobRun) -> list[int]:
    """A list that is empty until Ctrl-C, or an end from outside, asked the job to pause."""
    seen: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        run.stop("paused")
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second one ends it at once

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return seen


def _report(store: JobStore, job: Job, before: Job, seconds: float, as_json: bool) -> None:
    failed = store.failed(job.id, 1_000_000)
    size = job.bytes - before.bytes
    if job.note:
        _say(f"{job.note} Go on with: resume {job.id}")
    for item in failed[:20]:
        _say(f"{item.image_id}: {item.reason}: {item.message}")
    if len(failed) > 20:
        _say(f"... and {len(failed) - 20} more.")
    if as_json:
        names = {"id": "image_id", "url": "url", "reason": "reason", "message": "message"}
        rows = [{key: getattr(item, name) for key, name in names.items()} for item in failed]
        result = {"job": job.id, "saved": job.saved, "skipped": job.skipped, "failed": rows}
        result.update(bytes=size, seconds=round(seconds, 3))
        print(json.dumps(result, ensure_ascii=False), flush=True)
    else:
        print(f"{job.saved} saved, {job.skipped} skipped, {len(failed)} failed: {job.folder}")


def _store(kind: type[JobStore]) -> JobStore:
    from . import setting

    store = kind(setting.database_file())
    if store.set_aside:
        _say(f"The database of jobs was damaged; it is kept as {store.set_aside}.")
    return store


def _check_folder(folder: str) -> None:
    """Raises InputError when no picture can be saved there."""
    from .errors import DiskError, InputError
    from .partial_file import PartialFile

    try:
        with PartialFile(folder):
            return
    except DiskError as error:
        raise InputError(f"No picture can be saved there. {error}") from error


def _check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    from .errors import InputError

    if value not in choices:
        raise InputError(f"{option} must be one of {', '.join(choices)}, not {value!r}.")


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text)


def _concurrency(text: str) -> int:
    if _positive(text) > _MOST_CONCURRENT:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST_CONCURRENT}, not {text!r}")
    return int(text)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)

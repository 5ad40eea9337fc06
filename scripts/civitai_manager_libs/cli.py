"""The same deeds from a terminal."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from .gallery.images import LEVELS
from .gallery.paging import PERIODS, SORTS

if TYPE_CHECKING:  # `--help` loads none of these
    from .gallery.jobs import Job, JobStore

__all__ = ["Parser", "add_commands", "run"]

# Exit codes; a job's own are in `cli_work`
_ALL_THERE, _BAD_INPUT, _NOTHING_DONE, _INTERRUPTED = 0, 2, 3, 130
_MOST_CONCURRENT = 16
_MOST_JOBS = 1000  # that are listed, or gone on with


class Parser(argparse.ArgumentParser):
    """argparse's, but what is wrong is said in one line, without the whole usage before it."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}."
        self.exit(_BAD_INPUT, f"{sentence} {self.prog} --help says more.\n")


def add_commands(parser: argparse.ArgumentParser) -> None:
    """The commands below `civitai_shortcut.py`; without one it is the tab that starts."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    download = commands.add_parser("download", help="download a model's gallery")
    _add_download_arguments(download)
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

    if isinstance(sys.stdout, io.TextIOWrapper):  # a title may not fit the console's code page
        sys.stdout.reconfigure(errors="replace")
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


def _add_download_arguments(download: argparse.ArgumentParser) -> None:
    download.add_argument("model", metavar="MODEL", help="a Civitai URL, or a model's id")
    download.add_argument("--version", type=_positive, metavar="ID", help="of this version only")
    download.add_argument(
        "--limit", type=_positive, metavar="N", help="pictures at most; default: of the settings"
    )
    download.add_argument("--level", choices=tuple(LEVELS), default="None", help="highest rating")
    download.add_argument("--type", choices=("image", "video"), help="default: both")
    download.add_argument("--sort", choices=SORTS, default="Newest")
    download.add_argument("--period", choices=PERIODS, default="AllTime")
    download.add_argument("--dest", metavar="DIR", help="default: a folder of the model's name")
    download.add_argument("--concurrency", type=_concurrency, metavar="N")
    download.add_argument("--again", action="store_true", help="fetch what was saved before, too")


def _download(arguments: argparse.Namespace) -> int:
    from . import setting
    from .cli_asked import asked, checked_client
    from .gallery_network import pictures_folder

    if arguments.concurrency is not None:
        setting.change("gallery_max_concurrent_downloads", arguments.concurrency)
    limit = setting.gallery_download_limit if arguments.limit is None else arguments.limit
    client = checked_client()
    title, query = asked(client, arguments)
    folder = pictures_folder(title) if arguments.dest is None else os.path.abspath(arguments.dest)
    _check_folder(folder)
    with _store() as store:
        job_id = store.add(title, query, folder, limit, arguments.again)
        return _worked(store, [job_id], client, arguments.json)


def _resume(arguments: argparse.Namespace) -> int:
    from .cli_asked import checked_client

    with _store() as store:
        if arguments.job is None:
            jobs = _idle_jobs(store, lambda job: not job.is_over)
        else:
            jobs = [store.job(arguments.job).id]
        if not jobs:
            _say("There is nothing to go on with.")
            return _ALL_THERE
        return _worked(store, jobs, checked_client(), arguments.json)


def _retry(arguments: argparse.Namespace) -> int:
    from .cli_asked import checked_client

    with _store() as store:
        if arguments.job is None:
            failed = _idle_jobs(store, lambda job: job.failed and job.state != "cancelled")
            jobs = [job_id for job_id in failed if store.retry_failed(job_id)]
        else:
            jobs = [store.job(arguments.job).id]
            store.retry_failed(arguments.job)
        if not jobs:
            _say("There is nothing to try again.")
            return _ALL_THERE
        return _worked(store, jobs, checked_client(), arguments.json)


def _jobs(arguments: argparse.Namespace) -> int:
    with _store() as store:
        listed = [_row_of(job, store) for job in store.jobs(_MOST_JOBS)]
    if arguments.json:
        print(json.dumps(listed))
        return _ALL_THERE
    for row in listed:
        counts = "{saved} saved, {skipped} skipped, {failed} failed, {waiting} waiting"
        print(f"{row['job']:>4}  {row['state']:<11} {counts.format(**row)}  {row['title']}")
    return _ALL_THERE


_COMMANDS = {"download": _download, "resume": _resume, "retry": _retry, "jobs": _jobs}


def _row_of(job: Job, store: JobStore) -> dict[str, Any]:
    interrupted = job.state == "running" and not store.is_worked_on(job.id)
    names = ("saved", "skipped", "failed", "waiting", "folder", "note")
    row = {"job": job.id, "title": job.title, "state": "interrupted" if interrupted else job.state}
    return {**row, **{name: getattr(job, name) for name in names}}


def _idle_jobs(store: JobStore, is_wanted: Callable[[Job], Any]) -> list[int]:
    """Those of the wanted ones that nobody works on, the oldest first."""
    wanted = [job.id for job in store.jobs(_MOST_JOBS)[::-1] if is_wanted(job)]
    return [job_id for job_id in wanted if not store.is_worked_on(job_id)]


def _worked(store: JobStore, job_ids: Sequence[int], client: Any, as_json: bool) -> int:
    """Work on each in turn; the worst of their exit codes."""
    from .cli_work import work_on

    worst = _ALL_THERE
    for job_id in job_ids:
        code = work_on(store, job_id, client, as_json)
        if code == _INTERRUPTED:
            return code
        worst = max(worst, code)
    return worst


def _store() -> JobStore:
    from . import setting
    from .gallery.jobs import JobStore

    store = JobStore(setting.database_file())
    if store.set_aside:
        _say(
            f"The database of jobs was damaged; it is kept as {store.set_aside}. The pictures are"
            " untouched."
        )
    return store


def _check_folder(folder: str) -> None:
    """Raises InputError when no picture can be saved there."""
    from .errors import DiskError, InputError
    from .partial_file import PartialFile

    try:
        folder.encode("utf-8")
        with PartialFile(folder):
            return
    except UnicodeEncodeError as error:
        raise InputError(f"The folder's name {folder!r} is not UTF-8.") from error
    except DiskError as error:
        raise InputError(f"No picture can be saved there. {error}") from error


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text)


def _concurrency(text: str) -> int:
    if _positive(text) > _MOST_CONCURRENT:
        raise argparse.ArgumentTypeError(f"must be from 1 to {_MOST_CONCURRENT}, not {text!r}")
    return int(text)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)

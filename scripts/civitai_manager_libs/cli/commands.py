"""The same deeds from a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .terminal import failure, in_words, say, say_text, text

if TYPE_CHECKING:  # `--help` loads none of these
    from ..jobs import Job, JobStore

__all__ = ["run"]

# Exit codes; a job's own are in `cli_work`
_ALL_THERE, _BAD_INPUT, _NOTHING_DONE, _INTERRUPTED = 0, 2, 3, 130
_MOST_JOBS = 1000  # that are listed, or gone on with


def run(arguments: argparse.Namespace) -> int:
    """The exit code. Every failure is one sentence on stderr."""
    from .. import errors, setting

    try:
        for problem in setting.load():
            say_text("bad_settings", said=problem)
        return _COMMANDS[arguments.command](arguments)
    except errors.InputError as error:
        say(str(error))
        return _BAD_INPUT
    except errors.CivitaiShortcutError as error:
        said = failure(error.reason, str(error))
        unanswered = type(error) is errors.NetworkError  # `Busy` says what to do itself
        say(text("check_network", said=said) if unanswered else said)
        return _NOTHING_DONE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _download(arguments: argparse.Namespace) -> int:
    from .. import setting
    from ..errors import InputError
    from ..jobs import count_requests_to_verify, Options, place_for, saved_width
    from .target import asked, checked_client

    if arguments.concurrency is not None:
        setting.change("gallery_max_concurrent_downloads", arguments.concurrency)
    if arguments.max_rate is not None:
        setting.change("gallery_max_rate_kb", arguments.max_rate)
    limit = setting.gallery_download_limit if arguments.limit is None else arguments.limit
    _check_name(arguments)
    if arguments.stop_at_known is not None and arguments.sort != "Newest":
        raise InputError(text("stop_needs_newest"))
    client = checked_client()
    facts, query = asked(client, arguments)
    if arguments.stop_at_known and query.takes_sql_path:
        say_text("stop_by_upload")
    folder, name = place_for(facts, arguments.name, arguments.dest)
    _check_folder(folder)
    with _store() as store:
        width = saved_width(arguments.quality)
        known, verify = arguments.stop_at_known or 0, arguments.verify
        if verify:
            say_text("verify_costs", n=count_requests_to_verify(limit))
        options = Options(name, facts, known, width, verify=verify)
        job_id = store.add(facts.model, query, folder, limit, arguments.again, options)
        return _worked(store, [job_id], client, arguments.json)


def _resume(arguments: argparse.Namespace) -> int:
    from .target import checked_client
    from .job_table import is_left

    with _store() as store:
        if arguments.job is None:
            jobs = [job.id for job in store.jobs(_MOST_JOBS)[::-1] if is_left(store, job)]
        else:
            jobs = [_known_job(store, arguments.job)]
        if not jobs:
            is_busy = any(not job.is_over for job in store.jobs(_MOST_JOBS))
            say_text("all_worked_on" if is_busy else "nothing_to_resume")
            return _ALL_THERE
        return _worked(store, jobs, checked_client(), arguments.json)


def _retry(arguments: argparse.Namespace) -> int:
    from .target import checked_client

    with _store() as store:
        if arguments.job is None:
            failed = _idle_jobs(store, lambda job: job.failed and job.state != "cancelled")
            jobs = [job_id for job_id in failed if store.retry_failed(job_id)]
        else:
            jobs = [_known_job(store, arguments.job)]
            with in_words("job_is_worked_on", job=arguments.job):
                store.retry_failed(arguments.job)
        if not jobs:
            say_text("nothing_to_retry")
            return _ALL_THERE
        return _worked(store, jobs, checked_client(), arguments.json)


def _jobs(arguments: argparse.Namespace) -> int:
    from .job_table import list_jobs

    with _store() as store:
        list_jobs(store, _MOST_JOBS, arguments.json)
    return _ALL_THERE


def _search(arguments: argparse.Namespace) -> int:
    from .search import search_kept

    with _store() as store:
        search_kept(arguments, store.saved_ids)
    return _ALL_THERE


def _figures(arguments: argparse.Namespace) -> int:
    from .stats import show

    show(arguments)
    return _ALL_THERE


def _export(arguments: argparse.Namespace) -> int:
    from .search import export_marked

    return _ALL_THERE if export_marked(arguments.set) else _NOTHING_DONE


_COMMANDS = {
    "download": _download,
    "resume": _resume,
    "retry": _retry,
    "jobs": _jobs,
    "search": _search,
    "export": _export,
    "figures": _figures,
}


def _known_job(store: JobStore, job_id: int) -> int:
    with in_words("no_job", job=job_id):
        return store.job(job_id).id


def _idle_jobs(store: JobStore, is_wanted: Callable[[Job], Any]) -> list[int]:
    """Those of the wanted ones that nobody works on, the oldest first."""
    wanted = [job.id for job in store.jobs(_MOST_JOBS)[::-1] if is_wanted(job)]
    return [job_id for job_id in wanted if not store.is_worked_on(job_id)]


def _worked(store: JobStore, job_ids: Sequence[int], client: Any, as_json: bool) -> int:
    """Work on each in turn; the worst of their exit codes."""
    from .run_job import work_on

    worst = _ALL_THERE
    for job_id in job_ids:
        if len(job_ids) > 1:
            say_text("job_titled", job=job_id, title=store.job(job_id).title)
        code = work_on(store, job_id, client, as_json)
        if code == _INTERRUPTED:
            return code
        worst = max(worst, code)
    return worst


def _store() -> JobStore:
    from .. import setting
    from ..jobs import JobStore

    store = JobStore(setting.database_file())
    if store.set_aside:
        say_text("set_aside", said=store.set_aside)
    return store


def _check_name(arguments: argparse.Namespace) -> None:
    """Before anything is asked of Civitai. Raises InputError."""
    from .. import setting
    from ..jobs import checked_template

    if arguments.name is not None:
        with in_words("bad_name"):
            checked_template(arguments.name)
    elif arguments.dest is None:
        with in_words("bad_kept_name"):
            checked_template(setting.saved_name)


def _check_folder(folder: str) -> None:
    """Raises InputError when no picture can be saved there."""
    from ..errors import DiskError, InputError
    from ..core import PartialFile

    try:
        folder.encode("utf-8")
        with PartialFile(folder):
            return
    except UnicodeEncodeError as error:
        raise InputError(text("folder_not_utf8", folder=repr(folder))) from error
    except DiskError as error:
        raise InputError(text("folder_not_writable", said=error)) from error

"""Runs the command that the command line names."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from .. import setting
from ..civitai import ImageQuery
from ..core import AtomicFile, expand_folder, Image
from ..errors import CivitaiShortcutError, DiskError, EngineError, InputError, NetworkError
from ..http_client import CivitaiHttpClient
from ..i18n import messages
from ..jobs import choose_destination, choose_image_width, count_requests_to_verify, JobOptions
from ..jobs import JobStore, validate_template
from ..library import wait_for_writes
from ..model_files import plan_requests
from .make_images import list_engines, make_image
from .needed_models import apply_choices, find_needed_files, print_needed_files
from .read_library import print_bookmarks, search_library, show_stats
from .download_jobs import can_resume, MAX_JOBS, open_store, print_jobs, run_job
from .target import load_listed_images, make_checked_client, resolve_target
from .terminal import BAD_INPUT, explain_failure, get_text, get_user_language, INTERRUPTED
from .terminal import NOTHING_DONE, print_message, print_translated, SOME_FAILED, SUCCESS
from .terminal import translate_errors

_SHOWN = 20  # ids in a message
_WRITE_SECONDS = 60.0  # for records that are still being written to the library


def run_command(arguments: argparse.Namespace) -> int:
    """Run the command that the user typed, and return the program's exit code.

    arguments: the parsed command line. A CivitaiShortcutError is printed to stderr as one sentence;
    the exit code is then 2 if the error is an InputError, else 3. Ctrl-C gives 130.
    """
    try:
        for problem in setting.load():
            print_translated("bad_settings", error=problem)
        return _COMMANDS[arguments.command](arguments)
    except InputError as error:
        print_message(str(error))
        return BAD_INPUT
    except EngineError as error:
        print_message(messages.translate_error(error, get_user_language()))
        return NOTHING_DONE
    except CivitaiShortcutError as error:
        text = explain_failure(error.reason, str(error))
        is_offline = type(error) is NetworkError  # a Busy error says what to do itself
        print_message(get_text("check_network", error=text) if is_offline else text)
        return NOTHING_DONE
    except KeyboardInterrupt:
        return INTERRUPTED


def _download(arguments: argparse.Namespace) -> int:
    if arguments.concurrency is not None:
        setting.change("gallery_max_concurrent_downloads", arguments.concurrency)
    if arguments.max_rate is not None:
        setting.change("gallery_max_rate_kb", arguments.max_rate)
    limit = setting.gallery_download_limit if arguments.limit is None else arguments.limit
    if arguments.name is not None:
        with translate_errors("bad_name"):
            validate_template(arguments.name)
    elif arguments.dest is None:
        with translate_errors("bad_kept_name"):
            validate_template(setting.saved_name)
    if arguments.stop_at_known is not None and arguments.sort != "Newest":
        raise InputError(get_text("stop_needs_newest"))
    client = make_checked_client()
    images, missing, query = list[Image](), None, ImageQuery()
    target = arguments.model
    if target == "-" or not target.isdigit() and os.path.isfile(target):  # a list of images
        context, images, missing = load_listed_images(client, target, arguments.limit)
    else:
        context, query = resolve_target(client, arguments)
    if arguments.stop_at_known and query.uses_sql_database:
        print_translated("stop_by_upload")
    folder, name = choose_destination(context, arguments.name, arguments.dest)
    _check_folder(folder)
    with open_store() as store:
        width = choose_image_width(arguments.quality)
        known, verify = arguments.stop_at_known or 0, arguments.verify
        if verify:
            print_translated("verify_costs", n=count_requests_to_verify(limit))
        options = JobOptions(name, context, known, width, verify=verify)
        title, again, chosen = context.model, arguments.again, images or None
        job_id = store.add_job(title, query, folder, limit, again, options, images=chosen)
        code = run_job(store, job_id, client, arguments.json, missing)
    if missing:
        print_translated("list_missing", n=len(missing), ids=", ".join(map(str, missing[:_SHOWN])))
    return code or (SOME_FAILED if missing else SUCCESS)


def _resume(arguments: argparse.Namespace) -> int:
    with open_store() as store:
        if arguments.job is None:
            jobs = [job.id for job in store.list_jobs(MAX_JOBS)[::-1] if can_resume(store, job)]
        else:
            jobs = [_require_job(store, arguments.job)]
        if not jobs:
            is_busy = any(not job.is_over for job in store.list_jobs(MAX_JOBS))
            print_translated("all_worked_on" if is_busy else "nothing_to_resume")
            return SUCCESS
        return _run_jobs(store, jobs, make_checked_client(), arguments.json)


def _retry(arguments: argparse.Namespace) -> int:
    with open_store() as store:
        if arguments.job is None:
            listed = store.list_jobs(MAX_JOBS)[::-1]
            failed = [job.id for job in listed if job.failed and job.state != "cancelled"]
            idle = [job_id for job_id in failed if not store.is_job_running(job_id)]
            jobs = [job_id for job_id in idle if store.retry_failed(job_id)]
        else:
            jobs = [_require_job(store, arguments.job)]
            with translate_errors("job_is_worked_on", job=arguments.job):
                store.retry_failed(arguments.job)
        if not jobs:
            print_translated("nothing_to_retry")
            return SUCCESS
        return _run_jobs(store, jobs, make_checked_client(), arguments.json)


def _list_models(arguments: argparse.Namespace) -> int:
    client = make_checked_client()
    needed = find_needed_files(client, arguments)
    needed = apply_choices(needed, arguments.file, arguments.allow_pickle)
    wait_for_writes(_WRITE_SECONDS)
    if not arguments.get:
        print_needed_files(needed, arguments.json)
        return SUCCESS
    folder = ""
    if arguments.dest is not None:
        folder = os.path.abspath(expand_folder(arguments.dest))
        _check_folder(folder)
    lacking = [one for one in needed if one.error is not None and not one.choice.refusal]
    wanted = [one for one in needed if one.is_fetchable or folder and one in lacking]
    files = [(one.choice.file, one.version) for one in wanted]
    requests = plan_requests(client, [(f, v) for f, v in files if f and v], folder)
    absent = [one for one in needed if one.availability != "here"]
    is_complete = len(wanted) == len(absent)
    if not is_complete or not wanted:
        print_needed_files(needed, arguments.json and not wanted)
    if not wanted:
        return SUCCESS if is_complete else NOTHING_DONE
    title = wanted[0].title if len(wanted) == 1 else get_text("models_job", n=len(wanted))
    with open_store() as store:
        new_id, elsewhere = store.add_model_files(title, requests)
        jobs = [job_id for job_id in (new_id, *elsewhere.values()) if job_id is not None]
        idle = [job for job in dict.fromkeys(jobs) if not store.is_job_running(job)]
        for job in set(jobs) - set(idle):
            print_translated("job_is_worked_on", job=job)
        code = _run_jobs(store, idle, client, arguments.json)
    return code if is_complete or code else SOME_FAILED


_COMMANDS = {
    "download": _download,
    "resume": _resume,
    "retry": _retry,
    "jobs": print_jobs,
    "models": _list_models,
    "engines": list_engines,
    "make": make_image,
    "search": search_library,
    "export": print_bookmarks,
    "figures": show_stats,
}


def _require_job(store: JobStore, job_id: int) -> int:
    with translate_errors("no_job", job=job_id):
        return store.get_job(job_id).id


def _run_jobs(
    store: JobStore, job_ids: Sequence[int], client: CivitaiHttpClient, as_json: bool
) -> int:
    """Run jobs one after another until Ctrl-C; return the highest of their exit codes."""
    worst = SUCCESS
    for job_id in job_ids:
        if len(job_ids) > 1:
            print_translated("job_titled", job=job_id, title=store.get_job(job_id).title)
        code = run_job(store, job_id, client, as_json)
        if code == INTERRUPTED:
            return code
        worst = max(worst, code)
    return worst


def _check_folder(folder: str) -> None:
    """Create a folder if it is missing. Raises InputError if no file can be written in it."""
    try:
        folder.encode("utf-8")
        with AtomicFile(folder):
            return
    except UnicodeEncodeError as error:
        raise InputError(get_text("folder_not_utf8", folder=repr(folder))) from error
    except DiskError as error:
        raise InputError(get_text("folder_not_writable", error=error)) from error

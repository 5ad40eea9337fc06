"""What is said of a job: its group, state and progress, what is wrong with it, in words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from itertools import chain

from .. import util
from ..core import fold_text, level_name
from ..i18n import messages
from ..library import search, tags
from .job_records import Job, JobState, ModelFileState, WalkReport, WalkState

_COLLECTION = re.compile(r'\s*(?:collection|set)=(?:"((?:[^"]|"")+)"|([^\s"]+))\s*')
FAILURES_LISTED = 50  # of a job in a list of jobs
_LONG_PAUSE = 120  # seconds; longer pauses are shown in minutes
_WAITS = {"network": "waits_for_network", "quota": "waits_for_quota"}


def describe_job(job: Job, language: str) -> tuple[str, str, list[str]]:
    """Return (group, subject, filters) of a job in words of a language such as "en" or "zh-TW".

    group: the model, author, post or collection, by which the page groups jobs. subject: which part
    of the group, such as a version and a number of images. filters: the filters of its gallery,
    [] for a check, for model files and for images that the user chose one by one.
    """
    group, searched = job.title, job.options.search
    if searched:
        named = _COLLECTION.fullmatch(searched)
        key = "job_group_collection" if named else "job_group_search"
        name = search.undouble_quotes(named[1] or named[2]) if named else searched
        group = messages.translate(key, language, name=name)
    if job.is_check:
        return group, messages.translate("job_of_check", language, n=job.wanted), []
    query, names, subjects = job.query, job.options.facts, list[str]()
    version = names.version or names.versions.get(query.version_id or 0, "")
    if version or query.version_id:
        subjects.append(version or f"#{query.version_id}")
    if query.post_id:
        subjects.append(messages.translate("post_number", language, id=query.post_id))
    if query.username and query.username != job.title:
        subjects.append(query.username)
    key = "job_of_all" if job.takes_all else "job_of_gallery"
    key = "job_of_chosen" if job.is_selection else key
    if job.has_models:
        key = "job_of_models"
    elif job.options.reads_only:
        key = "job_of_records"
    files = [file.name for file in job.model_files]
    number = messages.translate(key, language, n=job.wanted)
    subjects.append(files[0] if len(files) == 1 else number)
    filters = [] if job.is_selection or job.has_models else list(_list_filters(job, language))
    return group, " · ".join(subjects), filters


def _list_filters(job: Job, language: str) -> Iterator[str]:
    query = job.query
    if not query.images:
        yield messages.get_choice_label("sort", query.sort, language)
    if query.period != "AllTime":
        yield messages.get_choice_label("period", query.period, language)
    level = messages.get_choice_label("level", level_name(query.level), language)
    yield messages.translate("job_up_to", language, level=level)
    if query.type:
        yield messages.get_choice_label("type", query.type, language)
    if query.with_meta:
        yield messages.translate("pick_meta", language)
    yield from query.base_models
    if query.tag_id and (name := tags.find_tag_name(query.tag_id)):
        yield name


def matches_words(job: Job, words: str, language: str) -> bool:
    """Return whether a job's title, folder, state and date contain all `words`, ignoring case."""
    group, subject, filters = describe_job(job, language)
    state = messages.translate(f"state_{job.state}", language)
    failed = messages.translate("failed_count", language, n=job.failed) if job.failed else ""
    day = time.strftime("%Y-%m-%d", time.localtime(job.created))
    texts = (job.title, group, subject, *filters, job.folder, state, failed, day)
    text = fold_text(" ".join(texts))
    return all(word in text for word in fold_text(words).split())


def describe_state(job: Job, language: str) -> str:
    """Return a job's state, or how many of its files failed, in words."""
    key = f"state_{job.state}"
    if job.state is JobState.DONE and job.failed:
        return messages.translate("failed_count", language, n=job.failed)
    if job.will_retry:
        key = "state_resting"
    elif job.state is JobState.RUNNING:
        if job.walk is WalkState.SECOND or job.needs_second_walk:
            key = "state_verifying"
        elif job.options.reads_only:
            key = "state_reading"
    return messages.translate(key, language)


def describe_problem(job: Job, language: str) -> str:
    """Return why a job is not running, or what is wrong with its saved files, in words.

    Return "" for a job that waits for its turn in the queue, and if nothing is wrong.
    """
    if job.missing:
        return messages.translate("missing_room", language, size=util.short_bytes(job.missing))
    if job.state is JobState.QUEUED:
        return ""
    if job.reason in _WAITS and job.will_retry:
        return messages.translate(_WAITS[job.reason], language)
    if job.reason:
        return messages.explain_reason(job.reason, language)
    if job.is_over and job.failures:
        first = job.failures[0]
        if len(job.failed_reasons) > 1:
            return describe_reasons(job, language)
        return messages.explain_reason(
            first.reason, language, first.message, is_model=first.kind == "model"
        )
    if job.is_over:
        codes = [file.reason.split() for file in job.model_files if file.state == "saved"]
        reasons = (messages.explain_reason(c, language, is_model=True) for c in chain(*codes))
        texts = dict.fromkeys(reasons)
        if texts:
            return (" " if language == "en" else "").join(texts)
    count = job.missing_files
    return messages.translate("not_there", language, n=count) if count else ""


def describe_reasons(job: Job, language: str) -> str:
    """Return failures' reasons with their numbers, such as "connection failed: 3"."""
    counted = job.failed_reasons.items()
    return " · ".join(f"{messages.name_reason(code, language)}: {n}" for code, n in counted)


def describe_progress(job: Job, language: str) -> str:
    """Return how far a job is, or what it did, in words."""
    if job.options.reads_only:
        if not job.is_check:
            return messages.translate("job_read", language, done=job.saved, total=job.total)
        text = messages.translate("list_reading", language, n=job.saved, total=job.total)
        if not job.report.gone and job.state is not JobState.DONE:
            return text
        key = "report_gone" if job.report.gone else "report_none_gone"
        return f"{text} · {messages.translate(key, language, n=job.report.gone)}"
    if job.is_over:
        left = job.total - job.finished if job.walked else 0
        there = job.skipped - job.missing_files
        counts = {"saved": job.saved, "skipped": there, "failed": job.failed, "left": left}
        if job.state is JobState.DONE:  # its label says how many failed
            counts.pop("failed")
        known_counts = {name: n for name, n in counts.items() if n > 0 or name == "saved"}
        return " · ".join(
            messages.translate(f"job_{name}", language, n=n) for name, n in known_counts.items()
        )
    if job.has_models:
        sizes = {"done": util.short_bytes(job.bytes), "total": util.short_bytes(job.total_bytes)}
        files = {"done": job.finished, "total": job.total}
        parts = [messages.translate("of", language, **sizes)]
        parts.append(messages.translate("of_files", language, **files))
    else:
        key = "done_so_far" if job.takes_all else "of_at_most"
        key = "of" if job.has_total else key
        parts = [messages.translate(key, language, done=job.finished, total=job.total)]
        parts.append(util.short_bytes(job.bytes))
    if job.state is JobState.QUEUED and job.jobs_ahead:
        parts.append(messages.translate("jobs_before", language, n=job.jobs_ahead))
    if job.is_live:
        parts += _list_speed_texts(job, language)
    return " · ".join(parts)


def _list_speed_texts(job: Job, language: str) -> list[str]:
    if job.retry_in >= _LONG_PAUSE:
        time = util.short_time(job.retry_in)
        return [messages.translate("resting_long", language, time=time)]
    if job.retry_in >= 1:
        return [messages.translate("resting", language, seconds=round(job.retry_in))]
    if job.state is not JobState.RUNNING:
        return []
    if not job.rate:
        return [messages.translate("no_answer_yet", language)]
    return _list_rate_texts(job.rate, job.seconds_left, language)


def _list_rate_texts(rate: float, seconds_left: float | None, language: str) -> list[str]:
    texts = [f"{util.short_bytes(rate)}/s"]
    if seconds_left is not None:
        time = util.short_time(seconds_left)
        texts.append(messages.translate("time_left", language, time=time))
    return texts


def describe_file(file: ModelFileState, job: Job, language: str) -> str:
    """Return how far a model file of a job is, or why it failed, in words."""
    if file.state == "failed":
        return messages.explain_reason(file.reason, language, file.message, is_model=True)
    size = util.short_bytes(file.size) if file.size else ""
    if file.received and file.state in ("running", "waiting"):
        done = {"done": util.short_bytes(file.received), "total": size or "?"}
        size = messages.translate("of", language, **done)
    if file.state != "running":
        key = {"saved": "model_file_saved", "skipped": "model_file_was_here"}.get(file.state)
        state = messages.translate(key or "model_file_waits", language)
        return " · ".join(filter(None, [state, size]))
    parts = [size] if size else []
    if job.state is JobState.RUNNING and job.rate:
        left = (file.size - file.received) / job.rate if file.size > file.received else None
        parts += _list_rate_texts(job.rate, left, language)
    return " · ".join(parts)


def describe_report(job: Job, language: str) -> tuple[list[str], str]:
    """Return (what a job found in its gallery, why it read no further pages), in words.

    If the job read the gallery twice, the second text also tells what the second walk found.
    """
    counts, seen = job.report.counts.items(), job.report.seen
    end = messages.translate(f"report_{job.report.end or 'not_over'}", language, n=seen)
    if job.options.verify:
        space = " " if language == "en" else ""
        end = f"{end}{space}{_compare_walks(job.report, language)}"
    return [messages.translate(f"report_{name}", language, n=n) for name, n in counts], end


def _compare_walks(report: WalkReport, language: str) -> str:
    first, second, both, missing = report.first, report.second, report.both, report.missing
    if report.second_end == "limit":
        key = "walks_limit"
    elif report.second_end in ("", "empty"):
        is_due = report.second_end or report.end not in ("", "limit", "known")
        key = "walks_not_over" if is_due else "walks_not_two"
    elif missing is None and (first or second):
        key = "walks_apart"
    elif missing:
        key = "walks_missing"
    else:
        key = "walks_more" if second > both else "walks_fewer" if first > both else "walks_same"
    numbers = {"n": missing or 0, "all": first + second - both, "more": second - both}
    numbers |= {"first": first, "second": second, "both": both, "fewer": first - both}
    return messages.translate(f"report_{key}", language, **numbers)

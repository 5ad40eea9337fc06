"""Descriptions of jobs in words: what a job downloads, and with which filters."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..core import level_name
from ..i18n import messages
from ..library import search
from .records import Job

__all__ = ["describe_job", "JobDescription", "matches_words"]

_COLLECTION = re.compile(r'\s*set=("[^"]+"|[^\s"]+)\s*')


@dataclass(frozen=True)
class JobDescription:
    """What a job downloads, in words.

    group: the model, author, post or collection, by which the page groups jobs. subject: which part
    of the group, such as a version and a number of images. filters: the filters of its gallery,
    () for model files and for images that the user chose one by one.
    """

    group: str
    subject: str
    filters: tuple[str, ...] = ()


def describe_job(job: Job, language: str) -> JobDescription:
    """Return what a job downloads, in words of a language such as "en" or "zh-TW"."""
    filters = () if job.is_selection or job.has_models else tuple(_list_filters(job, language))
    subject = " · ".join(_list_subjects(job, language))
    return JobDescription(_name_group(job, language), subject, filters)


def matches_words(job: Job, words: str, language: str) -> bool:
    """Return whether a job's description contains all `words`, ignoring case.

    words: separated by spaces. The job's title, folder, state and date count as parts of the
    description.
    """
    about = describe_job(job, language)
    state = messages.translate(f"state_{job.state}", language)
    failed = messages.translate("failed_count", language, n=job.failed) if job.failed else ""
    day = time.strftime("%Y-%m-%d", time.localtime(job.created))
    texts = (job.title, about.group, about.subject, *about.filters, job.folder, state, failed, day)
    text = search.fold_text(" ".join(texts))
    return all(word in text for word in search.fold_text(words).split())


def _name_group(job: Job, language: str) -> str:
    searched = job.options.search
    if not searched:
        return job.title
    name = _COLLECTION.fullmatch(searched)
    key = "job_group_collection" if name else "job_group_search"
    return messages.translate(key, language, name=name[1].strip('"') if name else searched)


def _list_subjects(job: Job, language: str) -> Iterator[str]:
    query, names = job.query, job.options.facts
    version = names.version or names.versions.get(query.version_id or 0, "")
    if version or query.version_id:
        yield version or f"#{query.version_id}"
    if query.post_id:
        yield messages.translate("post_number", language, id=query.post_id)
    if query.username and query.username != job.title:
        yield query.username
    key = "job_of_chosen" if job.is_selection else "job_of_gallery"
    if job.has_models:
        key = "job_of_models"
    elif job.options.reads_only:
        key = "job_of_records"
    yield messages.translate(key, language, n=job.wanted)


def _list_filters(job: Job, language: str) -> Iterator[str]:
    """Yield the filters of a job's gallery in words.

    The sort order and the highest rating are always among them, other filters only if they are set.
    """
    query = job.query
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

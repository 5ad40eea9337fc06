"""The walk through a gallery's pages for a job, with a report on each page."""

from dataclasses import replace

import pytest
from civitai_manager_libs.civitai.image_query import ImageQuery, Page
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.errors import HttpStatusError
from civitai_manager_libs.jobs.job_records import Job, WalkReport, WalkState
from civitai_manager_libs.jobs.walk import walk_gallery

_JOB = Job(
    1, 0.0, "One", ImageQuery(5), "/pictures", 100, False, "running", "", "", None, WalkState.FIRST
)
_VERSION = replace(_JOB, query=ImageQuery(5, 6))


def _page(*ids, next_cursor=None, **counts):
    return Page(tuple(Image(i, f"https://a/{i}") for i in ids), next_cursor, **counts)


def _walked(pages, job=_JOB, known=()):
    """Return the pages of a walk through pages by their cursors, and the joined report."""
    found = list(walk_gallery(job, set(known), lambda cursor, rows: pages[cursor]))
    told = WalkReport()
    for page in found:
        told = page.report if page.is_first else told + page.report
    return found, told


def test_report_counts_all_images_and_why_some_are_missing():
    pages = {
        None: _page(1, 2, next_cursor="b", other_ids=(3, 4, 5), without_data=1),
        "b": _page(6, dropped=2),
    }
    found, told = _walked(pages)
    assert told == WalkReport(8, kept_back=2, without_data=1, dropped=2, end="end")
    assert [page.report.end for page in found] == ["", "end"]
    assert told.counts == {"seen": 8, "kept_back": 2, "without_data": 1, "dropped": 2}


def test_images_that_name_only_other_models_are_counted():
    images = [Image(n, f"https://a/{n}", version_ids=v) for n, v in enumerate([(7, 9), (9,), ()])]
    pages = {None: Page(tuple(images))}
    assert _walked(pages, replace(_JOB, query=ImageQuery(version_id=7)))[1].unrelated == 1
    assert _walked(pages)[1].unrelated == 0, "which versions the model has is not known"


def test_image_on_two_pages_is_counted_once():
    pages = {None: _page(1, 2, next_cursor="b"), "b": _page(2, 3, other_ids=(9,))}
    assert _walked(pages)[1] == WalkReport(4, kept_back=1, end="end")


@pytest.mark.parametrize("wanted,end", [(1, "limit"), (2, "limit"), (3, "limit"), (4, "end")])
def test_reached_limit_is_not_reported_as_the_gallerys_end(wanted, end):
    pages = {None: _page(1, 2, next_cursor="b"), "b": _page(3, *([4] if wanted == 3 else []))}
    assert _walked(pages, replace(_JOB, wanted=wanted))[1].end == end


def test_empty_page_is_counted_and_reported_as_an_end_that_may_be_none():
    pages = {None: _page(1, next_cursor="b"), "b": _page()}
    found, told = _walked(pages)
    assert told == WalkReport(1, empty_pages=1, end="empty") and found[-1].cursor == "b"
    # An empty page with a cursor can only be the feed's, which has no time limit.
    pages |= {"b": _page(next_cursor="c"), "c": _page()}
    assert _walked(pages, _VERSION)[1] == WalkReport(1, empty_pages=1, end="end")
    pages["c"] = _page(2)
    assert _walked(pages)[1] == WalkReport(2, empty_pages=1, end="end")


@pytest.mark.parametrize(
    "job, known, end",
    [(_JOB, [], "empty"), (_VERSION, [], "end"), (_VERSION, [1], "empty")],
    ids=["of-a-model", "of-a-version", "that-had-images"],
)
def test_empty_first_page_is_the_end_only_if_no_time_limit_can_be_the_cause(job, known, end):
    found, told = _walked({None: _page()}, job, known)
    assert told == WalkReport(empty_pages=int(end == "empty"), end=end) and found[0].cursor is None


def test_pages_without_new_images_are_not_reported_as_the_end():
    pages = {None: _page(1, next_cursor="b")}
    pages |= {c: _page(1, next_cursor=chr(ord(c) + 1)) for c in "bcdef"}
    assert _walked(pages)[1] == WalkReport(1, end="blank")


def _fetch_unless(bad, pages):
    """Return a function that fetches pages, and raises for this cursor."""

    def fetch(cursor, limit):
        if cursor == bad:
            raise HttpStatusError("No such cursor.", 400)
        return pages[cursor]

    return fetch


def test_walk_restarts_at_a_rejected_cursor_of_an_earlier_run_alone():
    pages = walk_gallery(_JOB, set(), _fetch_unless("b", {None: _page(1, next_cursor="b")}))
    assert len(next(pages).images) == 1
    with pytest.raises(HttpStatusError):
        next(pages)
    pages, job = {None: _page(1, 2, next_cursor="b"), "b": _page(3)}, replace(_JOB, cursor="old")
    found = list(walk_gallery(job, {1}, _fetch_unless("old", pages)))
    assert [page.is_first for page in found] == [True, False] and found[0].report.seen == 2
    assert [[image.id for image in page.images] for page in found] == [[2], [3]]
    found, told = _walked({"b": _page(3)}, replace(_JOB, cursor="b"), known=[1, 2])
    assert [page.is_first for page in found] == [False] and told == WalkReport(1, end="end")

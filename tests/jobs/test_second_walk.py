"""A gallery walked from both ends: what the first walk missed, and how complete the result is."""

import os
import random
from dataclasses import replace

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import image_items, JobClient, JobOptions, JobWorker
from civitai_manager_libs.jobs.job_records import WalkReport
from site_stand_in import MODEL, Site, SiteImage, make_site_images, served

_MINUTE = 60_000
_VERSION = ImageQuery(version_id=700, level=31)


def _gallery(count: int, cut: int = 0) -> list[SiteImage]:
    """Return a gallery in which every `cut`th image is left out after its page was made."""
    return [SiteImage(n, n * _MINUTE, is_cut=bool(cut) and n % cut == 0) for n in range(1, count)]


def _add(store, folder, query=_VERSION, wanted=5_000, **options):
    options = JobOptions(reads_only=True, verify=True, **options)
    return store.add_job("A model", query, folder, wanted, options=options)


def _run(store, monkeypatch, site, job_id, on_progress=None):
    with served(site) as base:
        monkeypatch.setenv("CIVITAI_BASE_URL", base)
        worker = JobWorker(store, job_id, JobClient(CivitaiHttpClient()), on_progress)
        if on_progress is not None:
            on_progress.worker = worker
        return worker.run()


def _shown(site, version: int | None = 700) -> set[int]:
    return {i.id for i in site.images if not i.is_cut and version in (None, *i.versions)}


@pytest.mark.parametrize(
    "made,index,query",
    [
        ((5, 15), "index", _VERSION),
        ((5, 15), "index", ImageQuery(MODEL, level=31)),
        ((0, 60, 1 / 40), "bitdex", _VERSION),  # lost at page boundaries
    ],
    ids=["index", "sql", "bitdex"],
)
def test_both_walks_find_the_same_if_nothing_is_lost(
    store, tmp_path, monkeypatch, made, index, query
):
    site = Site(make_site_images(*made), index)
    job = _run(store, monkeypatch, site, _add(store, str(tmp_path), query))
    count = len(_shown(site, 700 if query is _VERSION else None))
    assert (job.state, job.saved, job.report.both) == ("done", count, count)
    assert (job.report.missing, job.report.second_end) == (0, "end")
    assert {asked["sort"] for asked in site.asked} == {"Newest", "Oldest"}


def test_images_that_cannot_be_recovered_are_reported_as_missing(store, tmp_path, monkeypatch):
    site = Site(_gallery(900, cut=40), "bitdex", most=100)
    job = _run(store, monkeypatch, site, _add(store, str(tmp_path)))
    assert job.report.first < 0.7 * len(_shown(site)), "what it is about"
    assert job.report.first < job.saved < len(_shown(site))
    assert 0 < job.report.missing


def test_estimate_is_close_if_both_walks_lose_images_independently(store, tmp_path, monkeypatch):
    images, chance = _gallery(1_000), random.Random(7)
    lost = {sort: set(chance.sample(range(1, 1_000), 100)) for sort in ("Newest", "Oldest")}
    job = _run(store, monkeypatch, Site(images, lost=lost), _add(store, str(tmp_path)))
    truly = len(lost["Newest"] & lost["Oldest"])
    assert job.saved == 999 - truly >= 0.98 * 999 and abs(job.report.missing - truly) <= 4


@pytest.mark.parametrize("wanted, second_end", [(150, ""), (600, "limit")])
def test_walks_stop_at_the_requested_number(store, tmp_path, monkeypatch, wanted, second_end):
    site = Site(_gallery(900), lost={"Newest": range(1, 900, 2)})
    job = _run(store, monkeypatch, site, _add(store, str(tmp_path), wanted=wanted))
    assert (job.state, job.saved, job.report.second_end) == ("done", wanted, second_end)


@pytest.mark.parametrize(
    "where,count", [("newer", 300), ("older", 300), ("both", 50), ("between", 50)]
)
def test_feed_full_of_drafts_lacks_nothing_if_both_walks_agree(
    store, tmp_path, monkeypatch, where, count
):
    """The feed removes an author's drafts from its pages, which may be empty then."""
    monkeypatch.setattr(image_items, "_REREAD_SECONDS", 0.0)
    begins = {"newer": [9_000], "older": [1_000], "both": [9_000, 1_000], "between": [5_030]}
    times = [start * _MINUTE + n for start in begins[where] for n in range(count)]
    drafts = [SiteImage(10_000 + n, time, is_draft=True) for n, time in enumerate(times)]
    shown = [SiteImage(n, (5_000 + n) * _MINUTE) for n in range(1, 61)]
    query = ImageQuery(username="anna", level=31)
    job = _run(store, monkeypatch, Site(shown + drafts, "feed"), _add(store, str(tmp_path), query))
    report = job.report
    assert (job.state, job.saved, job.ended_empty, report.missing) == ("done", 60, False, 0)
    assert (report.end, report.second_end) == ("end", "end")


@pytest.mark.parametrize("at", [1, 6, 9])
def test_second_walk_resumes_where_it_was_stopped(store, tmp_path, monkeypatch, at):
    site = Site(_gallery(500), lost={"Newest": range(1, 500, 3), "Oldest": range(1, 500, 5)})
    answer = site.answer
    whole = _run(store, monkeypatch, site, _add(store, str(tmp_path)))
    job_id, asked = _add(store, str(tmp_path)), []

    def cut_off(params):
        asked.append(params)
        return (503, {"error": "busy"}) if len(asked) == at else answer(params)

    setting.change("http_max_retries", 0)
    monkeypatch.setattr(site, "answer", cut_off)
    goes = 0
    while store.get_job(job_id).state != "done":
        _run(store, monkeypatch, site, job_id)
        goes += 1
    job = store.get_job(job_id)
    assert goes == 2 or len(asked) < at
    assert (job.saved, job.report) == (whole.saved, whole.report)


def test_second_walk_that_was_due_at_a_pause_is_done_later(store, tmp_path, monkeypatch):
    site, job_id = Site(_gallery(150)), _add(store, str(tmp_path))
    due = []

    def pause(progress):
        if store.get_job(job_id).needs_second_walk and not due:
            due.append(progress)
            pause.worker.stop("paused")

    _run(store, monkeypatch, site, job_id, pause)
    job = _run(store, monkeypatch, site, job_id)
    assert (job.state, job.report.both, job.report.second_end) == ("done", 149, "end")


def test_images_that_only_the_second_walk_finds_are_downloaded(store, tmp_path, monkeypatch):
    site = Site(_gallery(120), lost={"Newest": range(1, 120, 9)})
    folder = str(tmp_path / "pictures")
    options = JobOptions(verify=True)
    job_id = store.add_job("A model", _VERSION, folder, 5_000, options=options)
    job = _run(store, monkeypatch, site, job_id)
    files = {name for name in os.listdir(folder) if name.endswith(".png")}
    assert (job.state, job.failed) == ("done", 0)
    assert files == {f"{image_id}.png" for image_id in _shown(site)}
    assert job.report.first < job.report.second == len(files)


@pytest.mark.parametrize(
    "first,second,both,missing",
    [(100, 100, 100, 0), (494, 481, 300, 117), (10, 10, 0, None), (0, 0, 0, None)],
)
def test_missing_images_are_estimated_from_both_walks(first, second, both, missing):
    assert replace(WalkReport(), first=first, second=second, both=both).missing == missing


@pytest.mark.parametrize("empty", [2, 1_000], ids=["for-a-moment", "always"])
@pytest.mark.parametrize("page", ["178|", ""], ids=["third", "first"])
def test_empty_end_of_a_second_walk_is_requested_again_and_reported(
    store, tmp_path, monkeypatch, page, empty
):
    """Play Civitai's time limit, which looks like a gallery's end."""
    monkeypatch.setattr(image_items, "_REREAD_SECONDS", 0.0)
    site, tries = Site(_gallery(400), lost={"Newest": range(300, 400)}), []
    answer = site.answer

    def slow(params):
        if params["sort"] == "Oldest" and params.get("cursor", "")[:4] == page:
            tries.append(params)
            if len(tries) < empty:
                return 200, {"items": [], "metadata": {}}
        return answer(params)

    site.answer = slow
    job = _run(store, monkeypatch, site, _add(store, str(tmp_path)))
    if empty == 2:
        assert (job.saved, job.ended_empty, job.report.second_end) == (399, False, "end")
        return
    assert (job.state, job.saved, job.ended_empty, len(tries)) == ("done", 299, True, 2)
    assert job.report.missing is None
    site.answer = answer
    job = _run(store, monkeypatch, site, job.id)
    assert (job.saved, job.ended_empty, job.report.both) == (399, False, 299)

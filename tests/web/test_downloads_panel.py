"""Downloads as a user begins, watches and stops them; what a job must not do to the page beside."""

from __future__ import annotations

import os
import re
import sys
import time

import pytest
from civitai_manager_libs.civitai import ImageQuery
from civitai_demo import files
from civitai_manager_libs.jobs import JobStore
from fault_responses import status
from gallery_page import with_axe
from page_driver import expect, wait_for

_MANY = "1000"  # of them no job of a test comes to its end
_FILES = f"/{files.ACCOUNT}/.*original=true"


@pytest.fixture
def page(flaky_server, open_gallery):
    return open_gallery(flaky_server).ready()


def _begun(page, limit=_MANY):
    page.download_gallery(limit)
    page.message("Downloading").wait_for()


def _answers(page, count):
    """So many times the page has heard how its job stands."""
    for _ in range(count):
        with page.page.expect_response("**/api/jobs"):
            pass


def _job(page):
    return page.page.locator(".job").first


@pytest.mark.parametrize("deed", ["save", "download-marked", "download-gallery"])
def test_double_click_on_a_download_button_starts_one_job(flaky_server, page, deed):
    page.tiles.nth(0).locator("[data-do='mark']").click()
    if deed == "download-gallery":
        page.control("download-options").click()
        page.field("limit").fill("2")
    if deed == "save":
        page.open(3)
    page.double_click(page.control(deed))
    page.message("Downloading").wait_for()
    flaky_server.job_done(flaky_server.jobs()[0]["id"])
    assert len(flaky_server.jobs()) == 1


def test_download_waits_for_the_name_of_its_model(flaky_server, page):
    page.go("?model=900003")
    page.ready()
    held = []
    page.page.route("**/api/models/900001", lambda route: held.append(route))
    page.go("?model=900001")
    page.ready().key("ArrowDown")
    page.key("Space")
    page.key("d")
    wait_for(lambda: held).pop().continue_()
    page.message("Downloading").wait_for()
    assert flaky_server.jobs()[0]["group"] == "Quiet Places"


def test_unreadable_downloads_are_not_shown_as_empty(page):
    said = {"error": {"code": "disk", "message": "The database cannot be used."}}
    page.page.route("**/api/jobs", lambda route: route.fulfill(status=507, json=said))
    page.page.reload()
    page.ready().control("jobs").click()
    expect(page.panel("jobs").get_by_role("alert")).to_have_text("The database cannot be used.")
    expect(page.panel("jobs").get_by_text("No downloads yet")).to_be_hidden()


def test_click_after_a_lost_response_starts_no_second_job(flaky_server, page):
    page.page.route("**/api/jobs", lambda route: (route.fetch(), route.abort()), times=1)
    page.download_gallery("2")
    wait_for(lambda: len(flaky_server.jobs()) == 1)
    page.download_gallery("2")
    page.message("Downloading").wait_for()
    assert len(flaky_server.jobs()) == 1


def test_job_is_shown_paused_resumed_and_cancelled(flaky_server, page):
    _begun(page)
    expect(page.page.locator("[data-do=jobs] .badge")).to_have_text("1")
    page.key("j")
    job = _job(page)
    expect(job.locator(".job-line")).to_have_text(re.compile(r"\d+ of at most 1000 .*B/s"))
    page.double_click(page.control("job-pause"))  # the second press resumes nothing
    expect(job).to_have_attribute("data-state", "paused")
    assert page.focused_control() == "job-resume"  # which stands where the pressed one stood
    expect(page.page.locator("[data-do=jobs] .badge")).to_be_hidden()
    page.control("job-resume").click()
    expect(job).to_have_attribute("data-state", "running")
    page.control("job-cancel").click()
    expect(job).to_have_attribute("data-state", "cancelled")
    page.control("jobs-clear").click()
    expect(page.page.locator(".job")).to_have_count(0)
    expect(page.panel("jobs")).to_contain_text("No downloads yet")
    page.key("Escape")
    expect(page.panel("jobs")).to_be_hidden()


def test_focus_stays_where_it_is_while_a_job_runs(page):
    page.open(5)
    page.key("Escape")
    _begun(page)
    page.field("find").click()
    _answers(page, 3)
    assert page.focused_control() == "find"
    page.page.locator(".grid").focus()
    page.key("Tab")
    assert page.focused() is None and page.focused_control() is not None  # past the grid
    page.key("j")
    page.page.locator("[data-do='job-cancel']").focus()
    _answers(page, 3)
    assert page.focused_control() == "job-cancel"


def test_no_request_is_sent_while_no_job_runs(flaky_server, page):
    page.page.wait_for_load_state("networkidle")
    _begun(page)
    page.key("j")
    page.control("job-pause").click()
    expect(_job(page)).to_have_attribute("data-state", "paused")
    page.key("Escape")
    page.page.wait_for_load_state("networkidle")
    page.asked.clear()
    page.page.wait_for_timeout(2500)  # two and a half of the pauses between two questions
    assert page.asked in ([], ["instance"])  # which tells of changes made elsewhere


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_server_without_an_open_page_is_idle(flaky_server, page):
    page.page.wait_for_load_state("networkidle")
    page.page.goto("about:blank")

    def worked():
        with open(f"/proc/{flaky_server.process.pid}/stat", encoding="utf-8") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def is_idle():
        before = worked()
        time.sleep(1)
        return worked() - before <= 0.02

    wait_for(is_idle, "a second without work")


def test_end_of_a_job_is_announced_and_its_images_marked_as_saved(flaky_server, page):
    id, other = page.ids()[1:3]
    page.tile(id).locator("[data-do='mark']").click()
    page.control("download-marked").click()
    page.message("1 saved").wait_for()
    page.tile(other).locator("[data-do='mark']").click()
    page.control("download-marked").click()
    page.message("1 saved, 1 was there already").wait_for()
    page.find("is:saved")
    wait_for(lambda: page.ids() == [id, other])
    page.tile(id).click()
    path = page.page.locator(".details .path").inner_text()
    assert os.path.isfile(path) and path.startswith(str(flaky_server.data))


def test_images_saved_by_a_gallery_job_are_marked_as_saved(flaky, page):
    lost = page.ids()[0]
    flaky.rule(f"/{files.make_uuid(int(lost))}/original=true", status(404))
    _begun(page, "3")
    page.message("1 failed").wait_for()
    expect(page.page.locator("[data-tile][data-saved]")).to_have_count(2)
    assert page.tile(lost).get_attribute("data-saved") is None


@with_axe
def test_failures_are_explained_and_retried_before_a_job_is_cleared(flaky, flaky_server, page):
    flaky.rule(_FILES, status(403))
    _begun(page, "3")
    page.message("3 failed (needs a key: 3)").wait_for()
    page.key("j")
    job = _job(page)
    expect(job.locator(".job-head")).to_have_text(re.compile(r"^up to 3 pictures\s*3 failed$"))
    assert job.locator(".job-actions button").first.get_attribute("data-do") == "job-retry"
    expect(page.control("jobs-clear")).to_be_hidden()
    job.locator(".failures summary").click()
    expect(job.locator("tbody tr")).to_have_count(3)
    expect(job.locator("tbody tr").first).to_contain_text("enter yours in the settings")
    assert page.axe_findings_in_both_themes() == []
    flaky.rules.clear()
    page.control("job-retry").click()
    expect(job.locator(".job-line")).to_contain_text("3 saved")
    expect(job.locator(".failures")).to_be_hidden()
    expect(job.locator(".job-head .tag")).to_have_text("done")
    page.control("jobs-clear").click()
    expect(page.page.locator(".job")).to_have_count(0)


def _add_jobs(page, server, *jobs):
    """Store jobs, (title, images at most, query) each, as finished ones, and reload the page."""
    with JobStore(str(server.data / "gallery.db")) as store:
        for title, wanted, query in jobs:
            job_id = store.add_job(title, query, f"/pictures/{title}", wanted)
            store.set_state(job_id, "cancelled")
    page.page.reload()
    page.ready().key("j")


def test_downloads_are_described_grouped_by_model_and_searched(flaky_server, page):
    videos = ImageQuery(900001, type="video", level=31)
    jobs = [("One", 2, ImageQuery(900001)), ("Other", 3, ImageQuery(900003)), ("One", 9, videos)]
    _add_jobs(page, flaky_server, *jobs)
    panel = page.panel("jobs")
    expect(panel.locator(".job-group > h3")).to_have_text(["One", "Other"])
    group = panel.locator(".job-group").first
    expect(group.locator("h4")).to_have_text(["up to 9 pictures", "up to 2 pictures"])
    about = re.compile(r"20\d\d.* · Newest · rated up to XXX · Videos$")
    expect(group.locator(".job-about").first).to_have_text(about)
    expect(group.locator(".job-folder").first).to_have_text("In /pictures/One")
    expect(page.field("jobs-search")).to_be_hidden()
    page.key("Escape")
    _add_jobs(page, flaky_server, *jobs)
    page.field("jobs-search").fill("videos one")
    expect(panel.locator(".job")).to_have_count(2)
    page.field("jobs-search").fill("no such words")
    expect(panel.get_by_text("No download matches.")).to_be_visible()
    page.key("Escape")
    expect(page.field("jobs-search")).to_have_value("")
    expect(panel.locator(".job")).to_have_count(6)
    expect(panel).to_be_visible()
    page.key("Escape")
    expect(panel).to_be_hidden()
    _add_jobs(page, flaky_server, *[(f"Model {n}", 1, ImageQuery(900001)) for n in range(8)])
    expect(panel.locator(".job")).to_have_count(12)
    page.control("jobs-older").click()
    expect(panel.locator(".job")).to_have_count(14)
    expect(page.control("jobs-older")).to_be_hidden()


def test_list_of_failures_stays_open_while_the_job_runs(flaky, page):
    flaky.rule(_FILES, status(404))
    _begun(page)
    page.key("j")
    fold = _job(page).locator(".failures")
    fold.locator("summary").click()
    rows = fold.locator("tbody tr").count()
    wait_for(lambda: fold.locator("tbody tr").count() > rows or "more" in fold.inner_text())
    assert fold.evaluate("fold => fold.open")


def test_page_reconnects_while_a_job_runs(flaky_server, page):
    page.tiles.nth(0).locator("[data-do='mark']").click()
    _begun(page)
    expect(page.page.locator("[data-do=jobs] .badge")).to_have_text("1")
    page.context.set_offline(True)
    page.key("j")
    expect(page.panel("jobs").get_by_role("alert")).to_contain_text("does not answer")
    page.context.set_offline(False)
    page.control("job-cancel").click()
    expect(_job(page)).to_have_attribute("data-state", "cancelled")
    page.key("Escape")
    expect(page.page.locator(".selection-bar .count")).to_have_text("1 marked")


def test_job_is_shown_though_its_first_update_is_lost(page):
    jobs = re.compile(r"/api/jobs$")
    page.page.route(
        jobs, lambda route: route.abort() if route.request.method == "GET" else route.continue_()
    )
    with page.page.expect_event("requestfailed"):
        _begun(page)
    page.page.unroute(jobs)
    expect(page.page.locator("[data-do=jobs] .badge")).to_have_text("1")


def test_job_started_in_one_page_is_shown_in_another(flaky_server, page, open_gallery):
    other = open_gallery(flaky_server).ready()
    page.tiles.nth(0).locator("[data-do='mark']").click()
    _begun(page, "3")
    other.key("j")
    expect(_job(other)).to_have_attribute("data-state", "done")
    other.control("job-forget").click()
    expect(other.page.locator(".job")).to_have_count(0)
    other.key("Escape")
    expect(other.marked).to_have_count(0)
    page.key("j")
    expect(page.page.locator(".job")).to_have_count(0)

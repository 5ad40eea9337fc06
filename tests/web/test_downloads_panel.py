"""Downloads as a user begins, watches and stops them, and what is said of each."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections import Counter
from dataclasses import replace

from civitai_demo import files
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.jobs import JobStore
from civitai_manager_libs.jobs.job_records import (
    Item,
    Job,
    JobOptions,
    JobState,
    ModelFileState,
    WalkReport,
    WalkState,
)
from civitai_manager_libs.web.routes import jobs
from fault_responses import dripping, page as web_page, png, status
from gallery_page import with_axe
from page_driver import expect, wait_for
import pytest

_JOB = Job(
    *(1, 0.0, "One", ImageQuery(5), "/pictures", 20, False, JobState.RUNNING, "", "", None),
    walk=WalkState.OVER,
)
_COUNTS = {"saved": 3, "skipped": 1, "waiting": 16, "bytes": 3 << 20}
_NOW = replace(_JOB, **_COUNTS, is_live=True, rate=float(1 << 20), seconds_left=65.0)
_WAITS = replace(_NOW, state=JobState.PAUSED, reason="network", retry_in=39.6, will_retry=True)
_PAUSED = replace(_JOB, state=JobState.PAUSED, saved=3, waiting=17)
_QUEUED = replace(_JOB, state=JobState.QUEUED, walk=WalkState.FIRST, waiting=20)
_CANCELLED = replace(_JOB, state=JobState.CANCELLED, saved=3, waiting=17)
_DONE = replace(_JOB, state=JobState.DONE, saved=20)
_MODELS = replace(
    *(_JOB,),
    **{"wanted": 3, "waiting": 2, "saved": 1, "bytes": 1 << 30, "waiting_bytes": 3 << 30},
    options=JobOptions(kind="models"),
)
_MODELS_OVER = replace(_MODELS, state=JobState.DONE, failed=1, waiting=0, waiting_bytes=0)


def _card(job, items=(), language="en", **more):
    """Return the card of a job. items: those that failed."""
    reasons = Counter(item.reason for item in items)
    job = replace(job, failures=tuple(items[:50]), failed_reasons=reasons, **more)
    return jobs.make_job_card(job, language)


def _fail(*reasons):
    url = "https://image.civitai.com/7.png"
    return [Item(1, n, url, "image", "", "failed", why, "") for n, why in enumerate(reasons, 7)]


@pytest.mark.parametrize(
    "job,more,said,note,offered",
    [
        (_NOW, {}, "4 of 20 · 3.0 MB · 1.0 MB/s · 1:05 left", "", "pause cancel"),
        (_NOW, {"walk": WalkState.FIRST}, "4 of at most 20 · 3.0 MB · 1.0 ", "", "pause cancel"),
        (
            *(_NOW, {"rate": 0.0, "seconds_left": None}),
            *("4 of 20 · 3.0 MB · waiting for the server", "", "pause cancel"),
        ),
        (
            *(_WAITS, {}, "4 of 20 · 3.0 MB · resuming in 40 s"),
            *("continues by itself once it does", "resume pause cancel"),
        ),
        (
            *(_WAITS, {"reason": "disk", "missing": 250 << 20}, "4 of 20 · 3.0 MB"),
            *("free 250.0 MB more", "resume pause cancel"),
        ),
        (_PAUSED, {}, "3 of 20 · 0 B", "", "resume cancel"),
        (
            *(_QUEUED, {"jobs_ahead": 7}, "0 of at most 20 · 0 B · 7 ahead of it"),
            *("", "first pause cancel"),
        ),
        (_QUEUED, {}, "0 of at most 20 · 0 B", "", "pause cancel"),
        (_CANCELLED, {}, "3 saved · 17 not downloaded", "", "resume open forget"),
        (_CANCELLED, {"saved": 20, "waiting": 0}, "20 saved", "", "open forget"),
        (_DONE, {}, "20 saved", "", "open forget"),
        (_DONE, {"saved": 0, "skipped": 20}, "0 saved · 20 there already", "", "open forget"),
        (_DONE, {"saved": 0, "failed": 20}, "0 saved", "", "forget"),
        (
            *(_DONE, {"missing_files": 4}, "20 saved"),
            *("4 saved files no longer exist", "anew open forget"),
        ),
        (
            *(_DONE, {"saved": 0, "skipped": 20, "missing_files": 20}, "0 saved"),
            *("20 saved files no longer exist", "anew open forget"),
        ),
    ],
)
def test_card_says_how_a_job_stands_and_offers_what_can_be_done(job, more, said, note, offered):
    card = _card(job, **more)
    assert card["line"].startswith(said) and note in card["note"]
    assert bool(note) == bool(card["note"])
    assert card["actions"] == offered.split() and card["folder"] == "/pictures"
    if "missing_files" in more:
        assert card["toast"] == note and "there already" not in card["line"]


@pytest.mark.parametrize(
    "job,label,chinese",
    [
        (_WAITS, "waiting", "等待中"),
        (_PAUSED, "paused", "已暫停"),
        (_QUEUED, "waiting its turn", "排隊等候"),
        (replace(_NOW, walk=WalkState.SECOND), "checking for missed pictures", "檢查"),
        (_DONE, "done", "完成"),
        (replace(_DONE, saved=1, failed=19), "19 failed", "19"),
    ],
)
def test_state_of_a_job_has_a_label_in_each_language(job, label, chinese):
    assert _card(job)["state_label"] == label
    assert chinese in _card(job, language="zh-TW")["state_label"]


def test_running_job_has_a_percentage_of_images_or_of_the_bytes_of_its_model_files():
    card = _card(_NOW)
    assert (card["percent"], card["saved"], card["skipped"]) == (20, 3, 1)
    card = _card(_MODELS, is_live=True, rate=float(1 << 20), seconds_left=3072.0)
    assert card["line"] == "1.0 GB of 4.0 GB · 1 of 3 files · 1.0 MB/s · 51:12 left"
    assert card["percent"] == 25
    card = _card(_MODELS, state=JobState.PAUSED)
    assert (card["line"], card["percent"]) == ("1.0 GB of 4.0 GB · 1 of 3 files", 25)


@pytest.mark.parametrize(
    "reasons,note,offered",
    [
        (["gone"], "no longer there", "anew open forget"),
        (["network"], "could not be reached", "retry anew open forget"),
        (["network", "network", "gone"], "connection failed: 2 · no longer there: 1", "retry anew"),
        (["needs_key"] * 2, "with an API key", "retry key anew"),
        # more than are listed
        (
            *(["gone"] * 60 + ["needs_key"] * 20, "no longer there: 60 · needs a key: 20"),
            "retry key anew",
        ),
    ],
    ids=["gone", "network", "both", "key", "many"],
)
def test_failures_are_counted_by_their_reasons_and_retried_if_that_can_help(reasons, note, offered):
    card = _card(_DONE, _fail(*reasons), saved=1, failed=len(reasons), missing_files=3)
    assert (card["state"], card["line"]) == ("done", "1 saved")
    assert note in card["note"] and " ".join(card["actions"]).startswith(offered)
    assert card["failed_label"].startswith(f"{len(reasons)} failed (")
    assert card["toast"] == card["failed_label"]
    if "·" in note:
        assert card["note"] == note and card["failed_label"].endswith(f" failed ({note})")
    first = card["failures"][0]
    assert (first["id"], first["has_thumb"]) == (7, True)
    assert first["url"] == "https://civitai.com/images/7" and first["reason"]


def test_report_is_shown_in_words_once_the_job_is_over():
    report = WalkReport(120, kept_back=20, without_data=5, dropped=2, empty_pages=1, end="end")
    assert _card(_NOW, report=report)["report"] == []
    told = _card(_DONE, report=report)["report"]
    assert told[0].startswith("Civitai's list ended after ")
    assert [line.rpartition(": ")[2] for line in told[1:]] == ["120", "20", "5", "2", "1"]
    cut = _card(_CANCELLED, report=WalkReport(7))["report"]
    assert "did not reach" in cut[0] and len(cut) == 2
    chinese = _card(_DONE, report=report, language="zh-TW")["report"]
    assert chinese[0] == "Civitai 的清單在 120 張圖片後結束。" and len(chinese) == 6


@pytest.mark.parametrize(
    "numbers,end,said",
    [
        ((1144, 1144, 1144, "end"), "end", "Both passes found the same 1,144."),
        ((10, 14, 10, "end"), "end", "found 4 that the first had missed: 14 in all"),
        ((14, 10, 10, "blank"), "end", "found 14: the second found 4 fewer"),
        ((1000, 970, 942, "end"), "end", "About 2 may be missing"),
        ((5, 5, 0, "end"), "end", "no picture in common"),
        ((5, 9, 5, "limit"), "end", "raise it to get the rest"),
        ((0, 0, 0, ""), "limit", "the first stopped before the end"),
        ((0, 0, 0, ""), "end", "The second pass did not reach its end"),
    ],
)
def test_second_walk_shows_how_complete_the_download_is(numbers, end, said):
    first, second, both, second_end = numbers
    report = WalkReport(9, first=first, second=second, both=both, end=end, second_end=second_end)
    job = replace(_DONE, report=report, options=JobOptions(verify=True))
    assert said in _card(job)["report"][0]
    chinese = _card(job, language="zh-TW")["report"][0]
    assert "。" in chinese and " " not in chinese.partition("。")[2][:1]


# Model files


def test_reached_quota_says_when_the_job_resumes():
    card = _card(_WAITS, options=_MODELS.options, reason="quota", retry_in=3599.0)
    assert card["line"].endswith("resuming in 59:59") and "by itself in an hour" in card["note"]


def test_failed_model_file_is_named_with_a_link_to_its_page():
    record = json.dumps({"version_id": 7, "model_id": 5, "url": "/x", "path": "/models/a.gguf"})
    item = Item(1, 9, "/x", "model", record, "failed", "gone", "It is gone.")
    card = _card(_MODELS_OVER, [item])
    (failure,) = card["failures"]
    assert failure["url"].endswith("/models/5?modelVersionId=7") and not failure["has_thumb"]
    assert failure["reason"][:8] == "The file"
    assert card["toast"] == card["failed_label"] == "1 failed (no longer there: 1)"


@pytest.mark.parametrize("language", ["en", "zh-TW", "zh-CN"])
def test_early_access_found_while_downloading_is_shown_with_its_date(language):
    said = ("early_access", "The model is in early access until 2027-01-05.")
    item = Item(1, 9, "/x", "model", '{"path": "/models/a.gguf"}', "failed", *said)
    file = ModelFileState(1, 7, "a", "A", "/a", "failed", 0, 1, *said)
    card = _card(_MODELS_OVER, [item], language, model_files=(file,))
    assert "2027-01-05" in card["failures"][0]["reason"]
    assert card["model_files"][0]["line"] == card["failures"][0]["reason"]


@pytest.mark.parametrize("language, words", [("en", "refresh button"), ("zh-TW", "重新整理")])
def test_host_that_missed_a_new_file_is_reported_once(language, words):
    said = "refresh_host no_companions"
    files = [ModelFileState(i, 7, "a", "A", "/a", "saved", 1, 1, said) for i in range(2)]
    card = _card(_MODELS, language=language, state=JobState.DONE, model_files=tuple(files))
    assert card["note"].count(words) == 1


# In the page

_MANY = "1000"
_FILES = f"/{files.ACCOUNT}/.*original=true"
_JOBS = re.compile(r"/api/jobs$")


@pytest.fixture
def slow_files(flaky):
    """Let images come slowly, so that a job of many never ends, and none is drawn for it."""
    flaky.rule(_FILES, dripping(png(), 400, 0.1))


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


def _badge(page):
    return page.page.locator("[data-do=jobs] .badge")


def test_whole_gallery_is_downloaded_and_checked_for_missed_images(flaky_server, open_gallery):
    page = open_gallery(flaky_server, "?model=900010&level=XXX").ready()
    expect(page.page.locator(".selection-bar .where")).to_have_text(re.compile(r"of \d+$"))
    count = page.place()[1]
    page.control("download-options").click()
    expect(page.control("download-all")).to_have_text(f"Download all {count}")
    page.control("download-all").click()
    page.message("Downloading all pictures").wait_for()
    job_id = flaky_server.jobs()[0]["id"]
    job = flaky_server.job_done(job_id)
    assert job["subject"] == "all pictures" and job["saved"] == count
    # last: the row has its folder and its bin where the rows of other downloads have them
    assert job["actions"] == ["open", "forget", "verify"]
    page.control("verify").click()
    expect(page.message("Check for missed")).to_be_hidden()
    wait_for(lambda: "Both passes" in str(flaky_server.job_done(job_id)["report"]))
    assert "verify" not in flaky_server.jobs()[0]["actions"]


def _is_download(response):
    return response.request.method == "POST" and response.url.endswith("/api/jobs")


def test_neither_a_double_click_nor_a_lost_response_starts_a_second_job(flaky_server, open_gallery):
    page = open_gallery(flaky_server, "?model=900003").ready()
    page.page.route("**/api/models/900001", lambda route: None)  # never loaded here
    page.go("?model=900001")
    page.ready().key("ArrowDown")
    page.key("Space")
    page.key("d")
    [job] = wait_for(flaky_server.jobs)
    assert job["group"] == "Quiet Places"  # its name needs no page
    page.key("n")
    page.tiles.nth(1).locator("[data-do='mark']").click()
    for count, deed in enumerate(("download-marked", "save", "download-gallery"), 2):
        if deed == "save":
            page.open(3)
        if deed == "download-gallery":
            page.key("Escape")
            page.control("download-options").click()
            page.field("limit").fill("2")
        with page.page.expect_response(_is_download):  # an open image has requests too
            page.double_click(page.control(deed))
        flaky_server.job_done(flaky_server.jobs()[0]["id"])
        assert len(flaky_server.jobs()) == count, deed
    expect(page.viewer).to_be_hidden()  # the options closed above an image
    page.page.route("**/api/jobs", lambda route: (route.fetch(), route.abort()), times=1)
    page.download_gallery("3")
    wait_for(lambda: len(flaky_server.jobs()) == 5)
    with page.page.expect_response(_is_download):
        page.download_gallery("3")
    assert len(flaky_server.jobs()) == 5


def test_unreadable_jobs_are_told_and_each_page_shows_all_jobs(
    flaky_server, page, open_gallery, slow_files
):
    said = {"error": {"code": "disk", "message": "The database cannot be used."}}
    page.page.route("**/api/jobs", lambda route: route.fulfill(status=507, json=said))
    page.reload()
    page.ready().control("jobs").click()
    expect(page.panel("jobs").get_by_role("alert")).to_have_text("The database cannot be used.")
    expect(page.panel("jobs").get_by_text("No downloads yet")).to_be_hidden()
    page.page.unroute_all(behavior="ignoreErrors")
    page.key("Escape")
    page.page.route(
        _JOBS, lambda route: route.abort() if route.request.method == "GET" else route.continue_()
    )
    with page.page.expect_event("requestfailed"):
        _begun(page)
    page.page.unroute(_JOBS)
    expect(_badge(page)).to_have_text("1")  # a lost update hides no job

    other = open_gallery(flaky_server, "")
    other.key("j")
    expect(_job(other)).to_have_attribute("data-state", "running")
    other.control("job-cancel").click()
    other.control("jobs-clear").click()
    expect(other.page.locator(".job")).to_have_count(0)
    other.key("Control+z")
    expect(_job(other)).to_have_attribute("data-state", "cancelled")
    other.control("jobs-clear").click()
    other.message("1 removed").click()
    expect(other.page.locator(".job")).to_have_count(0)
    wait_for(lambda: flaky_server.jobs() == [])
    page.key("j")
    expect(page.page.locator(".job")).to_have_count(0)


def test_running_job_leaves_the_focus_and_is_paused_and_removed_for_good(
    flaky_server, page, slow_files
):
    page.open(5)
    page.key("Escape")
    _begun(page)
    expect(_badge(page)).to_have_text("1")
    page.field("find").click()
    _answers(page, 3)
    assert page.focused_control() == "find"
    page.page.locator(".grid").focus()
    page.key("Tab")
    assert page.focused() is None and page.focused_control() is not None  # past the grid
    page.key("j")
    job = _job(page)
    expect(job.locator(".job-line")).to_have_text(re.compile(r"\d+ of at most 1,000 .*B/s"))
    page.control("job-more").click()
    page.page.locator("[data-do='job-cancel']").focus()
    _answers(page, 3)
    assert page.focused_control() == "job-cancel"
    expect(job.locator(".job-about")).to_be_visible()

    page.double_click(page.control("job-pause"))  # the second press resumes nothing
    expect(job).to_have_attribute("data-state", "paused")
    # which stands where the pressed one stood
    wait_for(lambda: page.focused_control() == "job-resume", "the focus")
    expect(_badge(page)).to_be_hidden()
    page.control("job-resume").click()
    expect(job).to_have_attribute("data-state", "running")
    page.key("Escape")
    page.tiles.nth(0).locator("[data-do='mark']").click()
    page.context.set_offline(True)
    page.key("j")
    expect(page.panel("jobs").get_by_role("alert")).to_contain_text("does not answer")
    page.context.set_offline(False)
    page.asked.clear()
    page.control("job-cancel").click()
    expect(job).to_have_attribute("data-state", "cancelled")
    page.message("Download cancelled").wait_for()
    page.control("jobs-clear").click()
    expect(page.page.locator(".job")).to_have_count(0)
    expect(page.panel("jobs")).to_contain_text("No downloads yet")
    page.message("1 removed").click()
    page.key("Control+z")
    expect(page.page.locator(".toast [data-do='undo']")).to_have_count(0)
    wait_for(lambda: flaky_server.jobs() == [])
    assert not [path for path in page.asked if path.endswith("/resume")]
    page.key("Escape")
    expect(page.panel("jobs")).to_be_hidden()
    expect(page.page.locator(".selection-bar .count")).to_have_text("1 selected")


def test_download_that_waits_for_disk_space_is_told_without_its_panel(demo, start, open_gallery):
    server = start(demo.url, gallery_disk_reserve_mb=10_000_000)
    page = open_gallery(server, "?model=900003").ready()
    for _ in range(2):  # and once more by a page that is opened later
        if not server.jobs():
            page.tiles.first.locator("[data-do='mark']").click()
            page.control("download-marked").click()
        page.message("too little disk space").wait_for()
        page.reload()
    page.message("too little disk space").locator("[data-do='show-jobs']").click()
    expect(page.page.locator(".job")).to_contain_text("too little disk space")


def test_no_request_is_sent_while_no_job_runs_and_without_a_page_the_server_is_idle(
    flaky_server, page, slow_files
):
    _begun(page)
    page.key("j")
    page.control("job-pause").click()
    expect(_job(page)).to_have_attribute("data-state", "paused")
    page.key("Escape")
    page.wait_until_idle()
    page.asked.clear()
    page.page.wait_for_timeout(2500)  # two and a half of the pauses between two questions
    assert page.asked in ([], ["instance"])  # which tells of changes made elsewhere
    if not sys.platform.startswith("linux"):  # of which /proc tells the rest
        return
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


def test_end_of_jobs_is_announced_once_and_their_images_are_marked_as_saved(flaky_server, page):
    page.key("ArrowRight")
    for _ in range(6):
        page.key("d")
        page.key("ArrowRight")
    page.message("6 saved").wait_for()
    expect(page.page.locator(".toast")).to_have_count(1)
    assert [job["saved"] for job in flaky_server.jobs()] == [5, 1]
    page.message("6 saved").click()

    id, other = page.ids()[7:9]
    page.tile(id).locator("[data-do='mark']").click()
    page.control("download-marked").click()
    page.message("1 saved").hover()  # which keeps it: what begins meanwhile is announced with it
    page.tile(other).locator("[data-do='mark']").evaluate("button => button.click()")
    page.control("download-marked").evaluate("button => button.click()")
    page.message("2 saved").wait_for()
    page.find("is:saved")
    expect(page.tiles).to_have_count(8)
    assert {id, other} < set(page.ids())
    page.tile(id).press("Enter")  # a click would deselect it
    path = page.page.locator(".details .path").inner_text()
    assert os.path.isfile(path) and path.startswith(str(flaky_server.data))
    page.go("")
    card = page.page.locator("[data-shelf='kept'] a", has_text="8 pictures").first
    expect(card.locator("img")).to_have_count(4)


def test_images_are_marked_as_saved_while_their_job_still_runs(flaky, flaky_server, page):
    first, last = page.ids()[:2]
    flaky.rule(f"/{files.make_uuid(int(last))}/.*original=true", dripping(png(), 400, 1))
    for id in (first, last):
        page.tile(id).locator("[data-do='mark']").click()
    page.control("download-marked").click()
    expect(page.tile(first)).to_have_attribute("data-saved", "")
    [job] = flaky_server.jobs()
    assert job["state"] == "running"
    flaky_server.act(job["id"], "cancel")


def test_failure_for_want_of_a_key_leads_to_where_one_is_entered(flaky, flaky_server, page):
    flaky.rule(f"/{files.ACCOUNT}/.*original=true", web_page())
    page.key("ArrowRight")
    page.key("d")
    page.page.locator(".toast [data-do='enter-key']").click()
    expect(page.field("key")).to_be_visible()


def test_message_does_not_close_the_panel_that_it_leads_to(flaky, flaky_server, page):
    flaky.rule(f"/{files.ACCOUNT}/.*original=true", web_page())
    page.key("ArrowRight")
    page.key("d")
    enter = page.page.locator(".toast [data-do='enter-key']")
    enter.wait_for()
    page.key(",")
    expect(page.field("key")).to_be_visible()
    enter.click()
    expect(enter).to_have_count(0)
    expect(page.field("key")).to_be_visible()
    page.key(",")
    expect(page.panel("settings")).to_be_hidden()


@with_axe
def test_failures_are_explained_and_retried_before_a_job_is_cleared(flaky, flaky_server, page):
    flaky.rule(_FILES, status(403))
    page.download_gallery("3")
    page.message("3 failed (needs a key: 3)").wait_for()
    badge = page.control("jobs").locator(".badge")
    expect(badge).to_have_text("3")
    expect(page.control("jobs")).to_have_attribute("aria-label", re.compile("3 failed"))
    page.key("j")
    expect(page.message("3 failed")).to_have_count(0)  # it has led here
    job = _job(page)
    expect(job.locator("h4")).to_have_text("up to 3 pictures")
    expect(job.locator(".job-line")).to_have_text("3 failed · 0 saved")
    expect(job.locator(".job-note")).to_contain_text("enter yours in the settings")
    assert job.locator(".job-actions button").first.get_attribute("data-do") == "job-retry"
    expect(badge).to_be_hidden()
    page.control("job-key").click()
    expect(page.panel("settings")).to_be_visible()
    page.key("j")
    expect(page.control("jobs-clear")).to_be_hidden()
    page.control("job-more").click()
    expect(job.locator(".failures li")).to_have_count(3)
    expect(job.locator(".failures li").first).to_contain_text("enter yours in the settings")
    assert page.axe_findings_in_both_themes() == []
    page.control("job-retry").click()
    page.message("3 failed (needs a key: 3)").wait_for()  # again, with the panel open
    flaky.rules.clear()
    page.control("job-retry").click()
    expect(job.locator(".job-line")).to_have_text("done · 3 saved")
    expect(job.locator(".failures")).to_be_hidden()
    page.control("jobs-clear").click()
    expect(page.page.locator(".job")).to_have_count(0)

    # a job that is over before the page has heard of any
    lost, held = page.ids()[3], []
    flaky.rule(f"/{files.make_uuid(int(lost))}/original=true", status(404))
    page.page.route(
        _JOBS,
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    page.reload()
    page.ready()
    _begun(page, "6")
    flaky_server.job_done(flaky_server.jobs()[0]["id"])
    held[-1].continue_()
    page.message("1 failed").wait_for()
    expect(page.page.locator("[data-tile][data-saved]")).to_have_count(5)
    assert page.tile(lost).get_attribute("data-saved") is None


def _add_jobs(page, server, *jobs):
    """Store jobs, (title, images at most, query) each, as finished ones, and show them."""
    with JobStore(str(server.data / "gallery.db")) as store:
        for title, wanted, query in jobs:
            job_id = store.add_job(title, query, f"/pictures/{title}", wanted)
            store.set_state(job_id, "cancelled")
    page.key("j")


def test_downloads_are_described_grouped_searched_and_removed_for_good(flaky_server, open_gallery):
    page = open_gallery(flaky_server, "?model=900003").ready()
    _begun(page, "2")
    flaky_server.job_done(flaky_server.jobs()[0]["id"])
    page.key("j")
    assert 48 <= _job(page).bounding_box()["height"] <= 57
    thumb = _job(page).locator(".job-thumb img")
    assert f"/thumb/{page.ids()[0]}?" in thumb.get_attribute("src")
    expect(_job(page)).to_have_attribute("data-state", "done")
    page.control("jobs-clear").click()
    page.message("1 removed").wait_for()
    page.reload()
    page.ready()
    wait_for(lambda: flaky_server.jobs() == [], "the removal", 3)
    page.key("j")
    expect(page.panel("jobs")).to_contain_text("No downloads yet")
    page.key("Escape")

    videos = ImageQuery(900001, type="video", level=31)
    added = [("One", 2, ImageQuery(900001)), ("Other", 3, ImageQuery(900003)), ("One", 9, videos)]
    _add_jobs(page, flaky_server, *added)
    panel = page.panel("jobs")
    expect(panel.locator(".job-group > h3")).to_have_text(["One", "Other"])
    group = panel.locator(".job-group").first
    expect(group.locator("h4")).to_have_text(["up to 9 pictures", "up to 2 pictures"])
    about = re.compile(r"20\d\d.* · Newest · rated up to XXX · Videos$")
    expect(group.locator(".job-about").first).to_have_text(about)
    expect(group.locator(".job-folder").first).to_have_text("In /pictures/One")
    expect(page.field("jobs-search")).to_be_hidden()
    page.key("Escape")
    _add_jobs(page, flaky_server, *added)
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

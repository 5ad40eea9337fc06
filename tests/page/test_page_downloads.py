"""Downloads in a real page: what the panel of jobs shows, and what is on the disk afterwards."""

from __future__ import annotations

import re
import statistics
import threading
import time

import pytest
from api_server import MODEL_ID, ApiServer
from civitai_manager_libs.demo import files
from fault_answers import page as login_page
from fault_answers import reset, status, whole
from page_driver import expect, until
from page_facts import chunks, of_model, uuids

pytestmark = pytest.mark.page
_PAPER, _VIDEOS = 900003, 900007
_FAILED_ENGLISH = "Some pictures could not be downloaded (3): please check your network"
_FAILED_CHINESE = "部分圖片下載失敗 (3 個)，請檢查網路連線 💥!"


def _saved(server):
    """Image id -> the bytes of its file."""
    found = server.data.glob("outputs/download-images/*/user_gallery_images/*")
    return {int(p.stem): p.read_bytes() for p in found if p.suffix not in (".txt", ".json")}


def _true(demo, found):
    return {row.id: demo.original_bytes(row.id) for row in found}


def _gated(flaky, demo, row):
    """That picture comes when the event is set."""
    gate = threading.Event()
    answer = whole(demo.original_bytes(row.id)).but(stops_at=0, end="gate", gate=gate)
    flaky.rule(f"/{files.uuid_of(row.id)}/original=true", answer)
    return gate


@pytest.fixture
def shown(open_tab, flaky_server):
    """shown(model_id, server=..., locale=...) -> a server, and a page on that gallery."""

    def shown(model_id, server=flaky_server, locale="en-US"):
        tab = open_tab(server, locale=locale)
        tab.find(str(model_id))
        tab.shows(uuids(of_model(model_id)[:8]))
        return server, tab

    return shown


def _mark(tab, *tiles):
    for number, at in enumerate(tiles, 1):
        tab.tiles.nth(at).click()
        expect(tab.part("picture_panel")).to_be_visible()
        tab.press("mark_button")
        expect(tab.part("download_marked_button")).to_contain_text(f"({number})")


def test_marked_pictures_are_saved_while_the_panel_tells_how_far_it_is(shown, flaky, demo):
    server, tab = shown(_PAPER)
    marked = [of_model(_PAPER)[at] for at in (0, 2, 5)]
    gates = [_gated(flaky, demo, row) for row in marked[1:]]
    _mark(tab, 0, 2, 5)
    tab.page.evaluate("document.activeElement.blur()")
    tab.key("d")
    job = tab.job(tab.waits_for_job())
    expect(job).to_contain_text("1 of 3")
    assert job.locator("progress").evaluate("bar => bar.value") == 33
    gates[0].set()
    expect(job).to_contain_text("2 of 3")
    gates[1].set()
    expect(job).to_contain_text("done")
    expect(job).to_contain_text("3 saved, 0 skipped, 0 failed")
    assert _saved(server) == _true(demo, marked)


def test_page_is_saved_and_skipped_the_next_time(shown, demo):
    server, tab = shown(_VIDEOS)
    for said in ("8 saved, 0 skipped, 0 failed", "0 saved, 8 skipped, 0 failed"):
        tab.press("download_page_button")
        until(lambda: "Job" in tab.text("download_status"))
        expect(tab.page.locator(".civitai-shortcut-job").first).to_contain_text(said)
    assert _saved(server) == _true(demo, of_model(_VIDEOS)[:8])


def test_gallery_is_saved_up_to_the_number_that_is_given(shown, demo):
    server, tab = shown(_VIDEOS)
    tab.field("limit_number").fill("11")
    tab.press("download_gallery_button")
    expect(tab.job(tab.waits_for_job())).to_contain_text("11 saved, 0 skipped, 0 failed")
    assert _saved(server) == _true(demo, of_model(_VIDEOS)[:11])


@pytest.mark.parametrize("number", ["0", "-3"])
def test_number_that_cannot_be_is_refused_in_a_sentence(open_tab, server, number):
    tab = open_tab(server)
    tab.find(str(_VIDEOS))
    tab.shows(uuids(of_model(_VIDEOS)[:8]))
    before = server.jobs()
    tab.field("limit_number").fill(number)
    tab.press("download_gallery_button")
    expect(tab.part("download_status")).to_contain_text("whole number of pictures")
    assert server.jobs() == before


def test_picture_in_the_large_view_is_saved_alone(shown, demo):
    server, tab = shown(_VIDEOS)
    tab.tiles.nth(4).click()
    expect(tab.part("picture_panel")).to_be_visible()
    tab.press("save_picture_button")
    expect(tab.job(tab.waits_for_job())).to_contain_text("1 saved")
    assert _saved(server) == _true(demo, of_model(_VIDEOS)[4:5])


def test_cancelled_job_keeps_what_is_whole_and_nothing_else(shown, flaky, demo):
    server, tab = shown(_PAPER)
    row = of_model(_PAPER)[3]
    _gated(flaky, demo, row)
    tab.press("download_page_button")
    job = tab.job(tab.waits_for_job())
    expect(job).to_contain_text("7 of 8")
    job.get_by_role("button", name="Cancel").click()
    expect(job).to_contain_text("cancelled")
    assert _saved(server) == _true(demo, [r for r in of_model(_PAPER)[:8] if r is not row])
    assert not list(server.data.rglob("*.part"))


def test_paused_job_goes_on_when_it_is_told_to(shown, flaky, demo):
    server, tab = shown(_PAPER)
    gate = _gated(flaky, demo, of_model(_PAPER)[3])
    tab.press("download_page_button")
    job = tab.job(tab.waits_for_job())
    expect(job).to_contain_text("7 of 8")
    job.get_by_role("button", name="Pause").click()
    expect(job).to_contain_text("paused")
    gate.set()
    job.get_by_role("button", name="Go on").click()
    expect(job).to_contain_text("8 saved")
    assert _saved(server) == _true(demo, of_model(_PAPER)[:8])


@pytest.mark.parametrize(
    "locale,toast,reasons",
    [
        (
            "en-US",
            _FAILED_ENGLISH,
            ("no longer there", "needs an API key", "failed or broke off. Check your network"),
        ),
        ("zh-TW", _FAILED_CHINESE, ("圖片已不存在", "API 金鑰", "請檢查網路後重試")),
    ],
)
def test_failures_are_told_with_their_reasons_and_can_be_retried(
    shown, flaky, demo, locale, toast, reasons
):
    server, tab = shown(_VIDEOS, locale=locale)
    found = of_model(_VIDEOS)[:8]
    wrongs = (status(404), login_page(403), reset())
    for row, wrong in zip((found[1], found[4], found[6]), wrongs):
        flaky.rule(f"/{files.uuid_of(row.id)}/original=true", wrong)
    tab.press("download_page_button")
    job = tab.job(tab.waits_for_job())
    shown_toast = tab.page.locator(".civitai-shortcut-toast", has_text=toast)
    expect(shown_toast).to_be_visible()
    assert shown_toast.evaluate("node => getComputedStyle(node).visibility") == "visible"
    rows = job.locator("tr:has(td)")
    expect(rows).to_have_count(3)
    for row, reason in zip(rows.all_inner_texts(), reasons):
        assert reason in row
    assert rows.locator("img").count() == 3  # their thumbnails
    flaky.rules.clear()
    job.locator(".civitai-shortcut-retry").click()
    expect(rows).to_have_count(1)  # what is gone is not asked for again
    assert _saved(server) == _true(demo, [row for row in found if row is not found[1]])


def test_job_is_seen_again_after_the_page_was_loaded_anew(shown, flaky, demo):
    server, tab = shown(_PAPER)
    gate = _gated(flaky, demo, of_model(_PAPER)[3])
    tab.press("download_page_button")
    number = tab.waits_for_job()
    expect(tab.job(number)).to_contain_text("7 of 8")
    tab.open()
    expect(tab.job(number)).to_contain_text("7 of 8")
    gate.set()
    expect(tab.job(number)).to_contain_text("8 saved")


def test_job_ends_after_its_page_was_closed(shown, flaky, demo):
    server, tab = shown(_PAPER)
    gate = _gated(flaky, demo, of_model(_PAPER)[3])
    tab.press("download_page_button")
    number = tab.waits_for_job()
    expect(tab.job(number)).to_contain_text("7 of 8")
    tab.page.close()
    gate.set()
    assert server.job_done(number)["line"] == "8 saved, 0 skipped, 0 failed"
    assert _saved(server) == _true(demo, of_model(_PAPER)[:8])


def test_job_goes_on_by_itself_when_a_killed_server_starts_again(
    shown, start, flaky, demo, open_tab
):
    server, tab = shown(_PAPER, start(f"http://{flaky.host}"))
    gate = _gated(flaky, demo, of_model(_PAPER)[3])
    tab.press("download_page_button")
    number = tab.waits_for_job()
    expect(tab.job(number)).to_contain_text("7 of 8")
    server.kill()
    gate.set()
    server.start()
    expect(open_tab(server).job(number)).to_contain_text("8 saved")
    expect(tab.job(number)).to_contain_text("8 saved")  # the page of before sees it too
    assert _saved(server) == _true(demo, of_model(_PAPER)[:8])
    assert not list(server.data.rglob("*.part"))


def test_pages_turn_while_two_jobs_run(shown, flaky, demo):
    server, tab = shown(_PAPER)
    pages = chunks(of_model(_PAPER))
    gates = [_gated(flaky, demo, page[0]) for page in pages[:2]]
    numbers = []
    for page in (0, 1):
        tab.press("download_page_button")
        numbers.append(tab.waits_for_job())
        tab.press("next_button")
        tab.shows(uuids(pages[page + 1]))
    for number in numbers:
        expect(tab.job(number)).to_contain_text("downloading")
    for gate in gates:
        gate.set()
    for number in numbers:
        expect(tab.job(number)).to_contain_text("8 saved")


@pytest.mark.long
def test_page_turns_at_most_twice_as_slowly_while_300_pictures_come(open_tab, start):
    with ApiServer(count=400, size=300_000, page=8) as civitai:
        civitai.delay = 0.05
        tab = open_tab(start(civitai.url, usergallery_preloading=False))
        tab.find(str(MODEL_ID))
        until(lambda: len(_thumbnails(tab)) == 8)
        alone = statistics.median(_turn(tab) for _ in range(5))
        tab.field("limit_number").fill("300")
        tab.press("download_gallery_button")
        job = tab.job(tab.waits_for_job())
        expect(job).to_contain_text("downloading")
        beside = statistics.median(_turn(tab) for _ in range(5))
        assert "downloading" in job.inner_text()
        assert beside <= 2 * alone, (alone, beside)
        expect(job).to_contain_text("300 saved", timeout=60_000)


def _thumbnails(tab):
    return {name for name in tab.names() if "-450" in name}


def _turn(tab):
    """Seconds until the next page has all of its thumbnails."""
    before, begun = _thumbnails(tab), time.monotonic()
    tab.press("next_button")
    until(lambda: len(_thumbnails(tab) - before) == 8 or None)
    return time.monotonic() - begun


def test_job_that_is_removed_from_the_list_leaves_its_pictures(shown, demo):
    server, tab = shown(_VIDEOS)
    tab.press("download_page_button")
    job = tab.job(tab.waits_for_job())
    expect(job).to_contain_text("8 saved")
    job.get_by_role("button", name="Remove from list").click()
    expect(job).to_have_count(0)
    assert _saved(server) == _true(demo, of_model(_VIDEOS)[:8])
    assert re.search("No downloads yet", tab.text("jobs"))

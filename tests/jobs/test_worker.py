"""One run of a job, until it is done, paused or cancelled."""

import os
import shutil
import threading
import time
import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import pytest
from api_server import ApiServer, MODEL_ID, status, VERSION_ID
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery, Page
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.errors import DiskError, DiskFull, NotFound
from civitai_manager_libs.http_client import CivitaiHttpClient, FetchedFile, SendOptions
from civitai_manager_libs.jobs import image_items, image_items as images, JobClient, JobStore
from civitai_manager_libs.jobs import JobWorker, progress, worker
from civitai_manager_libs.jobs.progress import ProgressMeter
from crash_checks import read_images
from fake_network import FakeClient, FlakyClient, write_image
from fault_responses import png

SERVER = {"count": 25}
_QUERY = ImageQuery(101)
_PNG = png(size=100)


def _add(store, folder, wanted=1000, again=False):
    return store.add_job("A model", _QUERY, folder, wanted, again)


def _worker(store, job_id, client=None, on_progress=None):
    return JobWorker(store, job_id, client or JobClient(CivitaiHttpClient()), on_progress)


def _run(store, *options):
    return _worker(store, *options).run()


def _run_at_once(folder, count, client=None, wanted=1000):
    """Run as many new jobs, each in a thread, and return them when all have ended."""
    ended = []

    def run():
        with JobStore(setting.database_file()) as own:
            ended.append(_run(own, _add(own, folder, wanted), client))

    threads = [threading.Thread(target=run, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ended


def _download(store, folder, **options):
    return _run(store, _add(store, folder, **options))


@pytest.mark.parametrize("wanted,left", [(10_000, 9.0), (setting.MOST_IMAGES, None)])
def test_time_left_is_told_where_the_number_of_images_is_known(
    store, folder, wanted, left, monkeypatch
):
    job = replace(store.get_job(_add(store, folder, wanted)), saved=1000)
    meter = ProgressMeter()
    clock = iter([1.0, 2.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    meter.compute_progress(job, [], job.state, None, 0.0)
    meter.record_progress(1, 10_000, 10_000)
    now = meter.compute_progress(job, [], job.state, None, 0.0)
    assert (now.rate, now.seconds_left) == (10_000, left)


def test_every_image_is_saved_completely_with_its_true_extension(server, store, folder):
    job = _download(store, folder)
    beside = {f"{i}.{end}" for i in server.ids for end in ("txt", "json")}
    assert set(os.listdir(folder)) == {*server.files(), *beside}
    assert (job.state, job.saved, job.skipped, job.failed) == ("done", 25, 0, 0)
    assert read_images(folder) == server.files()
    assert {name.rpartition(".")[2] for name in read_images(folder)} == {"png", "jpg", "mp4"}
    assert job.bytes == sum(map(len, server.files().values()))


@pytest.mark.parametrize("wanted", [1, 12, 25])
def test_limit_counts_across_pages_which_are_read_at_most_one_ahead(server, store, folder, wanted):
    server.page, seen = 5, []
    server.on_picture = lambda _: seen.append(len(server.pages))
    job = _download(store, folder, wanted=wanted)
    assert (job.saved, job.total, job.state) == (wanted, wanted, "done") and seen[0] <= 2
    assert read_images(folder) == server.files(server.ids[:wanted])


@pytest.mark.parametrize(
    "query, reason, pages",
    [(ImageQuery(MODEL_ID), "empty_end", 2), (ImageQuery(MODEL_ID, VERSION_ID), "", 1)],
    ids=["perhaps-a-time-limit", "no-time-limit"],
)
def test_empty_gallery_is_done(server, store, folder, monkeypatch, query, reason, pages):
    monkeypatch.setattr(image_items, "_REREAD_SECONDS", 0.01)
    ids = [server.ids.pop() for _ in list(server.ids)]
    job_id = store.add_job("A model", query, folder, 100)
    job = _run(store, job_id)
    assert (job.state, job.total, job.reason, len(server.pages)) == ("done", 0, reason, pages)
    server.ids += reversed(ids)
    assert _run(store, job_id).saved == (25 if reason else 0), "what may be missing is asked anew"


def test_image_that_was_moved_into_the_folder_is_not_missing(server, store, folder, tmp_path):
    _download(store, folder)
    os.rename(folder, tmp_path / "elsewhere")
    job = _download(store, str(tmp_path / "elsewhere"))
    assert (job.skipped, store.list_missing_paths(job.id)) == (25, [])


def _put(folder, name, body):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(body)


def test_complete_image_in_the_folder_is_accepted_unchanged(server, store, folder):
    _put(folder, f"{server.ids[0]}.png", png("mine"))
    _put(folder, f"{server.ids[0]}.txt", b"my caption")
    job = _download(store, folder)
    assert (job.saved, job.skipped) == (24, 1)
    assert server.fetched[server.ids[0]] == 0
    with open(os.path.join(folder, f"{server.ids[0]}.txt"), "rb") as file:
        assert file.read() == b"my caption"
    assert os.path.isfile(os.path.join(folder, f"{server.ids[0]}.json"))


_DAMAGE = {
    "empty": lambda body: b"",
    "no-picture": lambda body: b"mine",
    "cut": lambda body: body[:-1],
    "hole": lambda body: body[:1000] + b"\0" * (len(body) - 1000),
    "zeros": lambda body: b"\0" * len(body),
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_incomplete_file_in_the_folder_is_downloaded(server, store, folder, damage):
    image_id = next(i for i in server.ids if server.kinds[i] == "png")
    _put(folder, server.file_of(image_id), _DAMAGE[damage](server.bytes_of(image_id)))
    job = _download(store, folder)
    assert (job.saved, job.skipped) == (25, 0)
    assert read_images(folder) == server.files()


@pytest.mark.parametrize("damage", ["hole", "removed"])
def test_saved_image_whose_file_is_incomplete_is_reported_missing(server, store, folder, damage):
    _download(store, folder)
    path = os.path.join(folder, server.file_of(server.ids[3]))
    os.remove(path)
    if damage != "removed":
        _put(folder, path, _DAMAGE[damage](server.bytes_of(server.ids[3])))
    job = _download(store, folder)
    assert (job.skipped, store.list_missing_paths(job.id)) == (25, [path])
    store.requeue_missing(job.id)
    assert _run(store, job.id).saved == 1
    assert read_images(folder) == server.files()


def test_server_that_asks_for_a_long_wait_pauses_the_job(server, store, folder):
    for image_id in server.ids:
        server.always(image_id, status(503, Retry_After="600"))
    setting.change("gallery_max_concurrent_downloads", 1)
    job = _run(store, _add(store, folder))
    assert (job.state, job.reason, job.failed, job.waiting) == ("paused", "busy", 0, 25)
    assert "600 seconds" in job.note


@pytest.mark.parametrize(
    "answer,reason",
    [
        (status(500), "network"),
        (status(400, b'{"error": "Invalid cursor"}'), "http_400"),
        (status(200, b'{"items": [tr'), "bad_answer"),
    ],
    ids=["500", "400", "cut"],
)
def test_job_resumes_at_the_page_that_failed(server, store, folder, answer, reason):
    server.page = 10
    server.script("page", *_good(1), *[answer] * 4)
    job = _download(store, folder)
    assert (job.state, job.reason, job.saved, job.walked) == ("paused", reason, 10, False)
    server._scripts.clear()
    asked = len(server.pages)
    job = _run(store, job.id)
    assert (job.state, job.reason, job.note, job.saved) == ("done", "", "", 25)
    cursors = [page["cursor"].partition("|")[0] for page in server.pages[asked:]]
    assert cursors == ["10", "20"]
    assert set(server.fetched.values()) == {1}


@pytest.mark.parametrize("code", [400, 404])
def test_expired_cursor_restarts_the_walk(server, store, folder, code):
    server.page = 5
    server.script("page", *_good(2), status(200, b"null"), status(code))
    assert _download(store, folder, wanted=18).saved == 10
    asked = len(server.pages)
    job = _run(store, 1)
    assert (job.state, job.total, job.saved) == ("done", 18, 18)
    cursors = [page.get("cursor", "").partition("|")[0] for page in server.pages[asked:]]
    assert cursors == ["10", "", "5", "10", "15"]
    assert set(server.fetched.values()) == {1}


def test_jobs_requests_follow_interactive_ones_and_keep_the_rate_limit(
    server, store, folder, monkeypatch
):
    client, sent = CivitaiHttpClient(), []
    for name in ("fetch_json", "fetch"):

        def watched(*given, call=getattr(client, name), **options):
            sent.append((*given, *options.values()))
            return call(*given, **options)

        monkeypatch.setattr(client, name, watched)
    assert _run(store, _add(store, folder), JobClient(client)).state == "done"
    polite = (SendOptions(urgent=False), SendOptions(throttled=True))
    assert len(sent) == 26 and all(any(value in polite for value in values) for values in sent)


def test_stop_while_a_page_is_awaited_takes_effect(server, store, folder):
    asked, over = threading.Event(), threading.Event()
    server.always("page", lambda *_: (asked.set(), over.wait(20)))
    run = _worker(store, _add(store, folder))
    threading.Thread(target=lambda: asked.wait(20) and run.stop("paused")).start()
    job = run.run()
    over.set()
    assert (job.state, job.reason) == ("paused", ""), "the page did not come, or too late"


def test_stop_after_the_last_image_leaves_the_job_done(server, store, folder):
    job_id = _add(store, folder, wanted=3)
    run = _worker(store, job_id, None, lambda now: now.finished == 3 and run.stop("cancelled"))
    assert run.run().state == "done"


def test_two_jobs_that_wait_for_each_other_both_finish(monkeypatch, store, folder):
    monkeypatch.setattr(image_items, "_BATCH", 4)
    with ApiServer(count=60, page=20) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        server.delay = 0.02
        ended = _run_at_once(folder, 2)
        assert server.fetched == {i: 1 for i in server.ids}
    assert [(job.state, job.finished) for job in ended] == [("done", 60)] * 2
    assert all(0 < job.saved < 60 for job in ended)


def test_image_that_one_job_failed_to_download_is_tried_by_another(server, store, folder):
    bad, entered, go = server.ids[0], threading.Event(), threading.Event()

    def refuse(request, body):
        entered.set()
        go.wait(5)
        status(403)(request, body)

    server.script(bad, refuse)
    first = threading.Thread(target=_run_at_once, args=(folder, 1, None, 1))
    first.start()
    assert entered.wait(5)
    threading.Timer(0.5, go.set).start()
    second = _download(store, folder, wanted=1)
    first.join()
    assert (store.get_job(second.id - 1).failed, second.saved) == (1, 1)
    assert server.fetched[bad] == 2


def _told(server, store, folder, **options):
    told = []
    _run(store, _add(store, folder, **options), None, told.append)
    return told


def test_progress_never_decreases_and_ends_at_the_total(server, store, folder, monkeypatch):
    monkeypatch.setattr(worker, "_PROGRESS_SECONDS", 0)
    server.page, server.delay, server.size = 10, 0.005, 100_000
    told = _told(server, store, folder)
    for earlier, later in zip(told, told[1:]):
        assert later.finished >= earlier.finished
        assert later.bytes >= earlier.bytes
    assert all(each.finished <= each.total for each in told)
    last = told[-1]
    assert (last.state, last.finished, last.total, last.walked) == ("done", 25, 25, True)
    assert last.bytes == 25 * 100_000
    assert told[0].state == "running"


def test_progress_and_the_wait_that_the_api_asks_for_are_reported(server, store, folder):
    server.script("page", status(429, Retry_After="1"))
    told = [p for p in _told(server, store, folder, wanted=1) if p.finished == 0]
    assert len(told) >= 4 and max(p.retry_in for p in told) > 0.5


def test_full_disk_pauses_the_job_and_fails_no_image(store, folder):
    def fetch(url, *rest):
        if url.endswith("/5"):
            raise DiskFull("There is no room left on the disk.", 700)
        return write_image(url, *rest)

    job = _run(store, _add(store, folder), FakeClient(10, fetch))
    assert (job.state, job.reason, job.failed) == ("paused", "disk", 0)
    assert job.waiting >= 1 and job.note == "There is no room left on the disk."
    job = _run(store, job.id, FakeClient(10))
    assert (job.state, job.saved, job.reason) == ("done", 10, "")


def test_missing_space_is_computed_for_the_rest_of_the_job(store, folder, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=10_500)
    store.record_outcomes(_add(store, folder), [])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(JobStore, "estimate_size", lambda _: 1000)
    monkeypatch.setattr(setting, "reserved_bytes", lambda: 500)
    told = []
    job = _run(store, _add(store, folder, wanted=30), FakeClient(30), told.append)
    assert (job.state, job.reason, job.finished) == ("paused", "disk", 0)
    assert told[-1].missing == 30 * 1000 + 500 - 10_500
    assert "free 19.5 KB more" in job.note


@pytest.mark.parametrize("error", [DiskFull("Full."), DiskError("Locked.")], ids=["full", "locked"])
def test_unwritable_database_pauses_the_job_and_loses_nothing(store, folder, monkeypatch, error):
    fetched, recorded = [], store.record_outcomes

    def fetch(url, *rest):
        fetched.append(url)
        return write_image(url, *rest)

    def fail(*_):
        raise error

    monkeypatch.setattr(store, "record_outcomes", fail)
    job = _run(store, _add(store, folder, wanted=300), FakeClient(300, fetch))
    assert (job.state, job.reason, job.note) == ("paused", "disk", str(error))
    assert len(fetched) < 300
    monkeypatch.setattr(store, "record_outcomes", recorded)
    job = _run(store, job.id, FakeClient(300, fetch))
    assert (job.state, job.saved) == ("done", 300)
    assert len(fetched) == len(set(fetched)) == 300


def test_sidecar_without_disk_space_pauses_and_is_written_later(store, folder, monkeypatch):
    full, beside, fetched = [True], [], []

    def write_sidecars(path, record, keeps_existing=False):
        if full:
            raise DiskFull("There is no room left on the disk.")
        beside.append(path)
        return ""

    def fetch(url, *rest):
        fetched.append(url)
        return write_image(url, *rest)

    for module in (image_items, images):
        monkeypatch.setattr(module, "write_sidecars", write_sidecars)
    setting.change("gallery_max_concurrent_downloads", 1)
    job = _run(store, _add(store, folder), FakeClient(3, fetch))
    assert (job.state, job.reason, job.failed) == ("paused", "disk", 0)
    full.clear()
    job = _run(store, job.id, FakeClient(3, fetch))
    assert (job.state, job.saved) == ("done", 3)
    assert len(fetched) == len(beside) == 3


def _client_of(record):
    """Return a client for a gallery of one image."""
    client, image = FakeClient(1), Image(1, "https://image.civitai.com/1", record=record)
    client.fetch_page = lambda *_: Page((image,), None)
    return client


def test_image_with_embedded_infotext_is_recognized_by_its_new_size(store, folder):
    setting.change("embeds_infotext", True)
    client = _client_of({"id": 1, "meta": {"prompt": "a harbor", "steps": 20}})
    job = _run(store, _add(store, folder), client)
    [(name, data)] = read_images(folder).items()
    assert job.saved == 1 and len(data) > len(_PNG) and b"a harbor" in data
    [claim] = store.claim_images(_add(store, folder), [1]).values()
    assert claim.saved_bytes == len(data)
    again = _run(store, _add(store, folder), client)
    assert (again.saved, again.skipped) == (0, 1) and read_images(folder) == {name: data}


@pytest.mark.parametrize("again", [False, True])
def test_what_a_killed_job_had_downloaded_is_its_own_for_another_job_too(store, folder, again):
    elsewhere, client = f"{folder}-2", _client_of({"id": 1, "meta": {"prompt": "fog"}})
    os.makedirs(elsewhere)
    killed = store.add_job("A", _QUERY, folder, 1, images=client.fetch_page().images)
    store.claim_images(killed, [1])  # then it was killed, between the file's name and the database
    _put(folder, "1.png", _PNG)
    job = _run(store, store.add_job("A", _QUERY, elsewhere, 9, again=again), client)
    assert (job.saved, job.skipped) == ((1, 0) if again else (0, 1))
    assert bool(os.listdir(elsewhere)) is again and store.get_job(killed).saved == 1
    assert sorted(os.listdir(folder)) == ["1.json", "1.png", "1.txt"]


def test_what_another_job_had_saved_is_not_a_killed_jobs(store, folder):
    client = _client_of({"id": 1, "meta": {"prompt": "fog"}})
    images = client.fetch_page().images
    killed = store.add_job("A", _QUERY, folder, 1, images=images)
    assert _run(store, _add(store, folder), client).saved == 1
    store.claim_images(killed, [1])  # then it was killed, before it recorded that the file exists
    assert _run(store, _add(store, folder), client).skipped == 1
    assert store.get_job(killed).saved == 0


@pytest.mark.parametrize("concurrency", [1, 16])
def test_lost_network_pauses_the_job_and_fails_no_image(store, folder, concurrency):
    setting.change("gallery_max_concurrent_downloads", concurrency)
    client = FlakyClient(100)
    client.before = lambda image_id: image_id == 50 and setattr(client, "is_up", False)
    job = _run(store, _add(store, folder), client)
    assert (job.state, job.reason, job.failed) == ("paused", "network", 0)
    assert job.note == "The server could not be reached."
    assert job.saved + job.waiting == 100 and job.saved >= 49 - concurrency
    assert len(client.tried) <= job.saved + 5 + 3 * (concurrency + images._EXTRA_WORKERS)
    client.is_up, client.before = True, lambda image_id: None
    job = _run(store, job.id, client)
    assert (job.state, job.saved, job.failed, job.reason) == ("done", 100, 0, "")


@pytest.mark.parametrize("bad", [[1, 8, 9, 20], [17, 18, 19, 20]], ids=str)
def test_few_unreachable_images_fail_and_the_job_finishes(store, folder, bad):
    client = FlakyClient(20, bad)
    job = _run(store, _add(store, folder), client)
    assert (job.state, job.saved, job.failed) == ("done", 20 - len(bad), len(bad))
    assert [(i.image_id, i.reason) for i in store.list_failed(job.id)] == [
        (i, "network") for i in bad
    ]
    assert sorted(client.tried) == list(range(1, 21)), "each was asked for once"


def test_many_unreachable_images_do_not_block_the_others(store, folder):
    client = FlakyClient(60, range(1, 13))
    job = _run(store, _add(store, folder), client)
    for _ in range(9):
        job = _run(store, job.id, client) if job.state == "paused" else job
    assert (job.state, job.saved, job.failed) == ("done", 48, 12)
    assert {item.reason for item in store.list_failed(job.id)} == {"network"}


def test_images_of_a_lost_network_are_retried_although_a_page_cannot_be_read(store, folder):
    client = FlakyClient(200)
    client.is_up = False
    job = _run(store, _add(store, folder), client)
    client.is_up = True

    def refuse(*_):
        raise NotFound("There is no such page.", 404)

    client.fetch_page = refuse
    job = _run(store, job.id, client)
    assert (job.state, job.reason, job.saved, job.waiting) == ("paused", "gone", 100, 0)


def test_two_jobs_without_a_network_do_not_wait_for_each_other(store, folder):
    """A held failure keeps no claim, else neither job could come to its end."""
    client = FlakyClient(60, [7, 40])
    client.before = lambda image_id: time.sleep(0.005)
    ended = _run_at_once(folder, 2, client)
    assert [(job.state, job.finished, job.failed) for job in ended] == [("done", 60, 2)] * 2


def test_number_of_downloads_at_once_is_read_when_a_run_begins(store, folder):
    setting.change("gallery_max_concurrent_downloads", 1)
    all_at_once = threading.Barrier(8 + images._EXTRA_WORKERS)

    def download(*options):
        all_at_once.wait(10)
        return write_image(*options)

    worker = _worker(store, _add(store, folder), FakeClient(10, download))
    setting.change("gallery_max_concurrent_downloads", 8)
    assert worker.run().saved == 10


def test_thousands_of_images_need_little_memory_and_few_transactions(store, folder):
    for name in ("save_infotext", "save_record"):
        setting.change(name, False)
    setting.change("gallery_max_concurrent_downloads", 8)
    transactions = []
    store._database.connection.set_trace_callback(
        lambda sql: sql.startswith("BEGIN") and transactions.append(sql)
    )
    job_id = _add(store, folder, wanted=2_000)
    client = FakeClient(2_000, lambda url, path_for, *_: FetchedFile(path_for("png"), 1, "png"))
    tracemalloc.start()
    job = _run(store, job_id, client)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert job.saved == 2_000
    assert peak < 2_000_000
    assert len(transactions) < 200


def _good(count):
    return [lambda request, body: request.reply(200, body, {})] * count

"""The database of jobs: what it keeps of each job, of its images and of their claims."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.jobs import store as job_store
from civitai_manager_libs.jobs.job_records import JobOptions, NamingContext, Outcome, WalkedPage
from civitai_manager_libs.jobs.service import JobService
from civitai_manager_libs.jobs.store import JobStore
from civitai_manager_libs.library import image_records, models
from lock_holder import hold_lock
from page_driver import wait_for

_QUERY = ImageQuery(101, 1001, "Most Reactions", "Week", 7, "image")


@pytest.fixture
def path():
    return setting.database_file()


def _images(*ids, **record):
    url = "https://image.civitai.com"
    return tuple(Image(i, f"{url}/{i}", record={"id": i, **record}) for i in ids)


def _job_with(store, *ids):
    job_id = store.add_job("A model", _QUERY, "/pictures", 10)
    store.add_page(job_id, WalkedPage(_images(*ids), None))
    return job_id


def _ids(items):
    return [item.image_id for item in items]


def _saved(*ids, size=1000):
    return [Outcome(i, "saved", f"/pictures/{i}.png", size) for i in ids]


def _failed(image_id, reason="network"):
    return Outcome(image_id, "failed", reason=reason, message="It broke off.")


@pytest.mark.usefixtures("each_system")
def test_job_is_stored_as_requested(path):
    options = JobOptions("{author}/{id}", NamingContext("模型 \ud83d", "v1", {7: "v1", 8: "v 2"}))
    with JobStore(path) as store:
        job_id = store.add_job("模型 A", _QUERY, "/pictures", 60, again=True, options=options)
    with JobStore(path) as store:
        job = store.get_job(job_id)
    assert (job.title, job.query, job.folder, job.wanted) == ("模型 A", _QUERY, "/pictures", 60)
    assert (job.again, job.state, job.walked, job.cursor) == (True, "queued", False, None)
    assert (job.finished, job.total, job.is_over) == (0, 60, False)
    assert job.options == replace(options, facts=replace(options.facts, model="模型 ?"))


def test_deleted_job_leaves_only_its_saved_images_and_its_id_is_not_reused(store):
    job_id = _job_with(store, 1, 2)
    assert not store.claim_images(job_id, [1, 2])[1].ours_before
    assert store.claim_images(job_id, [1, 2])[1].ours_before  # as after an interruption
    store.record_outcomes(job_id, _saved(1))
    store.forget(job_id)
    assert store.list_jobs() == []
    assert store.list_failed(job_id) == store.list_waiting(job_id, 0, 10) == []
    later = _job_with(store, 1, 2)
    claims = store.claim_images(later, [1, 2])
    assert (claims[1].saved_path, claims[2].other_job) == ("/pictures/1.png", 0)
    assert later > job_id


@pytest.mark.usefixtures("each_system")
@pytest.mark.parametrize("action", ["forget", "retry_failed", "requeue_missing"])
def test_running_job_cannot_be_changed_by_others(store, monkeypatch, action):
    job_id = _job_with(store, 1)
    store.record_outcomes(job_id, [_failed(1)])
    lock = store.job_lock(job_id)
    assert lock.acquire()
    with monkeypatch.context() as patch, pytest.raises(InputError, match="already running"):
        patch.setattr(job_store, "_LOCK_SECONDS", 0.01)
        getattr(store, action)(job_id)
    assert _ids(store.list_failed(job_id)) == [1]
    lock.release()
    with hold_lock(0.1, store.job_lock(job_id)):
        getattr(store, action)(job_id)


def test_page_and_next_cursor_are_stored_together_and_an_image_is_listed_once(store):
    job_id = store.add_job("A model", _QUERY, "/pictures", 10)
    store.add_page(job_id, WalkedPage(_images(9, 8, 9), "cursor 2"))
    assert (store.get_job(job_id).cursor, store.get_job(job_id).walked) == ("cursor 2", False)
    store.add_page(job_id, WalkedPage(_images(8, 7), None))
    job = store.get_job(job_id)
    assert (job.walked, job.total, job.waiting) == (True, 3, 3)
    assert _ids(store.list_waiting(job_id, 0, 10)) == [9, 8, 7]
    assert store.list_image_ids(job_id) == {7, 8, 9}


def test_selection_is_stored_with_its_images_or_not_at_all(store):
    unfit = Image(2**70, "https://image.civitai.com/x")
    with pytest.raises(OverflowError):
        store.add_job("A model", _QUERY, "/pictures", 2, images=[*_images(1), unfit])
    assert store.list_jobs() == []


def test_record_is_deleted_once_its_image_is_saved(store):
    job_id = store.add_job("A model", _QUERY, "/pictures", 10)
    store.add_page(job_id, WalkedPage(_images(1, 2, prompt="燈塔 \ud83d"), None))
    kept = [f'{{"id": {n}, "prompt": "燈塔 ?"}}' for n in (1, 2)]
    assert [item.record for item in store.list_waiting(job_id, 0, 10)] == kept
    store.record_outcomes(job_id, [*_saved(1), _failed(2)])
    store.retry_failed(job_id)
    assert [item.record for item in store.list_waiting(job_id, 0, 10)] == kept[1:]


def test_outcomes_are_counted(store):
    job_id = _job_with(store, 1, 2, 3, 4, 5)
    skipped = Outcome(3, "skipped", "/pictures/3.png", 500)
    store.record_outcomes(job_id, [*_saved(1, 2), skipped, _failed(4)])
    job = store.get_job(job_id)
    assert (job.saved, job.skipped, job.failed, job.waiting) == (2, 1, 1, 1)
    assert (job.finished, job.total, job.bytes) == (4, 5, 2000)


def test_large_records_do_not_stay_in_the_database_file(path):
    with JobStore(path) as store:
        job_id = store.add_job("A model", _QUERY, "/pictures", 3000)
        for start in range(0, 3000, 100):
            ids = range(start + 1, start + 101)
            store.add_page(job_id, WalkedPage(_images(*ids, prompt="x" * 3000), "more"))
            store.record_outcomes(job_id, _saved(*ids))
    assert os.path.getsize(path) < 2_500_000  # 9 MB of records went through it


def test_estimated_size_is_the_mean_of_the_latest_images(store):
    assert store.estimate_size() == 0
    store.record_outcomes(_job_with(store, *range(1, 301)), _saved(*range(1, 301), size=100))
    recorded_at = job_store.time.time()
    wait_for(lambda: job_store.time.time() > recorded_at, "the clock's next tick")
    store.record_outcomes(_job_with(store, *range(301, 501)), _saved(*range(301, 501), size=900))
    assert store.estimate_size() == 900
    with store._database.writing() as db:
        db.execute("UPDATE saved SET bytes = 9e999 WHERE image_id = 500")  # damaged
    assert store.estimate_size() == (199 * 900 + 100) // 200


def test_retry_queues_failed_images_but_not_deleted_ones(store):
    job_id = _job_with(store, 1, 2, 3)
    store.record_outcomes(job_id, [*_saved(1), _failed(2), _failed(3, "gone")])
    store.set_state(job_id, "done")
    assert store.retry_failed(job_id) == 1
    assert store.get_job(job_id).state == "queued"
    assert _ids(store.list_waiting(job_id, 0, 10)) == [2]
    assert _ids(store.list_failed(job_id)) == [3]


def test_url_is_stored_without_the_base_url(store, monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:1111/x/")
    urls = ["http://127.0.0.1:1111/x/a/1.png", "https://image.civitai.com/a/2.png"]
    urls += ["http://127.0.0.1:1111/xy/3.png"]
    job_id = store.add_job("A model", ImageQuery(101), "/pictures", 3)
    images = tuple(Image(n, url) for n, url in enumerate(urls, start=1))
    store.add_page(job_id, WalkedPage(images, None))
    assert [item.url for item in store.list_waiting(job_id, 0, 9)] == urls
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:2222")
    there = ["http://127.0.0.1:2222/a/1.png", *urls[1:]]
    assert [item.url for item in store.list_waiting(job_id, 0, 9)] == there
    store.record_outcomes(job_id, [_failed(1)])
    assert [item.url for item in store.list_failed(job_id)] == there[:1]


def _author(image_id, author, seed=1):
    return Image(image_id, f"https://a/{image_id}", username=author, meta={"seed": seed})


def _named(store, name, *images, folder="/pictures"):
    options = JobOptions(name, NamingContext("A model"))
    job_id = store.add_job("A model", _QUERY, folder, 10, options=options)
    store.add_page(job_id, WalkedPage(images, None))
    return [item.name for item in store.list_waiting(job_id, 0, 10)]


def test_path_is_below_the_folder_with_the_true_extension(store):
    job_id = store.add_job("A", _QUERY, "/pictures", 10, options=JobOptions("{author}/{id}"))
    store.add_page(job_id, WalkedPage((_author(1, "anna"),), None))
    [item] = store.list_waiting(job_id, 0, 10)
    assert item.path("/pictures", "png") == os.path.join("/pictures", "anna", "1.png")
    assert store.list_folders(job_id) == {"/pictures", os.path.join("/pictures", "anna")}
    plain = _job_with(store, 5)
    assert store.list_waiting(plain, 0, 1)[0].path("/p", "mp4") == os.path.join("/p", "5.mp4")
    assert store.list_folders(plain) == {"/pictures"}


def test_name_of_another_template_is_never_reused_for_another_image(store):
    assert _named(store, "{seed}-{id}", _author(7, "a", seed=5)) == ["5-7"]
    assert _named(store, "{id}-{seed}", _author(5, "a", seed=7)) == ["5-7 5"]
    assert _named(store, "{id}-{seed}", _author(5, "a", seed=7), folder="/else") == ["5-7"]
    assert _named(store, "{seed}-{id}", _author(7, "a", seed=5)) == ["5-7"]


def test_name_of_a_deleted_jobs_image_is_never_reused(store):
    job_id = _job_with(store, 7)
    path = os.path.join("/pictures", "X-7 5.png")
    store.record_outcomes(job_id, [Outcome(7, "saved", path, 100)])
    store.forget(job_id)
    assert _named(store, "{author} {id}", _author(5, "x-7")) == ["x-7 5 5"]
    assert _named(store, "{author} {id}", _author(5, "x-8")) == ["x-8 5"]


@pytest.mark.parametrize(
    "width,kind,segment",
    [(2000, None, "width=800"), (None, None, "width=800"), (800, None, "original=true")]
    + [(640, None, "original=true"), *[(2000, k, "original=true") for k in ("video", "audio")]],
)
def test_smaller_rendition_is_downloaded_only_for_wider_images(store, width, kind, segment):
    at = "https://image.civitai.com/x/3f0c1a52-7b1e-4c0d-9a55-0d5b7f6a1e01/{}/a.jpeg"
    fields = {name: v for name, v in (("width", width), ("type", kind)) if v is not None}
    images = (Image(1, at.format("original=true"), **fields),)
    job_id = store.add_job("A", _QUERY, "/pictures", 10, options=JobOptions(width=800))
    store.add_page(job_id, WalkedPage(images, None))
    assert [item.url for item in store.list_waiting(job_id, 0, 9)] == [at.format(segment)]


@pytest.mark.parametrize("end", ["outcome", "done", "cancelled"])
def test_claim_ends_with_its_outcome_and_with_its_job(store, end):
    first, second = _job_with(store, 1), _job_with(store, 1)
    store.claim_images(first, [1])
    if end == "outcome":
        store.record_outcomes(first, [_failed(1)])
    else:
        store.set_state(first, end)
    assert store.claim_images(second, [1])[1].other_job == 0


@pytest.mark.usefixtures("each_system")
@pytest.mark.parametrize("is_at_work", [True, False], ids=["at-work", "died"])
def test_claims_of_a_job_are_freed_unless_it_is_running(store, is_at_work):
    first, second = _job_with(store, 1), _job_with(store, 1)
    store.claim_images(first, [1])
    store.set_state(first, "running")
    lock = store.job_lock(first)
    if is_at_work:
        assert lock.acquire()
    store.free_claims(first, lambda *_: None)
    lock.release()
    assert store.claim_images(second, [1])[1].other_job == (first if is_at_work else 0)


@pytest.mark.parametrize("state", ["saved", "skipped"])
def test_image_with_a_file_counts_as_saved_for_later_jobs(store, state):
    store.record_outcomes(_job_with(store, 1), [Outcome(1, state, "/pictures/1.png", 500)])
    later = _job_with(store, 1, 2)
    assert store.claim_images(later, [1])[1].saved_path == "/pictures/1.png"
    assert store.count_to_fetch(later) == 1


def test_skipped_images_without_a_file_can_be_downloaded_again(store):
    store.record_outcomes(_job_with(store, 1, 2), _saved(1, 2))
    job_id = _job_with(store, 1, 2)
    gone = Outcome(2, "skipped", "/elsewhere/2.png", message="It is not there now.")
    store.record_outcomes(job_id, [Outcome(1, "skipped", "/pictures/1.png"), gone])
    store.set_state(job_id, "done")
    assert store.list_missing_paths(job_id) == ["/elsewhere/2.png"]
    assert store.requeue_missing(job_id) == 1
    assert [item.image_id for item in store.list_waiting(job_id, 0, 9)] == [2]
    assert store.get_job(job_id).state == "queued" and store.list_missing_paths(job_id) == []
    claims = store.claim_images(job_id, [1, 2])
    assert claims[1].saved_path and not claims[2].saved_path
    assert store.requeue_missing(job_id) == 0


@pytest.mark.parametrize("end", ["done", "cancelled"])
def test_finished_job_cannot_be_paused_but_restarted(store, end):
    job_id = _job_with(store, 1)
    store.set_state(job_id, end)
    for state, then in (("paused", end), ("running", "running"), ("paused", "paused")):
        store.set_state(job_id, state)
        assert store.get_job(job_id).state == then


def test_library_knows_the_files_of_images_that_are_saved(store, library, tmp_path):
    paths = {n: str(tmp_path / f"{n}.png") for n in (1, 2)}
    for path in paths.values():
        Path(path).write_bytes(b"image")
    outcomes = [Outcome(n, "saved", path, 5) for n, path in paths.items()]
    store.record_outcomes(_job_with(store, 1, 2), outcomes)
    assert [image_records.find_saved_file(n) for n in (1, 2, 3)] == [*paths.values(), ""]
    job_id = _job_with(store, 2)
    os.unlink(paths[2])
    assert (
        image_records.find_saved_file(2) == "" and models.summarize_set("downloads", 0).count == 2
    )
    gone = Outcome(2, "skipped", paths[2], message="It is not there now.")
    store.record_outcomes(job_id, [gone])
    store.set_state(job_id, "done")
    store.requeue_missing(job_id)
    assert models.summarize_set("downloads", 0).count == 1


@pytest.mark.parametrize("damage", ["none", "removed"])
def test_library_learns_at_the_next_start_what_was_saved_before_a_kill(library, tmp_path, damage):
    paths = {n: str(tmp_path / f"{n}.png") for n in (1, 2)}
    for path in paths.values():
        Path(path).write_bytes(b"image")
    outcomes = [Outcome(n, "saved", path, 5) for n, path in paths.items()]
    with JobStore(setting.database_file()) as store:
        job_id = _job_with(store, 1, 2)
        store.record_outcomes(job_id, outcomes)
        store.set_state(job_id, "done")
    image_records.forget_saved_files([1])  # as if the program had ended between the two databases
    older = [(2, "/older.png", 1.0), (3, "/of-another-database.png", 1.0)]
    image_records.store_saved_files(lambda: older)
    if damage == "removed":
        library.forget()
        os.unlink(setting.library_file())
    JobService(lambda: None).resume_after_start()
    library.finish()
    assert [image_records.find_saved_file(n) for n in (1, 2)] == [*paths.values()]


def test_outcomes_are_recorded_though_the_library_cannot_be_used(store, library):
    os.makedirs(setting.library_file())
    job_id = _job_with(store, 1)
    store.record_outcomes(job_id, _saved(1))
    assert store.get_job(job_id).saved == 1 and store.find_saved_paths([1])

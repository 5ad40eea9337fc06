"""A few jobs at work, the others in turn; what rests for a while holds no place."""

import itertools
import threading
import time

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery, Page
from civitai_manager_libs.core import find_cancellation, Image
from civitai_manager_libs.errors import DiskError, NetworkError
from civitai_manager_libs.jobs import failures, queue, store as store_module
from civitai_manager_libs.jobs.service import JobService
from civitai_manager_libs.jobs.store import JobStore
from fake_network import FakeClient, FlakyClient, write_image
from page_driver import wait_for

_PICTURES = 6  # so many that fail in a row are the network's fault


class _Place:
    """A service whose jobs have a few made-up images each, which wait for `gate`.

    begun: the jobs in the order in which they requested their first image.
    """

    def __init__(self, tmp_path, monkeypatch):
        self.folder, self.begun = tmp_path, []
        self.gate = threading.Event()
        self.fetch = write_image
        self.service = JobService(lambda: None)
        client = FakeClient(0, self._fetch)
        client.fetch_page = _page
        monkeypatch.setattr(queue, "JobClient", lambda _: client)

    def _fetch(self, url, target, told, place):
        job = int(url.split("/")[-2])
        if job not in self.begun:
            self.begun.append(job)
        while not self.gate.wait(0.02):
            find_cancellation().check()
        return self.fetch(url, target, told, place)

    def add(self, count=1):
        folder = str(self.folder)
        with self.store() as store:
            first = len(store.list_jobs(1000)) + 1
            numbers = range(first, first + count)
            ids = [store.add_job("A model", ImageQuery(n), folder, _PICTURES) for n in numbers]
        assert ids == [*numbers]
        for job_id in ids:
            self.service._workers.add(job_id)
        return ids

    def store(self):
        return JobStore(setting.database_file())

    def shown(self, job_id):
        return next(one for one in self.service.list_jobs(100)[0] if one.id == job_id)

    def state(self, job_id):
        return str(self.shown(job_id).state)

    def states(self, ids):
        return [self.state(job_id) for job_id in ids]

    def comes_to(self, state, *ids):
        wait_for(lambda: set(self.states(ids)) == {state}, f"{state} of {ids}")

    def has_begun(self, *ids):
        wait_for(lambda: set(self.begun) == set(ids), f"the begin of {ids}")


def _page(query, cursor, limit):
    job = query.model_id
    address = f"https://image.civitai.com/{job}"
    return Page(
        tuple(Image(100 * job + n, f"{address}/{n}") for n in range(1, _PICTURES + 1)), None
    )


@pytest.fixture
def place(tmp_path, monkeypatch):
    setting.change("gallery_jobs_at_once", 2)
    place = _Place(tmp_path, monkeypatch)
    yield place
    place.gate.set()
    for shown in place.service.list_jobs(100)[0]:
        if not shown.is_over:
            place.service.stop(shown.id, "cancelled")
    wait_for(
        lambda: not [t for t in threading.enumerate() if t.name.startswith("gallery")], "the end"
    )


@pytest.fixture
def quick(monkeypatch):
    for name in ("_NETWORK_PAUSES", "_DISK_PAUSES"):
        monkeypatch.setattr(failures, name, (0.02, 0.02))


def _lost(*_):
    raise NetworkError("The server could not be reached.")


def test_few_jobs_run_and_the_others_wait_in_order(place):
    ids = place.add(20)
    place.has_begun(*ids[:2])
    assert place.states(ids[:6]) == ["running"] * 2 + ["queued"] * 4
    assert [place.shown(i).jobs_ahead for i in ids[2:6]] == [0, 1, 2, 3]
    assert place.service.count_waiting() == 18
    assert len([t for t in threading.enumerate() if t.name.startswith("gallery-job-")]) == 2
    assert [shown.id for shown in place.service.list_jobs(12)[0]] == ids[:9:-1] + ids[1::-1]
    setting.change("gallery_jobs_at_once", 4)
    place.has_begun(*ids[:4])
    place.gate.set()
    place.comes_to("done", *ids)
    assert sorted(place.begun[:2]) == ids[:2] and sorted(place.begun) == ids


def test_job_that_waits_for_a_retry_lets_others_run(place):
    setting.change("gallery_jobs_at_once", 1)
    place.fetch = lambda url, target, *rest: (
        _lost() if "/1/" in url else write_image(url, target, *rest)
    )
    lost, other = place.add(2)
    place.gate.set()
    place.comes_to("done", other)
    shown = place.shown(lost)
    assert shown.will_retry and shown.reason == "network"
    assert 0 < shown.retry_in <= 5 and not place.service.count_waiting()


def test_job_that_waits_for_a_retry_resumes_automatically(place, quick):
    client = FlakyClient(0)
    client.is_up, place.fetch = False, client.fetch_file
    place.gate.set()
    [job_id] = place.add()
    wait_for(lambda: len(client.tried) > 2 * _PICTURES, "a second try")
    assert place.shown(job_id).failed == 0
    client.is_up = True
    place.comes_to("done", job_id)


def test_job_without_disk_space_sends_no_request_until_there_is_some(place, quick, monkeypatch):
    monkeypatch.setattr(JobStore, "estimate_size", lambda _: 1 << 60)
    place.gate.set()
    [job_id] = place.add()
    wait_for(lambda: place.service._workers._entries[job_id].futile_runs > 3, "some tries")
    shown = wait_for(lambda: (view := place.shown(job_id)).will_retry and view, "its pause")
    assert shown.missing > 0 and not place.begun
    monkeypatch.setattr(JobStore, "estimate_size", lambda _: 0)
    place.comes_to("done", job_id)


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_waiting_job_is_stopped_at_once_and_never_starts(place, state):
    ids = place.add(4)
    place.has_begun(*ids[:2])
    place.service.stop(ids[2], state)
    assert place.state(ids[2]) == state and place.service.count_waiting() == 1
    place.gate.set()
    place.comes_to("done", ids[3])
    assert ids[2] not in place.begun
    place.service.resume(ids[2])
    place.comes_to("done", ids[2])


def test_resumed_job_starts_before_all_waiting_jobs(place):
    setting.change("gallery_jobs_at_once", 1)
    ids = place.add(5)
    place.has_begun(ids[0])
    place.service.stop(ids[4], "paused")
    place.service.resume(ids[4])
    place.service.resume(ids[3])
    assert [place.shown(i).jobs_ahead for i in ids[1:]] == [2, 3, 0, 1]
    place.gate.set()
    place.comes_to("done", *ids)
    assert place.begun == [ids[0], ids[3], ids[4], ids[1], ids[2]]


def test_job_that_waits_for_a_retry_is_stopped_or_resumed_at_once(place, monkeypatch):
    monkeypatch.setattr(failures, "_NETWORK_PAUSES", (1_000, 1_000))
    client = FlakyClient(0)
    client.is_up, place.fetch = False, client.fetch_file
    place.gate.set()
    ids = place.add(3)
    wait_for(lambda: all(place.shown(i).will_retry for i in ids), "their rest")
    for job_id, state in zip(ids, ("paused", "cancelled")):
        place.service.stop(job_id, state)
        assert place.state(job_id) == state and not place.shown(job_id).will_retry
    client.is_up = True
    place.service.resume(ids[2])
    place.comes_to("done", ids[2])


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_stopped_job_stays_stopped_if_its_state_cannot_be_written(place, quick, monkeypatch, state):
    set_state = JobStore.set_state

    def fail(store, job_id, wanted, *more):
        if wanted == state:
            raise DiskError("Locked.")
        set_state(store, job_id, wanted, *more)

    [job_id] = place.add()
    place.has_begun(job_id)
    with monkeypatch.context() as patch:
        patch.setattr(JobStore, "set_state", fail)
        place.service.stop(job_id, state)
        wait_for(lambda: not place.service._workers.list_running(), "the end of its go")
        place.gate.set()
        shown = place.shown(job_id)
        assert (shown.state, shown.will_retry) == (state, False)
    wait_for(lambda: not place.service._workers._entries, "space for its state")
    assert place.shown(job_id).saved == 0
    with place.store() as store:
        assert store.get_job(job_id).state == state, "the next start must not resume it"


@pytest.mark.parametrize(
    "written, stop",
    [
        ("set_state", lambda service, job_id: service.stop(job_id, "paused")),
        ("forget", lambda service, job_id: service.forget(job_id)),
    ],
    ids=["pause", "forget"],
)
def test_waiting_job_stays_queued_if_its_end_cannot_be_written(place, monkeypatch, written, stop):
    def fail(*_):
        raise DiskError("Locked.")

    ids = place.add(3)
    place.has_begun(*ids[:2])
    with monkeypatch.context() as patch:
        patch.setattr(JobStore, written, fail)
        with pytest.raises(DiskError):
            stop(place.service, ids[2])
    place.gate.set()
    place.comes_to("done", *ids)


def test_job_that_is_about_to_stop_can_be_deleted(place, monkeypatch):
    monkeypatch.setattr(store_module, "_LOCK_SECONDS", 10)
    [job_id] = place.add()
    place.has_begun(job_id)
    place.service.stop(job_id, "cancelled")
    place.service.forget(job_id)
    assert place.service.list_jobs(100) == ([], 0)


@pytest.mark.parametrize("written", ["forget", "set_state"])
def test_jobs_are_listed_while_a_job_outside_the_queue_is_written(place, monkeypatch, written):
    def list_meanwhile(*_):
        listing = threading.Thread(target=place.service.list_jobs, args=(100,))
        listing.start()
        listing.join(5)
        blocked.append(listing.is_alive())

    blocked = []
    with place.store() as store:
        job_id = store.add_job("A model", ImageQuery(1), str(place.folder), _PICTURES)
    with monkeypatch.context() as patch:
        patch.setattr(JobStore, written, list_meanwhile)
        if written == "forget":
            place.service.forget(job_id)
        else:
            place.service.stop(job_id, "cancelled")
    assert blocked == [False]


def test_stop_just_before_the_end_of_a_run_is_not_lost(place, monkeypatch):
    ended, stop, finish = threading.Event(), queue.QueueEntry.stop, queue.WorkerPool._finish_run

    def stop_late(entry, state):
        place.gate.set()
        ended.wait(0.5)  # the run must not end before the stop is over
        stop(entry, state)

    monkeypatch.setattr(queue.QueueEntry, "stop", stop_late)
    monkeypatch.setattr(queue.WorkerPool, "_finish_run", lambda *args: (finish(*args), ended.set()))
    place.fetch = _lost
    [job_id] = place.add()
    place.has_begun(job_id)
    place.service.stop(job_id, "cancelled")
    place.comes_to("cancelled", job_id)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_bug_in_a_worker_ends_its_job_and_frees_its_place(place):
    def fail(*_):
        raise ZeroDivisionError

    setting.change("gallery_jobs_at_once", 1)
    place.fetch = lambda url, target, *rest: (
        fail() if "/1/" in url else write_image(url, target, *rest)
    )
    place.gate.set()
    place.comes_to("done", place.add(2)[1])


def test_pauses_grow_until_something_is_saved():
    entry = queue.QueueEntry(1)

    def pause(has_saved):
        assert entry.schedule_retry(NetworkError(""), has_saved)
        return round(entry.due[0] - time.monotonic())

    assert [pause(has_saved) for has_saved in (False, False, False, True)] == [5, 10, 20, 5]


def test_job_whose_pause_is_over_starts_after_waiting_jobs(monkeypatch):
    now = itertools.count(100.0)
    monkeypatch.setattr(queue.time, "monotonic", lambda: next(now))
    entries = queue.Scheduler({1: queue.QueueEntry(1)})
    entries[1].schedule_retry(NetworkError(""), False)
    entries[2] = queue.QueueEntry(2)
    for _ in range(5):
        next(now)
    assert entries.list_waiting() == [2, 1]

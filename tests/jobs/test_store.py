"""The jobs as they are stored: by older versions, and with damaged rows."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from api_server import ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient, JobService, JobStore, JobWorker
from civitai_manager_libs.jobs.job_records import JobOptions, NamingContext, WalkState
from page_driver import wait_for

pytestmark = pytest.mark.usefixtures("each_system")

# As version 1 left it of a job that was stopped half-way: 5 of 12 saved, 1 gone, 4 listed.
_V1 = (Path(__file__).parent / "gallery_v1.sql").read_text(encoding="utf-8")
_SAVED = (5012, 5011, 5009, 5008, 5007)


@pytest.fixture
def old(folder):
    path = setting.database_file()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript(_V1.replace("/home/user/pictures", folder))
    db.close()
    return path


def test_job_of_version_1_is_unchanged(old, folder):
    with JobStore(old) as store:
        assert store.recovery_notice == ""
        job = store.get_job(1)
        found = (job.title, job.folder, job.options)
        assert found == ("A model", folder, JobOptions("{id}", NamingContext()))
        assert (job.state, job.saved, job.failed, job.waiting) == ("paused", 5, 1, 4)
        assert (job.wanted, job.walked, job.cursor) == (100, False, "10|1785317342117")
        assert [item.image_id for item in store.list_waiting(1, 0, 9)] == [5006, 5005, 5004, 5003]
        assert [item.reason for item in store.list_failed(1)] == ["gone"]
        assert store.count_failed(1) == {"gone": 1}
        assert store.claim_images(1, [5006])[5006].ours_before
        assert Path(store.find_saved_paths([5012])[5012]) == Path(folder, "5012.mp4")


def test_job_of_version_1_keeps_its_file_names(old, folder, monkeypatch):
    setting.change("saved_name", "{author}/{id}")
    os.makedirs(folder)
    with ApiServer(count=12, page=5) as server, JobStore(old) as store:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        for image_id in _SAVED:
            Path(folder, server.file_of(image_id)).write_bytes(server.bytes_of(image_id))
        job = JobWorker(store, 1, JobClient(CivitaiHttpClient())).run()
        assert (job.state, job.saved, job.failed) == ("done", 11, 1)
        images = {n for n in os.listdir(folder) if not n.endswith((".txt", ".json"))}
        assert images == {server.file_of(i) for i in server.ids if i != 5010}
        assert set(server.fetched) == {5006, 5005, 5004, 5003, 5002, 5001}


def test_images_of_version_2_count_as_found_by_the_first_walk(old):
    JobStore(old).__exit__()
    db = sqlite3.connect(old)
    db.executescript(
        "DROP INDEX model_files; ALTER TABLE items DROP COLUMN walks; PRAGMA user_version = 2"
    )
    db.close()
    with JobStore(old) as store:
        assert store.recovery_notice == "" and store.get_job(1).saved == 5
        assert store._database.rows("SELECT DISTINCT walks FROM items") == [(1,)]


@pytest.mark.parametrize(
    "walked, end, second_end, verify, state",
    [
        (0, "", "", True, WalkState.FIRST),
        (2, "empty", "", True, WalkState.FIRST_EMPTY),
        (1, "end", "", True, WalkState.SECOND_DUE),
        (1, "blank", "", True, WalkState.SECOND_DUE),
        (3, "end", "", True, WalkState.SECOND),
        (2, "end", "empty", True, WalkState.SECOND_EMPTY),
        (1, "end", "end", True, WalkState.OVER),
        (1, "end", "", False, WalkState.OVER),
        (1, "known", "", True, WalkState.OVER),
    ],
)
def test_walk_of_version_4_is_unchanged(old, walked, end, second_end, verify, state):
    with JobStore(old) as store, store._database.writing() as db:
        report = json.dumps({"seen": 3, "end": end, "second_end": second_end})
        values = (walked, report, json.dumps({"verify": verify}))
        db.execute("UPDATE jobs SET walked = ?, report = ?, options = ?", values)
        db.execute("PRAGMA user_version = 4")
    with JobStore(old) as store:
        assert store.recovery_notice == "" and store.get_job(1).walk is state


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("CREATE INDEX items_by_name ON items (url)", id="a-name-is-taken"),
        pytest.param("DROP TABLE records", id="without-records"),
    ],
)
def test_old_database_whose_upgrade_fails_is_set_aside_unchanged(old, change):
    with closing(sqlite3.connect(old)) as db:
        db.execute(change)
        db.commit()
    with JobStore(old) as store:
        assert "was damaged" in store.recovery_notice and store.list_jobs() == []
    [kept] = Path(old).parent.glob("gallery.db.damaged-*[0-9]")
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        columns = [row[1] for row in db.execute("PRAGMA table_info(jobs)")]
        assert "options" not in columns


def test_upgraded_database_has_the_tables_of_a_new_one(old, tmp_path):
    def shape(path):
        with JobStore(path) as store:
            tables = ("jobs", "items", "records", "saved", "claims")
            columns = {
                table: {row[1:5] for row in store._database.rows(f"PRAGMA table_info({table})")}
                for table in tables
            }
            indexes = store._database.rows("SELECT name FROM sqlite_master WHERE type = 'index'")
            return columns, sorted(indexes)

    assert shape(old) == shape(str(tmp_path / "new" / "gallery.db"))


SERVER = {"count": 6}
_DAMAGES = {
    "query-no-json": "query = '{'",
    "options-no-json": "options = 'x'",
    "options-deep": f"options = '{'[' * 5000}'",
    "options-of-another-kind": 'options = \'{"stop_at_known": "x"}\'',
    "state-unknown": "state = 'asleep'",
    "title-no-utf-8": "title = CAST(x'41ff42' AS TEXT), report = ''",
    "folder-bytes": "folder = x'2f'",
    "wanted-below-0": "wanted = -5",
    "created-too-late": "created = 1e15",
}


def _two_jobs(tmp_path):
    with JobStore(setting.database_file()) as store:
        return [store.add_job("A model", ImageQuery(101), str(tmp_path), 6) for _ in range(2)]


def _change(sql):
    with JobStore(setting.database_file()) as store, store._database.writing() as db:
        db.execute(sql)


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES)
def test_unreadable_row_is_set_aside_and_other_jobs_continue(server, tmp_path, capsys, damage):
    bad, good = _two_jobs(tmp_path)
    _change(f"UPDATE jobs SET {damage} WHERE id = {bad}")
    service = JobService(CivitaiHttpClient)
    service.resume_after_start()
    wait_for(lambda: [s.state for s in service.list_jobs(9)[0]] == ["done"], "the end of the other")
    [kept] = Path(setting.data_folder()).glob("gallery.db.unreadable-*.json")
    assert len(json.loads(kept.read_text())) == 1 and kept.name in "".join(capsys.readouterr())
    assert service.list_jobs(12)[0][0].id == good
    with service.open_store() as store:
        assert store.quarantine_unreadable() == ""
        assert good < store.add_job("Another", ImageQuery(101), str(tmp_path), 6) < 10


@pytest.mark.parametrize("damage", ["query = '{'", "state = 'asleep'"])
def test_row_that_is_damaged_while_the_page_is_open_is_not_shown(server, tmp_path, damage):
    bad, good = _two_jobs(tmp_path)
    _change(f"UPDATE jobs SET {damage} WHERE id = {bad}")
    with JobStore(setting.database_file()) as store:
        assert [job.id for job in store.list_jobs()] == [good]
        with pytest.raises(InputError, match="cannot be read"):
            store.get_job(bad)


_ITEM_DAMAGES = ["url = x'00'", "image_id = -4", "name = x'00'"]


@pytest.mark.parametrize("damage", [*_ITEM_DAMAGES, "bytes = 9e300", "bytes = 9e999"])
def test_image_with_an_unreadable_row_fails_and_others_are_downloaded(server, tmp_path, damage):
    job_id, _ = _two_jobs(tmp_path)
    client = JobClient(CivitaiHttpClient())
    server.on_picture = lambda _: run.stop("paused")
    with JobStore(setting.database_file()) as store:
        run = JobWorker(store, job_id, client)
        assert run.run().waiting > 1
        server.on_picture = lambda _: None
        place = store.list_waiting(job_id, 0, 1)[0].place
        _change(f"UPDATE items SET {damage} WHERE place = {place}")
        job = JobWorker(store, job_id, client).run()
        is_read = damage.startswith("bytes")
        assert (job.state, job.failed, job.finished) == ("done", int(not is_read), 6)
        store.list_failed(job_id)
        assert sum(store.count_failed(job_id).values()) == job.failed

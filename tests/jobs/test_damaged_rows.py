"""Single rows that cannot be read: they are set aside, and the other jobs go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api_server import ApiServer
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobClient, JobService, JobStore, JobWorker
from civitai_manager_libs.web.routes import jobs
from page_driver import wait_for

_DAMAGES = {
    "query-no-json": "query = '{'",
    "options-no-json": "options = 'x'",
    "options-deep": f"options = '{'[' * 5000}'",
    "options-of-another-kind": "options = '{\"stop_at_known\": \"x\"}'",
    "state-unknown": "state = 'asleep'",
    "title-no-utf-8": "title = CAST(x'41ff42' AS TEXT), report = ''",
    "folder-bytes": "folder = x'2f'",
    "wanted-below-0": "wanted = -5",
    "created-too-late": "created = 1e15",
}


@pytest.fixture
def civitai(monkeypatch):
    with ApiServer(count=6) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


def _two_jobs(tmp_path):
    with JobStore(setting.database_file()) as store:
        return [store.add_job("A model", ImageQuery(101), str(tmp_path), 6) for _ in range(2)]


def _change(sql):
    with JobStore(setting.database_file()) as store, store._database.writing() as db:
        db.execute(sql)


@pytest.mark.parametrize("damage", _DAMAGES.values(), ids=_DAMAGES)
def test_unreadable_row_is_set_aside_and_other_jobs_continue(civitai, tmp_path, capsys, damage):
    bad, good = _two_jobs(tmp_path)
    _change(f"UPDATE jobs SET {damage} WHERE id = {bad}")
    service = JobService(CivitaiHttpClient)
    service.resume_after_start()
    wait_for(
        lambda: [s.state for s in service.list_jobs(9)[0]] == ["done"],
        "the end of the other",
    )
    [kept] = Path(setting.data_folder()).glob("gallery.db.unreadable-*.json")
    assert len(json.loads(kept.read_text())) == 1 and kept.name in "".join(capsys.readouterr())
    assert jobs.make_jobs_panel(service, "en")["jobs"][0]["id"] == good
    with service.open_store() as store:
        assert store.quarantine_unreadable() == ""
        assert good < store.add_job("Another", ImageQuery(101), str(tmp_path), 6) < 10


@pytest.mark.parametrize("damage", ["query = '{'", "state = 'asleep'"])
def test_row_that_is_damaged_while_the_page_is_open_is_not_shown(civitai, tmp_path, damage):
    bad, good = _two_jobs(tmp_path)
    _change(f"UPDATE jobs SET {damage} WHERE id = {bad}")
    with JobStore(setting.database_file()) as store:
        assert [job.id for job in store.list_jobs()] == [good]
        with pytest.raises(InputError, match="cannot be read"):
            store.get_job(bad)


_ITEM_DAMAGES = ["url = x'00'", "image_id = -4", "name = x'00'"]


@pytest.mark.parametrize("damage", [*_ITEM_DAMAGES, "bytes = 9e300"])
def test_image_with_an_unreadable_row_fails_and_others_are_downloaded(civitai, tmp_path, damage):
    job_id, _ = _two_jobs(tmp_path)
    client = JobClient(CivitaiHttpClient())
    civitai.on_picture = lambda _: run.stop("paused")
    with JobStore(setting.database_file()) as store:
        run = JobWorker(store, job_id, client)
        assert run.run().waiting > 1
        civitai.on_picture = lambda _: None
        place = store.list_waiting(job_id, 0, 1)[0].place
        _change(f"UPDATE items SET {damage} WHERE place = {place}")
        job = JobWorker(store, job_id, client).run()
        is_read = damage.startswith("bytes")
        assert (job.state, job.failed, job.finished) == ("done", int(not is_read), 6)
        store.list_failed(job_id)

"""Jobs that read a gallery's records and fetch no picture."""

import os
import time

import pytest
from api_server import MODEL_ID, VERSION_ID, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import JobService, NamingContext
from civitai_manager_libs.library import image_records, pages
from job_service import shown
from page_driver import wait_for

SERVER = {"count": 40, "page": 10}
_QUERY = ImageQuery(MODEL_ID, VERSION_ID)


@pytest.fixture
def service(server, library):
    setting.change("http_max_retries", 0)
    return JobService(CivitaiHttpClient)


def _read(service, wanted, cursor=None, query=_QUERY):
    return service.read_gallery(query, wanted, NamingContext("A model"), cursor)


def _ended(service, job_id):
    def end():
        view = shown(service, job_id)
        is_over = view.state in ("done", "cancelled", "paused") and not view.is_live
        return view if is_over else None

    return wait_for(end, "the job's end")


def test_records_are_stored_and_no_image_is_requested(service, server, library):
    job = _ended(service, _read(service, 25))
    assert (job.state, job.saved, job.failed, job.bytes) == ("done", 25, 0, 0)
    assert not [path for path in server.requests if path.startswith("/image/")]
    library.forget()
    assert len(image_records.find_images(server.ids[:25])) == 25
    assert not os.path.exists(setting.saved_images_folder())
    with service.open_store() as store:
        assert store.find_saved_paths(server.ids) == {}


def test_job_continues_after_the_stored_pages(service, server, library):
    client = CivitaiHttpClient()
    first = pages.load_page(client, _QUERY, None, 100)
    pages.load_page(client, _QUERY, first.next_cursor, 100)
    library.forget()
    cursor, is_whole = pages.find_first_missing_page(_QUERY, 100)
    del server.requests[:]
    job = _ended(service, _read(service, 100, cursor))
    assert (is_whole, job.saved) == (False, 20)
    library.forget()
    assert pages.find_first_missing_page(_QUERY, 100) == (None, True)
    assert len(image_records.find_images(server.ids)) == 40


def test_cancelled_job_keeps_the_records_it_read(service, server, library):
    def slow(request, body):
        time.sleep(0.3)
        request.reply(200, body, {})

    server.always("page", slow)
    job_id = _read(service, 40)
    wait_for(lambda: shown(service, job_id).saved, "the first records")
    service.stop(job_id, "cancelled")
    job = _ended(service, job_id)
    assert job.state == "cancelled" and 10 <= job.saved < 40
    library.forget()
    assert len(image_records.find_images(server.ids)) >= job.saved


def test_job_whose_gallery_cannot_be_read_is_paused_with_the_reason(service, server):
    server.always("page", status(403, b"{}"))
    job = _ended(service, _read(service, 10))
    assert (job.state, job.saved) == ("paused", 0) and job.reason

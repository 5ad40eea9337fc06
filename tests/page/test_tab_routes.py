"""The addresses that the page's own code asks: who may, and what they give."""

from __future__ import annotations

import os

import pytest
from api_server import ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.paging import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.jobs import service as job_service
from civitai_manager_libs.page import routes as tab_routes
from civitai_manager_libs.page.tab import jobs as tab_jobs
from fault_answers import png
from page_driver import until
from starlette.applications import Starlette
from starlette.testclient import TestClient

_OURS = {"X-Civitai-Shortcut": "1"}
_HERE = "http://127.0.0.1:7860"


@pytest.fixture
def civitai(monkeypatch):
    with ApiServer(count=4) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        yield server


@pytest.fixture
def service(civitai, monkeypatch):
    service = job_service.JobService(CivitaiHttpClient)
    monkeypatch.setattr(tab_jobs, "_service", service)
    return service


@pytest.fixture
def app(service):
    app = Starlette()
    app.auth = None
    tab_routes.add_routes(app)
    return app


@pytest.fixture
def page(app):
    return TestClient(app, base_url=_HERE, client=("127.0.0.1", 5))


def _done(service, **answers):
    job_id = service.download_gallery("A <b>model</b>", ImageQuery(101), 4)
    until(lambda: service.shown()[0].state == "done" and not service._runs)
    return job_id


@pytest.mark.parametrize("language,title", [("en-US", "Downloads"), ("zh-TW,zh;q=0.9", "下載工作")])
def test_panel_is_in_the_language_of_the_browser(page, language, title):
    answer = page.get("/civitai_shortcut/jobs", headers={"Accept-Language": language})
    assert answer.json()["words"]["jobs_title"] == title
    assert answer.headers["cache-control"] == "no-store"


def test_panel_tells_of_each_job_what_became_of_it(page, service, civitai):
    civitai.always(civitai.ids[1], status(404))
    job_id = _done(service)
    row = page.get("/civitai_shortcut/jobs", headers={"Accept-Language": "en"}).json()["jobs"][0]
    assert (row["id"], row["title"], row["percent"]) == (job_id, "A <b>model</b>", 100)
    assert row["line"] == "3 saved, 0 skipped, 1 failed"
    failed = row["failed"][0]
    assert (failed["id"], failed["code"]) == (civitai.ids[1], "gone")
    assert failed["page"] == f"{civitai.url}/images/{civitai.ids[1]}"
    assert [action["name"] for action in row["actions"]] == ["open", "forget"]


def test_retry_is_offered_where_it_can_help(page, service, civitai):
    civitai.always(civitai.ids[1], status(403))
    _done(service)
    row = page.get("/civitai_shortcut/jobs").json()["jobs"][0]
    assert [action["name"] for action in row["actions"]] == ["retry", "open", "forget"]


def test_job_is_retried_and_forgotten_by_our_own_page(page, service, civitai):
    civitai.always(civitai.ids[1], status(403))
    job_id = _done(service)
    civitai.always(civitai.ids[1], None)
    assert page.post(f"/civitai_shortcut/jobs/{job_id}/retry", headers=_OURS).status_code == 200
    until(lambda: service.shown()[0].job.saved == 4 and not service._runs)
    answer = page.post(f"/civitai_shortcut/jobs/{job_id}/forget", headers=_OURS)
    assert answer.json()["jobs"] == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Civitai-Shortcut": "yes"},
        {**_OURS, "Origin": "http://evil.example"},
        {**_OURS, "Origin": "null"},
        {**_OURS, "Origin": "http://127.0.0.1:9999"},
        {**_OURS, "Origin": "http://[::1"},
    ],
    ids=["no-header", "another-value", "foreign-origin", "null", "another-port", "malformed"],
)
def test_deed_that_another_page_asks_for_is_refused(page, service, headers):
    job_id = _done(service)
    answer = page.post(f"/civitai_shortcut/jobs/{job_id}/forget", headers=headers)
    assert answer.status_code == 403 and len(service.shown()) == 1


def test_deed_of_our_own_page_may_say_where_it_comes_from(page, service):
    job_id = _done(service)
    headers = {**_OURS, "Origin": _HERE}
    assert page.post(f"/civitai_shortcut/jobs/{job_id}/forget", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "path,code",
    [("99/cancel", 400), ("99/nonsense", 404), ("x/cancel", 404), ("-1/cancel", 404)],
)
def test_deed_that_cannot_be_is_an_error_and_no_crash(page, path, code):
    answer = page.post(f"/civitai_shortcut/jobs/{path}", headers=_OURS)
    assert answer.status_code == code
    if code == 400:
        assert answer.json() == {"error": "There is no job 99."}


def test_deeds_are_not_done_by_following_a_link(page, service):
    job_id = _done(service)
    assert page.get(f"/civitai_shortcut/jobs/{job_id}/forget", headers=_OURS).status_code == 405


def test_database_that_cannot_be_used_is_told(page, monkeypatch):
    os.makedirs(setting.data_folder(), exist_ok=True)
    path = os.path.join(setting.data_folder(), "in-the-way")
    with open(path, "w", encoding="utf-8") as file:
        file.write("x")
    monkeypatch.setattr(setting, "database_file", lambda: os.path.join(path, "gallery.db"))
    answer = page.get("/civitai_shortcut/jobs")
    assert answer.status_code == 500 and answer.json()["error"]


# Behind a login


def test_who_is_not_logged_in_sees_and_does_nothing(app, page, service):
    job_id = _done(service)
    _put("a.png", png())
    app.auth, app.tokens = {"me": "secret"}, {"a-token": "me"}
    assert page.get("/civitai_shortcut/jobs").status_code == 401
    forget = f"/civitai_shortcut/jobs/{job_id}/forget"
    assert page.post(forget, headers=_OURS).status_code == 403
    assert page.get("/civitai_shortcut/thumbnail/a.png").status_code == 404
    page.cookies.set("access-token", "a-token")
    assert page.get("/civitai_shortcut/jobs").status_code == 200
    assert page.get("/civitai_shortcut/thumbnail/a.png").status_code == 200


# Thumbnails


def _put(name, body):
    os.makedirs(setting.shortcut_gallery_folder, exist_ok=True)
    with open(os.path.join(setting.shortcut_gallery_folder, name), "wb") as file:
        file.write(body)


def test_thumbnail_of_the_cache_is_given_as_what_it_is(page):
    _put("0123-450.jpeg", png())
    answer = page.get("/civitai_shortcut/thumbnail/0123-450.jpeg")
    assert (answer.status_code, answer.content) == (200, png())
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    ["missing.png", "../settings.json", "..%2fsettings.json", "%2e%2e%2fsettings.json", ".hidden"]
    + ["..", "%2e%2e", "a%00.png", "sub%2fa.png", "..%5csettings.json", "placeholders"],
)
def test_nothing_but_a_picture_of_the_cache_is_given(page, name):
    _put(".hidden", png())
    with open(os.path.join(setting.data_folder(), "settings.json"), "wb") as file:
        file.write(png())
    os.makedirs(os.path.join(setting.shortcut_gallery_folder, "placeholders"))
    os.makedirs(os.path.join(setting.shortcut_gallery_folder, "sub"))
    _put(os.path.join("sub", "a.png"), png())
    assert page.get(f"/civitai_shortcut/thumbnail/{name}").status_code in (404, 405)


@pytest.mark.parametrize("body", [b"<html><script>1</script>", b"", b'{"key": 1}'])
def test_file_that_is_no_picture_is_not_given(page, body):
    _put("a.png", body)
    assert page.get("/civitai_shortcut/thumbnail/a.png").status_code == 404


# The folder


def test_folder_is_opened_on_this_machine_only(app, page, service, monkeypatch):
    opened = _opener(monkeypatch, code=0)
    job_id = _done(service)
    path = f"/civitai_shortcut/jobs/{job_id}/open"
    far = TestClient(app, base_url="http://192.168.1.5:7860", client=("192.168.1.9", 5))
    answer = far.post(path, headers=_OURS)
    assert answer.status_code == 400 and service.folder(job_id) in answer.json()["error"]
    assert not opened
    assert page.post(path, headers=_OURS).status_code == 200
    assert opened[0][1] == service.folder(job_id)


def _opener(monkeypatch, code):
    """A file manager that ends with this code; what it was given."""
    opened = []

    class Opener:
        def __init__(self, arguments, **_):
            opened.append(arguments)

        def wait(self, _):
            return code

    monkeypatch.setattr(tab_routes.subprocess, "Popen", Opener)
    return opened


def test_file_manager_that_fails_is_told_with_the_folder(page, service, monkeypatch):
    _opener(monkeypatch, code=3)
    job_id = _done(service)
    answer = page.post(f"/civitai_shortcut/jobs/{job_id}/open", headers=_OURS)
    assert answer.status_code == 400 and service.folder(job_id) in answer.json()["error"]


def test_folder_that_is_gone_or_cannot_be_opened_is_told(page, service, monkeypatch):
    def no_file_manager(*_, **__):
        raise FileNotFoundError("xdg-open")

    monkeypatch.setattr(tab_routes.subprocess, "Popen", no_file_manager)
    job_id = _done(service)
    path = f"/civitai_shortcut/jobs/{job_id}/open"
    assert "No file manager" in page.post(path, headers=_OURS).json()["error"]
    os.rename(service.folder(job_id), f"{service.folder(job_id)}-moved")
    assert "is not there" in page.post(path, headers=_OURS).json()["error"]

"""Pictures as bytes: only of what was read, as what they are, whole and in parts."""

from __future__ import annotations

import http.client
import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from api_server import MODEL_ID, status
from civitai_manager_libs import setting
from civitai_manager_libs.web import bundle
from page_driver import wait_for
from served_api import ServedApi
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware


@pytest.fixture
def images(api, civitai):
    civitai.size = 700_000  # more than one piece
    return {image["id"]: image for image in api.get(f"images?model={MODEL_ID}")["images"]}


def _of(images, civitai, extension):
    return next(i for i in images if civitai.kinds[i] == extension)


def test_file_is_sent_byte_for_byte(api, civitai, images):
    for image_id in images:
        answer = api.ask(f"api/file/{image_id}")
        assert (answer.status_code, answer.content) == (200, civitai.bytes_of(image_id))


@pytest.mark.parametrize(
    "extension,kind", [("png", "image/png"), ("jpg", "image/jpeg"), ("mp4", "video/mp4")]
)
def test_media_type_follows_from_the_content(api, civitai, images, extension, kind):
    headers = api.ask(f"api/file/{_of(images, civitai, extension)}").headers
    assert headers["content-type"] == kind and headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_browser_caches_a_file_for_good(api, civitai, images):
    image_id = next(iter(images))
    answer = api.ask(f"api/file/{image_id}")
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    tag = answer.headers["etag"]
    for given in (tag, f'"x", {tag}', f"W/{tag}", "*"):
        again = api.ask(f"api/file/{image_id}", headers={"If-None-Match": given})
        assert (again.status_code, again.content) == (304, b"") and again.headers["etag"] == tag
    other = api.ask(f"api/file/{image_id}", headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


def test_bookmarked_image_deleted_by_civitai_shows_its_stored_thumbnail(api, civitai, images):
    marked, other = list(images)[:2]
    small = api.ask(f"api/thumb/{marked}").content
    api.post("annotations", {"ids": [marked], "favourite": True})
    for entry in os.scandir(setting.shortcut_gallery_folder):
        os.remove(entry.path)
    for image_id in (marked, other):
        civitai.always(image_id, status(404))
    for width in (320, 450, 800):
        answer = api.ask(f"api/thumb/{marked}?w={width}")
        assert (answer.status_code, answer.content) == (200, small)
    assert api.ask(f"api/thumb/{other}").status_code == 404


def test_cache_keeps_its_limit_in_a_burst_of_complete_images(api, civitai, images):
    """Three times as much as it may hold, by eight at once."""
    setting.change("gallery_cache_mb", 10)
    paths = [f"api/thumb/{i}?w={width}" for width in (320, 450, 800) for i in images]
    paths += [f"api/file/{i}" for i in images]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(api.ask, paths))
    assert {(answer.status_code, len(answer.content)) for answer in answers} == {(200, 700_000)}
    folder = setting.shortcut_gallery_folder
    wait_for(lambda: _size_of(folder) <= 10 * 1024 * 1024, "the cache within its limit")
    assert _size_of(folder) > 5_000_000  # no more goes than must


def _size_of(folder):
    sizes = []
    for entry in os.scandir(folder):
        with suppress(OSError):  # it goes just now
            sizes.append(entry.stat().st_size)
    return sum(sizes)


@pytest.mark.parametrize("given,sent", [("1 320", 320), ("321 x ", 450), ("99999", 800)])
def test_thumbnail_has_the_next_larger_width_of_the_image_host(api, civitai, images, given, sent):
    for image_id, width in zip((i for i in images if civitai.kinds[i] == "png"), given.split(" ")):
        assert api.ask(f"api/thumb/{image_id}?w={width}").status_code == 200
        assert f"/width={sent}/" in civitai.requests[-1], width


def test_thumbnail_of_a_video_is_its_poster(api, civitai, images):
    api.ask(f"api/thumb/{_of(images, civitai, 'mp4')}?w=320")
    assert "anim=false" in civitai.requests[-1] and "width=320" in civitai.requests[-1]


def test_thumbnails_of_different_widths_have_different_etags(api, civitai, images):
    image_id = _of(images, civitai, "png")
    tags = {api.ask(f"api/thumb/{image_id}?w={w}").headers["etag"] for w in (320, 450, 800)}
    tags.add(api.ask(f"api/file/{image_id}").headers["etag"])
    assert len(tags) == 4


# What is not given


@pytest.mark.parametrize("kind", ["thumb", "file", "images"])
def test_image_outside_the_library_is_refused(api, civitai, images, kind):
    before = len(civitai.requests)
    for image_id in ("0", "5031", "9" * 30):
        code, reason, message = api.error(f"{kind}/{image_id}")
        assert (code, reason) == (404, "not_known") and "not read" in message, image_id
    assert len(civitai.requests) == before


@pytest.mark.parametrize(
    "answer,code,reason",
    [
        (status(404), 404, "gone"),
        (status(403), 403, "needs_key"),
        (status(451), 451, "region"),
        (status(500), 502, "network"),
        (status(418), 502, "http_418"),
        (status(429, Retry_After="999"), 503, "busy"),
        (status(200, b"<html>log in</html>"), 403, "needs_key"),
        (status(200, b"words and nothing else, and more of them"), 502, "not_an_image"),
    ],
    ids=["gone", "forbidden", "region", "trouble", "other", "busy", "html", "text"],
)
def test_failure_is_returned_with_its_reason(api, civitai, images, answer, code, reason):
    image_id = next(iter(images))
    civitai.always(image_id, answer)
    told = api.error(f"file/{image_id}")
    assert told[:2] == (code, reason) and told[2]
    civitai.always(image_id, None)


def test_unwritable_disk_is_reported(api, civitai, images):
    os.makedirs(setting.data_folder(), exist_ok=True)
    with open(setting.shortcut_gallery_folder, "w", encoding="utf-8") as file:
        file.write("in the way")
    assert api.error(f"file/{next(iter(images))}")[:2] == (507, "disk")


def test_downloaded_image_is_sent_from_its_file(api, civitai, images):
    image_id = _of(images, civitai, "png")
    job = api.post("jobs", {"ids": [image_id]})["job_id"]
    wait_for(lambda: api.get("jobs")["jobs"][0]["state"] == "done", f"job {job}")
    assert api.get(f"images/{image_id}")["saved_path"]
    assert api.ask(f"api/file/{image_id}").content == civitai.bytes_of(image_id)
    assert civitai.fetched[image_id] == 1
    os.remove(api.get(f"images/{image_id}")["saved_path"])
    assert api.ask(f"api/file/{image_id}").content == civitai.bytes_of(image_id)
    assert api.get(f"images/{image_id}")["saved_path"] == ""


# Parts


def _part(api, image_id, given, **headers):
    return api.ask(f"api/file/{image_id}", headers={"Range": given, **headers})


@pytest.mark.parametrize(
    "given,start,end",
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-7", -7, None),
        ("bytes=600000-99999999", 600_000, None),
        ("bytes=-99999999", 0, None),
    ],
)
def test_range_of_a_file_is_sent(api, civitai, images, given, start, end):
    image_id = _of(images, civitai, "mp4")
    body = civitai.bytes_of(image_id)
    answer = _part(api, image_id, given)
    assert answer.content == body[start:end]
    size = len(body)
    if len(answer.content) == size:
        assert answer.status_code == 200
        return
    assert answer.status_code == 206
    first, last, whole = map(int, re.findall(r"\d+", answer.headers["content-range"]))
    assert (last - first + 1, whole) == (len(answer.content), size)
    assert body[first : last + 1] == answer.content


@pytest.mark.parametrize(
    "ranges,code,length,told",
    [
        ("bytes=700000- bytes=700000-700001 bytes=-0", 416, 0, "bytes */700000"),
        ("bytes=5-3 bytes=- bytes=a-b items=0-5 bytes=0-1,5-6", 200, 700_000, None),
    ],
    ids=["outside", "invalid"],
)
def test_range_outside_the_file_is_refused_and_an_invalid_one_ignored(
    api, civitai, images, ranges, code, length, told
):
    for given in ranges.split():
        answer = _part(api, _of(images, civitai, "mp4"), given)
        assert (answer.status_code, len(answer.content)) == (code, length), given
        assert answer.headers.get("content-range") == told, given


def test_range_for_another_etag_sends_the_whole_file(api, civitai, images):
    image_id = _of(images, civitai, "mp4")
    tag = api.ask(f"api/file/{image_id}").headers["etag"]
    assert _part(api, image_id, "bytes=0-9", **{"If-Range": tag}).status_code == 206
    assert _part(api, image_id, "bytes=0-9", **{"If-Range": '"x"'}).status_code == 200


def test_head_returns_the_size_without_a_body(api, civitai, images):
    image_id = _of(images, civitai, "mp4")
    answer = api.ask(f"api/file/{image_id}", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == "700000"
    assert answer.headers["accept-ranges"] == "bytes"


def test_host_that_compresses_responses_compresses_no_image(civitai):
    civitai.size = 700_000
    with ServedApi([Middleware(GZipMiddleware, minimum_size=1000)]) as api:
        image_id = api.get(f"images?model={MODEL_ID}")["images"][0]["id"]
        headers = {"Accept-Encoding": "gzip"}
        answer = _part(api, image_id, "bytes=5-100004", **headers)
        assert answer.status_code == 206 and answer.headers["content-encoding"] == "identity"
        assert answer.content == civitai.bytes_of(image_id)[5:100_005]


def test_video_is_not_sent_on_after_a_disconnect(api, civitai, images):
    civitai.size = 60_000_000
    image_id = _of(images, civitai, "mp4")
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=30)
    connection.request("GET", f"/civitai_shortcut/api/file/{image_id}")
    assert len(connection.getresponse().read(1000)) == 1000
    connection.close()
    wait_for(lambda: not _open_files(), "the file's end")


def _open_files():
    folder = f"/proc/{os.getpid()}/fd"
    if not os.path.isdir(folder):
        pytest.skip("no /proc")
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(os.path.join(folder, name)))
        except OSError:
            continue
    return [path for path in found if path.startswith(setting.shortcut_gallery_folder)]


# The page's own code


@pytest.mark.parametrize("name,kind", [("page.js", "text/javascript"), ("page.css", "text/css")])
def test_browser_caches_the_bundle_for_good_under_its_versions_url(api, name, kind):
    response = api.ask(f"page/{bundle.find_code_version()}/{name}")
    assert response.status_code == 200 and response.content
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"
    assert response.headers["cache-control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["page.js", "page.css", "webui_fields.js"])
def test_current_files_are_requested_at_each_load(api, name):
    response = api.ask(f"page/current/{name}")
    assert response.status_code == 200 and response.content
    assert response.headers["cache-control"] == "no-cache"


def test_code_of_another_version_is_refused_with_a_hint_to_reload(api):
    response = api.ask("page/0123456789abcdef/page.js", headers={"Accept-Language": "en"})
    assert response.status_code == 410
    assert response.json()["error"]["message"] == "The extension was updated: reload this page."


def test_request_of_another_version_is_refused_with_a_hint_to_reload(api):
    header = "X-Civitai-Shortcut-Code"
    assert api.ask("api/jobs", headers={header: bundle.find_code_version()}).status_code == 200
    refused = api.ask("api/jobs", headers={header: "0123"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "outdated")


def test_only_the_pages_code_is_served(api):
    names = ["missing.js", "package.json", "..%2fcivitai_shortcut.js", "a.js%00", "page.JS"]
    names += ["grid/", "..%5ccivitai_shortcut.js", "grid/..%2f..%2fcivitai_shortcut.js"]
    for version in ("current", bundle.find_code_version()):
        for name in names:
            assert api.ask(f"page/{version}/{name}").status_code in (404, 410), (version, name)

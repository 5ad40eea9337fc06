"""Posts: their titles and texts, and the uploader's order of their images."""

from __future__ import annotations

import random
from types import SimpleNamespace

import pytest
from api_server import ApiServer, status
from civitai_manager_libs import setting
from civitai_manager_libs.library import pages, posts
from civitai_manager_libs.library.database import MemoryCache, writing
from gallery_page import SMALL
from hypothesis import example, given, settings, strategies as st
from page_driver import expect

_POST = 77
_PATH = f"images?post={_POST}&level=XXX&limit=100"


@pytest.fixture
def site(monkeypatch, fresh):
    """Yield a Civitai whose images are all of one post."""
    monkeypatch.setattr(posts, "_limited_until", {})
    with ApiServer(count=250) as server:
        monkeypatch.setenv("CIVITAI_BASE_URL", server.url)
        order = random.Random(1).sample(server.ids, len(server.ids))[:100]
        server.posts[_POST] = {
            "id": _POST,
            "title": "  Evening\n series ",
            "detail": "<p>One <b>evening</b></p><script>x</script><p>by the sea</p>",
            "user": {"id": 1, "username": "anna"},
            "images": [*({"id": one} for one in order), {"id": "x"}, None, {"id": 1}],
        }
        yield server


def _ids(page):
    return [image["id"] for image in page["images"]]


def _count_asked(site):
    return sum(path.startswith("/api/v1/posts/") for path in site.requests)


_ANSWERS = {  # of the route of posts
    "whole": None,
    "gone": status(404),
    "broken": status(500),
    "no post": status(200, b"[]"),
    "no id": status(200, b'{"id": "x"}'),
    "other": status(200, b'{"id": 9, "title": "of another post"}'),
    "60": status(429),
    "60.0": status(429, Retry_After="0"),
    "1": status(429, Retry_After="1"),
    "100": status(429, Retry_After="100"),
    "4000": status(429, Retry_After="4000"),
}
_DAY = 86_400
_READS = st.tuples(
    st.sampled_from(["127.0.0.1", "localhost"]),
    st.sampled_from([*_ANSWERS, *["whole"] * 5]),
    st.sampled_from(["", "&fresh=1", "&from_library=1"]),
    st.sampled_from([0, 0, 50, 70, 3_950, _DAY]),  # seconds before
)


@settings(max_examples=30)
@given(st.sampled_from([0, 1, 100, 101, 250]), st.lists(_READS, min_size=1, max_size=6))
@example(250, [("localhost", "whole", "", 0), ("127.0.0.1", "gone", "&from_library=1", 0)])
@example(1, [(host, "gone", "&fresh=1", 0) for host in ("localhost", "localhost", "127.0.0.1")])
@example(1, [("localhost", "60", "", 0), *[("localhost", "60", "&fresh=1", 50)] * 3])
@example(1, [("localhost", "1", "", 0), ("localhost", "whole", "&fresh=1", 50)])
@example(1, [("localhost", "100", "", 0), *[("localhost", "60", "&fresh=1", 70)] * 2])
@example(1, [("localhost", "60", "", 0), ("127.0.0.1", "whole", "&fresh=1", 0)])
@example(1, [("localhost", "4000", "", 0), *[("localhost", "60", "&fresh=1", 3_950)] * 2])
def test_post_is_in_the_uploaders_order_wherever_it_is_read(site, api, fresh, count, reads):
    """Of two hosts, which do not send a post always, and send it in another order each time."""
    everything, url, now, order = site.ids, site.url, 1e9, []
    missing, limited, asked, read_at, hosts = {}, {}, 0, None, set()
    site.ids = ids = everything[:count]
    with writing() as db:
        db.execute("DELETE FROM posts")
        db.execute("DELETE FROM pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setting, "is_on_civitai", lambda base: True)
        patch.setattr(posts, "_missing", {})
        patch.setattr(posts, "_limited_until", {})
        patch.setattr(posts, "time", SimpleNamespace(time=lambda: now, monotonic=lambda: now))
        patch.setattr(pages, "_fetched", MemoryCache(1 << 20))
        for host, answer, source, seconds in reads:
            now += seconds
            site.url = url.replace("127.0.0.1", host)
            patch.setenv("CIVITAI_BASE_URL", site.url)
            site.always("post", _ANSWERS[answer])
            sent = random.sample(ids, len(ids))[:100]
            site.posts[_POST]["images"] = [*({"id": i} for i in sent), {"id": "x"}, None, {"id": 1}]
            is_remote = source == "&fresh=1" or not source and host not in hosts
            is_fresh = read_at is not None and now < read_at + _DAY
            if (
                is_remote
                and not is_fresh
                and now >= max(d.get(host, 0.0) for d in (limited, missing))
            ):
                asked += 1
                if answer == "whole":
                    order, read_at = sent, now
                missing |= {host: now + _DAY} if answer == "gone" else {}
                limited |= {host: now + float(answer)} if answer[0].isdigit() else {}
            hosts |= {host} if is_remote and count else set()
            if source == "&from_library=1" and not hosts:
                assert api.error(f"{_PATH}{source}")[1] == "not_known"
                continue
            shown, page = [], {"cursor": ""}
            while page["cursor"] is not None:
                page = api.get(f"{_PATH}{source}&cursor={page['cursor']}")
                shown.append(page)
            fresh.finish()
            rest = sorted(set(ids) - set(order))
            assert [i for page in shown for i in _ids(page)] == ([*order, *rest] if order else ids)
            assert len(shown) == (1 if read_at else max(1, -(-count // 100)))
            assert _count_asked(site) == asked
            assert (shown[0]["post"] or {}).get("title") == ("Evening series" if read_at else None)
    site.ids, site.url = everything, url
    site.requests.clear()


def test_title_and_text_of_a_post_are_plain(site, api):
    post = api.get(_PATH)["post"]
    assert (post["title"], post["user"]) == ("Evening series", "anna")
    assert post["text"] == "One evening\nby the sea"


def test_other_orders_of_a_post_are_civitais(site, api):
    page = api.get(f"{_PATH}&sort=Most Reactions")
    assert _ids(page) == site.ids[:100] and page["cursor"] is not None
    assert page["post"]["title"] == "Evening series"


@pytest.mark.parametrize("ids", ["[1, ", "5", "[{}]", "[9e999]"])
def test_damaged_post_is_requested_again(site, api, fresh, ids):
    page = api.get(_PATH)
    fresh.finish()
    with writing() as db:
        db.execute("UPDATE posts SET ids = ?", (ids,))
    assert api.get(_PATH)["images"]
    assert api.get(f"posts/{_POST}") == page["post"] and _count_asked(site) == 2


def test_unreadable_row_of_a_posts_later_page_is_told(site, api):
    def spoil(request, body):
        request.reply(200, body.replace(b'"id": 5100', b'"id": null'), {})

    site.script("page", lambda request, body: request.reply(200, body, {}), spoil)
    page = api.get(_PATH)
    assert len(page["images"]) == 249
    assert [note["code"] for note in page["notes"]] == ["unreadable_rows"]


def test_post_whose_second_page_does_not_come_shows_the_first(site, api):
    site.script("page", lambda request, body: request.reply(200, body, {}), status(500))
    page = api.get(_PATH)
    assert len(page["images"]) == 100 and page["cursor"] is not None and page["post"]


def test_page_and_details_tell_of_a_post_where_it_is_open_or_posts_are_grouped(
    server, open_gallery
):
    page = open_gallery(server, **SMALL).ready()
    page.open_filters()
    page.field("group-posts").check()
    page.key("Escape")
    page.open()
    post = page.viewer.locator(".post")
    expect(post).to_contain_text("Series")
    expect(post).to_contain_text("One after another")
    page.key("ArrowRight")
    expect(post).to_contain_text("Series")
    page.key("Escape")
    page.tiles.first.click(button="right")
    page.control("menu-post").click()
    expect(page.page.locator(".gallery-header h2")).to_contain_text("Series")
    expect(page.page.locator(".gallery-header .about")).to_contain_text("One after another")
    expect(page.page.locator("[data-field=sort] option:checked")).to_have_text("As posted")
    expect(page.tiles).to_have_count(3)

"""Requests to Civitai's API, and its responses parsed into records."""

import copy
import json
import math
from pathlib import Path

import pytest
from cases import any_json
from civitai_manager_libs.civitai import api as civitai_api, find_example_image, parse_reference
from civitai_manager_libs.civitai import records as civitai_records, Reference
from civitai_manager_libs.civitai.image_query import ImageQuery, Page
from civitai_manager_libs.core.images import ReactionCounts
from civitai_manager_libs.errors import InputError, InvalidResponse, NeedsKey
from hypothesis import given, strategies as st
from site_stand_in import Site, SiteClient

ACCOUNT = "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA"
UUID = "3f0c1a52-7b1e-4c0d-9a55-0d5b7f6a1e01"
PICTURE = f"{ACCOUNT}/{UUID}/original=true/{UUID}.jpeg"
VIDEO = f"{ACCOUNT}/{UUID}/original=true/{UUID}.mp4"
EVERYTHING = 31
# What Civitai sends: an image, a page of every kind of image, a model and one of its versions.
_SENT = json.loads((Path(__file__).parent / "site_records.json").read_text(encoding="utf-8"))
WHOLE_PAGE, MODEL, VERSION = _SENT["page"], _SENT["model"], _SENT["version"]


class Client:
    """A client with one response for all requests; it records the requests."""

    def __init__(self, body):
        self.body, self.asked = body, []

    def fetch_json(self, url, params=None):
        self.asked.append((url, params))
        if isinstance(self.body, Exception):
            raise self.body
        return self.body


def row(image_id: int = 90000101, **changes) -> dict:
    """Return an item of `/images` as the site sends it; a change to `...` removes the key."""
    item = {**copy.deepcopy(_SENT["image"]), "id": image_id, **changes}
    return {name: value for name, value in item.items() if value is not ...}


def body(*rows, **metadata) -> dict:
    return {"items": list(rows), "metadata": metadata}


def read(*rows, query: ImageQuery = ImageQuery(version_id=700200, level=EVERYTHING), **metadata):
    return civitai_api.fetch_images(Client(body(*rows, **metadata)), query)


def image(**changes):
    [found] = read(row(**changes)).images
    return found


def test_whole_page_is_parsed_without_images_above_the_level():
    page = civitai_api.parse_page(WHOLE_PAGE)
    assert [i.id for i in page.images] == [90000101, 90000099, 90000090, 90000085, 90000070]
    assert [i.level for i in page.images] == [1, 2, 1, 1, 16]
    assert [i.type == "video" for i in page.images] == [False, False, False, True, False]
    assert (page.next_cursor, page.dropped) == ("5|1785317342117", 0)
    assert page.images[1].meta["comfy"] == WHOLE_PAGE["items"][1]["meta"]["comfy"]
    assert page.images[2].meta is None and page.images[2].username == ""
    page = civitai_api.fetch_images(Client(WHOLE_PAGE), ImageQuery(version_id=700200, level=1))
    assert [i.id for i in page.images] == [90000101, 90000090, 90000085]
    assert (page.other_ids, page.dropped, page.without_data) == ((90000099, 90000070), 0, 0)
    for said in ({"browsingLevel": 32}, {"browsingLevel": ..., "nsfwLevel": "Blocked"}):
        assert read(row(**said), query=ImageQuery(level=63)).images == ()


def test_every_field_of_an_image_is_parsed():
    sent = row()
    found = image()
    assert (found.url, found.type, found.width, found.height) == (PICTURE, "image", 1024, 1536)
    assert found.hash == sent["hash"]
    assert (found.created_at, found.post_id) == ("2026-07-30T08:15:42.117Z", 21000001)
    assert (found.username, found.base_model) == ("harbor_artist", "SD 1.5")
    assert found.version_ids == (700200, 455001)
    assert found.reactions == ReactionCounts(likes=87, hearts=45, laughs=1, cries=2)
    assert found.meta == sent["meta"] and found.record == sent


@pytest.mark.parametrize("metadata", [{}, {"nextCursor": None}, {"nextCursor": ""}, None, "text"])
def test_page_without_a_cursor_is_the_last(metadata):
    sent = Client({"items": [row()], "metadata": metadata})
    assert civitai_api.fetch_images(sent, ImageQuery()).next_cursor is None


@pytest.mark.parametrize(
    ("sent", "cursor"),
    [
        ("90000069", "90000069"),
        (90000069, "90000069"),
        ('200|bdx:{"sortValue":17,"id":"a"}', '200|bdx:{"sortValue":17,"id":"a"}'),
    ],
    ids=["digits", "number", "bitdex"],
)
def test_cursor_is_returned_unchanged(sent, cursor):
    assert read(row(), nextCursor=sent).next_cursor == cursor


@pytest.mark.parametrize("cursor", [True, {"a": 1}, math.nan, "\ud800", "a\nb", "x" * 5000])
def test_invalid_cursor_raises_instead_of_ending_the_gallery(cursor):
    with pytest.raises(InvalidResponse, match="position of the next page"):
        read(row(), nextCursor=cursor)


@pytest.mark.parametrize("answer", [None, [row()], "text", {}, {"items": None}, {"items": {}}])
def test_body_without_a_list_of_items_raises_invalid_response(answer):
    with pytest.raises(InvalidResponse, match="^Civitai did not send a page of images"):
        civitai_api.fetch_images(Client(answer), ImageQuery())
    with pytest.raises(InvalidResponse, match="^Civitai did not send a list of models"):
        civitai_api.search_models(Client(answer), "cats")
    for told in ("Something\nbroke", {"name": "ZodError", "message": "Something broke"}):
        with pytest.raises(InvalidResponse, match="but says: Something broke.$"):
            civitai_api.fetch_images(Client({"error": told}), ImageQuery())
    with pytest.raises(NeedsKey):  # an error of the client is not changed
        civitai_api.fetch_username(Client(NeedsKey("The key is wrong.", 401)))


def asked(query: ImageQuery, cursor: str | None = None, **more):
    client = Client(body())
    civitai_api.fetch_images(client, query, cursor, **more)
    [(url, params)] = client.asked
    assert url == "https://civitai.com/api/v1/images"
    return params


def test_request_has_every_filter_of_the_query():
    wanted = {"modelVersionId": 700200, "sort": "Newest", "period": "AllTime", "browsingLevel": 1}
    wanted |= {"limit": 100, "withMeta": "true", "flatMeta": "true"}
    assert asked(ImageQuery(version_id=700200)) == wanted
    query = ImageQuery(600100, 700200, "Most Reactions", "Month", 7, "video")
    params = asked(query, "100|1744925337225", limit=24)
    wanted = {"modelVersionId": 700200, "sort": "Most Reactions", "period": "Month"}
    wanted |= {"browsingLevel": 7, "type": "video", "limit": 24, "cursor": "100|1744925337225"}
    assert wanted.items() <= params.items()
    assert "modelId" not in params


def test_unknown_user_has_an_empty_page_even_if_civitai_sends_404():
    site = Site([], "index")
    assert civitai_api.fetch_images(SiteClient(site), ImageQuery(username="nobody")) == Page()
    site.index = "feed"
    assert civitai_api.fetch_images(SiteClient(site), ImageQuery(username="nobody")) == Page()


@pytest.mark.parametrize(("limit", "sent"), [(0, 20), (3, 20), (200, 200), (5000, 200)])
def test_limit_is_adjusted_to_the_range_of_the_api(limit, sent):
    assert asked(ImageQuery(), limit=limit)["limit"] == sent


FLAT = {"prompt": "a", "meta": "user's own key"}


@pytest.mark.parametrize(
    ("sent", "meta"),
    [
        ({"prompt": "a"}, {"prompt": "a"}),
        (FLAT, FLAT),
        *[({**more, "meta": {"prompt": "a"}}, {"prompt": "a"}) for more in ({}, {"id": 1})],
        ({"meta": {"meta": {"meta": {"prompt": "a"}}}}, None),
        *[(sent, None) for sent in ({"id": 1, "meta": [1]}, {}, "prompt", None)],
    ],
)
def test_metadata_is_unwrapped_or_none(sent, meta):
    assert image(meta=sent).meta == meta
    hidden = image(meta=sent, hasMeta=False)
    assert hidden.meta is None and "prompt" not in json.dumps(hidden.record)


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ({"browsingLevel": 4, "nsfwLevel": "Mature"}, 4),
        ({"browsingLevel": "8"}, 8),
        ({"browsingLevel": 0, "nsfwLevel": "Soft"}, 2),
        ({"nsfwLevel": "None"}, 1),
        ({"nsfwLevel": "Soft"}, 2),
        ({"nsfwLevel": "Mature"}, 4),
        ({"nsfwLevel": "X"}, 16),
        ({"nsfwLevel": 12}, 8),
        ({"nsfw": True}, 16),
        ({"nsfw": False}, 1),
        ({}, 1),
        ({"browsingLevel": 10**30}, 16),
        ({"browsingLevel": math.nan}, 16),
        ({"nsfwLevel": "who knows"}, 16),
    ],
    ids=str,
)
def test_rating_is_parsed_in_every_form(said, level):
    shape = {"browsingLevel": ..., "nsfwLevel": ..., "nsfw": ...} | said
    assert image(**shape).level == level


def test_images_that_only_lack_data_are_counted():
    rows = [row(id=1), row(id=2, meta=None), row(id=3, meta=None, browsingLevel=16)]
    query = ImageQuery(version_id=700200, level=1, with_meta=True)
    page = civitai_records.page_from_json(body(*rows), query)
    assert ([image.id for image in page.images], page.other_ids) == ([1], (2, 3))
    assert page.without_data == 1


def test_only_the_requested_type_is_included_and_audio_only_if_it_is():
    sound = row(3, type="audio", url=PICTURE.replace(".jpeg", ".mp3"))
    rows = (row(1), row(2, url=VIDEO, type="video"), sound)
    assert [i.id for i in read(*rows).images] == [1, 2]
    for number, kind in enumerate(("image", "video", "audio"), 1):
        assert [i.id for i in read(*rows, query=ImageQuery(type=kind)).images] == [number]


@pytest.mark.parametrize("sent", [..., None, "gif", ["video"]])
def test_missing_type_is_guessed_from_the_url(sent):
    assert image(type=sent, url=VIDEO).type == "video"
    assert image(type=sent, url=PICTURE).type == "image"


@pytest.mark.parametrize(
    "url",
    [
        PICTURE,
        PICTURE.replace("https", "HTTPS"),
        "https://imagecache.civitai.com/a/b.jpeg",
        f"https://image-b2.civitai.com/file/civitai-media-cache/{UUID}/original",
        "https://image.civitai.red:443/a.png?x=1#y",
        "https://civitai.com/a.png",
        "https://image.civitai.com/an old name.jpeg",
    ],
)
def test_image_on_civitais_hosts_is_included(url):
    assert image(url=url).url == url


_FOREIGN = [None, 5, ["https://civitai.com/a.png"], "", " https://image.civitai.com/a.png"]
_FOREIGN += ["https://image.civitai.com/a\n.png", "https://image.civitai.com/a\u202egnp.exe"]
_FOREIGN += ["https://image.civitai.com/\ud800.png", "https://image.civitai.com/" + "a" * 3000]
_FOREIGN += [f"https://{'a' * 64}.civitai.com/a.png", "https://civit\u0430i.com/a.png"]
_FOREIGN += r"""
civitai.com/a.png //civitai.com/a.png http://image.civitai.com/a.png file:///etc/passwd
javascript:alert(1)//civitai.com/ https://evil.example/a.png https://civitai.com.evil.example/a.png
https://civitai.com@evil.example/a.png https://user:pw@image.civitai.com/a.png
https://image.civitai.com:8443/a.png https://image.civitai.com\@evil.example/a.png
https://evil.example\.civitai.com/a.png https://evil.example#.civitai.com/a.png
https://civitai.com./a.png https://127.0.0.1/a.png
""".split()


@pytest.mark.parametrize("url", _FOREIGN, ids=repr)
def test_image_on_another_host_is_dropped_and_counted(url):
    page = read(row(1), row(2, url=url))
    assert [i.id for i in page.images] == [1]
    assert page.dropped == 1


@pytest.mark.parametrize(
    ("base", "url", "taken"),
    [
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123/a.png", True),
        ("http://127.0.0.1:8123/mirror", "http://127.0.0.1:8123/a.png", True),
        ("http://[::1]:8123", "http://[::1]:8123/a.png", True),
        ("http://mirror.example", "https://mirror.example/a.png", True),
        ("https://Mirror.example", "https://mirror.example:443/a.png", True),
        ("http://127.0.0.1:8123", PICTURE, True),
        ("http://127.0.0.1:8123", "http://127.0.0.1:22/a.png", False),
        ("http://127.0.0.1:8123", "http://127.0.0.1/a.png", False),
        ("https://mirror.example", "http://mirror.example/a.png", False),
        ("http://mirror.example", "http://image.civitai.com/a.png", False),
        ("http://[broken", "http://[broken/a.png", False),
    ],
)
def test_image_on_the_base_urls_host_is_included(monkeypatch, base, url, taken):
    monkeypatch.setenv("CIVITAI_BASE_URL", base)
    assert len(read(row(url=url)).images) == taken


_JUNK = [None, "row", [row()], {}, {"id": 5}, {"url": PICTURE}]
_JUNK += [row(id=image_id) for image_id in (0, True, 1.5, 2**63, "1e5", "٣", [1], math.inf)]


@pytest.mark.parametrize("junk", _JUNK, ids=lambda junk: repr(junk)[:30])
def test_invalid_row_is_counted_and_the_others_are_kept(junk):
    page = read(row("90000101"), junk, row(2.0))
    assert [i.id for i in page.images] == [90000101, 2]
    assert page.dropped == 1


@pytest.mark.parametrize("junk", [None, ..., True, "wide", -1, 10**40, math.nan, math.inf, [], {}])
def test_field_of_a_wrong_type_is_ignored(junk):
    names = "hash width height createdAt postId username baseModel modelVersionIds stats meta"
    found = image(**{name: junk for name in names.split() if junk != "wide" or name[0] in "wh"})
    assert (found.width, found.height, found.hash) == (0, 0, "")
    if junk != "wide":
        assert (found.created_at, found.post_id, found.username) == ("", None, "")
        assert (found.base_model, found.version_ids, found.meta) == ("", (), None)
        assert found.reactions == ReactionCounts()
    found = image(
        stats={"likeCount": "7", "heartCount": None, "cryCount": -3, "laughCount": 2.0},
        modelVersionIds=[5, "6", 5, None, -1, 2**40, {"id": 7}],
    )
    assert (found.reactions, found.version_ids) == (ReactionCounts(likes=7, laughs=2), (5, 6))
    for date in ("yesterday", "2026-07-30T08:15:42.117Z\n", "2026-07-30 <b>"):
        assert image(createdAt=date).created_at == ""


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("harbor_artist", "harbor_artist"),
        ("unknown", ""),
        ("a\r\nb", "a b"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("\u202egnp.exe\u2069", "gnp.exe"),
        ("\ud800half", "half"),
        ("  \u2028 ", ""),
        ("名前", "名前"),
        ("x" * 10_000, "x" * 60),
    ],
    ids=["plain", "gone", "newline", "control", "direction", "half", "blank", "other", "long"],
)
def test_username_is_cleaned_to_one_line(sent, name):
    assert image(username=sent).username == name


def test_model_is_parsed_with_its_versions():
    model = civitai_api.fetch_model(Client(MODEL), 600100)
    assert (model.id, model.name) == (600100, "Example Mix / test: \"quotes\"")
    assert (model.type, model.creator) == ("Checkpoint", "harbor_artist")
    assert (model.description_text, model.tags) == ("Demo", ("base model", "landscape"))
    found = [(v.id, v.name, v.base_model) for v in model.versions]
    assert found == [(700200, "v2.0", "SD 1.5"), (650050, "v1.0", "SD 1.5")]
    assert {v.model_id for v in model.versions} == {600100}


def _cover_of(sent, level=1):
    [model] = civitai_api.search_models(Client(body(sent)), "mix", level)[0]
    return model.cover and model.cover.id


def test_cover_is_the_first_image_within_the_level_or_else_a_video():
    sent = copy.deepcopy(MODEL)
    sent["modelVersions"][0]["images"].reverse()
    assert (_cover_of(sent), _cover_of(sent, level=7)) == (89900001, 89900001)
    sent["modelVersions"][0]["images"].pop()
    assert (_cover_of(sent), _cover_of(sent, level=7)) == (None, 89900002)
    sent = copy.deepcopy(MODEL)
    del sent["modelVersions"][0]["images"][0]["nsfwLevel"]  # which may be of any level
    assert (_cover_of(sent, level=15), _cover_of(sent, level=31)) == (89900002, 89900001)


def test_cover_is_an_image_of_a_valid_version():
    sent = copy.deepcopy(MODEL)
    images = sent["modelVersions"][0]["images"]
    sent["modelVersions"] = [{"name": "without an id", "images": images}]
    assert _cover_of({**sent, "images": images}) is None
    del sent["modelVersions"]
    assert _cover_of({**sent, "images": images}) is None
    assert find_example_image({"id": 8, "images": images}, 1).id == 89900001
    assert find_example_image({"images": images}, 1) is None


@pytest.mark.parametrize(
    "files,names",
    [
        ([{"hashes": {"AutoV2": "ABCDEF0123", "SHA256": "AB"}}], {"abcdef0123"}),
        ([{"name": "Mix_v2.safetensors", "hashes": {}}], {"mix_v2"}),
        ([{"hashes": {"AutoV2": "not hex..."}}, {"hashes": None, "name": 5}, 7], set()),
        ([{"hashes": {"AutoV2": ["ABCDEF0123"]}, "name": None}], set()),
        ("junk", set()),
        (None, set()),
    ],
    ids=["hash", "name", "junk-in-it", "a-list", "text", "none"],
)
def test_version_has_the_names_and_hashes_of_its_files(files, names):
    sent = {**copy.deepcopy(VERSION), "files": files}
    assert civitai_api.fetch_version(Client(sent), 700200).files == names


def test_models_versions_and_users_have_separate_api_paths(monkeypatch):
    for base in ("https://civitai.com", "http://127.0.0.1:9/mirror/"):
        monkeypatch.setenv("CIVITAI_BASE_URL", base)
        for read_one, path in (
            (lambda c: civitai_api.fetch_model(c, 5), "models/5"),
            (lambda c: civitai_api.fetch_version(c, 6), "model-versions/6"),
            (civitai_api.fetch_username, "me"),
        ):
            client = Client({**VERSION, "username": "me\n"})
            found = read_one(client)
            assert client.asked[0][0] == f"{base.rstrip('/')}/api/v1/{path}"
        assert found == "me"
    version = civitai_api.fetch_version(Client(VERSION), 700200)
    assert (version.id, version.model_id, version.model_name) == (700200, 600100, "Example Mix")
    assert version.trained_words == ("harbor style",)


@pytest.mark.parametrize(("level", "sent"), [(1, None), (3, "true"), (31, "true"), (32, None)])
def test_search_includes_nsfw_only_above_level_pg_and_each_valid_model_once(level, sent):
    client = Client(body(MODEL, None, 5, {"id": "x"}, MODEL))
    found, _ = civitai_api.search_models(client, "two words", level=level)
    [(url, params)] = client.asked
    assert url == "https://civitai.com/api/v1/models"
    assert params.pop("nsfw", None) == sent
    assert params == {"query": "two words", "limit": 20}
    assert [model.id for model in found] == [600100]


@pytest.mark.parametrize("answer", [None, [MODEL], {}, {"id": 0}, "x", {"id": 2**31}])
def test_malformed_record_raises_invalid_response(answer):
    for read_one in (
        lambda c: civitai_api.fetch_model(c, 1),
        lambda c: civitai_api.fetch_version(c, 1),
        civitai_api.fetch_username,
    ):
        with pytest.raises(InvalidResponse, match="^Civitai did not send a"):
            read_one(Client(answer))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>two <b>three</b></p>", "One\ntwo three"),
        ("<ul><li>x</li><li>y</li></ul>", "x\ny"),
        ("<script>alert(1)</script>ok<style>p{}</style>", "ok"),
        ("Fish &amp; chips &lt;b&gt;", "Fish & chips <b>"),
        *[("<", "<"), (None, ""), (5, ""), ("<b>" * 40_000 + "late", "")],
    ],
)
def test_description_is_converted_to_plain_text(html, text):
    sent = {"id": 7, "description": html, "modelVersions": [{"id": 8}]}
    model = civitai_api.fetch_model(Client(sent), 7)
    assert model.description_text == text
    assert (model.name, model.versions[0].name) == ("Model 7", "Version 8")  # without names
    assert (model.creator, model.cover) == ("", None)


_SITE = "https://civitai.com"
_OF_A_MODEL = [f"{_SITE}/models/123", f"{_SITE}/en/models/123", "civitai.com/models/123"]
_OF_A_MODEL += ["https://civitai.green/models/123", "//civitai.com/models/123", "civitai:123"]
_OF_A_MODEL += [f"  <{_SITE}/models/123>  ", f"look: {_SITE}/models/123, it is good"]
_OF_A_MODEL += [
    f"（{_SITE}/models/123）",
    f"看{_SITE}/models/123這個",
    f"「{_SITE}/models/123/x」。",
]
_OF_A_MODEL += ["urn:air:sdxl:lora:civitai:123", "127.0.0.1:8123/models/123", " 0123\n", "123"]
_OF_BOTH = [f"{_SITE}/models/123/a-slug?modelVersionId=456", "123?modelVersionId=456", "123@456"]
_OF_BOTH += [f"{_SITE}/models/123?modelVersionId=456&x=1#gallery", "civitai: 123 @ 456"]
_OF_BOTH += [f"{_SITE}/models/123?modelVersionId=456，很好"]
_OF_BOTH += [f"{_SITE}/models/123/v2模型?modelVersionId=456"]
_OF_BOTH += ["HTTPS://CIVITAI.COM/MODELS/123?MODELVERSIONID=456"]
_OF_BOTH += [f"{_SITE}/api/v1/images?modelId=123&modelVersionId=456"]
_OF_BOTH += ["/models/123/slug?modelVersionId=456"]
_OF_BOTH += ["urn:air:sd1:checkpoint:civitai:123@456:layer?.safetensors"]
_OF_A_VERSION = [f"{_SITE}/model-versions/456", f"{_SITE}/api/download/models/456?type=Model"]
_OTHERS = {
    f"{_SITE}/images/99": Reference(image_id=99),
    f"{_SITE}/images/99?modelVersionId=4": Reference(image_id=99, version_id=4),
    **{"/images/99": Reference(image_id=99), "posts/7": Reference(post_id=7)},
    f"{_SITE}/en/posts/7/edit": Reference(post_id=7),
    f"{_SITE}/user/harbor_artist/images": Reference(username="harbor_artist"),
    f"{_SITE}/user/anna9。": Reference(username="anna9"),
    "user/a%5Fb": Reference(username="a_b"),
    f"{_SITE}/collections/12": Reference(collection_id=12),
    f"{_SITE}/models/5/user/posts/7": Reference(model_id=5),
    "2147483647": Reference(2147483647, is_bare=True),
    **{text: Reference(123, is_bare=text.strip().isdigit()) for text in _OF_A_MODEL},
    **{text: Reference(123, 456) for text in _OF_BOTH},
    **{text: Reference(None, 456) for text in (*_OF_A_VERSION, "?modelVersionId=456")},
}


@pytest.mark.parametrize(("text", "named"), _OTHERS.items())
def test_text_refers_to_a_model_version_image_post_or_user(monkeypatch, text, named):
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:8123")
    assert parse_reference(text) == named
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://[nonsense")
    assert parse_reference(text) == named or "127.0.0.1" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("anime mix", "anime mix"),
        ("  two\n words ", "two words"),
        ("air: balloons", "air: balloons"),
        ("ratio 1/2", "ratio 1/2"),
        ("水彩", "水彩"),
        ("a\x00b\u202e", "ab"),
        ("-5", "-5"),
    ],
)
def test_any_other_text_is_search_words(text, words):
    assert parse_reference(text) == Reference(words=words)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Nothing was given"),
        *[(text, "A search needs") for text in ("\u202e\x00", "x" * 300)],
        ("x" * 5000, "too long"),
        *[(number, f"{number} is not a model id") for number in ("0", "2147483648")],
        ("https://civitai.com/models/99999999999", "is not a model id"),
        ("https://civitai.com/models/1?modelVersionId=abc", "abc is not a version id"),
        ("civitai.com/models/1/x?modelVersionId&tag=2", "Nothing is not a version id"),
        ("1?modelVersionId=abc", "abc is not a version id"),
        ("https://civitai.com/models/abc", "not a model, version, image, post or user"),
        ("https://civitai.com/images/0", "0 is not a image id"),
        ("https://civitai.com/user/some.one", "cannot find users with a name such as some.one"),
        ("https://civitai.com/user/some9海", "cannot find users with a name such as some9海"),
        ("civitai.com", "not a model, version, image, post or user"),
        ("https://huggingface.co/models/123", "on huggingface.co, not on Civitai"),
        ("https://civitai.com@evil.example/models/1", "on evil.example, not on Civitai"),
        ("ftp://civitai.com/models/1", "Only http and https"),
        ("https://[broken/models/1", "is not valid"),
        ("urn:air:sdxl:lora:huggingface:a/b@c", "not one of Civitai's"),
    ],
)
def test_invalid_reference_raises_an_error_that_says_what_to_type(text, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        parse_reference(text)
    assert "give a" in str(caught.value) and str(caught.value).isprintable()
    with pytest.raises(InputError) as caught:
        parse_reference(text, suggests_search=False)
    assert "words" not in str(caught.value)


_TEXTS = st.text(max_size=30) | st.sampled_from(
    [PICTURE, VIDEO, "\ud800", "Blocked", "\x00", "12", "9" * 50, "2026-01-01", "<p>x", "NaN"]
)
_NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**63, 1e308])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXTS
_JSON = any_json(_TEXTS, 12, _SCALARS)
_ROW_KEYS = list(row()) + ["hasMeta", "metadata"]
_MODEL_KEYS = [*MODEL, *VERSION, "message", "error", "username"]


def _objects(keys, sound, values=_JSON):
    """Return a strategy for valid records in which some keys are missing or hold any value."""
    changes = st.dictionaries(st.sampled_from(keys), values | st.just(...), max_size=6)
    return changes.map(lambda c: {k: v for k, v in {**sound, **c}.items() if v is not ...})


_ROWS = _objects(_ROW_KEYS, row()) | _JSON
_MODELS = _objects(_MODEL_KEYS, MODEL, _JSON | st.lists(_objects(_ROW_KEYS, row()), max_size=3))
_VERSIONS = _objects(_MODEL_KEYS, VERSION, _JSON | st.lists(_ROWS, max_size=3))


def _is_sound(found) -> bool:
    texts = (found.username, found.base_model, found.created_at, found.hash)
    return (
        1 <= found.id < 2**63
        and found.url.startswith("https://image.civitai.com/")
        and found.type in ("image", "video")
        and found.level in (1, 2, 4, 8, 16)
        and found.width >= 0
        and all(text.isprintable() or not text.strip() for text in texts)
        and (found.meta is None or isinstance(found.meta, dict))
    )


@given(st.lists(_ROWS, max_size=4), _JSON | st.fixed_dictionaries({"nextCursor": _SCALARS}))
def test_hostile_page_gives_valid_images_or_raises(rows, metadata):
    client = Client({"items": rows, "metadata": metadata})
    try:
        page = civitai_api.fetch_images(client, ImageQuery(level=EVERYTHING))
    except InvalidResponse as error:
        assert str(error).isprintable()
        return
    assert all(_is_sound(found) for found in page.images)
    assert len(page.ids) + page.dropped == len(rows)
    assert page.next_cursor is None or page.next_cursor.isprintable()


@given(_JSON | _MODELS | _VERSIONS)
def test_hostile_model_gives_valid_records_or_raises(answer):
    for read_one in (civitai_api.fetch_model, civitai_api.fetch_version):
        try:
            found = read_one(Client(answer), 1)
        except InvalidResponse as error:
            assert str(error).isprintable()
            continue
        assert found.name.isprintable() and 0 < len(found.name) <= 200


@given(_JSON | st.lists(_MODELS | _JSON, max_size=3).map(lambda rows: {"items": rows}))
def test_hostile_search_results_and_users_give_records_or_raise(answer):
    def search(client):
        found, _ = civitai_api.search_models(client, "x", EVERYTHING)
        assert all(_is_sound(model.cover) for model in found if model.cover is not None)

    for read_some in (search, civitai_api.fetch_username):
        try:
            read_some(Client(answer))
        except InvalidResponse as error:
            assert str(error).isprintable()


_SNIPPETS = ["https://", "civitai.com", "/models/", "?modelVersionId=", "123", "@", "urn:air:"]
_SNIPPETS = st.sampled_from([*_SNIPPETS, ":", "[", " "])


@given(st.text(max_size=60) | st.lists(_SNIPPETS | st.text(max_size=3), max_size=8).map("".join))
def test_any_text_gives_a_reference_or_an_input_error(text):
    try:
        found = parse_reference(text)
    except InputError as error:
        assert str(error).isprintable()
        return
    assert found.words or found.model_id or found.version_id
    assert found.words.isprintable()


def test_deeply_nested_row_is_left_out_and_the_others_are_kept():
    deep = {"prompt": "x"}
    for _ in range(1000):
        deep = {"id": 1, "meta": deep, "more": 1}
    page = read(row(1, meta=deep), row(2))
    assert [image.id for image in page.images] == [2] and page.dropped == 1

"""Lists of images: ids in any text, fetched a hundred at a time."""

import json
import random
import re

import pytest
from civitai_manager_libs.civitai import fetch_image, fetch_images_by_id, find_unsent_ids
from civitai_manager_libs.civitai import parse_image_ids
from civitai_manager_libs.errors import InputError, InvalidResponse
from hypothesis import given, strategies as st
from site_stand_in import Site, SiteClient, SiteImage, VERSIONS

_IDS = st.lists(st.integers(1, 2**31 - 1), min_size=1, max_size=300, unique=True)
_RNGS = st.integers(0, 2**32).map(random.Random)  # which draws nothing more of hypothesis
_NOISE = ["12 likes", "2024", "https://evil.example/images/5", "user/7", "</a>", "", "images 9"]
_NOISE += [
    '<img src="/images/4.png">',
    "/images/192x192.png",
    "http://civitai.com.evil.example/images/5",
]
_FORMS = (
    "https://civitai.com/images/{}",
    "https://www.civitai.red/images/{}?modelVersionId=8#x",
    '<a href="/images/{}">',
    "[InternetShortcut]\r\nURL=https://civitai.com/images/{}",
    "(see civitai.com/images/{}),",
)
_ESCAPED = (
    "链接:civitai.com/images/{}吧",
    r'"https:\/\/civitai.com\/images\/{}"',
    "https://example.com/?to=https%3A%2F%2Fcivitai.com%2Fimages%2F{}%3FpostId%3D7",
)


@given(_IDS, _RNGS)
def test_ids_of_a_noisy_text_are_found_in_order(ids, rng):
    lines = []
    for image_id in ids:
        lines += [
            rng.choice(_NOISE),
            rng.choice(_FORMS + _ESCAPED).format(image_id),
            rng.choice(_NOISE),
        ]
    again = rng.choices(lines, k=3)
    text = "\n".join([*lines, *again])
    assert parse_image_ids(text)[: len(ids)] == ids
    utf_16 = text.replace("吧", "").encode("utf-16").decode("utf-8", "replace")
    assert parse_image_ids(utf_16)[: len(ids)] == ids


@given(_IDS)
def test_lines_of_ids_and_json_are_lists_too(ids):
    rows = [{"id": image_id, "url": "x"} for image_id in ids]
    for text in (
        "my list\n" + "\n".join(map(str, ids)),
        ", ".join(map(str, ids)),
        json.dumps(ids),
        json.dumps({"civitai_shortcut": 1, "sets": [{"ids": [1]}], "pictures": rows}),
        json.dumps({"items": rows, "metadata": {}}),
        "\ufeff" + json.dumps([str(image_id) for image_id in ids], indent=1),
        json.dumps({"items": rows[:1]}) + "\n".join(json.dumps(row) for row in rows),
        # of an export, which may be one record alone, and name other pictures in a prompt
        "\n".join(json.dumps({**row, "width": 8, "prompt": "/images/77"}) for row in rows),
    ):
        assert parse_image_ids(text) == ids


@given(_IDS, _RNGS)
def test_lines_of_long_numbers_are_ids_beside_addresses_too(ids, rng):
    forms = (*_FORMS, "{}", " {} ,")
    lines = [rng.choice(_FORMS if n < 1_000_000 else forms).format(n) for n in ids]
    lines.insert(rng.randrange(len(lines) + 1), _FORMS[0].format(1))
    listed = dict.fromkeys(int(re.findall("[0-9]+", line)[0]) for line in lines)
    assert parse_image_ids("\n4711\n".join(lines)) == list(listed)


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "https://evil.example/images/5", "0", "[", "[" * 100_000, '{"items": 5}'],
)
def test_text_without_images_is_refused(text):
    with pytest.raises(InputError) as refused:
        parse_image_ids(text)
    assert refused.value.key == "list_is_empty"


@pytest.mark.parametrize("unit", ["{}\n", "[]", '{"a":0}', "[0,"])
def test_json_of_too_many_values_is_refused_before_it_takes_memory(unit):
    with pytest.raises(InputError) as refused:
        parse_image_ids(unit * 1_100_000)
    assert refused.value.key == "list_is_long"


def test_list_may_have_20000_images_however_often_each_is_named():
    ids = [*range(1_000_000, 1_020_000)]
    lines = [f"civitai.com/images/{image_id}" for image_id in ids]
    for text in ("\n".join(lines * 2), "\n".join(map(str, ids * 3)), json.dumps(ids * 2)):
        assert parse_image_ids(text) == ids
        with pytest.raises(InputError) as refused:
            parse_image_ids(text.replace("1000000", "999999", 1))
        assert refused.value.key == "list_is_long"


@given(st.integers(1, 100), _RNGS)
def test_site_sends_all_images_that_it_has_however_many_rows_they_take(count, rng):
    ids = rng.sample(range(1, 10**6), count)
    rows = [rng.sample(VERSIONS, rng.randint(1, len(VERSIONS))) for _ in ids]
    images = [SiteImage(i, 1, rng.choice([1, 4, 16]), versions=tuple(v)) for i, v in zip(ids, rows)]
    there = images[: rng.randint(1, count)]
    site = Site([*there, SiteImage(10**6, 1)])  # and an image that nobody asks for
    client, known = SiteClient(site), there[0].id
    assert fetch_images_by_id(client, ids).keys() == {image.id for image in there}
    assert len(site.asked) <= 1 + len(VERSIONS)
    assert find_unsent_ids(client, ids, [known]) == set(ids) - {image.id for image in there}


_URL = "https://image.civitai.com/x/{}.jpeg"


class _Player:
    """Sends pages one after another. pages: their rows, and whether another page follows."""

    def __init__(self, *pages):
        self.pages = iter(enumerate(pages))

    def fetch_json(self, url, params=None):
        at, (rows, goes_on) = next(self.pages)
        return {"items": rows, "metadata": {"nextCursor": str(at)} if goes_on else {}}


def _row(image_id, url=_URL, **more):
    return {"id": image_id, "url": url.format(image_id), **more}


def test_server_that_ignores_ids_is_found_out_by_one_request():
    newest = [_row(image_id) for image_id in range(10**9, 10**9 + 100)]
    assert fetch_images_by_id(_Player((newest, True)), [1, 2]) is None


def test_empty_page_with_a_next_one_is_not_the_end():
    pages = (([_row(1)], True), ([], True), ([_row(2)], False))
    assert fetch_images_by_id(_Player(*pages), [1, 2, 3]).keys() == {1, 2}
    assert find_unsent_ids(_Player(*pages), [2, 3], [1]) == {3}


@pytest.mark.parametrize(
    "row,unsent",
    [
        (_row(2, type="audio"), {3}),
        (_row(2, "https://elsewhere.example/{}.jpeg"), set()),
        (_row(1), {2, 3}),
    ],
    ids=["audio", "at-an-address-that-is-not-followed", "twice"],
)
def test_image_that_is_sent_in_any_form_is_not_missing(row, unsent):
    assert find_unsent_ids(_Player(([_row(1), row], False)), [2, 3], [1]) == unsent


@pytest.mark.parametrize("rows", [[], [_row(2)], [_row(1), _row(9)]], ids=["none", "no", "other"])
def test_response_without_a_known_image_or_with_others_says_nothing_of_what_is_missing(rows):
    with pytest.raises(InvalidResponse):
        find_unsent_ids(_Player((rows, False)), [2, 3], [1])


def test_server_that_sends_another_image_is_not_taken_to_lack_one():
    with pytest.raises(InvalidResponse):
        fetch_image(_Player(([_row(1)], False)), 2)

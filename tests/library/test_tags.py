"""Civitai's tags of images: stored, searched, counted, hidden by, and fetched only when wanted."""

from collections import Counter

import pytest
from api_server import FIRST_ID, make_tag, status
from civitai_manager_libs.core import LAST_ID, Tag
from civitai_manager_libs.errors import NotFound
from civitai_manager_libs.library import bookmarks, gallery_stats, hidden_rules, image_records
from civitai_manager_libs.library import search, tags, wait_for_writes
from civitai_manager_libs.library.search import conditions
from hypothesis import given, settings, strategies as st
from stored_images import make_image

pytestmark = pytest.mark.usefixtures("library")
_NAMES = ("sea", "night", "Sea shell", "海")


@pytest.fixture(params=["written", "unwritten"])
def stored(request, library, monkeypatch):
    """Store three images; once they are in the library, once still in memory alone."""
    if request.param == "unwritten":
        monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    _store_three(library)


def _store_three(library):
    image_records.store_images(
        [_image(1, "sea", "night"), _image(2, "Sea shell", meta=None), _image(3)]
    )
    library.finish()


def _image(image_id, *names, **more):
    return make_image(image_id, tags=[make_tag(name) for name in names], **more)


def _ids(words):
    query = search.parse_query(words)
    return image_records.filter_matching([1, 2, 3], query)


def _names(image_id):
    return {tag.name for tag in tags.find_tags([image_id])[image_id]}


_ADD_MINE = bookmarks.AnnotationChange(add_tags=["mine"])
_FOUND = [("tag:sea", [1, 2]), ("tag=sea", [1]), ('tag="sea shell"', [2]), ("-tag:sea", [3])]
_FOUND += [("tag:night -tag:shell", [1]), ("tag:mine", [3]), ("mytag:mine", [3]), ("mytag:sea", [])]


@pytest.mark.parametrize("words, expected", _FOUND)
def test_search_finds_civitais_tags_and_the_users(stored, words, expected):
    bookmarks.change_annotations([3], _ADD_MINE)
    assert _ids(words) == expected


@pytest.mark.parametrize("few", [0, 15], ids=["many-tags", "few-tags"])
def test_tags_that_many_images_have_find_the_same(library, monkeypatch, few):
    monkeypatch.setattr(conditions, "_MANY_TAGGED", 0)
    monkeypatch.setattr(conditions, "_FEW_TAGS", few)
    _store_three(library)
    bookmarks.change_annotations([3], _ADD_MINE)
    found = [sorted(search.run_search(search.parse_query(words)).ids) for words, _ in _FOUND]
    assert found == [expected for _, expected in _FOUND]


def test_word_in_a_tag_hides_an_image_without_a_prompt(stored):
    hidden_rules.add_rule("word", "shell")
    assert image_records.find_hidden_ids([1, 2, 3]) == {2}
    hidden_rules.delete_rule("word", "shell")
    assert image_records.find_hidden_ids([1, 2, 3]) == set()


def test_tags_that_come_after_a_rule_are_hidden_by_it(library):
    hidden_rules.add_rule("word", "night")
    image_records.store_images([make_image(1)])
    image_records.store_images([_image(1, "night", "sea")])
    image_records.store_images([make_image(1)])
    library.forget()
    assert image_records.find_hidden_ids([1]) == {1}


_ANSWERS = st.tuples(
    st.integers(1, 3), st.none() | st.lists(st.sampled_from(_NAMES), unique=True, max_size=3)
)


@given(st.lists(_ANSWERS, max_size=8))
@settings(max_examples=30, deadline=None)
def test_latest_answer_with_tags_counts(library, answers):
    latest: dict[int, set[str]] = {}
    with image_records.writing() as db:
        db.execute("DELETE FROM images")
    image_records._memory = type(image_records._memory)(10**6)
    for image_id, names in answers:
        image = make_image(image_id) if names is None else _image(image_id, *names)
        image_records.store_images([image])
        latest |= {} if names is None else {image_id: set(names)}
    wait_for_writes()
    assert {
        key: {t.name for t in some} for key, some in tags.find_tags([1, 2, 3]).items()
    } == latest
    counts = Counter(name for names in latest.values() for name in names)
    for name in counts:
        ids = search.run_search(search.parse_query(f'tag="{name}"')).ids
        assert set(ids) == {key for key, names in latest.items() if name in names}
    found = {one[4:].strip('"') for one in search.suggest_values("tag:sea")}
    assert found >= counts.keys() & {"sea", "Sea shell"}


def test_tag_of_civitai_and_the_user_is_suggested_once(library):
    image_records.store_images([_image(1, "sea"), _image(2)])
    library.finish()
    bookmarks.change_annotations([1, 2], bookmarks.AnnotationChange(add_tags=["SEA"]))
    assert search.suggest_values("tag:se") == ["tag=SEA"]
    assert search.suggest_values("mytag:se") == ["mytag=SEA"]


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, None),
        ("sea", None),
        ([], ()),
        ([make_tag("sea")] * 2, (Tag(**make_tag("sea")),)),
        ([{"id": 7, "name": "a\n b\x00"}], (Tag(7, "a b"),)),
        (["sea", None, {"id": "x", "name": "y"}, {"id": 5}, {"name": "z"}, {"id": 0}], ()),
    ],
)
def test_strange_tags_are_left_out(value, expected):
    assert make_image(1, tags=value).tags == expected


def test_library_without_the_tables_of_tags_keeps_what_it_has(library, make_older):
    hidden_rules.add_rule("word", "gold")
    image_records.store_images([make_image(1, meta={"prompt": "gold"})])
    library.finish()
    tables = ("site_tags", "tagged", "tags_read", "posts")
    make_older("".join(f"DROP TABLE {table};" for table in tables) + "PRAGMA user_version = 13")
    assert image_records.find_hidden_ids([1]) == {1}
    image_records.store_images([_image(1, "sea")])
    library.finish()
    assert _names(1) == {"sea"} and _ids("picture") == [1]


def test_tags_of_an_image_are_requested_once(civitai, client, library):
    civitai.tags = {FIRST_ID + 1: ["sea", "Night"]}
    image = make_image(FIRST_ID + 1)
    expected = [make_tag("Night"), make_tag("sea")]
    for _ in range(2):
        assert [vars(tag) for tag in tags.load_tags(client, image)] == expected
        library.forget()
    assert [(page["imageId"], page["withTags"]) for page in civitai.pages] == [
        (str(FIRST_ID + 1), "true")
    ]
    image_records.store_images([image])
    assert [tag.name for tag in tags.load_tags(client, image)] == ["Night", "sea"]
    with pytest.raises(NotFound):
        tags.load_tags(client, make_image(1))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101])
def test_tags_of_a_gallery_come_in_hundreds_and_missing_images_are_passed_over(
    civitai, client, library, count
):
    ids = [FIRST_ID + 5000 + n for n in range(count)]
    civitai.ids = ids[1:] or ids  # one image is gone
    civitai.kinds = {image_id: "png" for image_id in ids}
    civitai.tags = {image_id: ["sea"] for image_id in ids}
    image_records.store_images([make_image(image_id) for image_id in ids], galleries=["model 9"])
    image_records.store_images([make_image(1)], galleries=["model 8"])
    library.finish()
    below, lefts = None, []
    while (below := tags.fetch_more_tags(client, "model 9", below)) is not None:
        library.finish()
        lefts.append(tags.count_untagged("model 9", below))
    assert lefts == [max(0, count - 100), 0][: -(-count // 100)]
    assert set(tags.find_tags([*ids, 1])) == set(civitai.ids[:count])
    assert len(civitai.pages) == -(-count // 100)
    assert tags.count_untagged("model 9", LAST_ID) == (1 if count > 1 else 0)


def test_reading_that_fails_goes_on_where_it_was(civitai, client, library):
    image_records.store_images([make_image(one) for one in civitai.ids], galleries=["model 9"])
    library.finish()
    civitai.script("page", status(500))
    with pytest.raises(Exception, match="500"):
        tags.fetch_more_tags(client, "model 9")
    assert tags.count_untagged("model 9", LAST_ID) == 30
    assert tags.fetch_more_tags(client, "model 9") == min(civitai.ids)


def test_statistics_count_the_tags_of_images_without_a_prompt(library):
    likes = {1: 10, 2: 20, 3: 60, 4: 5}
    names = {1: ["sea"], 2: ["sea", "night"], 3: ["night"]}
    image_records.store_images(
        [_image(n, *names[n], meta=None, stats={"likeCount": likes[n]}) for n in names],
        galleries=["model 9"],
    )
    image_records.store_images([make_image(4)], galleries=["model 9"])
    library.finish()
    stats = gallery_stats.compute_gallery_stats(9, None, 31)
    [group] = [group for group in stats["groups"] if group["kind"] == "tag"]
    bars = [(b.label, b.count, b.reactions, b.share, b.search) for b in group["bars"]]
    assert bars == [("night", 2, 40, 0.6667, 'tag="night"'), ("sea", 2, 15, 0.6667, 'tag="sea"')]
    assert (stats["with_tags"], stats["with_data"]) == (3, 1)

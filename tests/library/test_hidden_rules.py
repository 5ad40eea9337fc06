"""Authors and words that the user hides: how rules are stored, and which images they hide."""

import json
import os

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.library import bookmarks, hidden_rules, image_records, search
from hypothesis import given, strategies as st
from stored_images import make_image

_PROMPTS = {1: "a cat on a roof", 2: "caterpillar, concatenated", 3: "CAT, sunset", 4: "the ＣＡＴ"}
_PROMPTS |= {5: "cat's cradle (cat:1.2)", 6: "golden  hour", 7: "海邊的貓咪", 8: "cafécat", 9: None}
_PROMPTS |= {10: "a 👨\u200d👧 walks"}
pytestmark = pytest.mark.usefixtures("library")


@pytest.fixture(params=["written", "unwritten"])
def stored(request, library, monkeypatch):
    """Store the images; once they are in the library, once still in memory alone."""
    if request.param == "unwritten":
        monkeypatch.setattr(image_records, "write_later", lambda *_: None)
    image_records.store_images([_image(n) for n in _PROMPTS])
    library.finish()


def _image(image_id, user="harbor"):
    prompt, author = _PROMPTS.get(image_id), {2: "Anna_B", 4: "anna_b2"}.get(image_id, user)
    return make_image(image_id, username=author, meta={"prompt": prompt} if prompt else None)


_HIDDEN_BY = {"cat": [1, 3, 4, 5], " Cat ": [1, 3, 4, 5], "golden hour": [6], "golden": [6]}
_HIDDEN_BY |= {"gold": [], "貓": [7], "cat:1.2": [5], "(cat": [5], "*": [], "[^a]": []}
_HIDDEN_BY |= {"👨\u200d👧": [10], "👨👧": [], "\ufeff\u202bcat\u202c \u200e": [1, 3, 4, 5]}


@pytest.mark.parametrize(
    "kind, text, expected",
    [("word", *row) for row in _HIDDEN_BY.items()]
    + [("author", "anna_b", [2]), ("author", "ANNA_B", [2]), ("author", "anna", [])],
)
def test_rule_hides_whole_words_and_names_of_any_case(stored, kind, text, expected):
    hidden_rules.add_rule(kind, text)
    assert sorted(image_records.find_hidden_ids([*_PROMPTS])) == expected
    shown = [i.tile["id"] for i in image_records.list_page_images([*_PROMPTS]) if not i.is_hidden]
    assert shown == [image_id for image_id in _PROMPTS if image_id not in expected]
    page = search.run_search(search.parse_query(""), leaves_out_hidden=True)
    assert page.hidden_count + len(page.ids) in (0, len(_PROMPTS))  # 0: nothing is written
    assert not set(expected) & set(page.ids)


@given(st.text() | st.sampled_from(["x\u200dy", "cat \ud800", "a " * 80]), st.booleans())
def test_any_rule_is_deleted_by_the_text_that_made_it_and_by_the_one_that_is_shown(
    library, text, is_shown
):
    try:
        hidden_rules.add_rule("word", text)
    except InputError:
        return
    [rule] = hidden_rules.list_rules()
    hidden_rules.delete_rule("word", rule.text if is_shown else text)
    assert hidden_rules.list_rules() == []


def test_word_is_found_in_the_tags_of_the_user_too(stored):
    change = bookmarks.AnnotationChange(tags=["No Good", "x"])
    bookmarks.change_annotations([1, 9], change)
    hidden_rules.add_rule("word", "good")
    assert image_records.find_hidden_ids([*_PROMPTS]) == {1, 9}
    bookmarks.change_annotations([1], bookmarks.AnnotationChange(remove_tags=["no good"]))
    bookmarks.change_annotations([2], bookmarks.AnnotationChange(add_tags=["good"]))
    assert image_records.find_hidden_ids([*_PROMPTS]) == {2, 9}
    hidden_rules.delete_rule("word", "good")
    assert image_records.find_hidden_ids([*_PROMPTS]) == set()


def test_rule_hides_images_that_come_or_change_later(library):
    hidden_rules.add_rule("word", "cat")
    image_records.store_images([_image(n) for n in _PROMPTS])
    library.finish()
    assert image_records.find_hidden_ids([*_PROMPTS]) == {1, 3, 4, 5}
    image_records.store_images([make_image(1, meta={"prompt": "a dog"})])
    library.finish()
    assert image_records.find_hidden_ids([*_PROMPTS]) == {3, 4, 5}


@pytest.mark.parametrize("sort", ["Newest", "Oldest", "Most Reactions"])
def test_search_pages_on_to_the_end_and_counts_each_hidden_image_once(library, sort):
    everything = range(1, 300)
    image_records.store_images([_image(n, "loud" if n % 3 else "quiet") for n in everything])
    library.finish()
    hidden_rules.add_rule("author", "loud")
    found, count, cursor = [], 0, None
    while True:
        page = search.run_search(
            search.parse_query(""), sort=sort, cursor=cursor, limit=7, leaves_out_hidden=True
        )
        found += page.ids
        count += page.hidden_count
        cursor = page.cursor
        if cursor is None:
            break
    shown = {n for n in everything if n % 3 == 0 or n in (2, 4)}
    assert len(found) == len(set(found)) and set(found) == shown
    assert count == len(everything) - len(shown)


def test_rules_are_stored_once_latest_first_and_can_be_deleted():
    for kind, text in (("author", "Anna"), ("word", "cat"), ("author", "anna"), ("word", "Dog")):
        hidden_rules.add_rule(kind, text)
    for kind, text in (("word", " "), ("word", "\0"), ("model", "x"), ("", "")):
        with pytest.raises(InputError):
            hidden_rules.add_rule(kind, text)
    rules = [(rule.kind, rule.text) for rule in hidden_rules.list_rules()]
    assert rules == [("word", "Dog"), ("word", "cat"), ("author", "Anna")]
    hidden_rules.delete_rule("author", "ANNA")
    hidden_rules.delete_rule("author", "nobody")
    assert [rule.text for rule in hidden_rules.list_rules()] == ["Dog", "cat"]


def _write_old_file(text):
    path = os.path.join(setting.data_folder(), "hidden.json")
    os.makedirs(setting.data_folder(), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def test_rules_in_the_file_of_an_older_version_are_kept():
    rules = [{"kind": "word", "text": "Dog"}, {"kind": "author", "text": "Anna"}]
    path = _write_old_file(json.dumps({"rules": rules}))
    hidden_rules.adopt_old_file()
    hidden_rules.delete_rule("author", "anna")
    hidden_rules.add_rule("word", "cat")
    assert [rule.text for rule in hidden_rules.list_rules()] == ["cat", "Dog"]
    assert not os.path.exists(path)


def test_number_of_rules_is_limited(library):
    rules = [{"kind": "word", "text": f"word{number}"} for number in range(200)]
    _write_old_file(json.dumps({"rules": rules}))
    hidden_rules.adopt_old_file()
    hidden_rules.add_rule("word", "WORD3")  # known already
    with pytest.raises(InputError):
        hidden_rules.add_rule("word", "one more")
    image_records.store_images([make_image(1, meta={"prompt": "word199, word"})])
    library.finish()
    assert image_records.find_hidden_ids([1, 2]) == {1}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rules": 5}', '{"rules": [1, {}, {"kind": 1}]}'])
def test_damaged_file_hides_nothing(text):
    _write_old_file(text)
    hidden_rules.adopt_old_file()
    assert hidden_rules.list_rules() == []
    hidden_rules.add_rule("author", "anna")
    assert [rule.text for rule in hidden_rules.list_rules()] == ["anna"]

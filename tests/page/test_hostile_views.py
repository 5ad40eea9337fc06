"""What strangers typed, from Civitai's answer to what is shown, kept and told: text, all of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from civitai_manager_libs.civitai import records as civitai_records
from civitai_manager_libs.civitai.addresses import is_picture_address
from civitai_manager_libs.civitai.paging import ImageQuery, PageState
from civitai_manager_libs.errors import CivitaiShortcutError, NetworkError, UnreadableAnswer
from civitai_manager_libs.jobs.service import ShownJob
from civitai_manager_libs.jobs.sidecars import write_beside
from civitai_manager_libs.jobs.store import JobStore, Outcome
from civitai_manager_libs.network import answers
from civitai_manager_libs.page.tab import (
    browse as tab_browse,
    jobs as tab_jobs,
    picture as tab_picture,
    title as tab_title,
)
from civitai_manager_libs.page.tab.state import TabState
from civitai_manager_libs.page.tab.told import failure, status_line
from hypothesis import given
from hypothesis import strategies as st

_BASE = "https://civitai.com"
_PICTURE = "https://image.civitai.com/x/{:08x}-0000-4000-8000-000000000000/original=true/a.jpeg"
_QUERY = ImageQuery(5, level=31)
_LANGUAGES = st.sampled_from(["en", "zh-TW"])

# What a view writes itself. A stranger's tags are others: those of `_TEXTS`.
_TAGS = "a|button|div|h4|li|p|small|table|td|th|tr|ul"
_NAMES = "class|data-at|data-copied|data-model|href|rel|target|title|type"
_MARKUP = re.compile(rf'<(?:/(?:{_TAGS})|(?:{_TAGS})(?: (?:{_NAMES})="[^"<>]*")*)>')
_HREF = re.compile(r'href="([^"]*)"')

# Strangers' answers

_TAGGED = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\"><svg/onload=alert(1)>",
        "' onmouseover='alert(1)",
        "</textarea></p><b>bold",
        "&lt;b&gt; &quot;",
    ]
)
_ODD = st.sampled_from(
    [
        "<lora:a:1> <lora:<b>:nan>",
        "javascript:alert(1)",
        "{name} {0.__class__} {n} %s",
        "[13] · [12]",
        "Steps: 1, Seed: 2",
        "Negative prompt: x",
        "\ud800",
        "\u202e\u2066\0\x1b[31m\r\n",
        "NaN",
        "9" * 400,
        "((((" * 200,
        "a" * 3000,
    ]
)
_TEXTS = _TAGGED | _ODD | st.text(max_size=30)
_NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63), 2**31, 1e308, -0.0])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXTS
_JUNK = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)


def _named(names, values):
    return st.dictionaries(st.sampled_from(names), values, max_size=5)


_USED = st.fixed_dictionaries(
    {"name": _TEXTS, "type": _TEXTS},
    optional={"weight": _SCALARS, "hash": _SCALARS, "modelVersionId": st.integers(10, 14)},
)
_MORE = _named(
    "prompt negativePrompt seed steps cfgScale sampler Model Size width height clipSkip hashes"
    " civitaiResources comfy models vaes additionalResources VAE Version".split()
    + ["Model hash", "TI hashes", "Lora hashes"],
    _JUNK | st.lists(_USED, max_size=2),
)
_META = st.builds(
    lambda used, more: {"resources": used, **more}, st.lists(_USED, max_size=2), _MORE
)
_STATS = _named("likeCount heartCount laughCount cryCount commentCount".split(), _SCALARS)
_ROW = {
    "width": 512,
    "height": 768,
    "hash": "UBF~gc00t7of%MRjRjay_3t7D%WB",
    "modelVersionIds": [11],
    "createdAt": "2026-07-30T08:15:42.117Z",
    "browsingLevel": 1,
    "type": "image",
    "postId": 9,
}
_ROW_NAMES = [*_ROW, "username", "meta", "stats", "hasMeta", "nsfw", "id"]


@st.composite
def _rows(draw):
    """A picture's row whose texts are hostile, with junk in some of its other fields."""
    image_id = draw(st.integers(1, 2**40))
    row = {"id": image_id, "url": _PICTURE.format(image_id % 2**32), **_ROW}
    row.update(username=draw(_TEXTS), baseModel=draw(_TEXTS), stats=draw(_STATS))
    row["meta"] = draw(_META | _META.map(lambda meta: {"id": 1, "meta": meta}))
    return {**row, **draw(st.just({}) | _named(_ROW_NAMES, _JUNK))}


def _spoilt(records, names):
    """Such a record, in half of the cases with junk in some of its fields."""
    spoils = st.just({}) | _named(names, _JUNK)
    return st.builds(lambda record, junk: {**record, **junk}, records, spoils)


_PAGES = _spoilt(
    st.fixed_dictionaries({"items": st.lists(_rows(), min_size=1, max_size=2)}),
    ["items", "metadata"],
) | st.fixed_dictionaries({"items": st.lists(_rows() | _JUNK, max_size=3)})
_VERSIONS = _spoilt(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from([11, 12]),
            "name": _TEXTS,
            "trainedWords": st.lists(_TEXTS, min_size=1, max_size=3),
            "files": st.just([{"name": "x.safetensors", "hashes": {"AutoV2": "0123456789"}}]),
        }
    ),
    ["id", "name", "trainedWords", "files", "baseModel", "images", "publishedAt"],
)
_MODELS = _spoilt(
    st.fixed_dictionaries(
        {
            "name": _TEXTS,
            "type": _TEXTS,
            "creator": st.fixed_dictionaries({"username": _TEXTS}),
            "modelVersions": st.lists(_VERSIONS, min_size=1, max_size=2),
        }
    ),
    ["name", "type", "creator", "modelVersions", "tags", "description", "nsfwLevel"],
).map(lambda model: {"id": 5, **model})
_ERRORS = st.fixed_dictionaries({"error": _JUNK | st.fixed_dictionaries({"message": _TEXTS})})


def _is_ours(url):
    return is_picture_address(url, _BASE)


def _page(body):
    return civitai_records.page_from(body, _QUERY, _is_ours)


@st.composite
def _states(draw):
    """The tab on a page of such an answer, as far as there is one."""
    model = civitai_records.model_from(draw(_MODELS), 31, _is_ours)
    try:
        page = _page(draw(_PAGES))
    except UnreadableAnswer as error:
        assert str(error).isprintable()
        page = _page({"items": [draw(_rows())]})
    return TabState(
        language=draw(_LANGUAGES),
        model=model,
        pages=PageState(query=replace(_QUERY, version_id=draw(st.sampled_from([None, 11, 12])))),
        images=page.images,
        dropped=page.dropped,
        selected=0 if page.images else None,
        marked=page.images[:1],
    )


# What is made of them


@pytest.fixture(autouse=True)
def _base(monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", _BASE)


def _check_html(text):
    """Nothing in it is markup but what the views write, and no link leads elsewhere."""
    assert not set("<>\"'\0") & set(_MARKUP.sub("", text)), text
    assert all(url.startswith(f"{_BASE}/") for url in _HREF.findall(text))
    text.encode("utf-8")


def _check_line(text):
    assert isinstance(text, str) and "\n" not in text and text.isprintable()


@given(_states(), st.booleans())
def test_page_of_any_answer_is_text_in_our_own_markup(state, has_failed):
    _check_html(tab_title.title(state))
    assert 'data-model="5"' in tab_title.title(state)
    paths = [NetworkError("no") if has_failed else None] * len(state.images)
    for at, (path, caption) in enumerate(tab_browse.gallery_tiles(state, paths)):
        _check_line(caption)
        assert path.endswith(".png")
        shown = tab_picture._shown(state.select(at))
        for part in ("details", "position", "picture_status"):
            _check_html(shown[part])
        shown["infotext_box"]["value"].encode("utf-8")


@given(_ERRORS | _JUNK, _LANGUAGES)
def test_answer_that_is_no_page_is_told_as_text(body, language):
    for read in (_page, lambda body: civitai_records.model_from(body, 31, _is_ours)):
        try:
            read(body)
        except CivitaiShortcutError as error:
            _check_line(str(error))
            _check_html(status_line(failure(error, language), "failed"))


@pytest.fixture
def store(tmp_path):
    with JobStore(str(tmp_path / "gallery.db")) as store:
        yield store


@given(_states(), _TEXTS)
def test_job_of_any_pictures_has_files_beside_them_and_rows_that_can_be_sent(
    store, tmp_path, state, said
):
    job_id = store.add_chosen(state.model.name, state.images, str(tmp_path))
    for item in store.waiting(job_id, 0, 10):
        path = tmp_path / f"{item.image_id}.png"
        write_beside(str(path), item.record)
        assert json.loads(path.with_suffix(".json").read_text("utf-8"))["url"] == item.url
        if path.with_suffix(".txt").exists():
            assert path.with_suffix(".txt").read_text("utf-8")
    message = _told_by_a_server(said)
    ends = [
        Outcome(image.id, "failed", reason="http_418", message=message) for image in state.images
    ]
    store.record(job_id, ends)
    store.set_state(job_id, "done")
    shown = ShownJob(store.job(job_id), None, store.failed(job_id))
    row = tab_jobs._row(shown, state.language)
    json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8")
    for words in (row["title"], row["line"], row["note"], row["toast"], row["failed_words"]):
        _check_line(words)
    assert len(row["failed"]) == len({image.id for image in state.images})
    for failed in row["failed"]:
        _check_line(failed["reason"])
        _check_line(failed["detail"])
        assert failed["page"] == f"{_BASE}/images/{failed['id']}"


def _told_by_a_server(said):
    """As an error's sentence has it."""
    return str(answers.error_of(418, {}, json.dumps({"error": said}).encode()))

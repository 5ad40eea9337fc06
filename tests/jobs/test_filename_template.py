"""Where a picture is saved: what a template may say, and that nothing leads out of the folder."""

import posixpath

import pytest
import windows_files
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.image_query import ImageQuery
from civitai_manager_libs.core import Image, ReactionCounts
from civitai_manager_libs.errors import InputError
from civitai_manager_libs.jobs.filename_template import FIELDS, fill_template, split_template
from civitai_manager_libs.jobs.filename_template import validate_template
from civitai_manager_libs.jobs.job_records import JobOptions, NamingContext, WalkedPage
from civitai_manager_libs.jobs.store import JobStore
from hypothesis import given, strategies as st

_IMAGE = Image(
    90000101,
    "https://image.civitai.com/x/original=true/a.png",
    width=832,
    height=1216,
    level=4,
    created_at="2026-07-30T08:15:42.117Z",
    post_id=21000001,
    username="harbor_artist",
    base_model="SDXL 1.0",
    version_ids=(3, 8, 7),
    reactions=ReactionCounts(likes=40, hearts=2),
    meta={"seed": 1234, "sampler": "DPM++ 2M", "steps": 28, "Model": "exampleMix/v2"},
)
_FACTS = NamingContext("Example: a/b", versions={7: "v1", 8: "v2.0"})
_BARE = Image(1, "https://a/b.png")


@pytest.mark.parametrize(
    ("template", "name", "image", "facts"),
    [
        *[
            (template, name, _IMAGE, _FACTS)
            for template, name in [
                ("{id}", "90000101"),
                ("{model}/{version}/{id}", "Example a b/v2.0/90000101"),
                ("{author}/{date:%Y-%m}/{id}-{seed}", "harbor_artist/2026-07/90000101-1234"),
                ("{checkpoint}/{sampler}/{id}", "exampleMix v2/DPM++ 2M/90000101"),
                ("{width}x{height} {level} {reactions} {id}", "832x1216 R 42 90000101"),
                ("{base_model}/{type}-{post} {id} steps", "SDXL 1.0/image-21000001 90000101 steps"),
                (" a\\{id}/ ", "a/90000101"),
                ("a//. /{id}", "a/unknown/90000101"),
                ("con/{id}", "_con/90000101"),
            ]
        ],
        ("{version} {id}", "v1 90000101", _IMAGE, NamingContext("A", "v1", {8: "v2.0"})),
        ("{author}/{id}", "unknown/1", _BARE, NamingContext()),
        ("{author|nobody}/{id}", "nobody/1", _BARE, NamingContext()),
        ("{version|}/{id}", "unknown/1", _BARE, NamingContext()),
        ("{id}.{seed|}", "1", _BARE, NamingContext()),
        ("{date:%Y|long ago}/{id}", "long ago/1", _BARE, NamingContext()),
    ],
)
def test_template_is_filled(template, name, image, facts):
    assert fill_template(validate_template(template), image, facts) == name


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{model}", "needs {id}"),
        ("{id|1}", "needs {id}"),
        ("/{id}", "not a full path"),
        ("../{id}", "lead out"),
        ("{nobody} {id}", "{nobody} is not one of"),
        ("{author:%Y} {id}", "only {date}"),
        ("{date:%Q} {id}", "not a date format"),
        ("{author {id}", "a brace"),
        ("{seed} {id} {author}", "the beginning or the end"),
        ("{id}{seed}", "must not touch"),
        ("v2{id}", "must not touch"),
        ("a/" * 20 + "{id}", "folders"),
        ("x" * 400 + "{id}", "characters"),
    ],
)
def test_invalid_template_is_refused_with_the_reason(template, why):
    with pytest.raises(InputError, match=why):
        validate_template(template)


_ANY = st.text(max_size=300) | st.text("./\\ 019~:é\u0301\u202e\0", max_size=300)
_ID = st.integers(1, 2**53)


@given(_ANY, _ANY, st.sampled_from([*FIELDS]), st.integers(1, 99))
def test_no_value_leads_out_of_the_folder(name, author, word, level):
    meta = {"Model": name, "seed": author, "sampler": name, "steps": author}
    image = Image(77, "https://a/b.png", username=author, meta=meta, level=level)
    template = validate_template(f"{{model}}/{{author}}/{{{word}}} {{id}}")
    path = fill_template(template, image, NamingContext(name, name))
    parts = path.split("/")
    assert posixpath.normpath(path) == path and len(parts) == 3 and ".." not in parts
    assert "77" in parts[-1] and all(0 < len(part.encode()) <= 180 for part in parts)
    assert not any(c in path for c in '\\:*?"<>|\0\n')


_TEMPLATES = st.sampled_from(["{author} {id}", "{id}-{author}", "{seed}.{id} x"])


@given(_ANY, _ANY, _ID, _ID, _TEMPLATES, st.integers(-99, 200))
def test_two_images_never_share_a_name(one, other, first, second, template, max_bytes):
    names = {
        fill_template(
            template,
            Image(i, "https://a/b.png", username=text, meta={"seed": text}),
            NamingContext(),
            max_bytes,  # below 0 in a long folder on Windows
        )
        for i, text in ((first, one), (second, other))
    }
    assert len(names) == 2 or first == second


@pytest.mark.parametrize(
    "template, author, start, end",
    [
        ("{author}" * 5 + " {id}", "ä", "ä", " 123456789"),
        ("{id} " + "{author}" * 3, "ä", "123456789 ä", "ä"),
        ("{author}{author} {id}", "1", "1", "11 123456789"),  # no digit joins the id
        ("{author}/" * 8 + "{id}", "w", "w", "w/123456789"),
    ],
)
def test_long_values_never_cut_the_id(template, author, start, end):
    image = Image(123456789, "https://a/b.png", username=author * 500)
    path = fill_template(template, image, NamingContext())
    assert path.startswith(start) and path.endswith(end) and len(path) <= 210
    assert all(len(part.encode()) < 200 for part in path.split("/"))
    assert path.count("/") == template.count("/")


@pytest.mark.parametrize("template", ["{author}{author}{id}{author}", "{author}/" * 8 + "{id}"])
def test_path_in_a_long_folder_is_valid_on_windows(monkeypatch, template):
    windows_files.play_windows(monkeypatch)
    folder = "C:\\" + "f" * 130
    images = tuple(Image(n, "https://a/b.png", username="w" * 500) for n in (5, 10**9))
    with JobStore(setting.database_file()) as store:
        job_id = store.add_job("A", ImageQuery(1), folder, 2, options=JobOptions(template))
        store.add_page(job_id, WalkedPage(images, None))
        names = [item.name for item in store.list_waiting(job_id, 0, 9)]
    assert max(len(f"{folder}/{name}.workflow.json") for name in names) <= 259
    assert all(str(image.id) in name for image, name in zip(images, names))


@pytest.mark.parametrize(
    ("template", "facts", "parts"),
    [
        ("{model}/user_gallery_images/{id}", _FACTS, ("Example a b/user_gallery_images", "{id}")),
        ("{id}", _FACTS, ("", "{id}")),
        ("{model}/{version}/{id}", _FACTS, ("Example a b", "{version}/{id}")),
        ("{model}/{version}/{id}", NamingContext("A", "v1"), ("A/v1", "{id}")),
        ("mine/{author}/{model}/{id}", _FACTS, ("mine", "{author}/{model}/{id}")),
    ],
)
def test_folders_that_all_images_share_are_split_off(template, facts, parts):
    assert split_template(template, facts) == parts

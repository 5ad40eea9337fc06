"""The statistics of a gallery's stored images."""

import pytest
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.library import gallery_stats, image_records, pages
from civitai_manager_libs.library.database import select_rows
from stored_images import make_image, store_model

_MODEL, _OLD, _NEW = 7, 70, 71
pytestmark = pytest.mark.usefixtures("library")


def _image(image_id, versions=(), level=1, **meta):
    meta = {"prompt": "sea", "sampler": "Euler a", "steps": 20, "cfgScale": 7, **meta}
    ids = {"modelVersionIds": list(versions), "browsingLevel": level}
    return make_image(image_id, meta=meta, **ids)


def _read(*images, **query):
    """Store a gallery page with these images."""
    image_records.store_images(images, galleries=pages.list_gallery_names(ImageQuery(**query)))


def _seen(version=None, level=31, versions=(_OLD, _NEW)):
    return gallery_stats.list_gallery_images(_MODEL, versions, version, level)


def test_each_image_of_the_models_gallery_counts_once(library):
    one, two = _image(1), _image(2)
    _read(one, two, model_id=_MODEL)
    _read(one, model_id=_MODEL)
    _read(_image(3), model_id=8)
    _read(_image(4), username="anna")
    assert len(_seen()) == 2
    library.forget()
    assert len(_seen()) == 2


def test_image_belongs_to_the_versions_of_its_record_and_its_pages(library):
    _read(_image(1, [_OLD, 999]), _image(2), model_id=_MODEL)
    _read(_image(3), model_id=_MODEL, version_id=_NEW)
    _read(_image(4, [_NEW]), username="anna")
    assert sorted(map(sorted, (one.version_ids for one in _seen()))) == [[], [70], [71]]
    assert (len(_seen(_OLD)), len(_seen(_NEW)), len(_seen(72))) == (1, 2, 0)


def test_images_of_other_browsing_levels_do_not_count():
    _read(_image(1, level=1), _image(2, level=8, prompt="secret"), model_id=_MODEL)
    assert [one.words for one in _seen(level=3)] == [["+sea"]]
    assert len(_seen(level=15)) == 2


def test_latest_complete_record_counts(library):
    _read(_image(1), model_id=_MODEL)
    _read(_image(1, sampler="DDIM"), model_id=_MODEL)
    image_records.store_images([_image(1, sampler="LMS")], is_complete=False)
    library.forget()
    assert [one.settings[0] for one in _seen()] == ["sDDIM"]


def test_outdated_and_missing_rows_are_computed_and_stored(library, alter):
    _read(_image(1), _image(2, sampler="LMS"), model_id=_MODEL)
    alter("UPDATE image_features SET made_by = made_by + 1, settings = 'sWrong' WHERE id = 1")
    alter("DELETE FROM image_features WHERE id = 2")
    assert sorted(one.settings[0] for one in _seen()) == ["sEuler a", "sLMS"]
    library.forget()
    stored = select_rows("SELECT settings FROM image_features ORDER BY id")
    assert [settings.split("\n")[0] for (settings,) in stored] == ["sEuler a", "sLMS"]


def test_record_with_lone_surrogates_is_counted():
    _read(_image(1, sampler="\ud800x", prompt="a\ud800b, sea"), model_id=_MODEL)
    assert "+sea" in _seen()[0].words


def test_statistics_list_versions_in_the_models_order_and_name_resources(library):
    store_model(_MODEL, "Ink", (_NEW, "v2"), (_OLD, "v1"), type="LORA")
    used = [{"type": "lora", "modelVersionId": _NEW, "weight": 0.8}]
    made = [_image(n, [_OLD] if n < 3 else [_NEW], civitaiResources=used) for n in range(1, 6)]
    _read(*made, model_id=_MODEL)
    found = gallery_stats.compute_gallery_stats(_MODEL, None, 31)
    told = [(v["id"], v["name"], v["image_count"]) for v in found["versions"]]
    assert told == [(_NEW, "v2", 3), (_OLD, "v1", 2)]
    [lora] = next(group["bars"] for group in found["groups"] if group["kind"] == "lora")
    assert (lora["value"], lora["label"], lora["weight"]) == ("#71", "Ink v2", "0.8")
    assert found["image_count"] == found["with_data"] == 5
    assert found["versions"][0]["most"]["sampler"]["share"] == 1

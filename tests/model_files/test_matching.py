"""The local file of a model that an image was made with."""

import pytest
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files.matching import ModelFile, ModelLookup, remove_version

_SHA = "0123456789abcdef" * 4
_OTHER = "fedcba9876543210" * 4


def _find(here, resource, **known):
    known = {"model_id": None, "version_files": (), **known}
    found = ModelLookup(here).find(resource, **known)
    return found.state, found.by, found.version


_LORA = ModelFile("x", "lora", version_id=8, model_id=3, version_name="v3")
_BY_VERSION = {"version_files": frozenset({_SHA[:10], "name"})}
_TWEAKER = ModelFile("detail_tweaker", "lora")
_NAMES = {"dreamshaper_8": ("DreamShaper_v7", "8"), "style-000010": ("style", "000010")}
_NAMES |= {"realisticVisionV60B1_v51VAE": ("realisticVisionV51_v51VAE", "V60B1_v51VAE")}
_NAMES |= {"flux1-dev": ("flux1-dev-Q4_K_M", "")}
_SIMILAR = {"add_detail": "add_3d_detail", "epic_style": "epic_sketch", "v1-5-pruned": "v2-1"}


@pytest.mark.parametrize(
    "here, wanted, known, found",
    [
        (_LORA, Resource("lora", "y", version_id=8), {}, ("here", "version", "")),
        (_LORA, Resource("lora", "y", version_id=7), {"model_id": 3}, ("other", "model", "v3")),
        (
            ModelFile("renamed", "lora", hashes=frozenset({_SHA})),
            *(Resource(version_id=7), _BY_VERSION, ("here", "hash", "")),
        ),
        *[
            (_TWEAKER, Resource("lora", name), {}, ("here", "name", ""))
            for name in ("Detail Tweaker", "detail_tweaker", "detail-tweaker")
        ],
        *[
            (ModelFile(here), Resource("model", name), {}, ("other", "name", version))
            for here, (name, version) in _NAMES.items()
        ],
        (ModelFile("cafe\u0301", "lora"), Resource("lora", "caf\u00e9"), {}, "here"),
        *[(ModelFile(a), Resource("model", b), {}, "missing") for a, b in _SIMILAR.items()],
        (ModelFile("anime", "lora"), Resource("vae", "anime"), {}, "missing"),
        (ModelFile("anime", ""), Resource("vae", "anime"), {}, "here"),
        *[
            (_LORA, each, {}, "")
            for each in (Resource("upscaler", "x"), Resource("vae", "Automatic"))
        ],
        (ModelFile("", "lora"), Resource(version_id=5), {}, "missing"),
    ],
)
def test_file_is_found_by_its_version_or_else_its_name(here, wanted, known, found):
    told = _find([here], wanted, **known)
    assert found in (told, told[0])
    assert remove_version("v2") == "v2" and remove_version("2.1") == "2_1"  # never empty


@pytest.mark.parametrize(
    "known,stated",
    [
        *[(_SHA, _SHA[:10]), (_SHA, _SHA.upper()), (_SHA, _SHA[:12]), (_SHA[:10], _SHA)],
        *[(_SHA[:12], _SHA[:12]), ("0a1b2c3d", "0A1B2C3D")],
    ],
    ids="autov2 whole embedding-12 whole-of-short autov3 autov1".split(),
)
def test_file_is_found_by_its_hash_whatever_its_name(known, stated):
    files = [ModelFile("renamed", "model", hashes=frozenset({known}))]
    assert _find(files, Resource("model", "x", hash=stated)) == ("here", "hash", "")


@pytest.mark.parametrize(
    "known,stated,state",
    [
        (_OTHER, _SHA[:10], "other"),
        (_OTHER, _SHA, "other"),
        (_OTHER[:12], _SHA[:12], "other"),
        (_OTHER[:12], _SHA[:10], "here"),
        (_OTHER, _SHA[:12], "here"),
        (_OTHER, _SHA[:8], "here"),
    ],
    ids="autov2 whole autov3 headless-and-autov2 whole-and-autov3 autov1".split(),
)
def test_file_with_another_hash_of_the_same_kind_does_not_match(known, stated, state):
    files = [ModelFile("dreamshaper", "model", hashes=frozenset({known}))]
    assert _find(files, Resource("model", "DreamShaper", hash=stated))[0] == state

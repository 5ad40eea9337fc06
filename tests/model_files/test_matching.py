"""The local file of a model that an image was made with."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files.matching import (
    ModelFile,
    ModelLookup,
    remove_version,
)

_SHA = "0123456789abcdef" * 4
_OTHER = "fedcba9876543210" * 4


def _find(here, resource, **known):
    known = {"model_id": None, "version_files": (), **known}
    found = ModelLookup.from_files(here).find(resource, **known)
    return found.state, found.by, found.version


@pytest.mark.parametrize(
    "known,stated",
    [
        (_SHA, _SHA[:10]),
        (_SHA, _SHA.upper()),
        (_SHA, _SHA[:12]),
        (_SHA[:10], _SHA),
        (_SHA[:12], _SHA[:12]),
        ("0a1b2c3d", "0A1B2C3D"),
    ],
    ids="autov2 whole embedding-12 whole-of-short autov3 autov1".split(),
)
def test_file_is_found_by_its_hash_whatever_its_name(known, stated):
    files = [ModelFile("renamed", "model", hashes=frozenset({known}))]
    assert _find(files, Resource("model", "x", hash=stated)) == ("here", "hash", "")


def test_file_is_found_by_the_version_id_in_its_sidecar():
    files = [ModelFile("renamed", "lora", version_id=7, model_id=3)]
    assert _find(files, Resource("lora", "x", version_id=7)) == ("here", "version", "")


def test_file_is_found_by_the_hashes_in_the_versions_record():
    files = [ModelFile("renamed", "lora", hashes=frozenset({_SHA}))]
    wanted = Resource(version_id=7)
    assert _find(files, wanted, version_files=frozenset({_SHA[:10], "name"})) == (
        "here",
        "hash",
        "",
    )


@pytest.mark.parametrize("name", ["Detail Tweaker", "detail_tweaker", "detail-tweaker"])
def test_match_by_name_alone_is_marked(name):
    files = [ModelFile("detail_tweaker", "lora")]
    assert _find(files, Resource("lora", name)) == ("here", "name", "")


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


def test_another_version_of_the_same_model_is_reported():
    files = [ModelFile("x", "lora", version_id=8, model_id=3, version_name="v3")]
    assert _find(files, Resource("lora", "y", version_id=7), model_id=3) == (
        "other",
        "model",
        "v3",
    )


@pytest.mark.parametrize(
    "here,wanted,version",
    [
        ("dreamshaper_8", "DreamShaper_v7", "8"),
        ("realisticVisionV60B1_v51VAE", "realisticVisionV51_v51VAE", "V60B1_v51VAE"),
        ("flux1-dev", "flux1-dev-Q4_K_M", ""),
        ("style-000010", "style", "000010"),
    ],
)
def test_name_with_another_version_number_is_another_version(here, wanted, version):
    assert _find([ModelFile(here)], Resource("model", wanted)) == ("other", "name", version)


@pytest.mark.parametrize(
    "here,wanted",
    [("add_detail", "add_3d_detail"), ("epic_style", "epic_sketch"), ("v1-5-pruned", "v2-1")],
)
def test_similar_names_do_not_match(here, wanted):
    assert _find([ModelFile(here)], Resource("model", wanted))[0] == "missing"


def test_file_of_another_kind_does_not_match():
    assert _find([ModelFile("anime", "lora")], Resource("vae", "anime"))[0] == "missing"
    assert _find([ModelFile("anime", "")], Resource("vae", "anime"))[0] == "here"


@pytest.mark.parametrize("one", [Resource("upscaler", "x"), Resource("vae", "Automatic")])
def test_resource_without_a_model_file_is_not_searched(one):
    assert _find([], one)[0] == ""


def test_resource_without_name_and_hash_has_no_match():
    assert _find([ModelFile("", "lora"), ModelFile("x")], Resource(version_id=5))[0] == "missing"


def test_normalized_name_is_never_empty():
    assert remove_version("v2") == "v2" and remove_version("2.1") == "2_1"

"""The files that other programs write beside a model file."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.model_files.index import read_sidecar, Sidecar
from hypothesis import given, strategies as st

_SHA = "AB" * 32
_VERSION = {"id": 7, "modelId": 3, "name": "v2", "files": [{"hashes": {"AutoV3": "AB" * 6}}]}


@pytest.mark.parametrize(
    "name,data,hashes",
    [
        ("x.civitai.info", _VERSION, {"ab" * 6}),
        ("x.metadata.json", {"sha256": _SHA, "civitai": _VERSION}, {"ab" * 6, "ab" * 32}),
        (
            "x.cm-info.json",
            {"VersionId": 7, "ModelId": 3, "VersionName": "v2", "Hashes": {"SHA256": _SHA}},
            {"ab" * 32},
        ),
        (
            "x.json",
            {
                "id": 3,
                "modelVersions": [
                    {"id": 8, "name": "v3", "files": [{"name": "x3.safetensors"}]},
                    {
                        "id": 7,
                        "name": "v2",
                        "files": [{"name": "x.safetensors", "hashes": {"SHA256": _SHA}}],
                    },
                ],
            },
            {"ab" * 32},
        ),
    ],
)
def test_sidecar_of_each_program_gives_the_version_and_its_hashes(tmp_path, name, data, hashes):
    (tmp_path / name).write_text(json.dumps(data), encoding="utf-8-sig")
    assert read_sidecar(str(tmp_path / name)) == Sidecar(7, 3, "v2", frozenset(hashes))


def test_model_page_beside_a_renamed_file_gives_the_model_alone(tmp_path):
    versions = [{"id": 7, "files": [{"name": "x.safetensors", "hashes": {"SHA256": _SHA}}]}]
    page = {"id": 3, "name": "X", "modelVersions": versions}
    (tmp_path / "renamed.json").write_text(json.dumps(page))
    assert read_sidecar(str(tmp_path / "renamed.json")) == Sidecar(model_id=3)


@pytest.mark.parametrize("data", [{"id": 3}, {"id": 3, "modelVersions": {}}, {"sd version": "SD1"}])
def test_other_json_beside_a_model_file_says_nothing(tmp_path, data):
    (tmp_path / "x.json").write_text(json.dumps(data))
    assert read_sidecar(str(tmp_path / "x.json")) == Sidecar()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            "id modelId name files hashes modelVersions civitai sha256 VersionId Hashes".split()
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([".civitai.info", ".metadata.json", ".cm-info.json", ".json"]))
def test_sidecar_with_any_json_can_be_read(tmp_path, data, end):
    path = tmp_path / f"x{end}"
    path.write_text(json.dumps(data))
    assert isinstance(read_sidecar(str(path)), Sidecar)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"id": 1e999}'])
def test_damaged_sidecar_is_ignored(tmp_path, data):
    path = tmp_path / "x.civitai.info"
    path.write_bytes(data)
    assert read_sidecar(str(path)) == Sidecar() == read_sidecar(str(tmp_path / "no.civitai.info"))

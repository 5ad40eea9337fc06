"""The files that other programs write beside a model file."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.local_models.sidecars import read_sidecar, Sidecar
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
    ],
)
def test_sidecar_of_each_program_gives_the_version_and_its_hashes(tmp_path, name, data, hashes):
    (tmp_path / name).write_text(json.dumps(data), encoding="utf-8-sig")
    assert read_sidecar(str(tmp_path / name)) == Sidecar(7, 3, "v2", frozenset(hashes))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from("id modelId name files hashes civitai sha256 VersionId Hashes".split()),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)


@given(_JSON, st.sampled_from([".civitai.info", ".metadata.json", ".cm-info.json"]))
def test_sidecar_with_any_json_can_be_read(tmp_path, data, end):
    path = tmp_path / f"x{end}"
    path.write_text(json.dumps(data))
    assert isinstance(read_sidecar(str(path)), Sidecar)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"id": 1e999}'])
def test_damaged_sidecar_is_ignored(tmp_path, data):
    path = tmp_path / "x.civitai.info"
    path.write_bytes(data)
    assert read_sidecar(str(path)) == Sidecar() == read_sidecar(str(tmp_path / "no.civitai.info"))

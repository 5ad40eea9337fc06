"""The files of a model version, and who may download them."""

import json
import math

import pytest
from cases import any_json, each_case
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import make_download_urls, make_version_page_url, records
from civitai_manager_libs.civitai import version_from_json
from civitai_manager_libs.civitai.records import model_from_json
from civitai_manager_libs.errors import InvalidResponse
from hypothesis import given, strategies as st

SHA = "0123456789ABCDEF" * 4
FILE = {
    "id": 610001,
    "name": "exampleMix_v20.safetensors",
    "type": "Pruned Model",
    "sizeKB": 2082642.474609375,
    "metadata": {"format": "SafeTensor", "size": "full", "fp": "FP16", "quantType": "Q8_0"},
    "hashes": {
        **{"AutoV1": "ABCDEF01", "AutoV2": SHA[:10], "AutoV3": "ABCDEF012345", "SHA256": SHA},
        **{"CRC32": "1A2B3C4D", "BLAKE3": "B" * 64, "Other": "C" * 10},
    },
    "pickleScanResult": "Success",
    "virusScanResult": "Pending",
    "primary": True,
    "downloadUrl": "https://civitai.com/api/download/models/700200",
}
_JSON = any_json(st.sampled_from(sorted(FILE)), 5)


def _parse(**changes):
    [file] = records.parse_files({"files": [{**FILE, **changes}]})
    return file


def test_every_field_of_a_file_is_parsed():
    assert _parse() == records.RemoteFile(
        id=610001,
        name="exampleMix_v20.safetensors",
        size=2132625894,
        type="Pruned Model",
        format="SafeTensor",
        precision="fp16",
        is_pruned=True,
        quantization="Q8_0",
        sha256=SHA.lower(),
        hashes=frozenset(
            {"abcdef01", SHA[:10].lower(), "abcdef012345", SHA.lower(), "1a2b3c4d", "b" * 64}
        ),
        pickle_scan="Success",
        virus_scan="Pending",
        is_primary=True,
        url="https://civitai.com/api/download/models/700200",
    )


@given(st.fixed_dictionaries({}, optional={key: _JSON for key in FILE if key != "id"}))
def test_invalid_fields_of_a_file_are_unknown(row):
    [file] = records.parse_files({"files": [{"id": 5, **row}]})
    assert 0 <= file.size < 2**53 and isinstance(file.name, str) and file.id == 5
    assert all(len(code) in (8, 10, 12, 64) for code in file.hashes)
    records.version_from_json({"id": 5, "files": [row]})


def test_files_without_an_id_and_duplicates_are_left_out():
    rows = [None, 5, {}, {"id": 0}, {"id": "7"}, {"id": 7}, {"id": 2**31}]
    assert [file.id for file in records.parse_files({"files": rows})] == [7]
    assert records.parse_files({"files": "x"}) == records.parse_files({}) == ()
    assert _parse(hashes={"AutoV3": "E3B0C44298FC"}).hashes == frozenset()  # of an empty file
    assert _parse(name="a" * 300 + ".safetensors").extension == ".safetensors"
    for size in (math.nan, math.inf, -5, "x", None, 2**63):
        assert _parse(sizeKB=size).size == 0


@each_case(__file__, "access_is_parsed_from_the_record")
def test_access_is_parsed_from_the_record(record, model, access):
    assert list(records.parse_access(record, model)) == access


def test_version_has_its_files_and_its_models_type():
    row = {"id": 7, "modelId": 3, "model": {"name": "Mix", "type": "LORA"}, "files": [FILE]}
    version = version_from_json(row)
    assert (version.model_type, version.record) == ("LORA", row)
    assert [file.id for file in version.remote_files] == [610001]
    assert version.files >= {"examplemix_v20", "abcdef012345"}
    assert version.size == 2132625894


def test_deeply_nested_record_raises_invalid_response():
    deep = json.loads("[" * 600 + "]" * 600)
    for parse in (version_from_json, model_from_json):
        with pytest.raises(InvalidResponse):
            parse({"id": 7, "x": deep})


def test_file_is_requested_by_its_id_and_a_vae_by_the_url_in_its_record_too(monkeypatch):
    """A VAE that belongs to another version is not found by its id."""
    by_id = "https://civitai.com/api/download/models/7?fileId=610001"
    assert make_download_urls(7, _parse()) == (by_id, "")
    assert make_download_urls(7, _parse(type="VAE"))[1] == FILE["downloadUrl"]
    for url in ("https://example.com/x", "ftp://civitai.com/x", "https://civitai.com@a.b/", "", 5):
        assert make_download_urls(7, _parse(type="VAE", downloadUrl=url))[1] == ""
    setting.change("civitai_host", "civitai.red")  # which alone gets the key
    urls = make_download_urls(7, _parse(type="VAE"))
    assert {url.split("/")[2] for url in urls} == {"civitai.red"}
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:4711")
    stored = _parse(downloadUrl="http://127.0.0.1:4600/api/download/models/7", type="VAE")
    by_id, other = make_download_urls(7, stored)
    assert by_id.startswith(f"{setting.base_url()}/") and other == ""


def test_version_page_is_found_with_and_without_the_models_id():
    page = "https://civitai.com/models/101?modelVersionId=1001"
    assert make_version_page_url(1001, 101) == page
    assert make_version_page_url(1001) == "https://civitai.com/model-versions/1001"

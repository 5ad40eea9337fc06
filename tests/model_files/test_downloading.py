"""A model file is received whole, replaces no other file, and is found at once."""

import json
import os
from dataclasses import replace

import pytest
from civitai_manager_libs import host, setting
from civitai_manager_libs.errors import CivitaiShortcutError, DiskError, NetworkError, WrongHash
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.infotext import Resource
from civitai_manager_libs.model_files import downloading, get_model_index, index, receive_model_file
from model_storage import ModelStorage, safetensors

_BODY = safetensors(300_000)


@pytest.fixture
def site(monkeypatch):
    with ModelStorage(_BODY) as site:
        monkeypatch.setenv("CIVITAI_BASE_URL", site.base)
        yield site


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    return folder


def _request(site, folder, **changes):
    return replace(site.request(folder / "mix.safetensors"), **changes)


def _receive(request, progress=lambda *_: None):
    client = CivitaiHttpClient(api_key="", max_retries=0)
    return receive_model_file(client, request, progress)


@pytest.mark.parametrize("is_link", [False, pytest.param(True, marks=pytest.mark.posix)])
def test_file_is_received_whole_with_its_companions_and_found_at_once(
    site, folder, tmp_path, monkeypatch, is_link
):
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    if is_link:
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    wanted, told = Resource("lora", "x", version_id=700200), []
    assert get_model_index().find(wanted).state == "missing"
    request = _request(site, folder, **({"sha256": ""} if is_link else {}))
    received = _receive(request, lambda *given: told.append(given))
    notes = ("not_verified",) if is_link else ()
    assert (received.was_here, received.size, received.notes) == (False, len(_BODY), notes)
    assert (folder / "mix.safetensors").read_bytes() == _BODY
    assert sorted(os.listdir(folder)) == ["mix.civitai.info", "mix.json", "mix.safetensors"]
    assert told[-1] == (len(_BODY), len(_BODY))
    assert get_model_index().find(wanted).state == "here"


@pytest.mark.parametrize("left", ["mix.civitai.info", "mix.cm-info.json"])
def test_model_is_found_despite_a_sidecar_of_another_version(site, folder, left):
    (folder / left).write_text('{"id": 1, "VersionId": 1, "name": "v0"}')
    wanted = Resource("lora", "x", version_id=700200)
    assert _receive(_request(site, folder)).path == str(folder / "mix_700200.safetensors")
    assert get_model_index().find(wanted).state == "here"


@pytest.mark.parametrize("end", [".civitai.info", ".metadata.json"])
def test_file_found_here_under_a_sidecar_of_another_version_is_here_afterwards(site, folder, end):
    (folder / "mix.safetensors").write_bytes(_BODY)
    other = {"id": 1, "modelId": 1, "name": "v0", "files": [{"hashes": {"SHA256": "AB" * 32}}]}
    told = other if end == ".civitai.info" else {"civitai": other, "sha256": "AB" * 32}
    (folder / f"mix{end}").write_text(json.dumps(told))
    request = _request(site, folder)
    received = _receive(request)
    assert (received.was_here, received.path) == (True, str(folder / "mix.safetensors"))
    wanted = Resource("lora", "x", hash=request.sha256[:10], version_id=700200)
    assert get_model_index().find(wanted).state == "here"
    former = Resource("lora", "x", hash="ab" * 5, version_id=1)
    assert get_model_index().find(former).state == "missing"


@pytest.mark.parametrize("noticed", [True, False])
def test_host_is_notified_and_a_host_that_cannot_be_is_noted(site, folder, monkeypatch, noticed):
    kinds = []
    monkeypatch.setattr(host, "refresh_models", lambda kind: kinds.append(kind) or noticed)
    assert _receive(_request(site, folder)).notes == (() if noticed else ("refresh_host",))
    assert kinds == ["lora"]


def test_same_file_is_not_fetched_again_but_gets_companions(site, folder):
    (folder / "mix.safetensors").write_bytes(_BODY)
    assert _receive(_request(site, folder)).was_here
    assert site.route == [] and (folder / "mix.civitai.info").is_file()


@pytest.mark.parametrize("other", [b"another one", bytes(len(_BODY))], ids=["short", "as-long"])
def test_another_file_of_the_same_name_is_kept(site, folder, other):
    (folder / "mix.safetensors").write_bytes(other)
    received = _receive(_request(site, folder))
    assert received.path == str(folder / "mix_700200.safetensors")
    assert (folder / "mix.safetensors").read_bytes() == other
    assert (folder / "mix_700200.safetensors").read_bytes() == _BODY


def test_name_that_another_file_takes_meanwhile_is_left_to_it(site, folder):
    """As of two weight files of one version, which Civitai gives the same name."""

    def take(received, total):
        (folder / "mix.safetensors").write_bytes(b"the other one")

    site.rules.rate = 1_000_000
    received = _receive(_request(site, folder), take)
    assert received.path == str(folder / "mix_700200.safetensors")
    assert (folder / "mix.safetensors").read_bytes() == b"the other one"
    assert (folder / "mix_700200.safetensors").read_bytes() == _BODY
    assert (folder / "mix_700200.civitai.info").is_file()
    assert site.bytes_sent == len(_BODY), "it is not received again"


def test_folder_or_dead_link_of_the_same_name_is_kept(site, folder):
    (folder / "mix.safetensors").mkdir()
    (folder / "mix_700200.safetensors").symlink_to(folder / "gone")
    assert _receive(_request(site, folder)).path == str(folder / "mix_700200_9.safetensors")
    (folder / "mix_700200_9.safetensors").write_bytes(b"one more")
    with pytest.raises(DiskError, match="other files already have this name"):
        _receive(_request(site, folder))


@pytest.mark.posix
def test_subfolder_of_the_template_is_not_written_through_a_link(site, folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "SDXL").symlink_to(tmp_path / "elsewhere")
    request = _request(site, folder)
    with pytest.raises(DiskError, match="SDXL is a link"):
        _receive(replace(request, path=str(folder / "SDXL" / "author" / "mix.safetensors")))
    assert not os.listdir(tmp_path / "elsewhere")


def test_wrong_hash_is_retried_once_from_the_start(site, folder):
    with pytest.raises(WrongHash):
        _receive(_request(site, folder, sha256="0" * 64))
    assert len(site.route) == 2 and os.listdir(folder) == []


def test_file_with_the_right_hash_on_the_second_try_is_kept(site, folder, monkeypatch):
    request, fetched = _request(site, folder), []
    right, site.body = site.body, safetensors(300_000, seed=5)
    client = CivitaiHttpClient(api_key="", max_retries=0)
    fetch = client.fetch_model

    def fetch_model(*given):
        site.body = right if fetched else site.body
        fetched.append(given)
        return fetch(*given)

    monkeypatch.setattr(client, "fetch_model", fetch_model)
    receive_model_file(client, request, lambda *_: None)
    assert len(fetched) == 2 and (folder / "mix.safetensors").read_bytes() == right


def test_companion_that_fails_does_not_fail_the_model(site, folder, monkeypatch):
    errors = [CivitaiShortcutError("The card cannot be written.")]
    monkeypatch.setattr(downloading, "write_companions", lambda *_: errors)
    received = _receive(_request(site, folder))
    assert received.notes == ("no_companions",)
    assert received.message == "The card cannot be written."


def test_unfinished_file_is_deleted_if_the_user_adds_the_model(site, folder):
    site.rules.stops_after = 100_000
    with pytest.raises(NetworkError):
        _receive(_request(site, folder))
    assert len(os.listdir(folder)) == 2
    (folder / "mix.safetensors").write_bytes(_BODY)
    assert _receive(_request(site, folder)).was_here
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_file_removed_by_a_virus_scanner_still_counts_as_received(site, folder, monkeypatch):
    monkeypatch.setattr(host, "refresh_models", lambda _: os.remove(folder / "mix.safetensors"))
    assert _receive(_request(site, folder)).size == len(_BODY)

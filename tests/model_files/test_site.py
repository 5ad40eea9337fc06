"""Model files from a site that answers as Civitai does: the file that was asked for, or nothing."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.core import Image
from civitai_manager_libs.errors import CivitaiShortcutError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import models
from civitai_manager_libs.model_files import find_needed_file, get_model_index, index
from civitai_manager_libs.model_files import list_needed_files, plan_requests
from civitai_manager_libs.model_files import receive_model_file
from civitai_manager_libs.network import parallel_download
from hypothesis import given, Phase, settings, strategies as st
from model_site import KEY, ModelSite, SiteFile, SiteVersion
from model_storage import safetensors

_VERSION = 7
_SIZES = (3_000, 3_000, 9_000, 20_000)  # bytes; two files may have the same


@pytest.fixture(scope="module")
def _server():
    with ModelSite() as site:
        yield site


@pytest.fixture
def site(_server, monkeypatch, tmp_path):
    monkeypatch.setenv("CIVITAI_BASE_URL", _server.url)
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    monkeypatch.setattr(parallel_download, "_TICK", 0.002)
    setting.change("http_max_retries", 0)
    setting.change("model_folders", str(tmp_path / "models"))
    for name in ("loras", "vae", "text_encoders", "clip_vision"):
        (tmp_path / "models" / name).mkdir(parents=True)
    _server.versions, _server.preferences, _server.is_blocked = {}, {}, False
    _server.asked.clear()
    return _server


def _make_file(file_id=71, seed=1, size=9_000, name="mix.safetensors", **more):
    return SiteFile(file_id, name, safetensors(size, seed), **more)


def _client(key=""):
    setting.civitai_api_key = key
    return CivitaiHttpClient()


def _receive(client, request):
    return receive_model_file(client, request, lambda *_: None)


def _forget(library):
    library.forget()
    index._model_index.forget()


@dataclass(frozen=True)
class _World:
    """Files of one version, which the API lists, and who asks for them."""

    version: SiteVersion
    has_key: bool
    preferences: dict[str, str]
    is_blocked: bool
    is_old_job: bool


_OF_ANOTHER = ("wrong_hash", "gone", "storage", "network", "http_400")
_METADATA = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "format": st.sampled_from(["SafeTensor", "Other"]),
        "size": st.sampled_from(["full", "pruned", "fp8"]),
        "fp": st.sampled_from(["fp16", "fp32"]),
    },
)
_TYPES = [*["Model"] * 3, "Pruned Model", *["VAE"] * 2, "Text Encoder", "Enhancement LoRA"]
_HASHES = [("SHA256", "AutoV2"), ("SHA256", "AutoV2"), ("AutoV2",), ()]
_ACCESS = ["", "", "", "", "login", "early_access", "sold", "members", "disabled"]


@st.composite
def _worlds(draw):
    count = draw(st.integers(1, 4))
    files = [
        SiteFile(
            70 + n,
            draw(st.sampled_from(["mix.safetensors", f"mix{n}.safetensors"])),
            safetensors(draw(st.sampled_from(_SIZES)), n),
            draw(st.sampled_from(_TYPES)),
            draw(_METADATA),
            draw(st.sampled_from(_HASHES)),
            state=draw(st.sampled_from(["", "", "", "", "missing", "down"])),
        )
        for n in range(count)
    ]
    hashes = draw(st.sampled_from(_HASHES))
    body = safetensors(draw(st.sampled_from(_SIZES)), 90)
    linked = [SiteFile(90, "ae.safetensors", body, "VAE", hash_kinds=hashes)]
    version = SiteVersion(
        _VERSION,
        files,
        linked if draw(st.booleans()) else [],
        draw(st.sampled_from(_ACCESS)),
        draw(st.booleans()),
        draw(st.sampled_from(["", "TakenDown"])),
    )
    liked = draw(
        st.fixed_dictionaries({}, optional={"fp": st.just("fp32"), "size": st.just("full")})
    )
    return _World(
        version, draw(st.booleans()), liked, draw(st.integers(0, 9)) == 0, draw(st.booleans())
    )


def _find_true_reason(world: _World, file: SiteFile) -> str:
    """Return the reason code that the route's answer means, "" if it sends the file."""
    version = world.version
    if world.is_blocked:
        return "blocked"
    if version.access == "login" and not world.has_key:
        return "needs_key"
    has_access = version.access in ("", "login") or world.has_key and version.has_access
    if not has_access:
        refused = "no_access" if world.has_key else "needs_access"
        return "early_access" if version.access in ("early_access", "sold") else refused
    return {"down": "storage", "missing": "gone"}.get(file.state, "")


@settings(max_examples=settings.default.max_examples // 5, phases=[Phase.generate])
@given(world=_worlds())
def test_file_is_the_one_that_was_asked_for_or_the_reason_is_true(world, site, library, tmp_path):
    shutil.rmtree(tmp_path / "models")
    for name in ("loras", "vae", "text_encoders"):
        (tmp_path / "models" / name).mkdir(parents=True)
    _forget(library)
    site.versions, site.preferences = {_VERSION: world.version}, world.preferences
    site.is_blocked = world.is_blocked
    client = _client(KEY if world.has_key else "")
    version = models.load_version(client, _VERSION, max_age=0)
    listed = [(file, version) for file in version.remote_files]
    requests = plan_requests(client, listed)
    assert len({request.path for request in requests}) == len(requests)
    bodies = {file.id: file for file in (*world.version.files, *world.version.linked)}
    for request in requests:
        file = bodies[request.file_id]
        if world.is_old_job:  # as an older version stored it
            row = next(row for row in version.record["files"] if row["id"] == file.id)
            request = replace(request, url=row["downloadUrl"])
        try:
            received = _receive(client, request)
        except CivitaiShortcutError as error:
            told = error.reason
            assert not os.path.exists(request.path)
        else:
            told = ""
            assert Path(received.path).read_bytes() == file.body
            assert ("not_verified" in received.notes) == (not file.hash_kinds)
        # A VAE that is not found by its id is asked for by its kind, of which another may come.
        is_by_kind = file.type == "VAE" and (
            file.state == "missing" or file in world.version.linked
        )
        assert told == _find_true_reason(world, file) or is_by_kind and told in _OF_ANOTHER


def test_linked_vae_is_fetched_by_the_url_in_its_record(site, library, tmp_path):
    vae = _make_file(90, 9, 5_000, "ae.safetensors", type="VAE")
    site.add(SiteVersion(_VERSION, [_make_file()], [vae]))
    client = _client()
    version = models.load_version(client, _VERSION)
    [request] = plan_requests(client, [(version.remote_files[1], version)])
    assert Path(_receive(client, request).path).read_bytes() == vae.body
    assert [sorted(query) for _, query in site.asked] == [["fileId"], ["type"]]


def test_file_that_was_replaced_is_offered_with_a_remark(site, library, tmp_path):
    gone, now = _make_file(71, 1, state="hidden"), _make_file(72, 2)
    site.add(SiteVersion(_VERSION, [gone, now]))
    meta = {"prompt": "<lora:mix:1>", "hashes": {"lora:mix": gone.sha256[:10].lower()}}
    images = [Image(1, "", meta=meta), Image(2, "", version_ids=(_VERSION,), meta=meta)]
    for some in (images[:1], images):
        [needed] = list_needed_files(_client(), some)
        assert needed.key == 72 and needed.remarks == ("not_the_stated_hash",)
        assert needed.is_fetchable


@pytest.mark.parametrize("access", ["", "archived"])
def test_file_here_whose_sidecar_has_no_hash_is_not_read(site, library, tmp_path, access):
    site.add(SiteVersion(_VERSION, [_make_file()], access=access))
    path = tmp_path / "models" / "loras" / "old.safetensors"
    path.write_bytes(b"as it was")
    path.with_name("old.civitai.info").write_text('{"id": 7, "modelId": 10007}')
    version = models.load_version(_client(), _VERSION)
    needed = find_needed_file(_client(), version)
    assert (needed.availability, needed.match.by, needed.remarks) == ("here", "version", ())
    get_model_index().compute_hash(needed.match.file)
    told = find_needed_file(_client(), version)
    assert told.availability == ("here" if access else "other")


@pytest.mark.parametrize("is_right", [True, False], ids=["the-file", "another"])
def test_file_that_was_saved_unverified_is_verified_when_civitai_knows_its_hash(
    site, library, tmp_path, monkeypatch, is_right
):
    file = _make_file(hash_kinds=())
    site.add(SiteVersion(_VERSION, [file]))
    client = _client()
    needed = find_needed_file(client, models.load_version(client, _VERSION))
    assert needed.remarks == ("not_verified",)
    [request] = plan_requests(client, [(needed.choice.file, needed.version)])
    received = _receive(client, request)
    if not is_right:
        Path(received.path).write_bytes(safetensors(9_000, seed=99))
    images = [Image(1, "", version_ids=(_VERSION,))]
    [here] = list_needed_files(client, images)
    assert (here.availability, here.remarks) == ("here", ("not_verified",))
    file.hash_kinds = ("SHA256", "AutoV2")
    now = models.time.time
    monkeypatch.setattr(models.time, "time", lambda: now() + 100_000)
    for _ in range(2):
        _forget(library)
        [here] = list_needed_files(client, images)
        if is_right:
            assert (here.availability, here.match.by, here.remarks) == ("here", "hash", ())
        else:
            assert (here.availability, here.remarks) == ("other", ("not_the_file",))
            assert here.is_fetchable and here.path != received.path

"""Which file of a version is fetched, and the request for it."""

import json

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import version_from_json
from civitai_manager_libs.model_files import choose_file
from civitai_manager_libs.model_files.choice import make_request, ModelFileRequest

_SHA = "0123456789abcdef" * 4
_SCANNED = {"pickleScanResult": "Success", "virusScanResult": "Success"}


def _file(file_id, name="mix.safetensors", fp="", size="full", sha="", **more):
    about = {"fp": fp, "size": size}
    hashes = {"SHA256": sha, "AutoV2": sha[:10]} if sha else {}
    row = {"id": file_id, "name": name, "type": "Model", "metadata": about, "hashes": hashes}
    return {**row, **_SCANNED, **more}


def _version(*files, **more):
    return version_from_json({"id": 7, "modelId": 3, "files": list(files), **more})


def _choose(*files, more=None, **arguments):
    choice = choose_file(_version(*files, **(more or {})), **arguments)
    return choice.file and choice.file.id, choice.by, choice.refusal


_PRECISIONS = [_file(1, fp="fp32"), _file(2, fp="fp16"), _file(3, fp="bf16"), _file(4)]
_STATED = {
    "autov2": (_SHA[:10].upper(), {"AutoV2": _SHA[:10]}),
    **{f"cut-{n}": (_SHA[:n], {"SHA256": _SHA}) for n in (10, 12)},
    **{"whole": (_SHA, {"SHA256": _SHA.upper()}), "whole-of-autov2": (_SHA, {"AutoV2": _SHA[:10]})},
    "autov3": ("ABCDEF012345", {"AutoV3": "abcdef012345"}),
    **{
        "autov1": ("abcdef01", {"AutoV1": "ABCDEF01"}),
        "crc32": ("1a2b3c4d", {"CRC32": "1A2B3C4D"}),
    },
    "blake3": (_SHA, {"BLAKE3": _SHA}),
}


@pytest.mark.parametrize("kind", ["Model", "VAE"])
@pytest.mark.parametrize("stated,hashes", _STATED.values(), ids=_STATED)
def test_file_is_the_one_whose_hash_the_image_states(stated, hashes, kind):
    files = [_file(1, fp="fp16", size="pruned"), _file(2, fp="fp32", hashes=hashes, type=kind)]
    assert _choose(*files, stated_hash=stated) == (2, "hash", "")


@pytest.mark.parametrize(
    "precision,chosen", [("fp16", 2), ("bf16", 3), ("fp32", 1), ("fp8", 4), ("", 1)]
)
def test_file_of_the_preferred_precision_and_size_is_chosen(precision, chosen):
    setting.change("model_precision", precision)
    assert _choose(*_PRECISIONS) == (chosen, "preferences", "")
    setting.restore()
    for prefers_pruned, chosen in ((True, 1), (False, 2)):
        setting.change("model_prefers_pruned", prefers_pruned)
        assert _choose(_file(1, size="pruned"), _file(2))[0] == chosen


def test_harmless_file_is_preferred_to_all_others():
    files = [_file(1, "a.ckpt", "fp16", "pruned", _SHA), _file(2, "a.gguf", "fp16"), _file(3)]
    assert _choose(*files) == (3, "preferences", "")
    assert _choose(*files[:2]) == (2, "preferences", "")
    assert _choose(*files, stated_hash=_SHA[:10]) == (3, "preferences", "")


def test_other_files_and_companions_are_listed():
    files = [_file(1), _file(2, fp="fp16")]
    kinds = {"a.vae.safetensors": "VAE", "a.yaml": "Config", "vision.safetensors": "Vision Encoder"}
    kinds |= {"lightning.safetensors": "Enhancement LoRA", "a.vae.pt": "VAE"}
    kinds |= {"set.zip": "Training Data", "all.zip": "Archive"}
    files += [_file(n, name, type=kind) for n, (name, kind) in enumerate(kinds.items(), 3)]
    choice = choose_file(_version(*files))
    assert choice.file.id == 2 and [file.id for file in choice.others] == [1]
    assert [file.id for file in choice.companions] == [3, 5, 6], "a Config may run code"


def test_user_may_choose_any_other_file():
    files = [_file(1, fp="fp16"), _file(2), _file(3, "a.vae.safetensors", type="VAE")]
    assert [_choose(*files, file_id=i) for i in (2, 3)] == [(2, "user", ""), (3, "user", "")]
    assert _choose(*files, file_id=99) == (None, "user", "unsupported")
    assert _choose() == (None, "", "not_offered")
    for kind in ("Archive", "Training Data", "Workflow", "Other"):
        assert _choose(_file(1, "a.zip", type=kind)) == (None, "", "unsupported")
    for name in ("a.zip", "a.7z", "a.onnx", "a", "a.json"):  # no models
        assert _choose(_file(1, name), file_id=1)[0] is _choose(_file(1, name))[0] is None


def test_configuration_needs_consent_as_a_pickle_does():
    files = [_file(1), _file(2, "a.yaml", type="Config")]
    assert _choose(*files, file_id=2)[2] == "unsafe"
    assert choose_file(_version(*files), file_id=2).needs_consent
    assert _choose(*files, file_id=2, allows_pickle=True) == (2, "user", "")
    assert _choose(files[1]) == (2, "", "unsafe")


def test_file_that_stands_in_for_the_stated_one_is_remarked():
    files = [_file(1, sha="9" * 64)]
    remarks = {code: choose_file(_version(*files), code).remarks for code in ("", "9" * 10, _SHA)}
    assert remarks == {"": (), "9" * 10: (), _SHA: ("not_the_stated_hash",)}
    assert choose_file(_version(*files), _SHA, file_id=1).remarks == ()


@pytest.mark.parametrize("hashes", [{}, {"AutoV3": "abcdef012345"}, {"CRC32": "1A2B3C4D"}])
def test_file_without_a_sha256_is_remarked(hashes):
    assert choose_file(_version(_file(1, hashes=hashes))).remarks == ("not_verified",)
    assert choose_file(_version(_file(1, hashes={"AutoV2": _SHA[:10]}))).remarks == ()


_PICKLE = _file(1, "a.ckpt")
_CONSENT = {"file_id": 1, "allows_pickle": True}


@pytest.mark.parametrize(
    "file,words,refusal",
    [
        (_PICKLE, {}, "unsafe"),
        (_PICKLE, {"file_id": 1}, "unsafe"),
        (_PICKLE, _CONSENT, ""),
        ({**_PICKLE, "virusScanResult": "Pending"}, _CONSENT, "unsafe"),
        ({**_PICKLE, "pickleScanResult": None}, _CONSENT, "unsafe"),
        (_file(1, virusScanResult="Danger"), _CONSENT, "unsafe"),
    ],
    ids="never by-choice by-word not-scanned no-scan danger".split(),
)
def test_pickle_needs_both_scans_and_the_users_consent(file, words, refusal):
    assert _choose(file, **words)[2] == refusal


def test_consent_is_requested_only_if_it_helps():
    assert choose_file(_version(_PICKLE)).needs_consent
    for file in ({**_PICKLE, "virusScanResult": "Error"}, _file(1)):
        assert not choose_file(_version(file)).needs_consent
    early = {"paidAccess": {"permanent": True}}
    assert not choose_file(_version(_PICKLE, **early)).needs_consent


_OVER = {"permanent": False, "endsAt": "2020-01-01T00:00:00Z"}
_ACCESS = {
    "generator": ({"usageControl": "Generation"}, "not_offered", ""),
    "archived": ({"model": {"mode": "Archived"}}, "not_offered", "not_offered"),
    "members": ({"paidAccess": {"permanent": True}}, "early_access", ""),
    "until": ({"earlyAccessEndsAt": "2999-01-01"}, "early_access", ""),
    "over": ({"paidAccess": _OVER}, "", ""),
    "no-date": (
        *({"availability": "EarlyAccess", "earlyAccessEndsAt": "2999-99-99"}, "early_access"),
        "",
    ),
}


@pytest.mark.parametrize("more,refusal,refusal_with_key", _ACCESS.values(), ids=_ACCESS)
def test_refusal_of_the_site_is_reported_unless_a_key_may_have_access(
    more, refusal, refusal_with_key
):
    assert _choose(_file(1), more=more)[2] == refusal
    until = {"paidAccess": {"permanent": False, "endsAt": "2999-01-01T00:00:00.000Z"}}
    assert choose_file(_version(_file(1), **until)).deadline == "2999-01-01T00:00:00.000Z"
    setting.civitai_api_key = "k"
    assert _choose(_file(1), more=more)[2] == refusal_with_key


_ROW = {"id": 7, "modelId": 3, "name": "v2", "model": {"name": "Mix", "type": "LORA"}}
_FILE = {"id": 9, "name": "mix.safetensors", "sizeKB": 1, "hashes": {"SHA256": "AB" * 32}}


def test_stored_request_is_read_back_unchanged():
    version = version_from_json({**_ROW, "files": [_FILE]})
    request = make_request(version.remote_files[0], version, "lora", "/models/mix.safetensors")
    assert (request.file_id, request.version_id, request.model_id) == (9, 7, 3)
    assert (request.size, request.sha256, request.title) == (1024, "ab" * 32, "Mix v2")
    stored = json.loads(json.dumps(request.to_json()))
    assert ModelFileRequest.from_json(stored) == request


def test_request_with_unknown_keys_is_read():
    stored = {"file_id": 9, "version_id": 7, "model_id": 3, "url": "u", "path": "p", "more": 1}
    assert ModelFileRequest.from_json(stored).path == "p"
    assert ModelFileRequest.from_json({"record": 5, "size": "x"}).record == {}

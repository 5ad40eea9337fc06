"""Newer versions of the models here: which is offered, in how many requests, until dismissed."""

import hashlib
import itertools
import json
import os
import random
import sys
import threading

import pytest
from api_server import reset
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import model_from_json
from civitai_manager_libs.errors import InvalidResponse, NetworkError
from civitai_manager_libs.model_files import check_newer_versions, dismiss_newer_version, index
from civitai_manager_libs.model_files import is_check_due, list_newer_versions, make_needed_file
from civitai_manager_libs.model_files import newer_versions, plan_requests
from civitai_manager_libs.model_files.newer_versions import choose_newer_version
from hypothesis import given, settings, strategies as st


def _version(number, date="", base="SDXL 1.0", **more):
    files = [{"id": 10 * number, "name": f"{number}.safetensors"}]
    row = {"id": number, "name": f"v{number}", "baseModel": base, "files": files, **more}
    return {**row, "publishedAt": f"{date}T00:00:00.000Z"} if date else row


def _model(model_id, *versions):
    row = {"id": model_id, "name": f"Model {model_id}", "type": "LORA"}
    return {**row, "modelVersions": list(versions)}


@pytest.fixture
def put(tmp_path, monkeypatch):
    """put(version_id, model_id, *subfolders): store a file with its sidecar, return its path."""
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    setting.change("model_folders", str(tmp_path / "models"))
    folder = tmp_path / "models" / "loras"
    folder.mkdir(parents=True)

    def put(version_id, model_id, *inside):
        path = folder.joinpath(*inside, f"{version_id}.safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1")
        record = {"id": version_id, "modelId": model_id, "name": f"v{version_id}"}
        path.with_suffix(".civitai.info").write_text(json.dumps(record))
        index.get_model_index().forget()
        return path

    return put


def _told():
    return [(newer.version_id, newer.here) for newer in list_newer_versions()]


def test_newer_version_is_told_with_its_page_until_it_is_dismissed_or_here(civitai, client, put):
    about = "<p>Better <b>hands</b>.</p>"
    newest = _version(12, "2026-05-02", description=about)
    civitai.models = {1: _model(1, newest, _version(11, "2026-01-01"), _version(10, "2025-01-01"))}
    old = put(10, 1)
    assert is_check_due() and list_newer_versions() == []
    check_newer_versions(client)
    [newer] = list_newer_versions()
    assert (newer.version_id, newer.here, newer.name) == (12, "v10", "v12")
    found = (newer.about, newer.date[:10], newer.base_model)
    assert found == ("Better hands.", "2026-05-02", "SDXL 1.0")
    assert not newer.is_withdrawn and not newer.refusal and not is_check_due()
    dismiss_newer_version(12)
    assert list_newer_versions() == []
    check_newer_versions(client)  # which does not forget it
    assert list_newer_versions() == []
    dismiss_newer_version(12, is_dismissed=False)
    assert _told() == [(12, "v10")]
    newest_path = put(12, 1)
    assert list_newer_versions() == []
    newest_path.unlink()
    index.get_model_index().forget()
    assert _told() == [(12, "v10")]
    old.unlink()  # what is not here has no newer version
    index.get_model_index().forget()
    assert list_newer_versions() == []


def test_answer_without_any_readable_model_is_no_check(civitai, client, put):
    put(10, 1)
    put(20, 2)
    civitai.models = {1: {"id": "one"}, 2: {"id": None}}
    with pytest.raises(InvalidResponse):
        check_newer_versions(client)
    assert is_check_due()
    civitai.models = {1: {"id": "one"}}  # the other one is not listed
    with pytest.raises(InvalidResponse):
        check_newer_versions(client)
    civitai.models = {}
    check_newer_versions(client)
    assert not is_check_due()


def test_two_checks_at_once_ask_once(civitai, client, put):
    put(10, 1)
    civitai.models = {1: _model(1, _version(12, "2026-05-02"), _version(10, "2025-01-01"))}
    is_asked, end = threading.Event(), threading.Event()

    def stall(request, answer):
        is_asked.set()
        end.wait(60)
        request.reply(200, answer, {})

    civitai.always("models", stall)
    twice = [threading.Thread(target=check_newer_versions, args=[client]) for _ in range(2)]
    twice[0].start()
    assert is_asked.wait(60)
    twice[1].start()
    twice[1].join(0.3)
    end.set()
    for thread in twice:
        thread.join(60)
    assert len(civitai.requests) == 1 and _told() == [(12, "v10")]


def test_newer_version_goes_beside_the_old_one_unless_a_template_names_subfolders(
    civitai, client, put
):
    files = [
        {"id": 120, "name": "12.safetensors", "type": "Model", "primary": True},
        {"id": 121, "name": "12.vae.safetensors", "type": "VAE"},
    ]
    newest = {**_version(12, "2026-05-02"), "files": files}
    civitai.models = {1: _model(1, newest, _version(10, "2025-01-01"))}
    folder = put(10, 1, "my own", "styles").parent
    loras = folder.parents[1]
    (loras.parent / "vae").mkdir()
    check_newer_versions(client)
    [version, *_] = model_from_json(civitai.models[1]).versions
    lora, vae = version.remote_files

    def plan():
        requests = plan_requests(client, [(lora, version), (vae, version)])
        return [os.path.dirname(request.path) for request in requests]

    assert plan() == [str(folder), str(loras.parent / "vae")]
    assert os.path.dirname(make_needed_file(version).path) == str(folder)
    setting.change("model_folder_template", "{base_model}")
    assert plan()[0] == str(loras / "SDXL 1.0")
    assert make_needed_file(version).path.startswith(str(loras / "SDXL 1.0"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, all names are UTF-8")
def test_newer_version_goes_to_no_folder_whose_name_cannot_be_stored(civitai, client, put):
    civitai.models = {1: _model(1, _version(12, "2026-05-02"), _version(10, "2025-01-01"))}
    folder = put(10, 1, os.fsdecode(b"caf\xe9")).parent
    check_newer_versions(client)
    [version, *_] = model_from_json(civitai.models[1]).versions
    assert _told() == [(12, "v10")]
    assert os.path.dirname(make_needed_file(version).path) == str(folder.parent)


def test_file_that_comes_while_the_folder_is_chosen_is_no_error(civitai, client, put, monkeypatch):
    civitai.models = {1: _model(1, _version(12, "2026-05-02"), _version(10, "2025-01-01"))}
    old = put(10, 1)
    check_newer_versions(client)
    found = index.get_model_index().list_files()
    monkeypatch.setattr(index.ModelIndex, "list_files", lambda _: [])  # before, and then
    assert len(found) == 1 and _told() == [(12, "v10")]
    [version, *_] = model_from_json(civitai.models[1]).versions
    assert os.path.dirname(make_needed_file(version).path) == str(old.parent)


def test_models_are_asked_for_in_hundreds_and_unknown_files_not_at_all(civitai, client, put):
    for number in range(1, 251):
        put(number, number)
        civitai.models[number] = _model(number, _version(1000 + number), _version(number))
    path = put(900, 900)
    path.with_suffix(".civitai.info").unlink()
    check_newer_versions(client)
    assert len(civitai.requests) == 3 and len(list_newer_versions()) == 250


def test_failed_check_keeps_what_was_known_and_stays_due(civitai, client, put, monkeypatch):
    civitai.models = {1: _model(1, _version(12, "2026-05-02"), _version(10, "2025-01-01"))}
    put(10, 1)
    check_newer_versions(client)
    monkeypatch.setattr(newer_versions, "_WEEK", 0.0)
    civitai.always("models", reset)
    with pytest.raises(NetworkError):
        check_newer_versions(client)
    assert _told() == [(12, "v10")] and is_check_due()


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"found": [7, {}, {"path": 1}], "checked_at": "x"}', '{"dismissed": 5}']
    + ['{"checked_at": 1e11}'],  # by a wrong clock
)
def test_damaged_or_future_file_counts_as_no_check(put, content):
    put(10, 1)
    dismiss_newer_version(4)
    with open(setting.data_path("newer_versions.json"), "w", encoding="utf-8") as file:
        file.write(content)
    assert list_newer_versions() == [] and is_check_due()
    dismiss_newer_version(5)


def test_early_access_another_base_model_and_a_withdrawn_version_are_told(civitai, client, put):
    early = _version(21, "2026-05-01", earlyAccessEndsAt="2099-01-01T00:00:00.000Z")
    over = _version(31, "2026-04-01", earlyAccessEndsAt="2020-01-01T00:00:00.000Z")
    civitai.models = {
        1: _model(1, _version(12, "2026-05-02", "Pony"), _version(10, "2025-01-01")),
        2: _model(2, early, _version(20, "2025-01-01")),
        3: _model(3, over, _version(30, "2025-01-01")),
        4: _model(4, _version(41, "2026-03-01")),
    }
    civitai.versions = {40: {**_version(40, "2025-01-01"), "modelId": 4, "model": {"name": "M"}}}
    for number in (10, 20, 30, 40):
        put(number, number // 10)
    newer_versions.models.load_version(client, 40)  # read while Civitai still listed it
    check_newer_versions(client)
    told = {newer.version_id: newer for newer in list_newer_versions()}
    assert list(told) == [12, 21, 31, 41]
    assert told[12].former_base_model == "SDXL 1.0" and told[21].former_base_model == ""
    assert (told[21].refusal, told[31].refusal) == ("early_access", "")
    assert told[41].is_withdrawn and not told[12].is_withdrawn


def _versions(*rows):
    return model_from_json(_model(1, *rows)).versions


def test_order_of_the_list_decides_where_dates_do_not(put):
    newest, own, old = _versions(_version(3), _version(2), _version(1))
    assert choose_newer_version([newest, own, old], own, [own]) == newest
    assert choose_newer_version([newest, own, old], newest, [newest]) is None
    [draft] = _versions(_version(4, "2026-01-01", status="Draft"))
    assert choose_newer_version([draft, own], own, [own]) is None


_RUNS = itertools.count(1)


def _is_newer(rows, one, own):
    """Return whether a version is newer: by date, else by place. Ids are of 10 for each model."""
    dates = [rows[each].get("publishedAt", "") for each in (one, own)]
    if all(dates) and dates[0] != dates[1]:
        return one // 10 == own // 10 and dates[0] > dates[1]
    return one // 10 == own // 10 and list(rows).index(one) < list(rows).index(own)


@settings(max_examples=30)
@given(st.integers(0, 2**32))
def test_only_a_newer_published_version_that_is_not_here_is_told(civitai, client, put, seed):
    chance, rows, civitai.models, here = random.Random(seed), {}, {}, {}
    model_ids = [10 * next(_RUNS) + number for number in (1, 2)]
    vae = {"id": 5, "name": "v.vae.safetensors", "type": "VAE", "hashes": {"SHA256": "E" * 64}}
    for model_id in model_ids:
        some = {}
        for version_id in chance.sample(range(10 * model_id, 10 * model_id + 10), 5):
            date = chance.choice(["", "2024-01-01", "2025-01-01", "2026-01-01"])
            base = chance.choice(["SDXL 1.0", "SDXL 1.0", "Pony", ""])
            digest = hashlib.sha256(b"%d" % version_id).hexdigest()
            file = {"id": 1, "name": f"{version_id}.safetensors", "hashes": {"SHA256": digest}}
            files = chance.choice([[file, vae], [file, vae], [{**file, "name": "images.zip"}], []])
            status = chance.choice([{}, {"status": "Published"}, {"status": "Draft"}])
            some[version_id] = _version(version_id, date, base, **status, files=files)
        shown = chance.sample(list(some), 4)  # the other one is withdrawn
        model = _model(model_id, *(row for number, row in some.items() if number in shown))
        civitai.models |= {model_id: model} if chance.random() < 0.9 else {}
        rows |= some
        if chance.random() < 0.5:  # they were read before
            newer_versions.models.update_models(client, [model_id])
    for number in range(chance.randint(1, 5)):
        version_id = stated = chance.choice(list(rows))
        kind = chance.choice(["true", "only a hash", "old sidecar", "other model"])
        if kind == "old sidecar":
            stated = chance.choice([each for each in rows if each // 10 == version_id // 10])
        model_id = sum(model_ids) - stated // 10 if kind == "other model" else stated // 10
        path = put(stated, model_id, f"{seed}-{number}")
        path.write_bytes(b"%d" % version_id)
        if kind == "only a hash":
            path.with_suffix(".civitai.info").unlink()
        if kind in ("only a hash", "old sidecar"):
            index.compute_hash(str(path))
        here[str(path)] = {version_id, stated}
    dismissed = chance.choice(list(rows))
    dismiss_newer_version(dismissed)
    check_newer_versions(client)
    listed = [row for model in civitai.models.values() for row in model["modelVersions"]]
    offered = [
        row["id"]
        for row in listed
        if row.get("status") != "Draft" and row["files"][1:] and row["id"] != dismissed
    ]
    for newer in list_newer_versions():
        assert newer.version_id in set(offered).difference(*here.values()), (newer, here)
        assert any(_is_newer(rows, newer.version_id, own) for own in here[newer.path])
    for each in here:
        os.unlink(each)

"""The licences of the models of an image: fetched in batches, stored, and the strictest counts."""

import time

from api_server import reset
from civitai_manager_libs import setting
from civitai_manager_libs.civitai import find_strictest
from civitai_manager_libs.library import image_records, models, search, wait_for_writes
from civitai_manager_libs.library.database import writing
from civitai_manager_libs.model_files import filter_by_models, find_used_licences, index
from civitai_manager_libs.model_files import list_needed_files
from hypothesis import given, strategies as st
import pytest
from stored_images import make_image

_FREE = {"allowNoCredit": True, "allowCommercialUse": ["Image"]}
_FORBIDDING = {"allowNoCredit": False, "allowCommercialUse": "{}"}


def _model(model_id, licence):
    """Return the record of a model of one version, whose id is ten times the model's."""
    version = {"id": 10 * model_id, "name": "v1", "files": []}
    row = {"id": model_id, "name": f"Model {model_id}", "type": "LORA"}
    return {**row, **licence, "modelVersions": [version]}


def _store(image_id, *version_ids, **meta):
    image = make_image(image_id, modelVersionIds=list(version_ids), meta={"prompt": "x", **meta})
    image_records.store_images([image])
    return image


def _find(*words):
    wait_for_writes(60)
    query = search.parse_query(" ".join(words))
    return sorted(filter_by_models(search.run_search(query).ids, query))


def _asked(civitai):
    return [path for path in civitai.requests if "/models?" in path]


def test_models_are_requested_in_hundreds_and_each_only_once(civitai, client):
    civitai.models = {n: _model(n, _FREE) for n in range(1, 241)}
    models.load_licences(client, range(1, 251))
    assert len(_asked(civitai)) == 3
    models.load_licences(client, range(1, 251))  # those that Civitai does not have neither
    assert len(_asked(civitai)) == 3
    assert len(models.find_licences(set(range(1, 251)))) == 250
    wait_for_writes(60)
    with writing() as db:
        db.execute("UPDATE licences SET read_at = ? WHERE licence = '{}'", (time.time() - 90_000,))
    models.load_licences(client, range(1, 251))
    assert len(_asked(civitai)) == 4 and "ids=241" in _asked(civitai)[3]


def test_other_models_than_those_asked_for_are_not_taken(civitai, client):
    civitai.models = {5: _model(6, _FREE)}
    assert models.update_models(client, [5]) == {}
    assert models.find_licences({5, 6}) == {5: {}}


def test_strictest_licence_of_an_image_counts_and_unknown_stays_unknown(civitai, client):
    civitai.models = {1: _model(1, _FREE), 2: _model(2, _FORBIDDING), 3: _model(3, {})}
    models.update_models(client, [1, 2, 3])
    images = [_store(1, 10), _store(2, 10, 20, 30), _store(3, 10, 30), _store(4, 10, 77), _store(5)]
    found = find_used_licences(images)
    strictest = [find_strictest(found[image.id], "sell_images") for image in images]
    assert strictest == [
        (True, []),
        (False, ["Model 2"]),
        (None, ["Model 3"]),
        (None, ["#77"]),
        (None, []),
    ]


def test_only_images_whose_models_all_permit_selling_are_commercial(civitai, client, library):
    civitai.models = {1: _model(1, _FREE), 2: _model(2, _FORBIDDING), 3: _model(3, {})}
    for image_id, versions in {1: [10], 2: [10, 20], 3: [10, 30], 4: [10, 77], 5: []}.items():
        _store(image_id, *versions)
    _store(6, 10, prompt="a <lora:of_nobody:1>")
    assert _find("is:commercial") == []
    models.update_models(client, [1, 2, 3])
    assert _find("is:commercial") == [1]
    assert _find("-is:commercial") == [2, 3, 4, 5, 6]
    library.forget()
    assert _find("is:commercial") == [1] and _find("-is:commercial", "is:commercial") == [1]
    query = search.parse_query("is:commercial")
    assert filter_by_models(image_records.filter_matching([1, 2], query), query) == [1]


_USED = st.lists(st.tuples(st.sets(st.integers(1, 4)), st.sets(st.integers(1, 4))), min_size=1)


@given(used=_USED)
def test_licence_of_an_image_is_the_same_whatever_other_images_are_asked_for(civitai, client, used):
    """Images name versions by id, and the same or others by their files' hashes."""
    stated = {1: _FREE, 2: _FORBIDDING, 3: {}, 4: _FREE}
    civitai.models = {n: _model(n, licence) for n, licence in stated.items()}
    for n, model in civitai.models.items():  # all have a file of the same name
        file = {"id": 1, "name": "a.pt", "hashes": {"AutoV2": f"{n:010}"}}
        model["modelVersions"][0]["files"] = [file]
    models.update_models(client, [1, 2, 3])
    image_ids, images = range(1, len(used) + 1), []
    for image_id, (named, hashed) in zip(image_ids, used):
        hashes = {f"lora:{n}": f"{n:010}" for n in hashed}
        images.append(_store(image_id, *(10 * n for n in named), hashes=hashes))
    wait_for_writes(60)
    states, sells = {}, {1: True, 2: False}
    for image, (named, hashed) in zip(images, used):
        parts = [sells.get(n) for n in named | hashed]
        alone = find_used_licences([image])[image.id]
        states[image.id] = find_strictest(alone, "sell_images")[0]
        assert states[image.id] is (False if False in parts else all(parts) and bool(parts) or None)
        assert find_used_licences(images)[image.id] == alone
    commercial = [i for i in image_ids if states[i]]
    assert [i for i in _find("is:commercial") if i in image_ids] == commercial
    assert sorted({*_find("-is:commercial")} & {*image_ids}) == sorted({*image_ids} - {*commercial})


@pytest.mark.parametrize("kind, digits", {"AutoV1": 8, "AutoV2": 10, "AutoV3": 12}.items())
def test_model_that_is_known_by_its_hash_alone_has_its_licence_at_once(
    civitai, client, kind, digits
):
    civitai.models, code = {1: _model(1, _FORBIDDING)}, "0123456789ab"[:digits]
    [version] = civitai.models[1]["modelVersions"]
    version["files"] = [{"id": 1, "name": "a.pt", "hashes": {kind: code}}]
    model = {"name": "Model 1", "type": "LORA"}
    civitai.versions = {code.upper(): {**version, "modelId": 1, "model": model}}
    image = _store(1, hashes={"lora:a": code})
    for _ in range(2):
        [needed] = list_needed_files(client, [image])
        assert models.find_licences({needed.model_id})[1]["sell_images"] is False
        assert find_used_licences([image])[1][0][1]["sell_images"] is False
    assert sum("by-hash" in path for path in civitai.requests) == 1


def test_licence_that_was_changed_on_the_site_is_read_again_after_a_day(civitai, client, library):
    civitai.models = {1: _model(1, _FREE), 2: _model(2, _FREE)}
    models.load_licences(client, [1, 2])
    civitai.models = {1: _model(1, _FORBIDDING)}
    for sells, asked, age in ((True, 1, 80_000), (False, 2, 90_000), (False, 2, 80_000)):
        library.forget()
        with writing() as db:
            db.execute("UPDATE licences SET read_at = read_at - ?", (age,))
        models.load_licences(client, [1, 2])
        told = models.find_licences({1, 2})
        assert (told[1]["sell_images"], told[2]["sell_images"]) == (sells, True)
        assert len(_asked(civitai)) == asked
        with writing() as db:
            db.execute("UPDATE licences SET read_at = ?", (time.time(),))


def test_licences_of_an_older_library_are_made_of_its_models(civitai, client, library):
    civitai.models = {n: _model(n, _FREE) for n in range(1, 31)}
    models.update_models(client, range(1, 31))
    wait_for_writes(60)
    library.forget()
    with writing() as db:
        db.execute("DELETE FROM licences")
    assert models.find_licences({1}) == {}
    models.store_older_licences()
    wait_for_writes(60)
    assert all(one["sell_images"] for one in models.find_licences(set(range(1, 31))).values())


def test_listing_what_an_image_needs_fetches_its_licences_and_survives_a_failure(civitai, client):
    civitai.models = {1: _model(1, _FORBIDDING)}
    version = {"id": 10, "name": "v1", "modelId": 1, "model": {"name": "Model 1", "type": "LORA"}}
    civitai.versions = {10: version}
    image = _store(1, 10)
    civitai.always("models", reset)
    list_needed_files(client, [image])
    assert find_used_licences([image])[1] == [("Model 1", {})]
    civitai.always("models", None)
    list_needed_files(client, [image])
    [(name, licence)] = find_used_licences([image])[1]
    assert name == "Model 1" and licence["sell_images"] is False


def test_fetching_licences_keeps_what_a_version_tells_of_its_access(civitai, client):
    civitai.models = {1: _model(1, _FREE)}
    version = {"id": 10, "name": "v1", "modelId": 1, "model": {"name": "Model 1", "type": "LORA"}}
    civitai.versions = {10: {**version, "usageControl": "Generation"}}
    image = _store(1, 10)
    for _ in range(2):
        [needed] = list_needed_files(client, [image])
        assert needed.choice.refusal == "not_offered"
        wait_for_writes(60)
    assert find_used_licences([image])[1][0][1]["sell_images"] is True


def test_file_of_the_same_name_lends_no_licence(civitai, client, tmp_path, monkeypatch):
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    setting.change("model_folders", str(tmp_path))
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "ink.safetensors").write_bytes(b"1")
    (tmp_path / "loras" / "ink.civitai.info").write_text('{"id": 10, "modelId": 1}')
    civitai.models = {1: _model(1, _FREE)}
    models.update_models(client, [1])
    image = _store(1, prompt="a <lora:ink:1>")
    assert find_used_licences([image])[1] == [("ink", {})]

"""LoRAs that a record names in parameters outside the prompt."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext import build_infotext, Resource, list_resources

RUINED = {
    "other": {"loras": [["0x" + "ab" * 5, "0.8 - A/fog.safetensors"], ["", "1.0 - mist.sft"]]}
}
OLD_RUINED = {"other": {"loras": "Loras:<A\\fog.safetensors:0.8>,<None:0.5>,<mist:1>"}}
ADDNET = {
    "AddNet Enabled": "True",
    "AddNet Module 1": "LoRA",
    "AddNet Model 1": "fog-of-01(8c052dc68980)",
    "AddNet Weight A 1": "0.8",
    "AddNet Weight B 1": "0.8",
    "resources": [{"type": "lora", "name": "01", "weight": 0.8, "hash": "8c052dc68980"}],
}


@pytest.mark.parametrize(
    ("meta", "tags"),
    [
        (RUINED, "<lora:fog:0.8> <lora:mist:1>"),
        (OLD_RUINED, "<lora:fog:0.8> <lora:mist:1>"),
        (ADDNET, "<lora:fog-of-01:0.8>"),
        ({**ADDNET, "AddNet Weight B 1": "0.5"}, "<lora:fog-of-01:0.5:0.8>"),
        ({"Lora weights": "fog: 0.5, bad, :1"}, "<lora:fog:0.5>"),
        ({"Lora_0 Model name": "fog.safetensors", "Lora_0 Strength model": "1"}, "<lora:fog:1>"),
        ({"Lora_0 Model name": "fog.safetensors"}, ""),
        ({"other": {"loras": [1, ["x"], ["x", 2], ["x", "fog"]]}}, ""),
    ],
    ids=["ruined", "ruined-old", "addnet", "addnet-two-weights", "fooocus", "saver", "no-weight"]
    + ["hostile"],
)
def test_loras_in_parameters_get_a_tag(meta, tags):
    assert build_infotext({"prompt": "a cat", **meta}).splitlines()[0] == f"a cat {tags}".strip()


def test_name_cut_by_civitais_parser_is_ignored():
    assert list_resources(ADDNET) == (Resource("lora", "fog-of-01", 0.8, "8c052dc68980"),)
    off = {**ADDNET, "AddNet Enabled": "False"}
    assert list_resources(off) == (Resource("lora", "01", 0.8, "8c052dc68980"),)


def test_hash_beside_the_name_is_read():
    assert list_resources(RUINED)[0] == Resource("lora", "fog", 0.8, "ab" * 5)


def test_tensorart_id_is_not_a_file_name():
    loras = {"additionalResources": [{"type": "lora", "name": "EMS-1-EMS", "strength": 1}]}
    assert build_infotext({"prompt": "a cat", **loras}) == "a cat"
    assert list_resources({"Model": "EMS-1401459-EMS", **loras}) == ()

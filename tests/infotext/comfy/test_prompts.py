"""The prompts of a ComfyUI sampler, through the nodes that join or switch texts."""

from __future__ import annotations

import pytest
from cases import each_case
from civitai_manager_libs.infotext.comfy.prompts import read_prompt
from civitai_manager_libs.infotext.comfy.routing import resolve_links
from comfy_graphs import node


def positive(nodes, text=("2", 0)):
    """Return the prompt of a graph whose text encoder takes its text from node 2."""
    encoder = node("CLIPTextEncode", text=list(text), clip=["99", 0])
    nodes = {"0": node("KSampler", positive=["1", 0]), "1": encoder, **nodes}
    return read_prompt(resolve_links(nodes), "0", "positive")


A, B = node("PrimitiveString", value="a cat"), node("Text Multiline", text="on a mat")


@each_case(__file__, "texts_joined_by_nodes_are_joined")
def test_texts_joined_by_nodes_are_joined(joining, text):
    assert positive({"2": joining, "3": A, "4": B}) == text


@each_case(__file__, "unknown_text_is_not_guessed")
def test_unknown_text_is_not_guessed(untold):
    assert positive({"2": untold}) is None


@each_case(__file__, "text_of_each_kind_of_encoder_is_read")
def test_text_of_each_kind_of_encoder_is_read(encoder, text):
    nodes = {"0": node("X", positive=["1", 0]), "1": encoder, "20": node("T", prompt="cat 20")}
    assert read_prompt(nodes, "0", "positive") == text


def test_combined_conditionings_give_each_text_once():
    nodes = {
        "0": node("KSampler", positive=["1", 0]),
        "1": node("ConditioningCombine", conditioning_1=["2", 0], conditioning_2=["3", 0]),
        "2": node("CLIPTextEncode", text="left"),
        "3": node("ConditioningConcat", conditioning_to=["4", 0], conditioning_from=["2", 0]),
        "4": node("ConditioningSetArea", conditioning=["5", 0], width=64),
        "5": node("CLIPTextEncode", text="right"),
    }
    assert read_prompt(nodes, "0", "positive") == "left\nright"


def test_guider_with_several_conditions_has_both_prompts():
    nodes = {
        "0": node("SamplerCustomAdvanced", guider=["1", 0]),
        "1": node("DualCFGGuider", cond1=["2", 0], cond2=["3", 0], negative=["3", 0]),
        "2": node("CLIPTextEncode", text="a cat"),
        "3": node("CLIPTextEncode", text="blurry"),
    }
    assert read_prompt(nodes, "0", "positive") == "a cat"
    assert read_prompt(nodes, "0", "negative") == "blurry"


def test_prompts_stay_separate_in_a_pipe():
    nodes = {
        "0": node("ImpactKSamplerBasicPipe", basic_pipe=["1", 0]),
        "1": node("ToBasicPipe", model=["9", 0], positive=["2", 0], negative=["3", 0]),
        "2": node("ControlNetApplyAdvanced", positive=["4", 0], negative=["3", 0]),
        "3": node("CLIPTextEncode", text="blurry"),
        "4": node("CLIPTextEncode", text="a cat"),
    }
    assert read_prompt(nodes, "0", "positive") == "a cat"
    assert read_prompt(nodes, "0", "negative") == "blurry"


@pytest.mark.parametrize("loop", [["1", 0], ["2", 0]])
def test_text_that_links_to_itself_is_unknown(loop):
    assert positive({"2": node("Text Concatenate", text_a=loop, text_b=["2", 0])}) is None


def test_repeatedly_joined_texts_are_not_multiplied():
    def joined(i):
        return node("Text Concatenate", **{f"text_{n}": [str(i + 1), 0] for n in range(20)})

    assert positive({str(i): joined(i) for i in range(2, 3_000)}) is None
    ending = {str(i): joined(i) for i in range(2, 12)} | {"12": node("T", text="x" * 90_000)}
    assert positive(ending) is None


@pytest.mark.parametrize("side", ["positive", "negative"])
def test_inputs_prompt_and_negative_prompt_stay_separate(side):
    nodes = {
        "0": node("KSampler", positive=["1", 0], negative=["1", 1]),
        "1": node("Two Clip Text Encode", prompt=["2", 0], negative_prompt=["3", 0]),
        "2": node("PrimitiveString", value="positive"),
        "3": node("PrimitiveString", value="negative"),
    }
    assert read_prompt(nodes, "0", side) == side


@pytest.mark.parametrize("side", ["positive", "negative"])
def test_node_with_two_texts_passes_each_on_by_its_output(side):
    slot = ("positive", "negative").index(side)
    nodes = {
        "0": node("KSampler", **{side: ["1", 0]}),
        "1": node("CLIPTextEncode", text=["2", slot]),
        "2": node("SDXLPromptStyler", text_positive="positive", text_negative="negative"),
    }
    assert read_prompt(nodes, "0", side) == side


def test_text_of_the_first_output_is_not_used_for_the_second():
    nodes = {"0": node("KSampler", positive=["1", 0], negative=["1", 1])}
    nodes["1"] = node("TextEncodeEdit", prompt="remove the hat")
    assert read_prompt(nodes, "0", "positive") == "remove the hat"
    assert read_prompt(nodes, "0", "negative") is None


def test_text_that_only_adds_to_a_prompt_is_ignored():
    box = node("GLIGENTextBoxApply", text="sun", conditioning_to=["3", 0], gligen_textbox=["4", 0])
    nodes = {"0": node("KSampler", positive=["2", 0]), "2": box, "3": node("T", text="a garden")}
    nodes["4"] = node("GLIGENLoader", value="gligen.sft")
    assert read_prompt(nodes, "0", "positive") == "a garden"


def test_text_generated_by_a_model_is_unknown():
    generated = node("TextGenerate", prompt="Rewrite: a cat", clip=["9", 0])
    assert positive({"2": node("PreviewAny", source=["3", 0]), "3": generated}) is None


def test_replaced_text_is_read_if_all_inputs_are_known():
    replaced = node("StringReplace", string=["3", 0], find="cat", replace="dog")
    assert positive({"2": replaced, "3": A}) == "a dog"


def test_guider_without_a_negative_input_has_no_negative_prompt():
    nodes = {
        "0": node("SamplerCustomAdvanced", guider=["1", 0], latent_image=["3", 2]),
        "1": node("BasicGuider", conditioning=["3", 0], model=["9", 0]),
        "2": node("CLIPTextEncode", text="not used"),
        "3": node("InpaintModelConditioning", positive=["4", 0], negative=["2", 0]),
        "4": node("CLIPTextEncode", text="a cat"),
    }
    assert read_prompt(nodes, "0", "positive") == "a cat"
    assert read_prompt(nodes, "0", "negative") is None


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"global_prompt": "a cat", "local_prompts": "it | runs"}, "a cat\nit | runs"),
        ({"timeline_data": '{"global_prompt": "a cat"}', "local_prompts": ""}, "a cat"),
        ({"timeline_data": '{"retakeMode": true}', "local_prompts": "it"}, None),
        ({"global_prompt": ["77", 0], "local_prompts": "it"}, None),
    ],
)
def test_prompts_for_a_video_and_its_scenes_are_joined(inputs, text):
    nodes = {"0": node("KSampler", positive=["1", 1]), "1": node("LTXDirector", **inputs)}
    assert read_prompt(resolve_links(nodes), "0", "positive") == text

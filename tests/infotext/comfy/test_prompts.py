"""The prompts of a ComfyUI sampler, through the nodes that join or switch texts."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy.prompts import read_prompt
from civitai_manager_libs.infotext.comfy.routing import resolve_links
from comfy_graphs import node


def positive(nodes, text=("2", 0)):
    """Return the prompt of a graph whose text encoder takes its text from node 2."""
    encoder = node("CLIPTextEncode", text=list(text), clip=["99", 0])
    nodes = {"0": node("KSampler", positive=["1", 0]), "1": encoder, **nodes}
    return read_prompt(resolve_links(nodes), "0", "positive")


A, B = node("PrimitiveString", value="a cat"), node("Text Multiline", text="on a mat")
LINKS = {"a": ["3", 0], "b": ["4", 0]}


@pytest.mark.parametrize(
    ("joining", "text"),
    [
        (
            node("Text Concatenate", delimiter=", ", text_a=["3", 0], text_b=["4", 0]),
            "a cat, on a mat",
        ),
        (node("Text Concatenate", delimiter="\\n", text_a=["3", 0], text_b="x"), "a cat\nx"),
        (
            node(
                "JoinStringMulti", inputcount=2, delimiter=" ", string_1=["3", 0], string_2=["4", 0]
            ),
            "a cat on a mat",
        ),
        (node("StringConcatenate", string_a="x", string_b=["4", 0], delimiter=""), "xon a mat"),
        (
            node(
                "StringFunction|pysssss",
                action="append",
                tidy_tags="yes",
                text_a=["3", 0],
                text_b=["4", 0],
                text_c="",
            ),
            "a cat, on a mat",
        ),
        (node("Text Concatenate", linebreak_addition="true", text_a="x", text_b="y"), "x\ny"),
        (node("CR Text Concatenate", text1="x", text2="y", separator="|"), "x|y"),
        (node("easy promptConcat", prompt1="x", prompt2="y", separator=" "), "x y"),
        (node("PreviewAny", source=["3", 0]), "a cat"),
        (node("ShowText|pysssss", text=["8", 0], text_0="as it was shown"), "as it was shown"),
        (node("ImpactWildcardProcessor", wildcard_text="{a|b}", populated_text="a"), "a"),
        (node("easy negative", negative="a cat"), "a cat"),
        (node("Reroute", **{"": ["3", 0]}), "a cat"),
        (node("Any Switch (rgthree)", any_01=["3", 0]), "a cat"),
        (node("ImpactSwitch", select=2, input1=["3", 0], input2=["4", 0]), "on a mat"),
    ],
    ids=(
        "was line-end kjnodes core pysssss was-line comfyroll easy-use preview shown wildcard "
        "negative reroute any-switch switch"
    ).split(),
)
def test_texts_joined_by_nodes_are_joined(joining, text):
    assert positive({"2": joining, "3": A, "4": B}) == text


@pytest.mark.parametrize(
    "untold",
    [
        node("Text Random Line", text="a\nb", seed=1),
        node("Text Parse Tokens", text="a [time] cat"),
        node("Text Find and Replace", text="a __x__", find="__x__", replace="b"),
        node("DPRandomGenerator", text="{a|b}", seed=1),
        node("Florence2Run", text_input="", task="caption"),
        node("Textbox", text="of an earlier run", passthrough=["77", 0]),
        node("StringFunction|pysssss", action="replace", text_a="a", text_b="b", text_c="c"),
        node("Text Concatenate", delimiter="", text_a="a", text_b=["77", 0]),
        node("UnknownTwoTexts", text_a="a", text_b="b"),
        node("StringFormat", value="a {a}", **{"values.a": ["77", 0]}),
        node("PromptUtilitiesLoadPreset", value="sample : neg"),
        node("Load Text File", file_path="a.txt"),
        node("SeargePromptCombiner", prompt1="a", prompt2="b"),
        node("easy promptList", prompt_1="a", prompt_2="b"),
        node("JoinStringMulti", string_1="a", string_2="b", return_list=True),
    ],
    ids=(
        "random tokens replace dynamic caption passed function absent-part unknown format preset "
        "file combined list joined-list"
    ).split(),
)
def test_unknown_text_is_not_guessed(untold):
    assert positive({"2": untold}) is None


@pytest.mark.parametrize(
    ("encoder", "text"),
    [
        (node("CLIPTextEncodeSDXL", text_g="big", text_l="small", width=1024), "big"),
        (node("CLIPTextEncodeFlux", clip_l="", t5xxl="long", guidance=3.5), "long"),
        (node("CLIPTextEncodeSD3", clip_l="l", clip_g="g", t5xxl="", empty_padding="none"), "l"),
        (node("TextEncodeQwenImageEdit", prompt="make it red", image=["9", 0]), "make it red"),
        (node("WanVideoTextEncode", positive_prompt="waves", negative_prompt="x"), "waves"),
        (node("SDXLPromptStyler", text_positive="a cat", text_negative="x", style="none"), "a cat"),
        (node("SDXLPromptStyler", text_positive="a cat", text_negative="x", style="film"), None),
        (node("easy pipeIn", pipe=["20", 0], pos=["20", 0]), "cat 20"),
        (node("ttN pipeLoaderSDXL_v2", positive_g="a cat", positive_l="", negative_g="x"), "a cat"),
        (node("Efficient Loader", positive="a cat", negative="x"), "a cat"),
        (node("easy positive", value="a cat"), "a cat"),
        (node("BNK_CLIPTextEncodeAdvanced", text="a cat", clip=["9", 1]), "a cat"),
        (node("SeargePromptAdapterV2", main_prompt=["20", 0], negative_main_prompt="x"), "cat 20"),
        (node("CLIPTextEncode", text="", clip=["9", 1]), ""),
        (node("TextEncodeForSamplerParams+", text="a cat\n", clip=["9", 1]), "a cat\n"),
        (node("TextEncodeForSamplerParams+", text="a cat\n---\na dog", clip=["9", 1]), None),
    ],
    ids=lambda value: value["class_type"] if isinstance(value, dict) else "",
)
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

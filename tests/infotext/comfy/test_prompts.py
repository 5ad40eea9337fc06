"""The prompts of a ComfyUI sampler, through the nodes that join or switch texts."""

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


@pytest.mark.parametrize("loop", [["1", 0], ["2", 0]])
def test_text_that_links_to_itself_is_unknown(loop):
    assert positive({"2": node("Text Concatenate", text_a=loop, text_b=["2", 0])}) is None


def test_repeatedly_joined_texts_are_not_multiplied():
    def joined(i):
        return node("Text Concatenate", **{f"text_{n}": [str(i + 1), 0] for n in range(20)})

    assert positive({str(i): joined(i) for i in range(2, 3_000)}) is None
    ending = {str(i): joined(i) for i in range(2, 12)} | {"12": node("T", text="x" * 90_000)}
    assert positive(ending) is None


def _encode(text):
    return node("CLIPTextEncode", text=text)


@each_case(__file__, "both_prompts_are_read_and_stay_separate")
def test_both_prompts_are_read_and_stay_separate(nodes, prompt, negative):
    nodes = {"2": _encode("a cat"), "3": _encode("blurry"), **nodes}
    assert read_prompt(nodes, "0", "positive") == prompt
    assert read_prompt(nodes, "0", "negative") == negative


def test_generated_text_is_unknown_and_replaced_text_known():
    generated = node("TextGenerate", prompt="Rewrite: a cat", clip=["9", 0])
    assert positive({"2": node("PreviewAny", source=["3", 0]), "3": generated}) is None
    replaced = node("StringReplace", string=["3", 0], find="cat", replace="dog")
    assert positive({"2": replaced, "3": A}) == "a dog"


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

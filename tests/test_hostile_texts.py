"""The time that readers of strangers' texts take grows with the text, not with its square."""

import json
import time
from collections.abc import Callable

import pytest
from civitai_manager_libs import errors
from civitai_manager_libs.civitai import records, urls
from civitai_manager_libs.core import file_names, images, untrusted
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.infotext import build_infotext, build_metadata, HOSTS
from civitai_manager_libs.infotext import list_differences, list_losses, list_prompt_words
from civitai_manager_libs.infotext import read_generation, summarize
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.write_prompt import translate_prompt
from civitai_manager_libs.infotext.infotext_format import compose_infotext, edit_infotext
from civitai_manager_libs.infotext.infotext_format import parse_infotext
from civitai_manager_libs.infotext.metadata_to_infotext import translate_infotext
from civitai_manager_libs.library import prompt_words
from civitai_manager_libs.library.search import grammar
from civitai_manager_libs.model_files import matching
from civitai_manager_libs.network import responses

_SIZES = (750, 6_000)  # characters
_NODES = (140, 1_120)
_GROWTH = 1.3
_NOTICED = 0.01  # seconds; what takes less is not compared, since a machine is never quiet
_LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: a"
_KEYS = ("prompt", "negativePrompt", "Model", "Lora hashes", "Lora weights", "Size", "Version")
_KEYS += ("comfy", "hashes", "resources", "sampler", "Civitai resources")
_RECORD = (*_KEYS, "scheduler", "seed", "Hashes", "AddNet Model 1", "Denoising strength")
_RECORD += ("ADetailer prompt",)
_EMBEDDINGS = ("a.pt", "x", *(f"{number}.safetensors" for number in range(200)))
# What the readers' languages consist of; each is repeated alone and beside each of _BESIDE.
_UNITS = (
    *"a1 \n,:\"\\()[]{}|/<>._-%$@&\r\0的日ﷺ",
    *("//", "/*", "{|", "[{", "[1,", '"a",', '{"a":', '\\"', "\u0300\u0316", "\u0f73", "<p>"),
    *("<lora:", "<lora:a:1>", ":1)", "(a:1.1.", "BREAK ", "urn:air:", "http://", "{author}"),
    *("Steps: 2, ", "Sampler: E, ", "\nNegative prompt: ", "CFG scale: ", 'Lora hashes: "'),
    *("name: 12345678, ", "Civitai resources: [{", "_Q1", "_1", "_V", "_v1", "is:", "steps>"),
    *("<lora:a:", "a:", "ab: 1,", "[a:", "1x", "1.", "{a|", "AND ", "(a)b"),
)
_BESIDE = ("", "a", " ", ",")


def _read_meta(key: str) -> Callable[[str], object]:
    return lambda text: read_generation(Image(1, "", meta={"prompt": "a", key: text}))


def _read_workflow(text: str) -> object:
    encode = {"id": 6, "type": "CLIPTextEncode", "widgets_values": [text], "outputs": []}
    sampler = {"id": 3, "type": "KSampler", "inputs": [{"name": "positive", "link": 1}]}
    sampler["widgets_values"] = [1, "fixed", 20, 7, "euler", "normal", 1]
    workflow = {"nodes": [encode, sampler], "links": [[1, 6, 0, 3, 0, "CONDITIONING"]]}
    return read_graph(json.dumps({"workflow": workflow}))


def _fill_graph(text: str) -> dict[str, object]:
    """Return a graph with the text in each input that may hold a text, number or name."""
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    links = {"model": ["2", 0], "positive": ["3", 0], "negative": ["4", 0], "sigmas": ["5", 0]}
    kinds = {
        "1": ("KSampler", {**dict.fromkeys(names, text), **links, "latent_image": ["6", 0]}),
        "2": ("LoraTagLoader", {"text": text, "ckpt_name": text, "lora_name": text}),
        "3": ("LTXDirector", {"global_prompt": text, "timeline_data": text}),
        "4": ("TextEncodeForSamplerParams+", {"text": ["7", 0]}),
        "5": ("ManualSigmas", {"sigmas": text}),
        "6": ("EmptyLatentImage", {"width": ["8", 0], "height": ["9", 0], "resolution": text}),
        "7": ("Text Concatenate", {"text_a": text, "text_b": text, "delimiter": text}),
        "8": ("FluxResolutionNode", {"aspect_ratio": text, "megapixel": text}),
        "9": ("JsonExtractString", {"json_string": text, "key": text}),
        "10": ("ttN advanced xyPlot", {"x_plot": text}),
        text[:100]: (text, {text: text}),
    }
    return {at: {"class_type": kind, "inputs": inputs} for at, (kind, inputs) in kinds.items()}


def _parse_reference(text: str) -> object:
    try:
        return urls.parse_reference(text)
    except errors.CivitaiShortcutError as error:
        return error


def _lose_values(text: str) -> object:
    lines = {"Forge": "x\nSteps: 1, Civitai: FLUX", "Forge Neo": "x\nSteps: 1, Flux: a, Seed: 2"}
    return [list_losses(host, f"{lines.get(name, _LINE)}, {text}") for name, host in HOSTS.items()]


_READERS: dict[str, Callable[[str], object]] = {
    "infotext": parse_infotext,
    "parameters": lambda text: parse_infotext(f"a\n{_LINE}, {text}"),
    "prompt": lambda text: compose_infotext(text, text, {"Model": text}),
    "hosts": _lose_values,
    "edited infotext": lambda text: edit_infotext(
        f"{_LINE}, {text}", ["<lora:a:1>"], {"VAE": text}
    ),
    "translated infotext": translate_infotext,
    "metadata": build_metadata,
    "hashes": lambda text: build_metadata(f'{_LINE}, Lora hashes: "{text}"'),
    "differences": lambda text: list_differences(f"{text}\n{_LINE}, {text}", _LINE),
    "hashes compared": lambda text: list_differences(f'{_LINE}, Lora hashes: "{text}"', _LINE),
    "words": list_prompt_words,
    "summary": lambda text: summarize({"prompt": text, "Model": text}),
    **{f"meta {key}": _read_meta(key) for key in _KEYS},
    "record": lambda text: build_infotext(
        {**dict.fromkeys(_RECORD, text), "resources": [{"name": text}]}
    ),
    "graph": read_graph,
    "broken graph": lambda text: read_graph(f'{{"prompt": undefined, "{text}'),
    "graph's prompt": lambda text: translate_prompt(text, embeddings=_EMBEDDINGS),
    "filled graph": lambda text: read_graph({"prompt": _fill_graph(text)}),
    "workflow": _read_workflow,
    "phrases": prompt_words.split_phrases,
    "search text": untrusted.fold_text,
    "query": grammar.parse_query,
    "reference": _parse_reference,
    "file name": file_names.make_file_name,
    "template": lambda text: file_names.find_template_problem(text, ["author"]),
    "filled template": lambda text: file_names.fill_fields(text, lambda *_: text[:99], 100),
    "description": untrusted.html_to_text,
    "text": untrusted.clean_text,
    "number": untrusted.as_number,
    "cached file": images.cache_file_name,
    "model's name": matching.remove_version,
    "image": lambda text: records.image_from_json(
        {"id": 1, "url": text, "hash": text, "username": text, "createdAt": text}
    ),
    "redaction": lambda text: responses.redact(text, "0123456789abcdef"),
}


_OF_FILES = (
    "infotext",
    "parameters",
    "prompt",
    "graph's prompt",
    "translated infotext",
    "record",
    "graph",
)
_OF_FILES += ("broken graph", "filled graph", "workflow")


def _chain(kind: str, *names: str) -> Callable[[int], object]:
    """Return a function that makes a graph of nodes, each linked to the next ones."""

    def make(count: int) -> object:
        links = {input_name: ["0", 0] for input_name in ("model", "positive", "latent_image")}
        graph = {"s": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, **links}}}
        for i in range(count):
            inputs = {name: [str(i + step), 0] for step, name in enumerate(names, 1)}
            graph[str(i)] = {"class_type": kind, "inputs": inputs}
        return {"prompt": graph}

    return make


def _nest_groups(count: int) -> object:
    nodes = [{"id": i, "type": "g", "inputs": [], "outputs": []} for i in range(count)]
    inner = {"id": "g", "nodes": nodes, "links": []}
    return {"workflow": {"nodes": nodes[:2], "links": [], "definitions": {"subgraphs": [inner]}}}


_GRAPHS = {
    "conditionings": _chain("ConditioningCombine", "conditioning_1", "conditioning_2"),
    "texts": _chain("StringConcatenate", "string_a", "string_b"),
    "unknown": _chain("Unknown", *"abcdefgh"),
    "switches": _chain("Any Switch (rgthree)", *(f"any_0{i}" for i in range(8))),
    "loras": _chain("LoraLoader", "model", "clip"),
    "models": _chain("ModelMergeSimple", "model1", "model2"),
    "images": _chain("LatentComposite", "samples_to", "samples_from"),
    "samplers": _chain("KSampler", "latent_image", "positive"),
    "math": _chain("MathExpression|pysssss", "a", "b"),
    "groups": _nest_groups,
}


def _measure(read: Callable[[str], object], text: str, times: int) -> float:
    """Return the least processor time of several tries, in seconds."""
    taken = []
    for _ in range(times):
        begin = time.thread_time()
        read(text)
        taken.append(time.thread_time() - begin)
    return min(taken)


def _grows_fast(read: Callable[[str], object], small: str, large: str) -> bool:
    for times in (1, 3, 9):  # other programs make a try slower, never faster
        taken = _measure(read, large, times)
        if taken < _NOTICED or taken < _measure(read, small, 3) * 8**_GROWTH:
            return False
    return True


def _repeat(unit: str, size: int) -> str:
    return unit * (size // len(unit)) + "x"


# Of a record, each text is read as one of its own: all together are for the long run.
@pytest.mark.parametrize("name", [name for name in _READERS if name != "record"])
def test_a_text_of_eight_times_the_length_takes_about_eight_times_as_long(name):
    units = dict.fromkeys(unit + beside for beside in _BESIDE for unit in _UNITS)
    slow = [
        unit
        for unit in units
        if _grows_fast(_READERS[name], *(_repeat(unit, size) for size in _SIZES))
    ]
    assert not slow


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("name", _OF_FILES)
def test_a_megabyte_takes_at_most_half_a_second(name):
    slow = [
        (start, unit)
        for unit in _UNITS
        for start in ("", "a", '"', "<lora:a:1>(")
        if _measure(_READERS[name], start + _repeat(unit, 1_000_000), 1) > 0.5
    ]
    assert not slow


@pytest.mark.parametrize("name", _GRAPHS)
def test_a_graph_of_eight_times_the_nodes_takes_about_eight_times_as_long(name):
    assert not _grows_fast(read_graph, *(json.dumps(_GRAPHS[name](count)) for count in _NODES))


def test_a_reader_whose_time_grows_with_the_square_is_found():
    def read_slowly(text: str) -> object:
        return sum(text.count("y", start) for start in range(len(text)))

    assert _grows_fast(read_slowly, *("x" * (3 * size) for size in _SIZES))

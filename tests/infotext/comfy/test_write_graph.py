"""Infotexts written as ComfyUI graphs: read back, they say the same."""

import ast
import json
import re
from pathlib import Path

import pytest
from cases import each_case
from civitai_manager_libs import infotext
from civitai_manager_libs.core import as_number, model_file_stem
from civitai_manager_libs.infotext import build_infotext, Loss, parse_infotext
from civitai_manager_libs.infotext.comfy import build_workflow, ComfyGraph, find_family
from civitai_manager_libs.infotext.comfy.write_graph import split_hires_size
from civitai_manager_libs.infotext.comfy.write_prompt import parse_weights, translate_prompt
from civitai_manager_libs.infotext.metadata_to_infotext import translate_infotext
from civitai_manager_libs.infotext.samplers import translate_sampler
from hypothesis import given, strategies as st

_TESTS = Path(__file__).parents[2]
LINE = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: a"
_EQUAL_SCHEDULES = {"Uniform": "Normal", "Polyexponential": "Exponential"}
_FIELDS = ("Steps", "CFG scale", "Seed", "Size", "Model", "VAE", "Clip skip", "Distilled CFG Scale")
_HIRES = ("Denoising strength", "Hires steps", "Hires upscaler", "Hires sampler")


def read(graph):
    return build_infotext({"comfy": {"prompt": graph}})


def plain(prompt):
    told = translate_prompt(prompt)
    texts = tuple(" ".join(text.split()) for text in told.texts)
    loras = ((model_file_stem(name).lower(), weights) for name, *weights in reversed(told.loras))
    return texts, {name: tuple(weights) for name, weights in loras}


def promised(text, skipped=()):
    """Return what a graph carries of an infotext, in one form for the same meaning."""
    told = parse_infotext(text)
    values = told.parameters
    found = {"Prompt": plain(told.prompt), "Negative prompt": plain(told.negative_prompt)[0]}
    found |= {name: values[name] for name in _FIELDS if name in values}
    if found.get("Clip skip") == "1":
        del found["Clip skip"]
    if "Model" in found:
        found["Model"] = model_file_stem(found["Model"])
    if "VAE" in found:
        name = model_file_stem(found.pop("VAE"))
        found |= {"VAE": name} if name.lower() not in ("automatic", "none") else {}
    sampler, schedule = translate_sampler(
        values.get("Sampler", ""), values.get("Schedule type", "")
    )
    found["Sampler"] = sampler
    if schedule not in ("", "Automatic"):
        found["Schedule type"] = _EQUAL_SCHEDULES.get(schedule, schedule)
    if size := split_hires_size(values):
        found |= {name: values[name] for name in _HIRES if name in values}
        found["Hires size"] = size
        if found.get("Hires steps") == "0":
            found["Hires steps"] = values.get("Steps")
        if found.get("Hires sampler") in ("Use same sampler", sampler):
            del found["Hires sampler"]
        if found.get("Hires upscaler") == "None":  # which has the same effect
            found["Hires upscaler"] = "Lanczos"
    return {
        name: n if (n := as_number(value) if name != "Model" else None) is not None else value
        for name, value in found.items()
        if name not in skipped and value not in ("", ((), {}))
    }


def list_differences(text, base_model=""):
    made = ComfyGraph(text, base_model=base_model)
    changed = {each.field for each in (*made.lost, *made.assumed)}
    if "Sampler" in changed:  # the second pass may have what was taken in its place
        changed.add("Hires sampler")
    if "Size" in changed:
        changed.add("Hires size")
    wanted, got = promised(text, changed), promised(read(made.graph))
    by_workflow = build_infotext({"comfy": {"workflow": build_workflow(made.graph)}})
    assert by_workflow == read(made.graph) or re.search(r"\\[{}|]|//|/\*", text)
    return {name: (v, got.get(name)) for name, v in wanted.items() if got.get(name) != v}


def _iter_strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _iter_strings(each)


def list_infotexts():
    """Return the infotexts in all files of the tests."""
    texts = set()
    for path in _TESTS.rglob("*.json"):
        if "node_modules" not in path.parts:
            texts.update(_iter_strings(json.loads(path.read_text("utf-8"))))
    for path in _TESTS.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        texts.update(n.value for n in nodes if isinstance(n, ast.Constant) and n.value is not None)
    texts = {text for text in texts if isinstance(text, str) and "Steps: " in text}
    return sorted(text for text in texts if parse_infotext(text).parameters.get("Steps"))


def test_infotexts_of_all_tests_are_read_back_the_same():
    texts = [translate_infotext(text) for text in list_infotexts()]
    found = {text: differing for text in texts if (differing := list_differences(text))}
    assert len(texts) > 100 and found == {}


_WORDS = st.sampled_from(
    "a cat,|masterpiece|(sky:1.3)|((very)) |[dull]|\\(x\\)|BREAK|, | |:|]|)|(|[|\n|的|(a (b:1.2):0)"
    "|{{x}}|{a,b}|<lora:ink:0.8>|<lora:b v1:1:0.5>|<lora:c:te=0.2:unet=1>|(x:1.1) y".split("|")
)
_PROMPTS = st.lists(_WORDS, max_size=8).map(" ".join)
_SAMPLERS = "Euler,Euler a,DPM++ 2M,DPM++ 3M SDE,UniPC,DDIM,Restart,LCM,DPM++ 2M Karras,Heun"
_SCHEDULES = ",Automatic,Karras,Uniform,SGM Uniform,Beta,Align Your Steps,KL Optimal,Turbo,Simple"
_UPSCALERS = "Latent,Latent (bicubic),Latent (antialiased),4x-UltraSharp,Lanczos"
_NUMBERS = {
    "Steps": st.integers(1, 150),
    "CFG scale": st.sampled_from(["1", "4.5", "7", "30"]),
    "Seed": st.integers(0, 2**64 - 1),
    "Clip skip": st.sampled_from(["", "1", "2", "3"]),
    "VAE": st.sampled_from(["", "Automatic", "sub.vae.pt", "vae-ft-mse.safetensors"]),
    "Model": st.sampled_from(["dream_8", "v1.5 pruned", "a.safetensors-x"]),
    "Sampler": st.sampled_from(_SAMPLERS.split(",")),
    "Schedule type": st.sampled_from(_SCHEDULES.split(",")),
    "Distilled CFG Scale": st.sampled_from(["", "", "3.5"]),
    "ADetailer model": st.sampled_from(["", "face_yolov8n.pt"]),
}
_HIRES_VALUES = {
    "Hires upscale": st.sampled_from(["", "1.5", "2", "1.3", "1"]),
    "Hires resize": st.sampled_from(["", "", "768x1024", "0x900"]),
    "Hires steps": st.sampled_from(["", "0", "7"]),
    "Hires upscaler": st.sampled_from(["", *_UPSCALERS.split(",")]),
    "Hires sampler": st.sampled_from(["", "Euler", "Use same sampler"]),
    "Denoising strength": st.sampled_from(["0.3", "0.7"]),
}
_BASES = st.sampled_from(["", "SD 1.5", "SDXL 1.0", "Pony", "Flux.1 D", "SD 3.5"])


@st.composite
def infotexts(draw):
    values = {name: draw(one) for name, one in _NUMBERS.items()}
    values["Size"] = f"{draw(st.integers(64, 2000))}x{draw(st.integers(8, 250)) * 8}"
    if draw(st.booleans()):
        values |= {name: draw(one) for name, one in _HIRES_VALUES.items()}
    line = ", ".join(f"{name}: {value}" for name, value in values.items() if value != "")
    return f"{draw(_PROMPTS)}\nNegative prompt: blurry {draw(_PROMPTS).replace('<', '')}\n{line}"


@given(infotexts(), _BASES)
def test_infotext_is_read_back_the_same(text, base_model):
    assert list_differences(translate_infotext(text), base_model) == {}


@given(infotexts())
def test_prompt_that_comfyui_spells_otherwise_is_not_called_edited(text):
    made = ComfyGraph(text, embeddings=["masterpiece"])
    found = infotext.list_differences(text, read(made.graph))
    edited = {one.field for one in found if one.kind == "edited"}
    assert edited <= {one.field for one in made.lost}


@given(st.text(max_size=200), _BASES)
def test_any_text_gives_a_graph_or_an_editors_workflow(text, base_model):
    for loader in ("CheckpointLoaderSimple", "UNETLoader"):
        graph = ComfyGraph(f"{text}\n{LINE}", base_model, loader=loader).graph
        assert json.loads(json.dumps(build_workflow(graph)))["nodes"]


@each_case(__file__, "weights_are_those_of_a1111")
def test_weights_are_those_of_a1111(prompt, weighed):
    assert [[*part] for part in parse_weights(prompt)] == weighed


@each_case(__file__, "prompt_is_rewritten_for_comfyui")
def test_prompt_is_rewritten_for_comfyui(prompt, text, lost):
    told = translate_prompt(prompt, 20, ["easy", "sub/Deep"])
    assert ([*told.texts], [*told.lost]) == ([text], lost)


def test_what_a_graph_cannot_carry_is_told():
    told = ComfyGraph(
        f"a AND b\n{LINE}, Sampler: Restart, Schedule type: Turbo, RNG: NV, Variation seed: 3,"
        " Denoising strength: 0.5, Size: 510x512, Clip skip: 1, ADetailer model: face.pt"
    )
    assert {loss.field for loss in told.lost} == {
        *("Prompt", "Sampler", "Schedule type", "RNG", "Variation seed", "Denoising strength"),
        *("Size", "ADetailer model"),
    }
    assert {loss.field for loss in ComfyGraph("a cat").assumed} == {
        *("Steps", "Sampler", "CFG scale", "Seed", "Size", "Model")
    }


def kinds(graph):
    return [node["class_type"] for node in graph.values()]


_LOADERS = dict.fromkeys(("Flux.1 D", "Pony"), ["DualCLIPLoader"]) | {
    "SD 3.5": ["TripleCLIPLoader"]
}


def test_flux_sdxl_and_sd3_are_loaded_by_what_is_there():
    files = {"model": "flux1-dev.sft", "loader": "UNETLoader"}
    graph = ComfyGraph(f"a\n{LINE}, Distilled CFG Scale: 3", "Flux.1 D", **files).graph
    assert {"DualCLIPLoader", "FluxGuidance", "VAELoader"} < {*kinds(graph)}
    loader = next(n for n in graph.values() if n["class_type"] == "DualCLIPLoader")["inputs"]
    names = {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl_fp16.safetensors"}
    assert loader == {**names, "type": "flux"}
    graph = ComfyGraph(f"a\n{LINE}", "SD 3.5", loader="UnetLoaderGGUF").graph
    assert {"UnetLoaderGGUF", "TripleCLIPLoader"} < {*kinds(graph)}
    graph = ComfyGraph(f"a\n{LINE}", "SD 3.5").graph
    assert "EmptySD3LatentImage" in kinds(graph) and "TripleCLIPLoader" not in kinds(graph)
    for base, added in _LOADERS.items():
        for has_vae in (False, True):
            graph = ComfyGraph(f"a\n{LINE}", base, has_encoders=False, has_vae=has_vae).graph
            assert [kind for kind in kinds(graph) if "CLIPLoader" in kind] == added
            assert ("VAELoader" in kinds(graph)) != has_vae


@pytest.mark.parametrize(
    "base_model", ["Flux.1 D", "Flux.1 S", "Flux.1 Krea", "SD 3", "SD 3.5 Large"]
)
def test_noise_levels_are_the_models_own_at_every_size(base_model):
    graph = ComfyGraph(f"a\n{LINE}", base_model).graph  # as in the Forges; Schnell has others
    assert not [kind for kind in kinds(graph) if kind.startswith("ModelSampling")]


def test_schnell_which_has_no_guidance_gets_what_is_stated_only():
    text = f"a\n{LINE}"
    assert "FluxGuidance" not in kinds(ComfyGraph(text, "Flux.1 S").graph)
    assert ComfyGraph(text, "Flux.1 S").assumed == []
    assert "FluxGuidance" in kinds(ComfyGraph(f"{text}, Distilled CFG Scale: 3", "Flux.1 S").graph)


@each_case(__file__, "automatic_schedule_is_the_samplers_own_in_each_pass")
def test_automatic_schedule_is_the_samplers_own_in_each_pass(line, schedules):
    graph = ComfyGraph(f"a\n{LINE}, {line}, Hires upscale: 2, Hires upscaler: Latent").graph
    passes = [node["inputs"] for node in graph.values() if node["class_type"] == "KSampler"]
    assert [inputs["scheduler"] for inputs in passes] == schedules


@pytest.mark.parametrize(
    ("base_model", "negative", "version", "is_zero"),
    [
        ("Pony", "", "v1.10.1", True),
        ("SDXL 1.0", "", "f2.0.1v1.10.1", True),
        ("Illustrious", "bad", "v1.10.1", False),
        ("Illustrious", "", "neo-2.24", False),
        ("Illustrious", "", "ComfyUI 0.33.0", False),
        ("SD 1.5", "", "v1.10.1", False),
    ],
)
def test_empty_negative_prompt_of_sdxl_is_zero_as_in_a1111(base_model, negative, version, is_zero):
    text = f"a\nNegative prompt: {negative}\n{LINE}, Version: {version}"
    graph = ComfyGraph(text, base_model).graph
    assert ("ConditioningZeroOut" in kinds(graph)) == is_zero
    assert parse_infotext(read(graph)).negative_prompt == negative
    assert json.loads(json.dumps(build_workflow(graph)))["nodes"]


@pytest.mark.parametrize(
    ("base_model", "version", "skip"),
    [
        ("Pony", "f2.0.1v1.10.1", -3),
        ("Pony", "v1.10.1", None),  # A1111 ignores it
        ("Pony", "", None),
        ("Flux.1 D", "f2.0.1v1.10.1", None),
        ("SD 1.5", "v1.10.1", -3),
    ],
)
def test_clip_skip_of_sdxl_counts_in_the_forges_only(base_model, version, skip):
    built = ComfyGraph(f"a\n{LINE}, Clip skip: 3, Version: {version}", base_model)
    nodes = [one["inputs"] for one in built.graph.values() if "LastLayer" in one["class_type"]]
    assert [one["stop_at_clip_layer"] for one in nodes] == ([] if skip is None else [skip])
    assert (Loss("Clip skip", "3") in built.lost) == (skip is None)


@pytest.mark.parametrize("base_model", ["Flux.1 D", "SD 3.5"])
@pytest.mark.parametrize(
    ("line", "schedule"), [("", "simple"), (", Schedule type: Automatic", "normal")]
)
def test_automatic_of_flux_is_normal_as_in_the_forges(base_model, line, schedule):
    graph = ComfyGraph(f"a\n{LINE}{line}", base_model).graph
    (sampler,) = [one["inputs"] for one in graph.values() if one["class_type"] == "KSampler"]
    assert sampler["scheduler"] == schedule


@pytest.mark.parametrize(
    ("prompt", "lost"),
    [
        ("a <lora:x:1:lbw=MIDD>", ("<lora:x:1:lbw=MIDD>",)),
        ("".join(f"<lora:l{n}:1>" for n in range(60)), ("<lora:l50:1>",)),
        ("x" * 100_003, ("xxx",)),
        ("a BREAK " * 30, ("BREAK",)),
    ],
    ids=["blocks", "loras", "long", "parts"],
)
def test_what_a_graph_drops_of_a_prompt_is_told(prompt, lost):
    assert translate_prompt(prompt).lost == lost
    made = ComfyGraph("a BREAK " * 5_000 + "<lora:x:1>" * 5_000 + f"\n{LINE}")
    assert len(made.graph) < 200 and Loss("Prompt", "BREAK") in made.lost


_FAMILIES = {  # of the base models that Civitai lists, 2026
    "sd1": "SD 1.4,SD 1.5,SD 1.5 LCM,SD 1.5 Hyper",
    "sd2": "SD 2.0,SD 2.0 768,SD 2.1,SD 2.1 768,SD 2.1 Unclip",
    "sdxl": "SDXL 0.9,SDXL 1.0,SDXL 1.0 LCM,SDXL Lightning,SDXL Hyper,SDXL Turbo,SDXL Distilled"
    ",Pony,Illustrious,NoobAI",
    "sd3": "SD 3,SD 3.5,SD 3.5 Large,SD 3.5 Large Turbo,SD 3.5 Medium",
    "flux": "Flux.1 S,Flux.1 D,Flux.1 Krea,Flux.1 Kontext",
    "": "Anima,AuraFlow,Chroma,CogVideoX,Ernie,Flux.2 D,Flux.2 Klein 9B,Flux.2 Klein 9B-base"
    ",Flux.2 Klein 4B,Flux.2 Klein 4B-base,Grok,HiDream,HiDream-O1,Hunyuan 1,Hunyuan Video"
    ",Ideogram 4.0,Imagen4,Kling,Kolors,Krea 2,LTXV,LTXV2,LTXV 2.3,Lens,Lumina,MAI,Mochi"
    ",Nano Banana,ODOR,OpenAI,Other,PixArt a,PixArt E,Playground v2,Pony V7,Qwen,Qwen 2,SVD,SVD XT"
    ",Seedance,Seedream,Sora 2,Stable Cascade,Upscaler,Veo 3,Vidu Q1,Wan Video,Wan Video 14B t2v"
    ",Wan Video 2.2 T2V-A14B,Wan Video 2.5 I2V,Wan Image 2.7,ZImageBase,ZImageTurbo",
}
_BY_NAME = {name: family for family, names in _FAMILIES.items() for name in names.split(",")}


@given(st.lists(st.sampled_from(sorted(_BY_NAME)), min_size=1, max_size=2), st.booleans())
def test_base_model_decides_before_distilled_cfg(names, has_guidance):
    # Civitai joins the names where an image has several checkpoints.
    families = {_BY_NAME[name] for name in names}
    text = f"a\n{LINE}, Distilled CFG Scale: 3" if has_guidance else f"a\n{LINE}"
    found = find_family("".join(names), parse_infotext(text))
    if len(families - {""}) <= 1:
        assert found == max(families)
    else:
        assert found == ("flux" if has_guidance else "")
    assert find_family("", parse_infotext(text)) == ("flux" if has_guidance else "")


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        ("Steps: 99999", Loss("Steps", "99999", "10000")),
        ("Clip skip: 30", Loss("Clip skip", "30")),
        ("Sampler: foo bar", Loss("Sampler", "foo bar", "Euler")),
    ],
)
def test_value_over_a_limit_is_told(line, lost):
    name = line.partition(":")[0]
    rest = ", ".join(one for one in LINE.split(", ") if not one.startswith(name))
    built = ComfyGraph(f"a\n{line}, {rest}")
    assert built.lost == [lost] and "foo" not in str(built.graph)

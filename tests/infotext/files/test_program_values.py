"""The records that image programs write into files."""

import json
from pathlib import Path

import pytest
from cases import any_json, each_case
from civitai_manager_libs.infotext import build_infotext
from civitai_manager_libs.infotext.files.program_tables import read_program, read_texts, TEXT_NAMES
from civitai_manager_libs.infotext.files.program_values import read_dream
from hypothesis import given, strategies as st

_RECORDS = json.loads((Path(__file__).parent / "program_records.json").read_text(encoding="utf-8"))
IDENTIFIED = {name: stored for name, stored in _RECORDS.items() if "program" in stored}
SWARM, INVOKE, FOOOCUS, RUINED, NOVELAI, DRAW_THINGS, EASY, SITE, SPACE, PROJECT, TEXTS = (
    _RECORDS[name]["record"]
    for name in (
        *("swarmui", "invokeai", "fooocus", "ruined-fooocus", "novelai", "draw-things"),
        *("easy-diffusion", "civitai", "space", "matrix-project", "easy-diffusion-texts"),
    )
)


@pytest.mark.parametrize("stored", IDENTIFIED.values(), ids=IDENTIFIED)
def test_keys_identify_the_program(stored):
    assert (known := read_program(stored["record"], {})) is not None
    assert (known[0], build_infotext(known[1])) == (stored["program"], stored["infotext"])


def test_invokeai_2_negative_prompt_is_in_brackets():
    image = {"prompt": [{"prompt": "a cat [blurry] [bad, worse]", "weight": 1}], "steps": 50}
    image |= {"cfg_scale": 5, "seed": 1, "width": 512, "height": 768, "sampler": "k_lms"}
    known = read_program({"model_weights": "deliberate", "image": image}, {})
    written = (
        "a cat\nNegative prompt: blurry, bad, worse\n"
        "Steps: 50, Sampler: LMS, CFG scale: 5, Seed: 1, Size: 512x768, Model: deliberate"
    )
    assert (known[0], build_infotext(known[1])) == ("InvokeAI", written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            '"a \\"big\\" cat [blurry]" -s 50 -S 2980747362 -W 512 -H 768 -C 5 -A k_lms -G 0.9',
            'a \\"big\\" cat\nNegative prompt: blurry\n'
            "Steps: 50, Sampler: LMS, CFG scale: 5, Seed: 2980747362, Size: 512x768",
        ),
        ("a dream", ""),
        ('"' * 100_000, ""),
    ],
    ids=["whole", "none", "hostile"],
)
def test_invokeai_1_command_line_is_read(text, written):
    assert build_infotext(read_dream(text)) == written


def told(data, **texts):
    program, record = read_program(data, texts)
    *prompts, line = build_infotext(record).split("\n")
    return program, prompts[0], line


BASIC = "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 1"


@each_case(__file__, "programs_of_2025_and_later_are_read")
def test_programs_of_2025_and_later_are_read(data, texts, program, prompt, rest):
    assert told(data, **texts) == (program, prompt, f"{BASIC}, {rest}")


@each_case(__file__, "swarmuis_refiner_is_a_second_pass")
def test_swarmuis_refiner_is_a_second_pass(data, pairs):
    params = {**SWARM["sui_image_params"], **data, "clipstopatlayer": None}
    before = told({"sui_image_params": {**SWARM["sui_image_params"], "clipstopatlayer": None}})[2]
    after = told({"sui_image_params": params})[2]
    assert after == ", ".join(part for part in (before, pairs) if part)


def test_draw_things_second_pass_has_its_own_first_size():
    more = {"hiresFix": True, "hiresFixWidth": 512, "hiresFixHeight": 384, "hiresFixStrength": 0.7}
    line = told({**DRAW_THINGS, "v2": more, "clip_skip": 2})[2]
    assert "Size: 512x384, " in line
    assert line.endswith("Denoising strength: 0.7, Clip skip: 2, Hires resize: 1024x768")
    assert "Size: 1024x768" in told({**DRAW_THINGS, "v2": {**more, "hiresFix": False}})[2]


@each_case(__file__, "invokeais_strengths_and_refiner_are_read")
def test_invokeais_strengths_and_refiner_are_read(data, end):
    assert told({**INVOKE, **data})[2].endswith(end)


@pytest.mark.parametrize("mark", ["generation_mode", "app_version"])
def test_invokeai_is_recognised_without_a_scheduler(mark):
    kept = {"positive_prompt", "steps", "seed", "width", "height", "guidance", "model", mark}
    data = {key: value for key, value in {**INVOKE, "guidance": 4}.items() if key in kept}
    line = "Steps: 20, Distilled CFG Scale: 4, Seed: 1, Size: 1024x768, Model: juggernaut"
    assert told(data) == ("InvokeAI", "a cat", line)


@pytest.mark.parametrize("clip_skip", [True, "True"])
def test_easy_diffusions_loras_and_clip_skip_are_read(clip_skip):
    loras = {"use_lora_model": ["a/fog", "mist"], "lora_alpha": [0.5, 1.0]}
    more = {**loras, "scheduler_name": "karras", "clip_skip": clip_skip, "prompt_strength": 0.6}
    assert told({**EASY, **more}) == (
        "Easy Diffusion",
        "a cat <lora:fog:0.5> <lora:mist:1>",
        f"{BASIC}, Size: 1024x768, Model: sd-v1-5, Denoising strength: 0.6, Clip skip: 2",
    )
    assert "Clip skip" not in told({**EASY, **more, "clip_skip": False})[2]


def test_ruinedfooocus_list_of_loras_and_clip_skip_are_read():
    now = {**RUINED, "loras": [["ab12cd34", "0.8 - A/fog.safetensors"]], "clip_skip": 2}
    program, prompt, line = told({**now, "denoise": 0.5})
    assert prompt == "a cat <lora:fog:0.8>"
    assert line.endswith("Denoising strength: 0.5, Clip skip: 2")


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("NovelAI Diffusion V4.5 4BDE2A90", "Model hash: 4BDE2A90, Model: NovelAI Diffusion V4.5"),
        ("Stable Diffusion XL", "Model: Stable Diffusion XL"),
    ],
)
def test_novelais_source_names_the_model_and_its_strength_counts_only_for_img2img(source, names):
    assert told(NOVELAI, Source=source)[2].endswith(f"Size: 832x1216, {names}")
    assert "Denoising" not in told({**NOVELAI, "strength": 0.4})[2]
    img2img = {**NOVELAI, "strength": 0.4, "request_type": "Img2ImgRequest"}
    assert told(img2img)[2].endswith("Denoising strength: 0.4")
    old = {key: value for key, value in NOVELAI.items() if key != "prompt"}
    assert read_program(old, {"Description": "a cat"}) == read_program(NOVELAI, {})


def test_fooocus_loras_and_refiner_are_read():
    data = {key: value for key, value in FOOOCUS.items() if key != "loras"}
    data |= {"lora_combined_1": "fog.safetensors : 0.5", "refiner_model": "xl_refiner"}
    program, prompt, line = told({**data, "refiner_switch": 0.8})
    assert line.endswith("Version: Fooocus v2.4.3, Refiner: xl_refiner, Refiner switch at: 0.8")
    assert "<lora:fog:0.5>" in build_infotext(read_program(data, {})[1])


def test_graph_completes_the_summary_of_an_on_site_image():
    sampler = {"class_type": "KSampler", "inputs": {"scheduler": "normal", "denoise": 0.3}}
    sampler["inputs"] |= {"seed": 1, "steps": 30, "sampler_name": "euler"}
    hires = {key: value for key, value in SITE.items() if key != "extra"} | {"11": sampler}
    summary = {"prompt": "a cat", "steps": 30, "seed": 1, "workflowId": "img2img-hires"}
    line = told({**hires, "extraMetadata": json.dumps(summary)})[2]
    assert "Schedule type: Normal" in line and line.endswith("Denoising strength: 0.3")


LABELS = ("Prompt", "Negative Prompt", "Seed", "Stable Diffusion model", "Clip Skip", "VAE model")
LABELS += ("Sampler", "Scheduler", "Width", "Height", "Steps", "Guidance Scale", "LoRA model")
LABELS += ("LoRA Strength",)


@pytest.mark.parametrize("names", [TEXTS, LABELS], ids=["keys", "labels"])
def test_easy_diffusion_writes_a_text_for_each_value(names):
    program, record = read_texts(dict(zip(names, TEXTS.values())))
    assert program == "Easy Diffusion"
    assert build_infotext(record) == (
        "a cat <lora:fog:0.5> <lora:mist:1>\nNegative prompt: blurry\n"
        f"{BASIC}, Size: 1024x768, Model: sd-v1-5, Clip skip: 2"
    )
    assert set(names) <= set(TEXT_NAMES)


@pytest.mark.parametrize(
    "data",
    [None, [], "x", {}, {"a": 1}, {"prompt": "a cat"}, {"uc": "x"}, {"extraMetadata": "{"}]
    + [{"workflow": []}, {"Comment": "{}"}],
    ids=repr,
)
def test_unknown_keys_give_no_program(data):
    assert read_program(data, {}) is None
    assert read_texts({"prompt": "{}", "workflow": "{}", "seed": "1"}) is None
    diffusers = {"prompt": "a cat", "num_inference_steps": 20, "width": 8, "height": 8}
    assert told(diffusers) == ("", "a cat", "Steps: 20, Size: 8x8, Clip skip: 1")


_ALL = [each["record"] for each in _RECORDS.values() if isinstance(each["record"], dict)]
_ALL += [json.loads(_RECORDS["novelai-4"]["record"]["Comment"])]
_ALL += [{**INVOKE, "hrf_enabled": True, "hrf_width": 8, "refiner_model": {"name": "x"}}]
_ALL += [{**SPACE, "use_upscaler": {"upscale_by": 2}}, {**DRAW_THINGS, "v2": {"hiresFix": True}}]
_ALL += [{**FOOOCUS, "refiner_model": "x", "lora_combined_1": "x : 1"}]
_ALL += [{"model_weights": "x", "image": {"prompt": "x"}}]
_value = any_json(st.sampled_from(["caption", "name", "lora", "prompt", "inputs"]), 6)


@given(st.sampled_from(_ALL), st.data())
def test_any_value_can_be_read(data, draw):
    data = dict(data)
    for key in draw.draw(st.lists(st.sampled_from(list(data)), max_size=4)):
        data[key] = draw.draw(_value)
    if isinstance(data.get("sui_image_params"), dict):
        key = draw.draw(st.sampled_from(list(SWARM["sui_image_params"])))
        data["sui_image_params"] = {**data["sui_image_params"], key: draw.draw(_value)}
    project = {**PROJECT, draw.draw(st.sampled_from(list(PROJECT))): draw.draw(_value)}
    known = read_program(data, {"smproj": json.dumps({"State": project})})
    if known is not None:
        build_infotext(known[1]).encode("utf-8")


_NODE = {
    "class_type": "MarkedNode",
    "inputs": {"value": ["9", 0]},
    "_meta": {"title": "MarkedNode"},
}


@given(st.sampled_from(_ALL), st.data())
def test_node_in_place_of_a_value_is_missing(data, draw):
    data = dict(data)
    for key in draw.draw(st.lists(st.sampled_from(list(data)), min_size=1, max_size=4)):
        data[key] = _NODE
    if isinstance(data.get("sui_image_params"), dict):
        key = draw.draw(st.sampled_from(list(SWARM["sui_image_params"])))
        data["sui_image_params"] = {**data["sui_image_params"], key: _NODE}
    known = read_program(data, {})
    if known is not None:
        text = build_infotext({key: value for key, value in known[1].items() if key != "comfy"})
        assert "MarkedNode" not in text and "class_type" not in text

"""The differences between the infotexts of an image and of its reproduction."""

import pytest
from civitai_manager_libs.infotext import list_differences, list_prompt_words

_PROMPT = "a sea at night <lora:ink:0.8>"
_LINE = "Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, "
_LINE += "Size: 832x1216, Model hash: 6ce0161689, Model: dunes_v1, "
_LINE += 'Lora hashes: "ink: aabbccddeeff", Version: v1.10.1'
_PARAMETERS = dict(pair.split(": ", 1) for pair in _LINE.split(", "))


def _text(prompt=_PROMPT, negative="blurry", **changes):
    """Return an infotext; a parameter of None is left out. `_` in a name is a space."""
    parameters = {**_PARAMETERS, **{name.replace("_", " "): v for name, v in changes.items()}}
    line = ", ".join(f"{name}: {value}" for name, value in parameters.items() if value is not None)
    return f"{prompt}\nNegative prompt: {negative}\n{line}"


def _compare(made, original=None, missing=(), hashes=()):
    found = list_differences(
        _text() if original is None else original,
        made,
        lambda resource: None if resource.name in missing else hashes,
    )
    return [(one.kind, one.field, one.original, one.made) for one in found]


_HIRES = {"Hires_upscale": "2", "Denoising_strength": "0.4"}
_VAE, _OTHER_VAE = {"VAE": "vae-ft.safetensors"}, {"VAE": "other.pt"}
_HASHED = {"VAE": "vae-ft.pt", "VAE_hash": "735e4c3a44"}
_OTHER_HASH = {"Lora_hashes": '"ink: 001122334455"'}
_BOTH = {"aabbccddeeff", "001122334455" + "0" * 52}


@pytest.mark.parametrize(
    "changes,original",
    [
        ({}, {}),
        ({"prompt": " A sea  at night,<lora:ink:0.80>"}, {}),
        ({"CFG_scale": "7.0", "Sampler": "dpm++ 2m"}, {}),
        ({"RNG": "GPU", "Clip_skip": "1", "ENSD": "0"}, {}),
        ({"Model": "renamed", "Model_hash": "6CE0161689"}, {}),
        ({"Model_hash": "6ce0161689" + "0" * 54}, {}),
        ({"Sampler": "DPM++ 2M Karras", "Schedule_type": None}, {}),
        ({"Schedule_type": "Automatic"}, {}),
        ({"Hires_resize": "1248x1824"}, {"Hires_upscale": "1.5"}),
        ({"Hires_upscale": "1.5"}, {"Hires_resize": "1248x1824"}),
        ({"Lora_hashes": None}, {}),
        ({}, _VAE),
        ({"VAE": "vae-ft"}, _VAE),  # as a Forge names it
        ({"VAE": "renamed.pt", "VAE_hash": "735e4c3a44"}, _HASHED),
        ({"Version": "1.10.1"}, {"Version": "v1.10.1"}),  # of a WebUI without git
        ({**_HIRES, "Hires_CFG_Scale": "7.0"}, _HIRES),
        ({}, {"Hires_Module_1": "Use same choices"}),  # of a Forge
    ],
    ids=str,
)
def test_other_spelling_is_not_a_difference(changes, original):
    assert _compare(_text(**changes), _text(**original)) == []


@pytest.mark.parametrize(
    "changes,original,here,found",
    [
        ({"Hires_resize": "1248x1816"}, {"Hires_upscale": "1.5"}, {}, None),
        ({"Size": "0x64", "Hires_resize": "100x0"}, {"Hires_upscale": "1.5"}, {}, None),
        ({"Lora_hashes": None}, {}, {"missing": {"ink"}}, [("lora_missing", "ink", "0.8", "")]),
        (_OTHER_HASH, {}, {"hashes": _BOTH}, []),  # two kinds of hash of one file
        (_OTHER_HASH, {}, {"hashes": {"aabbccddeeff"}}, ["lora_version"]),
        (_OTHER_HASH, {}, {"missing": {"ink"}}, ["lora_version"]),
        ({}, _VAE, {"missing": {"vae-ft"}}, [("vae_missing", "VAE", "vae-ft.safetensors", "")]),
        (_OTHER_VAE, _VAE, {"missing": {"vae-ft"}}, ["vae_missing"]),
        (_VAE, _VAE, {"missing": {"vae-ft"}}, []),
        (_OTHER_VAE, _VAE, {}, [("changed", "VAE", "vae-ft.safetensors", "other.pt")]),
        (
            *({"VAE": "vae-ft.pt", "VAE_hash": "b9ff97fecb"}, _HASHED, {}),
            [("changed", "VAE", "vae-ft.pt [735e4c3a44]", "vae-ft.pt [b9ff97fecb]")],
        ),
        ({"Version": "v1.9"}, {}, {}, ["program"]),
        ({"Model_hash": "unknown", "Model": "ink"}, {"Model_hash": "unknown"}, {}, ["checkpoint"]),
        ({**_HIRES, "Hires_CFG_Scale": "5"}, _HIRES, {}, [("added", "Hires CFG Scale", "", "5")]),
        ({**_HIRES, "Hires_sampler": "DPM++ 2M"}, _HIRES, {}, []),
    ],
)
def test_cause_depends_on_what_is_installed_and_stated(changes, original, here, found):
    told = _compare(_text(**changes), _text(**original), **here)
    if found is None:
        assert told
    else:
        assert told == found or [one[0] for one in told] == found


@pytest.mark.parametrize(
    "changes,difference",
    [
        ({"Model_hash": "0123456789"}, ("checkpoint", "Model", "dunes_v1 [6ce0161689]")),
        ({"Model": "ink", "Model_hash": None}, ("checkpoint", "Model", "dunes_v1 [6ce0161689]")),
        ({"Lora_hashes": '"other: 001122334455"'}, ("lora_missing", "ink", "0.8")),
        ({"prompt": "a sea at night", "Lora_hashes": None}, ("lora_absent", "ink", "0.8")),
        ({"prompt": f"{_PROMPT} <lora:glow:1>"}, ("lora_added", "glow", "")),
        ({"Lora_hashes": '"ink: 001122334455"'}, ("lora_version", "ink", "aabbccddeeff")),
        ({"prompt": "a sea at night <lora:ink:0.5>"}, ("lora_weight", "ink", "0.8")),
        ({"Seed": "5"}, ("changed", "Seed", "1234567890")),
        ({"Size": "512x512"}, ("changed", "Size", "832x1216")),
        ({"Schedule_type": "Exponential"}, ("changed", "Schedule type", "Karras")),
        ({"RNG": "CPU"}, ("changed", "RNG", "GPU")),
        ({"Clip_skip": "2"}, ("changed", "Clip skip", "1")),
        ({"Hires_upscale": "2"}, ("added", "Hires upscale", "")),
        ({"negative": "blurry, text"}, ("edited", "Negative prompt", "blurry")),
        ({"Version": "f2.0.1v1.10.1"}, ("program", "Version", "v1.10.1")),
    ],
    ids=lambda value: value[0] + "-" + value[1] if isinstance(value, tuple) else "",
)
def test_each_cause_is_reported(changes, difference):
    assert [one[:3] for one in _compare(_text(**changes))] == [difference]


def test_most_likely_cause_comes_first():
    made = _text(
        "a lake",
        Model_hash="0123456789",
        Sampler="Euler",
        Size="512x512",
        Version="f2.0.1",
        **{"Hires steps": "5", "ADetailer model": "face", "ADetailer confidence": "0.3"},
    )
    assert [one[:2] for one in _compare(made)] == [
        ("checkpoint", "Model"),
        ("lora_absent", "ink"),
        ("edited", "Prompt"),
        ("changed", "Size"),
        ("changed", "Sampler"),
        ("added", "Hires steps"),
        ("added", "ADetailer"),  # an extension once, not each of its parameters
        ("program", "Version"),
    ]


# What WebUIs write into an infotext of an image from text alone, and of one from another image.
_FROM_TEXT = [
    {},
    {"Denoising strength": "0.4", "Hires upscale": "2", "Hires upscaler": "Latent"},
    {"Denoising strength": "0.4", "Hires resize": "1024x1536"},
    {"Denoising strength": "0.7", "First pass size": "512x512"},
    {"App": "SD.Next", "Operations": "txt2img"},
    {"App": "SD.Next", "Operations": "hires; txt2img; img2img"},
    {"App": "SD.Next", "Operations": "control; txt2img; inpaint; detailer"},
    {"App": "SD.Next", "Operations": "none"},
]
_FROM_IMAGE = [
    {"Denoising strength": "0.75"},
    {"Denoising strength": "0.75", "Mask blur": "4", "Inpaint area": "Only masked"},
    {"App": "SD.Next", "Operations": "img2img", "Denoising strength": "0.4"},
    {"App": "SD.Next", "Operations": "img2img; control", "Init image size": "832x1216"},
    {"App": "SD.Next", "Operations": "inpaint; detailer"},
    {"Denoising strength": "0.4", "Version": "neo"},
]


@pytest.mark.parametrize("original", [*_FROM_TEXT, *_FROM_IMAGE], ids=str)
@pytest.mark.parametrize("made", [*_FROM_TEXT, *_FROM_IMAGE], ids=str)
def test_image_to_start_from_that_only_one_of_both_has_comes_first(original, made):
    for others in ({}, {"Seed": "5", "Model_hash": "0123456789"}):
        found = [one[0] for one in _compare(_text(**made, **others), _text(**original))]
        causes = [kind for kind in found if kind.endswith("img2img")]
        if (made in _FROM_IMAGE) == (original in _FROM_IMAGE):
            assert causes == []
        else:
            said = "img2img" if made in _FROM_IMAGE else "original_img2img"
            assert found[:1] == causes == [said]


def test_value_that_the_original_lacks_is_not_a_difference():
    original = "a sea\nNegative prompt: blurry\nSteps: 30, CFG scale: 7, Clip skip: 2"
    made = _text("a sea", Clip_skip="2", Lora_hashes=None)
    assert _compare(made, original) == [
        ("checkpoint_unknown", "Model", "", "dunes_v1 [6ce0161689]")
    ]


@pytest.mark.parametrize("made", ["", "only a prompt", "\0\n,,:"])
def test_text_without_parameters_is_not_compared(made):
    assert _compare(made) == [] and list_differences(made, "") == ()
    assert list_prompt_words("A (cat:1.2),\n [dog]<lora:ink:1>") == ("a", "cat", "1.2", "dog")


def test_denoising_of_comfyui_is_not_img2img():
    comfy = _text(Denoising_strength="0.4", Version="ComfyUI")  # there it may be any second pass
    assert [one[0] for one in _compare(_text(), comfy)] == ["absent", "program"]
    assert not [one for one in _compare(_text(Denoising_strength="0.4"), comfy) if "img" in one[0]]


def test_sdnexts_own_names_are_no_causes():
    hires = {"Hires_upscale": "2", "Hires_upscaler": "Latent", "Denoising_strength": "0.4"}
    original = _text(**hires, Clip_skip="2", Hires_steps="10", Lora_hashes=None)
    made = (
        f"{_PROMPT}\nNegative prompt: blurry\nTemplate: __any__\nNegative template: blurry\n"
        "Steps: 30, Size: 832x1216, Sampler: DPM++ 2M, Scheduler: DPMSolverMultistepScheduler, "
        "Seed: 1234567890, CFG scale: 7, CLiP-skip: 2, App: SD.Next, Pipeline: X, Operations: "
        "txt2img; hires, Model: dunes_v1, Model hash: 6ce0161689, Refine: True, HiRes mode: 1, "
        "Hires upscaler: Latent Bilinear, Hires scale: 2, Hires size: 1664x2432, "
        "Hires force: True, Hires steps: 10, Hires strength: 0.4, Sampler sigma: karras"
    )
    assert _compare(made, original) == []
    single = made.replace("txt2img; hires", "img2img").partition(", Refine")[0]
    found = _compare(f"{single}, Denoising strength: 0.3, Sampler sigma: karras", original)
    told = found[:2]
    assert told == [("img2img", "img2img", "", ""), ("changed", "Denoising strength", "0.4", "0.3")]

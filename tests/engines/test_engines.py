"""Engines: found, planned, asked, stopped; and each of their errors told in one sentence."""

import json
import os
import random
import re
import socket
import stat
import threading
import time
import types
import uuid
from contextlib import nullcontext, suppress

import pytest
from civitai_manager_libs import engines, setting
from civitai_manager_libs.core import Cancellation, model_file_stem
from civitai_manager_libs.engines import Caution, comfyui, Missing, PlanOptions, Recipe, Wanted
from civitai_manager_libs.engines import webui_api
from civitai_manager_libs.engines.find import shorten_error, write_note
from civitai_manager_libs.engines.recipe import EngineFile, match_file
from civitai_manager_libs.errors import Cancelled, EngineError, InputError, InvalidResponse
from civitai_manager_libs.errors import NetworkError
from civitai_manager_libs.infotext import list_differences
from civitai_manager_libs.network import EngineClient, ReplyLimits
from engine_stand_ins import drip, text_answer
from hypothesis import given, HealthCheck, settings, strategies as st

LINE = "Steps: 4, Sampler: Euler, Schedule type: Karras, CFG scale: 7, Seed: 5, Size: 64x64"
TEXT = f"a cat <lora:ink:0.8>\nNegative prompt: blurry\n{LINE}, Model: dream_8, RNG: CPU"


@pytest.fixture(autouse=True)
def _quick(monkeypatch, quick_engines):
    monkeypatch.setattr(webui_api, "_START_PAUSE", 0.01)


def make(server, text=TEXT, options=PlanOptions(), cancelled=None, **recipe):
    engine = engines.find_engine(server.url)
    module = engines.MODULES[engine.kind]
    planned = module.plan(engine, Recipe(text, **recipe), options)
    assert planned.missing == ()
    return module.make(engine, planned, str(uuid.uuid4()), cancelled=cancelled)


def plan(server, text=TEXT, options=PlanOptions(), **recipe):
    engine = engines.find_engine(server.url)
    return engines.MODULES[engine.kind].plan(engine, Recipe(text, **recipe), options)


def call_when(is_due, call):
    def wait():
        while not is_due():
            time.sleep(0.01)
        call()

    threading.Thread(target=wait, daemon=True).start()


def test_programs_at_the_stated_addresses_are_found(comfy, a1111, monkeypatch):
    monkeypatch.setattr(engines.find, "_USUAL", ())
    setting.change("engine_addresses", f"{comfy.url}; {a1111.url}/;http://127.0.0.1:9")
    found = [(one.name, one.address, one.state) for one in engines.find_engines()]
    assert found == [("ComfyUI 0.33.0", comfy.url, "ready"), ("WebUI", a1111.url, "ready")]


@pytest.mark.parametrize(
    ("path", "answer", "key"),
    [
        ("/sdapi/v1/progress", text_answer(404), "engine_no_api"),
        ("/sdapi/v1/progress", text_answer(401), "engine_needs_login"),
        ("/internal/ping", text_answer(200), "engine_none"),
        ("/internal/ping", drip(), "engine_off"),
    ],
    ids=["no-api", "login", "login-page", "endless"],
)
def test_program_that_takes_no_requests_is_named(a1111, path, answer, key):
    a1111.faults[path] = answer
    with pytest.raises(EngineError) as caught:
        engines.find_engine(a1111.url)
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("status", "key"), [(200, ""), (401, "engine_needs_login"), (404, "engine_none")]
)
def test_webui_without_its_page_is_found_by_its_api(a1111, status, key):
    a1111.has_page = False
    body = '{"progress": 0.0}' if status == 200 else "{}"
    a1111.faults["/sdapi/v1/progress"] = text_answer(status, body, "application/json")
    with pytest.raises(EngineError) if key else nullcontext() as caught:
        assert engines.find_engine(a1111.url).kind == "webui"
    assert not key or caught.value.key == key


@pytest.mark.parametrize(
    ("body", "key"),
    [
        # Of SD.Next with --auth.
        ('{"error":"HTTPException","code":401,"detail":"Not authenticated","body":""}', "login"),
        ('{"detail":"Not authenticated"}', "none"),
        ("<html>Log in</html>", "none"),
    ],
    ids=["sdnext", "another-api", "login-page"],
)
def test_only_sdnext_is_told_by_its_refusal_without_a_login(sdnext, body, key):
    sdnext.faults["/sdapi/v1/version"] = text_answer(401, body, "application/json")
    with pytest.raises(EngineError) as caught:
        engines.find_engine(sdnext.url)
    assert caught.value.key == f"engine_{'needs_login' if key == 'login' else key}"


def test_program_on_a_machine_whose_name_is_not_found_does_not_answer(comfy, monkeypatch):
    engine = engines.find_engine(comfy.url)

    def fail(*_, **__):
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    for use in (comfyui.list_files, lambda one: comfyui.save_workflow(one, "7", {})):
        with pytest.raises(EngineError, match="Nothing answers"):
            use(engine)


def test_only_addresses_of_the_settings_in_the_own_network_are_asked(comfy):
    with pytest.raises(EngineError, match="not among the known"):
        engines.find_engine("http://127.0.0.1:9999")
    for address in ("http://8.8.8.8:80", "http://169.254.169.254:80", "http://0.0.0.0:80"):
        setting.change("engine_addresses", address)
        with pytest.raises(InputError, match="neither this machine"):
            engines.find_engine(address)
    for bad in ("ftp://a", "http://u:p@host:1", "http://a b", "me@host", "http://a:0", "a:0"):
        with pytest.raises(InputError):
            engines.validate_addresses(bad)
    typed = "127.0.0.1:8188; https://a/b/;pc"
    assert engines.validate_addresses(typed) == "http://127.0.0.1:8188;https://a/b;http://pc"
    setting.engine_addresses = "http://127.0.0.1:99999"  # as a hand may write it
    assert "99999" not in str(engines.list_addresses())


def test_webui_around_us_is_among_the_addresses_whatever_its_port(webui):
    assert "http://127.0.0.1:48220" not in engines.list_addresses()
    webui.shared.demo = types.SimpleNamespace(local_url="http://127.0.0.1:48220/")
    assert "http://127.0.0.1:48220" in engines.list_addresses()
    webui.shared.demo = None  # before its server runs
    assert engines.list_addresses()[0] == "http://127.0.0.1:8188"


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [(address, True) for address in ("100.101.102.103", "192.168.1.5", "fd00::1")]
    + [(address, False) for address in ("198.18.0.5", "::ffff:8.8.8.8")],
)
def test_only_the_own_network_is_asked(monkeypatch, address, is_allowed):
    found = [(0, 1, 6, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: found)
    with nullcontext() if is_allowed else pytest.raises(InputError):
        EngineClient("http://name:80")


def test_address_that_answers_is_asked_among_those_of_a_name(comfy, monkeypatch):
    found = [(0, 1, 6, "", (one, 0)) for one in ("::1", "127.0.0.9", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: found)
    asked = []

    def connect(address, timeout):
        asked.append(address[0])
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError
        return nullcontext()

    monkeypatch.setattr(socket, "create_connection", connect)
    EngineClient(comfy.url.replace("127.0.0.1", "localhost"))
    assert asked == ["127.0.0.9", "127.0.0.1"]


def test_requests_carry_nothing_of_the_environment_and_follow_no_redirect(
    comfy, a1111, monkeypatch
):
    def redirect(handler):
        handler.reply(302, headers={"Location": f"{a1111.url}/sdapi/v1/options"})

    setting.change("engine_addresses", comfy.url)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    make(comfy)
    for _, _, _, headers in comfy.asked:
        assert not {"Origin", "Cookie", "Authorization", "Referer"} & set(headers)
    comfy.faults["/queue"] = comfy.faults["/object_info/KSampler"] = redirect
    with pytest.raises(EngineError):
        plan(comfy)
    assert a1111.asked == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "bad at /home/j smith/a/x.pt and C:\\Users\\J Smith\\a.ckpt\nmore",
            "bad at x.pt and a.ckpt",
        ),
        ("'/a/b' is not in /c/d", "'b' is not in d"),
        ("needs 1 / 2 and/or sub/x.pt", "needs 1 / 2 and/or sub/x.pt"),
    ],
)
def test_error_shows_no_folder_of_the_user(text, shown):
    assert shorten_error(text) == shown


def test_login_is_stored_for_its_owner_only_and_sent_to_its_address_only(comfy, a1111):
    engines.save_login(a1111.url, "me:密碼")
    if os.name != "nt":
        assert stat.S_IMODE(os.stat(setting.data_path("engine_logins.json")).st_mode) == 0o600
    make(a1111, TEXT)
    make(comfy, TEXT)
    assert all("Authorization" in headers for *_, headers in a1111.asked)
    assert not any("Authorization" in headers for *_, headers in comfy.asked)
    engines.save_login(a1111.url, "")
    a1111.asked.clear()
    engines.find_engine(a1111.url)
    assert not any("Authorization" in headers for *_, headers in a1111.asked)
    with pytest.raises(InputError):
        engines.save_login(a1111.url, "nopassword")


def listed(*names, **fields):
    return [
        EngineFile(name, (name.rpartition("/")[2].partition(".")[0],), **fields) for name in names
    ]


@pytest.mark.parametrize(
    ("wanted", "files", "found"),
    [
        (Wanted("model", "x", "AABBCCDDEE"), listed("a.pt", hash="aabbccddee" + "0" * 54), "a.pt"),
        (Wanted("model", "Dream", path="/m/dream.pt"), listed("d.pt", path="/m/dream.pt"), "d.pt"),
        (Wanted("model", "DREAM"), listed("sub/dream.pt", "b.pt"), "sub/dream.pt"),
        (Wanted("model", "dream"), listed("a/dream.pt", "b/dream.pt"), None),
        (Wanted("model", "b\\dream"), listed("a/dream.pt", "b/dream.pt"), "b/dream.pt"),
        (Wanted("model", "c/dream"), listed("a/dream.pt"), "a/dream.pt"),
        (Wanted("model", "dream", "1" * 64), listed("dream.pt", hash="2" * 64), None),
        (Wanted("model", "dream", "unknown"), listed("other.pt", hash="unknown"), None),
        (
            Wanted("model", "dream", other_path="/dream.pt"),
            listed("dream.pt", path="/dream.pt"),
            None,
        ),
        (Wanted("lora", "a", path="/x/a.pt", other_path="/x/\0"), listed("b", path=""), None),
    ],
    ids=(
        "hash own-file only-stem two-stems own-folder other-folder other-hash no-hash other-version"
        " nul"
    ).split(),
)
def test_file_is_matched_by_hash_then_own_file_then_only_name(wanted, files, found):
    match = match_file(wanted, files)
    assert match.name == found if found else isinstance(match, Missing)


def test_listed_spelling_is_sent(comfy, a1111):
    graph = plan(comfy, TEXT.replace("dream_8", "other")).request["prompt"]
    assert graph["1"]["inputs"]["ckpt_name"] == "sub dir/Other.safetensors"
    assert graph["2"]["inputs"]["lora_name"] == "style/Ink.safetensors"
    for name in ("INK style", "style/ink", "else\\where\\Ink"):  # SwarmUI's tags have folders
        body = plan(a1111, TEXT.replace("lora:ink:", f"lora:{name}:")).request
        assert "<lora:Ink:0.8>" in body["prompt"] and "<lora:Ink:0.8>" in body["infotext"]
    title = "sub/dream_8.safetensors [aabbccddee]"
    assert body["override_settings"]["sd_model_checkpoint"] == title


def test_named_model_is_preferred_to_the_first_of_the_record(comfy, a1111):
    comfy.lists["ckpt_name"].append("refiner.safetensors")
    wanted = (Wanted("model", "refiner"),)
    sent = plan(comfy, wanted=wanted)
    assert sent.request["prompt"]["1"]["inputs"]["ckpt_name"] == "dream_8.safetensors"
    assert sent.should_match
    sent = plan(comfy, TEXT.replace("dream_8", "gone"), wanted=wanted)
    assert sent.request["prompt"]["1"]["inputs"]["ckpt_name"] == "refiner.safetensors"
    assert sent.cautions == (Caution("caution_instead", "Model", "refiner.safetensors"),)
    body = plan(a1111, wanted=wanted).request
    assert "dream_8" in body["override_settings"]["sd_model_checkpoint"]
    sent = plan(a1111, TEXT.replace("dream_8", "gone"), wanted=(Wanted("model", "dream_8"),))
    assert sent.missing == () and not sent.should_match


def test_file_whose_hash_nobody_compared_is_said(comfy, a1111):
    for server in (comfy, a1111):
        found = plan(server, wanted=(Wanted("lora", "ink", "1" * 64),))
        assert [one.key for one in found.cautions] == ["caution_name"]
    sure = plan(a1111, wanted=(Wanted("lora", "ink", "1" * 64, "/loras/Ink.safetensors"),))
    assert sure.should_match


def test_file_in_a_folder_of_comfyui_is_sure(comfy, tmp_path):
    file = tmp_path / "style" / "Ink.safetensors"
    file.parent.mkdir()
    file.touch()
    folders = json.dumps({"loras": [7, str(tmp_path / "no"), str(tmp_path)]})
    comfy.faults["/internal/folder_paths"] = text_answer(200, folders, "application/json")
    assert plan(comfy, wanted=(Wanted("lora", "ink", "1" * 64, str(file)),)).should_match


def test_what_a_webui_may_not_take_is_said(a1111):
    extra = 'Refiner: x [1], Refiner switch at: 0.8, ADetailer model: y, ControlNet 0: "Module: z"'
    cautions = plan(a1111, f"{TEXT}, {extra}, Variation seed: 3").cautions
    assert [one.field for one in cautions] == ["Refiner", "ADetailer", "ControlNet"]
    a1111.faults["/sdapi/v1/embeddings"] = text_answer(200, '{"loaded": {"good": {}}}')
    wanted = (Wanted("embed", "good"), Wanted("embed", "gone"))
    assert plan(a1111, wanted=wanted).missing == (Missing("embed", "gone"),)


def test_defaults_that_an_infotext_leaves_out_are_sent(a1111):
    body = plan(a1111, TEXT.replace(", RNG: CPU", "")).request
    assert body["override_settings"]["randn_source"] == "GPU"
    hires = "Denoising strength: 0, Hires upscale: 2, Hires upscaler: Latent"
    assert plan(a1111, f"{TEXT}, {hires}").request["denoising_strength"] == 0


def write_file(comfy, folder, kind, stem, *tensors):
    folders = json.dumps({kind: [str(folder)]})
    comfy.faults["/internal/folder_paths"] = text_answer(200, folders, "application/json")
    about = {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps(dict.fromkeys(tensors, about)).encode()
    path = folder / f"{stem}.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)


def add_parts(comfy):
    comfy.nodes |= dict.fromkeys(("FluxGuidance", "EmptySD3LatentImage"), ())
    names = ("clip_name1", "clip_name2", "clip_name3")
    comfy.nodes |= {"UNETLoader": ("unet_name",), "DualCLIPLoader": names[:2]}
    comfy.nodes |= {"TripleCLIPLoader": names}
    comfy.lists |= {"unet_name": ["big.safetensors"], **dict.fromkeys(names, ["other.safetensors"])}
    comfy.lists["vae_name"] += ["sdxl.vae.sft", "sub/ae.sft", "flux2-vae.sft", "sd3_vae.sft"]


def add_flux(comfy, base):
    add_parts(comfy)
    return plan(comfy, TEXT.replace("dream_8", "big"), base_model=base)


@pytest.mark.parametrize("base", ["Flux.1 D", "SD 3.5"])
def test_missing_part_of_a_model_is_named(comfy, base):
    names = ["clip_l", "t5xxl_fp16"] if base == "Flux.1 D" else ["clip_l", "clip_g", "t5xxl_fp16"]
    expected = [Missing("part", f"{name}.safetensors") for name in names]
    assert [*add_flux(comfy, base).missing] == expected
    comfy.lists["vae_name"] = ["flux2-vae.sft"]
    lacking = plan(comfy, TEXT.replace("dream_8", "big"), base_model=base).missing
    vae = "ae" if base == "Flux.1 D" else "sd3_vae"
    assert {*lacking} == {*expected, Missing("part", f"{vae}.safetensors")}
    lacking = plan(comfy, f"{TEXT.replace('dream_8', 'big')}, VAE: x", base_model=base).missing
    assert {*lacking} == {*expected, Missing("vae", "x")}


_ENCODERS = {  # by what they are: names under which people have them
    "clip_l": ["b_clip_l.safetensors", "sub/CLIP-GmP-ViT-L-14.safetensors"],
    "clip_g": ["clip_g.safetensors", "CLIP-ViT-bigG-14.safetensors"],
    "t5xxl": ["t5xxl_fp8_e4m3fn.sft", "t5-v1_1-xxl-encoder.safetensors"],
}
_OTHERS = ["qwen_3_8b.safetensors", "umt5_xxl_fp8.safetensors", "clip_vision_h.safetensors"]
_OTHERS += ["a_clip_l.safetensors", "a_t5xxl.sft"]


@given(
    st.sampled_from(["Flux.1 D", "SD 3.5"]),
    st.fixed_dictionaries({kind: st.integers(-1, 1) for kind in _ENCODERS}),
    st.lists(st.sampled_from(_OTHERS), unique=True),
    st.sampled_from(["{}", "gone; {}; ", "{}; gone.sft"]),
    st.booleans(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_encoder_of_the_settings_is_taken_whatever_its_name(
    comfy, base, chosen, others, setting_text, is_module
):
    add_parts(comfy)
    kinds = ("clip_l", "t5xxl") if base.startswith("Flux") else ("clip_l", "clip_g", "t5xxl")
    stated = {kind: _ENCODERS[kind][chosen[kind]] for kind in kinds if chosen[kind] >= 0}
    listed = [*others, *stated.values()]
    comfy.lists |= {f"clip_name{index}": listed for index in (1, 2, 3)}
    names = [model_file_stem(one) if is_module else one for one in stated.values()]
    setting.change("engine_encoders", "" if is_module else setting_text.format("; ".join(names)))
    modules = "".join(f", Module {n}: {name}" for n, name in enumerate(names)) if is_module else ""
    made = plan(comfy, TEXT.replace("dream_8", "big") + modules, base_model=base)
    inputs = {k: v for one in made.request["prompt"].values() for k, v in one["inputs"].items()}
    used = {kind: inputs[f"clip_name{n}"] for n, kind in enumerate(kinds, 1)}
    for kind in kinds:
        usual = [one for one in others if f"a_{kind}" in one]
        expected = [stated[kind]] if kind in stated else usual
        is_missing = Missing("part", used[kind]) in made.missing
        assert is_missing if not expected else used[kind] == expected[0]
    assert all("Module" not in one.field for one in made.cautions)


@pytest.mark.parametrize(
    ("stated", "chosen"),
    [
        ("x.sft; y.sft", ["x.sft", "y.sft"]),
        ("y.sft", ["a_clip_l.sft", "y.sft"]),  # there is none with a usual name
        ("y.sft; my_t5xxl.sft", ["y.sft", "my_t5xxl.sft"]),
    ],
)
def test_parts_whose_names_tell_nothing_are_taken_in_order(comfy, stated, chosen):
    add_parts(comfy)
    comfy.nodes["DualCLIPLoader"] = ("clip_name1", "clip_name2")
    listed = ["x.sft", "y.sft", "a_clip_l.sft", "my_t5xxl.sft"][: 3 if "my" not in stated else 4]
    comfy.lists |= dict.fromkeys(("clip_name1", "clip_name2"), listed)
    setting.change("engine_encoders", stated)
    graph = plan(comfy, TEXT.replace("dream_8", "big"), base_model="Flux.1 D").request["prompt"]
    loader = next(one for one in graph.values() if one["class_type"] == "DualCLIPLoader")
    assert [loader["inputs"][f"clip_name{n}"] for n in (1, 2)] == chosen
    comfy.lists["vae_name"].append("z.sft")
    setting.change("engine_encoders", f"{stated}; z.sft")
    graph = plan(comfy, TEXT.replace("dream_8", "big"), base_model="Flux.1 D").request["prompt"]
    assert {"vae_name": "z.sft"} in [one["inputs"] for one in graph.values()]


@pytest.mark.parametrize("base", ["Flux.1 D", "SD 3.5"])
@pytest.mark.parametrize("tensor", ["text_encoders.t5xxl.x", "model.diffusion_model.x", None])
def test_text_encoders_are_loaded_unless_the_checkpoint_has_them(comfy, tmp_path, base, tensor):
    add_flux(comfy, base)
    names = ["clip_l.safetensors", "clip_g.safetensors", "t5xxl.safetensors"]
    comfy.lists |= {f"clip_name{index}": names for index in (1, 2, 3)}
    comfy.lists |= {"unet_name": [], "ckpt_name": ["big.safetensors"]}
    if tensor:
        folders = json.dumps({"checkpoints": [str(tmp_path)]})
        comfy.faults["/internal/folder_paths"] = text_answer(200, folders, "application/json")
        header = json.dumps({tensor: {"dtype": "F16", "shape": [0], "data_offsets": [0, 0]}})
        size = len(header).to_bytes(8, "little")
        (tmp_path / "big.safetensors").write_bytes(size + header.encode())
    made = plan(comfy, TEXT.replace("dream_8", "big"), base_model=base)
    kinds = {one["class_type"] for one in made.request["prompt"].values()}
    is_guessed_without = tensor is None and base == "SD 3.5"
    assert not made.missing
    expected = is_guessed_without or tensor == "model.diffusion_model.x"
    assert bool(kinds & {"DualCLIPLoader", "TripleCLIPLoader"}) == expected


def test_modules_of_a_forge_are_the_vae_and_the_text_encoders(comfy):
    add_flux(comfy, "Flux.1 D")
    comfy.nodes["DualCLIPLoader"] = ("clip_name1", "clip_name2")
    encoders = ["a_clip_l.safetensors", "my_clip_l.safetensors", "a_t5xxl.sft", "my_t5xxl.sft"]
    comfy.lists |= dict.fromkeys(("clip_name1", "clip_name2"), encoders)
    comfy.lists["vae_name"].append("own.safetensors")
    modules = "Module 1: own, Module 2: my_clip_l, Module 3: my_t5xxl, Module 4: gone"
    made = plan(comfy, f"{TEXT.replace('dream_8', 'big')}, {modules}", base_model="Flux.1 D")
    inputs = {k: v for one in made.request["prompt"].values() for k, v in one["inputs"].items()}
    names = [inputs[name] for name in ("vae_name", "clip_name1", "clip_name2")]
    assert names == ["own.safetensors", "my_clip_l.safetensors", "my_t5xxl.sft"]
    assert "VAE: own" in made.infotext
    result = make(comfy, f"{TEXT.replace('dream_8', 'big')}, {modules}", base_model="Flux.1 D")
    assert re.findall(r"Module \d", result.infotext) == ["Module 1", "Module 2", "Module 3"]
    assert Caution("caution_lost", "Module 4", "gone") in made.cautions
    assert "caution_parts" not in [one.key for one in made.cautions]


def test_module_of_a_forge_is_the_vae_elsewhere_and_an_unused_encoder_is_said_to_be_lost(
    comfy, a1111
):
    comfy.nodes["DualCLIPLoader"] = ("clip_name1",)
    comfy.lists["clip_name1"] = ["my_clip_l.safetensors"]  # a checkpoint has its own
    for server in (comfy, a1111):
        made = plan(server, f"{TEXT}, Module 1: vae-ft, Module 2: my_clip_l")
        assert [one for one in made.cautions if "Module" in one.field] == [
            Caution("caution_lost", "Module 2", "my_clip_l")
        ]
        if server is comfy:
            assert "Module 2: my_clip_l" in made.infotext and "VAE: vae-ft" in made.infotext
        else:
            assert made.request["override_settings"]["sd_vae"] == "vae-ft.safetensors"


def list_nodes(made):
    return [one["class_type"] for one in made.request["prompt"].values()]


_TENSORS = {  # the base of a file by its tensors: what the graph then has
    "conditioner.embedders.1.model.x": ("Pony", "EmptyLatentImage"),
    "model.diffusion_model.double_blocks.0.img_attn.norm.x": ("Flux.1 D", "FluxGuidance"),
    "joint_blocks.0.context_block.x": ("SD 3.5 Large", "EmptySD3LatentImage"),
}


@pytest.mark.parametrize("tensor", _TENSORS)
@pytest.mark.parametrize("base", ["", "SD 1.5", "Qwen", "SDXL 1.0Flux.1 D"])
@pytest.mark.parametrize("is_whole", [True, False])
def test_file_tells_its_base_better_than_the_image(comfy, tmp_path, tensor, base, is_whole):
    add_parts(comfy)
    names = ["clip_l.sft", "clip_g.sft", "t5xxl.sft"]
    comfy.lists |= dict.fromkeys(("clip_name1", "clip_name2", "clip_name3"), names)
    parts = ("text_encoders.x", "vae.x") if is_whole else ()
    kind = "checkpoints" if is_whole else "diffusion_models"
    if tensor.startswith("conditioner") and not is_whole:
        tensor, kind = "input_blocks.8.1.transformer_blocks.9.x", "checkpoints"  # a UNet only
    write_file(comfy, tmp_path, kind, "big", tensor, *parts)
    name = "ckpt_name" if kind == "checkpoints" else "unet_name"
    comfy.lists |= {"ckpt_name": [], "unet_name": [], name: ["big.safetensors"]}
    text = TEXT.replace("dream_8", "big")
    made = plan(comfy, text, base_model=base)
    nodes = list_nodes(made)
    known, expected = _TENSORS.get(tensor, ("Pony", "EmptyLatentImage"))
    assert made.missing == () and expected in nodes
    assert ("VAELoader" in nodes) == ("CLIPLoader" in str(nodes)) == (not is_whole)
    vae = {"Pony": "sdxl.vae.sft", "Flux.1 D": "sub/ae.sft"}.get(known, "sd3_vae.sft")
    assert is_whole or vae in str(made.request["prompt"])
    assert made.should_match == (known == "Pony" and is_whole)
    guessed = [one.value for one in made.cautions if one.key == "caution_parts"]
    parts = {"Pony": "clip_g, clip_l, sdxl.vae", "Flux.1 D": "ae, clip_l, t5xxl"}
    assert guessed == ([] if is_whole else [parts.get(known, "clip_g, clip_l, sd3_vae, t5xxl")])
    base = "SD 3.5 Medium" if known[:2] == "SD" else f"{known}-like"  # tells more than the file
    said = [one.value for one in plan(comfy, text, base_model=base).cautions]
    assert (base in said) == (known[:2] == "SD")


@pytest.mark.parametrize(
    ("tensor", "base", "is_other"),
    [
        ("lora_unet_double_blocks_0_img_attn_qkv.x", "SDXL 1.0", True),
        ("lora_te2_text_model_x", "Pony", False),
        ("lora_unet_down_blocks_0_attentions_0_proj.x", "Illustrious", True),
        ("lora_unet_down_blocks_0_attentions_0_proj.x", "SD 1.5", False),
        ("lora_unet_down_blocks_0_attentions_0_proj.x", "SD 2.1", False),
        ("lora_unet_other.x", "SD 1.5", False),
    ],
)
def test_lora_of_another_base_is_said(comfy, tmp_path, tensor, base, is_other):
    comfy.lists["lora_name"] = ["Ink.safetensors"]
    write_file(comfy, tmp_path, "loras", "Ink", tensor)
    said = Caution("caution_other_base", value="Ink.safetensors")
    assert (said in plan(comfy, base_model=base).cautions) == is_other


def test_node_that_a_file_here_needs_is_missing_and_not_the_file(comfy):
    wanted = (Wanted("model", "big", path="/unet/Big.GGUF"),)
    text = TEXT.replace("dream_8", "big")
    assert plan(comfy, text, wanted=wanted).missing == (Missing("node", "UnetLoaderGGUF"),)
    comfy.nodes["UnetLoaderGGUF"] = ()
    assert plan(comfy, text, wanted=wanted).missing == (Missing("model", "big"),)


def test_break_is_the_same_for_clip_only(comfy):
    text = TEXT.replace("a cat", "a BREAK cat")
    comfy.nodes |= dict.fromkeys(("FluxGuidance", "EmptySD3LatentImage", "ConditioningConcat"), ())
    assert plan(comfy, text, base_model="SD 1.5").cautions == ()
    text = f"{text}, Distilled CFG Scale: 3"
    expected = (Caution("caution_own", "Prompt", "BREAK"),)
    assert plan(comfy, text, base_model="Flux.1 D").cautions == expected


@pytest.mark.parametrize("base", ["SD 2.1", "Flux.1 S", "SD 3", "Pony V7", "Qwen", "Illustrious"])
def test_match_is_promised_of_measured_bases_only(comfy, base):
    comfy.nodes |= dict.fromkeys(("FluxGuidance", "EmptySD3LatentImage"), ())
    planned = plan(
        comfy, f"{TEXT}, Distilled CFG Scale: 1" if "Flux" in base else TEXT, base_model=base
    )
    is_measured = base in ("Illustrious", "Flux.1 S")
    expected = () if is_measured else (Caution("caution_base", value=base),)
    assert planned.missing == () and planned.cautions == expected


def test_chroma_is_not_taken_for_flux_whose_blocks_it_has(comfy, tmp_path):
    tensors = ("distilled_guidance_layer.x", "double_blocks.0.img_attn.norm.x")
    for order in (tensors, tensors[::-1]):
        write_file(comfy, tmp_path, "diffusion_models", "big", *order)
        with pytest.raises(EngineError, match="loads big"):
            add_flux(comfy, "Flux.1 D")


def test_checkpoint_without_a_vae_is_made_with_the_one_that_is_named(comfy, tmp_path):
    write_file(comfy, tmp_path, "checkpoints", "dream_8", "cond_stage_model.transformer.x")
    made = plan(comfy, f"{TEXT}, VAE: vae-ft")
    assert made.missing == () and "VAELoader" in list_nodes(made)


@pytest.mark.parametrize(
    "base", ["Qwen", "", "Chroma", "SD 1.5", "Flux.2 D", "Pony V7", "ZImageTurbo"]
)
def test_model_of_an_unknown_family_in_parts_is_refused(comfy, base):
    with pytest.raises(EngineError, match=r"How ComfyUI .* loads big.safetensors"):
        add_flux(comfy, base)


def test_what_is_missing_is_named_and_left_out_if_allowed(comfy, a1111):
    hires = "Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: 8x-No"
    text = f"a <lora:no:1>\n{LINE}, Model: nope, VAE: gone.pt, {hires}"
    lacking = [("model", "nope"), ("lora", "no"), ("vae", "gone"), ("upscaler", "8x-No")]
    for server in (comfy, a1111):
        found = {one[:2] for one in plan(server, text).missing}
        assert found == set(lacking)
        allowed = plan(server, text, PlanOptions(drops_missing=True))
        assert [one[:2] for one in allowed.missing] == lacking[:1]
        dropped = {
            (one.field, one.value) for one in allowed.cautions if one.key == "caution_dropped"
        }
        assert dropped == set(lacking[1:])
        assert "<lora:no" not in str(allowed.request)
    a1111.faults["/sdapi/v1/latent-upscale-modes"] = text_answer(404, "{}")  # Forge Neo's
    assert plan(a1111, text, PlanOptions(drops_missing=True)).request["hr_upscaler"] == "None"
    assert plan(a1111, f"{TEXT}, Hires upscale: 2, Hires upscaler: None").missing == ()
    text = TEXT.replace("Euler", "Restart")
    assert [one.type for one in plan(a1111, text).missing] == ["sampler"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        (", RNG: CPU", "", "caution_noise"),
        ("CPU", "NV", "caution_noise"),
        ("Sampler: Euler", "Sampler: DPM++ 2M, Denoising strength: 0.4", "caution_img2img"),
        (
            "Size",
            "Denoising strength: 0.4, Hires sampler: Use same sampler, Size",
            "caution_img2img",
        ),
        ("a cat", "a (cat:1.2)", "caution_weights"),
        ("a cat", "a [cat:dog:0.3]", "caution_lost"),
        ("a cat", "a cat, " * 40, "caution_long"),
        ("CFG", "ADetailer model: x, CFG", "caution_lost"),
        ("Schedule type: Karras", "Schedule type: Turbo", "caution_instead"),
        ("Steps: 4, ", "", "caution_assumed"),
        ("Euler", "DDIM", "caution_own"),
        ("Euler", "UniPC", "caution_own"),
        ("Karras", "Beta", "caution_own"),
        ("64x64", "72x64", "caution_own"),
        (
            "CFG",
            "Denoising strength: 0.5, Hires upscale: 1.5, Hires upscaler: Latent, CFG",
            "caution_own",
        ),
        (
            "CFG",
            "Denoising strength: 0.5, Hires upscale: 2, Hires upscaler: Lanczos, CFG",
            "caution_encoded",
        ),
    ],
)
def test_what_cannot_be_the_same_is_said_before(comfy, old, new, key):
    assert {one.key for one in plan(comfy, TEXT.replace(old, new)).cautions} == {key}


def test_ancestral_sampler_differs_between_programs_only(comfy, a1111):
    text = TEXT.replace("Euler", "Euler a")
    comfy.lists["sampler_name"].append("euler_ancestral")
    assert plan(comfy, text).cautions == (Caution("caution_ancestral", value="Euler a"),)
    assert plan(a1111, text).cautions == ()


def test_ddim_differs_with_few_steps_only(comfy):
    text = TEXT.replace("Euler", "DDIM").replace("Steps: 4", "Steps: 10")
    assert plan(comfy, text).cautions == ()


def test_comfyui_makes_an_image_and_tells_how(comfy):
    assert plan(comfy).should_match
    comfy.seconds = 0.1
    made = make(comfy)
    assert made.image == comfy.image and made.remarks == ()
    version = TEXT.replace("RNG: CPU", "RNG: CPU, Version: ComfyUI 0.33.0")
    assert made.infotext == version.replace("lora:ink:", "lora:Ink:")
    (sent,) = comfy.list_asked("/prompt")
    assert sent["extra_data"]["extra_pnginfo"]["workflow"]["nodes"]
    graph = own_graph(comfy)
    del graph["8"]  # a graph without an output gets one
    kinds = [node["class_type"] for node in plan(comfy, graph=graph).request["prompt"].values()]
    assert kinds.count("SaveImage") == 1


def _fail_with(comfy, fault):
    def accept(*given, answer=comfy.answer):
        sent = {"prompt_id": given[3]["prompt_id"] if given[3] else "", **accepted}
        return (200, sent) if given[1] == "/prompt" else answer(*given)

    status = {"status_str": "error", "completed": False, "messages": []}
    error = {"node_type": "KSampler", "exception_message": "No room in /home/me/x.pt\nmore"}
    errors = {"3": {"errors": [{"message": "Value too big", "details": "steps"}]}}
    if fault in ("partly", "restarted"):
        accepted = {"number": 1, "node_errors": errors if fault == "partly" else {}}
        comfy.answer = accept
    elif fault in ("failed", "interrupted"):
        failed = [["execution_error", error]] if fault == "failed" else []
        comfy.status = {**status, "messages": failed}
    elif fault == "gone":
        comfy.seconds = 60.0
        call_when(lambda: comfy.jobs, comfy.close)
    elif fault == "no-image":
        comfy.image = b"<html>"
    else:
        path, answer = {
            "too-large": ("/view", drip()),
            "endless": ("/prompt", drip()),
            "text": ("/prompt", text_answer(500, "Traceback", "text/plain")),
            "login": ("/prompt", text_answer(401)),
        }[fault]
        comfy.faults[path] = answer


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("partly", "does not accept the graph: CLIPTextEncode: Value too big steps"),
        ("failed", "ComfyUI 0.33.0 reports: KSampler: No room in x.pt$"),
        ("interrupted", "was stopped in ComfyUI"),
        ("restarted", "was restarted and no longer knows"),
        ("gone", "stopped answering"),
        ("no-image", "is not an image"),
        ("too-large", "too large"),
        ("endless", "cannot be read"),
        ("text", "reports: HTTP 500"),
        ("login", "asks for a login"),
    ],
)
def test_error_of_comfyui_is_one_sentence(comfy, monkeypatch, fault, sentence):
    monkeypatch.setattr(comfyui, "_MAX_FAILURES", 3)
    monkeypatch.setattr(comfyui, "_MAX_IMAGE", 1_000_000)
    _fail_with(comfy, fault)
    with pytest.raises(EngineError, match=sentence) as caught:
        make(comfy)
    assert "\n" not in str(caught.value)


_ODD = (None, True, -1, 1e300, "", "\ud800", "..\\x\x00", [], {}, [[]], {"a": []})


def _distort(value, rnd):
    """Return a JSON value of which one part is missing or odd."""
    if not isinstance(value, (dict, list)) or not value or rnd.random() < 0.2:
        return rnd.choice(_ODD)
    key = rnd.choice(list(value)) if isinstance(value, dict) else rnd.randrange(len(value))
    told = value.copy()
    if rnd.random() < 0.2:
        del told[key]
    else:
        told[key] = _distort(value[key], rnd)
    return told


@pytest.mark.parametrize("kind", ["comfy", "a1111", "neo", "sdnext"])
def test_whatever_is_answered_ends_in_the_image_or_in_a_sentence(kind, request, monkeypatch):
    monkeypatch.setattr(webui_api, "_MAX_FAILURES", 3)
    monkeypatch.setattr(comfyui, "_MAX_FAILURES", 3)
    server, number = request.getfixturevalue(kind), 0
    engine, fetch = engines.find_engine(server.url), EngineClient.fetch
    module, before = engines.MODULES[engine.kind], dict(getattr(server, "options", {}))
    planned = module.plan(engine, Recipe(TEXT))

    def answer(client, method, path, *given, **options):
        reply, rnd = fetch(client, method, path, *given, **options), random.Random(
            f"{number}{method}"
        )
        # The settings are told as they are, so that they can be put back.
        if path.endswith("/options") or len(path) % 5 != rnd.randrange(5):
            return reply
        if rnd.random() < 0.2:
            raise rnd.choice((NetworkError, InvalidResponse))("odd")
        status = rnd.choice((200, 200, 200, 302, 404, 500))
        return reply._replace(status=status, value=_distort(reply.value, rnd))

    monkeypatch.setattr(EngineClient, "fetch", answer)
    for number in range(60):
        with suppress(EngineError):
            module.plan(engine, Recipe(TEXT))
        with suppress(EngineError):
            made = module.make(engine, planned, str(uuid.uuid4()))
            assert made.image == server.image
        assert getattr(server, "options", {}) == before
        if kind == "sdnext":
            server.checkpoint = ""


def test_missing_value_that_only_the_run_finds_is_told(comfy):
    engine = engines.find_engine(comfy.url)
    planned = comfyui.plan(engine, Recipe(TEXT))
    comfy.lists["ckpt_name"].remove("dream_8.safetensors")
    with pytest.raises(EngineError, match="CheckpointLoaderSimple: Value not in list ckpt_name"):
        comfyui.make(engine, planned, str(uuid.uuid4()))
    del comfy.nodes["KSampler"]
    with pytest.raises(EngineError, match="lacks the node KSampler"):
        comfyui.make(engine, planned, str(uuid.uuid4()))
    assert Missing("node", "KSampler") in plan(comfy).missing  # before anything is sent


def test_same_graph_again_is_told(comfy):
    cached = ["execution_cached", {"nodes": [str(n) for n in range(20)]}]
    comfy.status = {"status_str": "success", "messages": [cached]}
    assert [one.key for one in make(comfy).remarks] == ["engine_same"]


def test_stop_ends_ours_only(comfy):
    comfy.seconds, cancelled = 60.0, Cancellation()
    comfy.jobs["other"] = (float("inf"), {})
    call_when(lambda: len(comfy.jobs) > 1, cancelled.set)
    with pytest.raises(Cancelled):
        make(comfy, cancelled=cancelled)
    (prompt,) = comfy.list_asked("/prompt")
    assert set(comfy.stopped) == {prompt["prompt_id"]} and "other" in comfy.jobs
    assert all(body.get("prompt_id") for body in comfy.list_asked("/interrupt"))


def test_poll_that_fails_once_loses_no_image(comfy):
    def fail_once(handler):
        del comfy.faults["/queue"]
        handler.reply(502, b"<html>", {"Content-Type": "text/html"})

    comfy.seconds, comfy.faults["/queue"] = 0.1, fail_once
    assert make(comfy).image == comfy.image


def test_graph_that_is_taken_after_a_late_answer_is_waited_for(comfy, monkeypatch):
    monkeypatch.setattr(comfyui, "_VALIDATION", ReplyLimits(wait=0.1))
    validate = comfy._validate

    def validate_late(body):
        time.sleep(0.5)
        return validate(body)

    comfy._validate = validate_late
    assert make(comfy).image == comfy.image


@pytest.mark.parametrize("path", ["/view", "/queue"])
def test_stop_does_not_wait_for_a_slow_answer(comfy, path):
    cancelled, comfy.seconds = Cancellation(), 60.0 if path == "/queue" else 0.0
    is_asked = threading.Event()

    def trickle(handler):
        if handler.command == "POST" and path == "/queue":
            handler.reply(200, b"{}")
            return
        is_asked.set()
        handler.send(200, {"Content-Length": "9000"}, b"")
        while comfy.is_open and not is_over.wait(0.01):
            pass

    is_over = threading.Event()
    comfy.faults[path] = trickle
    call_when(is_asked.is_set, cancelled.set)
    try:
        with pytest.raises(Cancelled):
            make(comfy, cancelled=cancelled)
    finally:
        is_over.set()


def test_workflow_is_stored_once_and_none_of_the_user_is_replaced(comfy):
    engine, workflow = engines.find_engine(comfy.url), plan(comfy).request["workflow"]
    names = [comfyui.save_workflow(engine, "77", workflow) for _ in range(2)]
    assert names == ["gallery/77", "gallery/77"]
    comfy.workflows["/userdata/workflows/gallery/77.json"] = {"nodes": ["changed"]}
    assert comfyui.save_workflow(engine, "77", workflow) == "gallery/77-2"
    assert comfy.workflows["/userdata/workflows/gallery/77-2.json"] == workflow
    comfy.faults["/userdata/workflows/gallery/78.json"] = text_answer(500)
    with pytest.raises(EngineError, match="reports: HTTP 500"):
        comfyui.save_workflow(engine, "78", workflow)


def own_graph(comfy, **nodes):
    graph = plan(comfy).request["prompt"]
    graph["8"]["inputs"]["filename_prefix"] = "../../x"
    graph |= {name: {"class_type": name, "inputs": {}} for name in nodes}
    return graph


def test_own_graph_is_sent_with_the_seed_and_the_listed_names(comfy):
    graph = own_graph(comfy)
    graph["1"]["inputs"]["ckpt_name"] = "SDXL\\Dream_8.safetensors"
    graph["8"]["class_type"] = "PreviewImage"
    planned = plan(comfy, TEXT.replace("Seed: 5", "Seed: 9"), graph=graph, is_other_seed=True)
    sent = planned.request["prompt"]
    kinds = {node["class_type"]: node["inputs"] for node in sent.values()}
    assert kinds["CheckpointLoaderSimple"]["ckpt_name"] == "dream_8.safetensors"
    assert kinds["KSampler"]["seed"] == 9
    assert kinds["SaveImage"]["filename_prefix"] == "gallery/image"
    assert [one.key for one in planned.cautions] == ["caution_seed"]
    comfy.lists["ckpt_name"].append("SDXL/Dream_8.safetensors")  # of Windows, with two of its name
    graph["1"]["inputs"]["ckpt_name"] = "SDXL\\Dream_8.safetensors"
    sent = plan(comfy, graph=graph).request["prompt"]
    assert sent["1"]["inputs"]["ckpt_name"] == "SDXL/Dream_8.safetensors"


def test_preview_beside_a_saved_image_is_no_result(comfy):
    graph = own_graph(comfy)
    graph["9"] = {"class_type": "PreviewImage", "inputs": dict(graph["8"]["inputs"])}
    sent = plan(comfy, graph=graph).request["prompt"]
    assert [sent[key]["class_type"] for key in ("8", "9")] == ["SaveImage", "PreviewImage"]
    mask = {"filename": "mask.png", "subfolder": "", "type": "output"}
    find = comfy._find_history

    def find_with_mask(prompt_id):
        found = find(prompt_id)
        found[prompt_id]["outputs"]["1"] = {"images": [mask]}
        return found

    comfy._find_history = find_with_mask
    asked = []
    comfy.faults["/view"] = lambda handler: (
        asked.append(handler.path),
        handler.reply(200, comfy.image),
    )
    make(comfy, graph=graph)
    assert "mask" not in asked[0] and len(asked) == 1


def test_seed_that_comes_by_a_link_is_replaced_or_said_to_stay(comfy):
    comfy.nodes |= dict.fromkeys(("PrimitiveInt", "OddNode"), ())
    graph = own_graph(comfy)
    sampler = next(node for node in graph.values() if node["class_type"] == "KSampler")
    sampler["inputs"]["seed"] = ["20", 0]
    graph["20"] = {"class_type": "PrimitiveInt", "inputs": {"value": 5}}
    options = {"text": TEXT.replace("Seed: 5", "Seed: 9"), "graph": graph, "is_other_seed": True}
    planned = plan(comfy, **options)
    assert planned.request["prompt"]["20"]["inputs"]["value"] == 9
    graph["20"] = {"class_type": "OddNode", "inputs": {"x": ["1", 0]}}
    assert [one.key for one in plan(comfy, **options).cautions] == ["caution_seed_kept"]


def test_what_an_own_graph_reads_is_checked(comfy):
    comfy.nodes |= {"LoadImage": ("image",)}
    comfy.lists["image"] = ["example.png"]
    graph = own_graph(comfy)
    graph["9"] = {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
    planned = plan(comfy, graph=graph)
    assert planned.cautions == (Caution("caution_input", value="example.png"),)
    graph["3"]["inputs"]["text"] = "a embedding:EasyNeg, (embedding:gone:1.2)"
    assert plan(comfy, graph=graph).missing == (Missing("embed", "gone"),)


@pytest.mark.parametrize("kind", ["a\ud800", "..", "a/b?c#d"])
def test_odd_node_is_missing(comfy, kind):
    (missing,) = plan(comfy, graph=own_graph(comfy, **{kind: 1})).missing
    assert missing.type == "node" and missing.name.isprintable()


def test_engine_is_asked_once_for_several_images(comfy):
    engine = engines.find_engine(comfy.url)
    lists, asked = comfyui.Lists(engine), []
    for _ in range(2):
        comfyui.plan(engine, Recipe(TEXT), lists=lists)
        asked.append(len(comfy.asked))
    assert asked[0] == asked[1]


def test_nodes_of_an_own_graph_are_checked(comfy):
    comfy.nodes |= dict.fromkeys(("RunCode", "PaidNode", "CheckpointSave"), ())
    comfy.modules |= {"RunCode": "custom_nodes.x"}
    described = comfy._describe
    comfy._describe = lambda kind: {
        name: {
            **value,
            "api_node": kind == "PaidNode",
            "output_node": kind in ("SaveImage", "CheckpointSave"),
        }
        for name, value in described(kind).items()
    }
    added = dict.fromkeys(("RunCode", "PaidNode", "Absent", "CheckpointSave"), 1)
    planned = plan(comfy, graph=own_graph(comfy, **added))
    assert planned.custom_nodes == ("RunCode", "CheckpointSave")
    assert set(planned.missing) == {Missing("node", "Absent"), Missing("paid_node", "PaidNode")}
    rebuilt = plan(comfy, options=PlanOptions(rebuilds=True), graph=own_graph(comfy, Absent=1))
    assert rebuilt.missing == ()


def test_webui_makes_an_image_and_its_settings_are_put_back(a1111):
    before = dict(a1111.options)
    made = make(a1111, f"{TEXT}, Clip skip: 2")
    assert made.image == a1111.image
    assert "Seed: 5" in made.infotext
    assert a1111.options == before
    (body,) = a1111.list_asked("/sdapi/v1/txt2img")
    assert body["scheduler"] == "Karras" and body["override_settings"]["randn_source"] == "CPU"


def test_settings_are_put_back_by_the_next_run_after_this_program_was_killed(a1111):
    write_note(webui_api.NOTES, a1111.url, {"CLIP_stop_at_last_layers": [1, 2], "gone": [1, 2]})
    a1111.options["CLIP_stop_at_last_layers"] = 2
    make(a1111)
    assert a1111.options["CLIP_stop_at_last_layers"] == 1 and "gone" not in a1111.options
    assert not webui_api.has_noted_options()


def test_settings_that_the_user_changes_meanwhile_stay(a1111):
    a1111.seconds = 0.3
    chosen = {"sd_model_checkpoint": "mine [1]", "sd_vae": "mine", "CLIP_stop_at_last_layers": 3}
    call_when(lambda: a1111.task, lambda: a1111.options.update(chosen))
    make(a1111, f"{TEXT}, Clip skip: 2, VAE: vae-ft.safetensors")
    assert {**a1111.options, **chosen} == a1111.options
    assert a1111.options["randn_source"] == "GPU"


def test_settings_stay_noted_until_a_webui_has_put_them_back(a1111):
    def refuse_posts(handler):
        status = 500 if handler.command == "POST" else 200
        handler.reply(status, json.dumps(a1111.options).encode())

    a1111.faults["/sdapi/v1/options"] = refuse_posts
    make(a1111)
    assert webui_api.has_noted_options() and a1111.options["randn_source"] == "CPU"
    a1111.faults.clear()
    webui_api.restore_noted_options()
    assert not webui_api.has_noted_options() and a1111.options["randn_source"] == "GPU"


@pytest.mark.parametrize("has_page", [True, False])
def test_stop_waits_for_the_turn_of_ours_while_a_webui_works_for_others(
    a1111, monkeypatch, has_page
):
    monkeypatch.setattr(webui_api, "_MAX_FAILURES", 3)
    a1111.has_page, cancelled = has_page, Cancellation()
    a1111.is_busy.set()
    a1111.seconds = 60.0
    call_when(lambda: a1111.task, cancelled.set)

    def count():
        return len(a1111.list_asked("/internal/progress"))

    call_when(lambda: cancelled.is_set() and count() > 20, a1111.is_busy.clear)
    with pytest.raises(Cancelled):
        make(a1111, cancelled=cancelled)
    assert a1111.interrupted.is_set() and a1111.options["randn_source"] == "GPU"


def test_hires_and_clip_skip_are_sent_to_a_webui(a1111):
    hires = "Denoising strength: 0.5, Hires upscale: 2, Hires steps: 3, Hires upscaler: 4x-Ultra"
    body = plan(a1111, f"{TEXT}, Clip skip: 2, VAE: vae-ft.safetensors, {hires}").request
    wanted = {
        "enable_hr": True,
        "hr_scale": 2,
        "hr_second_pass_steps": 3,
        "hr_upscaler": "4x-Ultra",
    }
    assert {**body, **wanted, "denoising_strength": 0.5} == body
    assert body["override_settings"]["CLIP_stop_at_last_layers"] == 2
    assert body["override_settings"]["sd_vae"] == "vae-ft.safetensors"


@pytest.mark.parametrize(
    ("stated", "sampler", "schedule"),
    [
        ("Hires sampler: DPM++ 2M", "DPM++ 2M", "Karras"),
        ("Hires schedule type: Automatic", "Euler", "Automatic"),
        ("Hires sampler: DPM++ 2M, Hires schedule type: Automatic", "DPM++ 2M", "Automatic"),
        ("Hires sampler: Use same sampler", "Euler", "Karras"),
    ],
)
def test_second_pass_of_a_webui_has_what_it_does_not_state_of_the_first(
    a1111, stated, sampler, schedule
):
    hires = f"Hires upscale: 2, Hires upscaler: Latent, Denoising strength: 0.5, {stated}"
    body = plan(a1111, f"{TEXT}, {hires}").request
    assert (body["hr_sampler_name"], body["hr_scheduler"]) == (sampler, schedule)


def test_what_a_webui_assumes_of_a_second_pass_is_said(a1111):
    made = plan(a1111, f"{TEXT}, Hires upscale: 2")
    assumed = [(one.field, one.value) for one in made.cautions if one.key == "caution_assumed"]
    assert assumed == [("Hires upscaler", "Latent"), ("Denoising strength", "0.7")]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (text_answer(500, '{"error": "OutOfMemory", "errors": "no room"}'), "reports: no room"),
        (text_answer(200), "cannot be read"),
        (text_answer(401), "asks for a login"),
        (text_answer(429, "{}"), "asks to wait"),
        (text_answer(200, '{"images": []}'), "is not an image"),
        (text_answer(200, '{"images": ["PGh0bWw+"]}'), "is not an image"),
        (drip(), "too large"),
        (lambda handler: handler.connection.shutdown(2), "stopped answering"),
    ],
    ids=["error", "page", "login", "busy", "none", "html", "too-large", "gone"],
)
def test_error_of_a_webui_is_one_sentence_and_its_settings_are_put_back(
    a1111, monkeypatch, answer, sentence
):
    monkeypatch.setattr(webui_api, "_PATIENT", webui_api._PATIENT._replace(size=1_000_000))

    def change_and_answer(handler):
        a1111.change_options(handler.body)
        answer(handler)

    a1111.faults["/sdapi/v1/txt2img"] = change_and_answer
    before = dict(a1111.options)
    with pytest.raises(EngineError, match=sentence):
        make(a1111)
    assert a1111.options == before


@pytest.mark.parametrize("hires", ["", ", Hires upscale: 2, Hires upscaler: 4x-Ultra"])
def test_forge_makes_an_image_and_has_its_own_modules_again(neo, hires):
    before = dict(neo.options)
    modules = "Module 1: ae, Module 2: clip_l, Module 3: t5xxl"
    assert make(neo, f"{TEXT}, {modules}{hires}").image == neo.image
    (sent,) = neo.list_asked("/sdapi/v1/txt2img")
    sent_modules = sent["override_settings"]["forge_additional_modules"]
    assert sent_modules == ["ae", "clip_l", "t5xxl"]
    assert neo.options == before and not webui_api.has_noted_options()


def test_webui_that_is_starting_is_asked_again(a1111):
    def fail_once(handler):
        del a1111.faults["/sdapi/v1/txt2img"]
        handler.reply(500, b'{"errors": "no attribute default_script_arg_txt2img"}')

    a1111.faults["/sdapi/v1/txt2img"] = fail_once
    assert make(a1111).image == a1111.image


@pytest.mark.parametrize("has_page", [True, False])
def test_stop_interrupts_a_webui_only_while_it_makes_ours(a1111, has_page):
    a1111.has_page, a1111.seconds, cancelled = has_page, 60.0, Cancellation()
    call_when(lambda: a1111.task, cancelled.set)
    with pytest.raises(Cancelled):
        make(a1111, cancelled=cancelled)
    assert len(a1111.list_asked("/sdapi/v1/interrupt")) == 1


_OF_SDNEXT = TEXT.replace("<lora:ink:0.8>", "(on a hill:1.2)")


def test_sdnext_is_found_and_makes_an_image_with_its_own_fields(sdnext):
    assert engines.find_engine(sdnext.url).name == "SD.Next"
    made = make(sdnext, f"{_OF_SDNEXT}, Clip skip: 2, Version: v1.10.1")
    assert made.image == sdnext.image and sdnext.checkpoint == "dream_8"
    (body,) = sdnext.list_asked("/sdapi/v1/txt2img")
    wanted = {"clip_skip": 2, "diffusers_generator_device": "CPU", "schedulers_sigma": "karras"}
    assert {**body, **wanted, "prompt_attention": "a1111"} == body
    assert body["override_settings"].keys() == {"sd_model_checkpoint", "sd_vae"}
    assert list_differences(f"{_OF_SDNEXT}, Clip skip: 2", made.infotext) == ()


@pytest.mark.parametrize(
    ("text", "fields", "cautions"),
    [
        ("Sampler: DPM2", {"sampler_name": "KDPM2", "schedulers_sigma": "karras"}, []),
        ("Sampler: Euler a, Schedule type: Karras", {}, [("Schedule type", "Karras")]),
        (
            "Sampler: Euler, Schedule type: SGM Uniform",
            {"schedulers_timestep_spacing": "trailing"},
            [],
        ),
        ("Sampler: Euler, RNG: NV", {"diffusers_generator_device": "GPU"}, [("RNG", "NV")]),
        ("Sampler: Euler, ENSD: 31337", {"eta_noise_seed_delta": 31337}, []),
        ("Sampler: Euler, Eta: 0.5", {}, [("Eta", "0.5")]),
        ("Sampler: Euler, ADetailer model: face.pt", {}, [("ADetailer", "face.pt")]),
        (
            "Sampler: Euler, Distilled CFG Scale: 3.5",
            {"cfg_scale": 3.5, "cfg_true": 7},
            [],
        ),
        (
            "Sampler: Euler, Hires upscale: 2, Hires upscaler: Latent, Denoising strength: 0.5",
            {
                **{"enable_hr": True, "hr_force": True, "hr_resize_mode": 1, "hr_scale": 2},
                **{"hr_upscaler": "Latent Bilinear", "hr_denoising_strength": 0.5},
                "hr_second_pass_steps": 4,
            },
            [],
        ),
    ],
    ids="sampler no-karras spacing noise seed-delta not-carried extension flux hires".split(),
)
def test_what_sdnext_names_otherwise_is_translated_and_what_it_lacks_is_said(
    sdnext, text, fields, cautions
):
    line = f"Steps: 4, CFG scale: 7, Seed: 5, Size: 64x64, Model: dream_8, {text}"
    planned = plan(sdnext, f"a cat\n{line}")
    assert planned.missing == () and {**planned.request, **fields} == planned.request
    lost = [(one.field, one.value) for one in planned.cautions if one.key == "caution_lost"]
    assert lost == cautions and not planned.should_match


def test_image_of_sdnext_should_be_the_same_there(sdnext):
    assert plan(sdnext, f"{_OF_SDNEXT}, App: SD.Next").should_match


def test_odd_samplers_of_sdnext_are_left_out(sdnext):
    odd = [{"name": {}, "options": {}}, {"name": "Euler", "options": []}, []]
    sdnext.faults["/sdapi/v1/samplers"] = lambda handler: handler.reply(
        200, json.dumps(odd).encode()
    )
    assert plan(sdnext, _OF_SDNEXT).request["sampler_name"] == "Euler"


@pytest.mark.parametrize("is_busy", [False, True], ids=["at-once", "behind-others"])
def test_stop_interrupts_sdnext_only_while_it_makes_an_image_of_its_api(sdnext, is_busy):
    sdnext.seconds, cancelled = 60.0, Cancellation()
    sdnext.is_busy.set() if is_busy else None
    call_when(lambda: sdnext.list_asked("/sdapi/v1/txt2img"), cancelled.set)
    asked = sdnext.list_asked
    call_when(lambda: len(asked("/sdapi/v1/history")) > 20, sdnext.is_busy.clear)
    with pytest.raises(Cancelled):
        make(sdnext, _OF_SDNEXT, cancelled=cancelled)
    paths = [path for _, path, *_ in sdnext.asked]
    assert paths.count("/sdapi/v1/interrupt") == 1
    if is_busy:
        assert paths[: paths.index("/sdapi/v1/interrupt")].count("/sdapi/v1/history") > 20


def test_stop_does_not_wait_until_sdnext_has_loaded_its_first_model(sdnext):
    cancelled, is_over, loaded = Cancellation(), threading.Event(), []

    def load(handler):
        if handler.command == "POST":
            cancelled.set()
            loaded.append(not is_over.wait(20))
        handler.reply(200, b'{"class": null}')

    sdnext.faults["/sdapi/v1/checkpoint"] = load
    with pytest.raises(Cancelled):
        make(sdnext, _OF_SDNEXT, cancelled=cancelled)
    assert not loaded and not sdnext.list_asked("/sdapi/v1/txt2img")
    is_over.set()

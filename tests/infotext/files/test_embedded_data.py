"""The infotext, workflow and program that a file contains."""

import html
import importlib
import io
import json

import image_files as files
import pytest
from cases import each_case
from civitai_manager_libs.errors import DiskError, TooLarge
from civitai_manager_libs.infotext.files import EmbeddedData, read_embedded
from civitai_manager_libs.infotext.infotext_format import compose_infotext, find_missing_values
from comfy_graphs import GRAPH, GRAPH_INFOTEXT
from engine_stand_ins import make_png
from hypothesis import given, strategies as st
from PIL import Image as Picture

INFOTEXT = """\
a lighthouse, <lora:paperStyle:0.7>
Negative prompt: blurry
Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 1234567890, \
Size: 512x768, Model hash: abcdef0123, Model: exampleMix_v20, Version: v1.10.1"""
WORKFLOW = json.dumps({"nodes": [], "links": []})
SAMPLER_ONLY = {"nodes": [{"id": 1, "type": "KSampler", "inputs": [{"name": "model", "link": 5}]}]}
SAMPLER_ONLY["nodes"][0]["widgets_values"] = [7, "fixed", 20, 8, "euler", "normal", 1]
SAMPLER_ONLY["links"] = [[5, 2, 0, 1, 0, "MODEL"]]
ALL = ("Prompt", "Steps", "Sampler", "CFG scale", "Seed", "Size", "Model")


def png(tmp_path, **texts):
    path = tmp_path / "picture.png"
    path.write_bytes(make_png(8, **texts))
    return str(path)


def commented(tmp_path, text, kind="jpg"):
    exif = Picture.Exif()
    exif[0x8769] = {0x9286: b"UNICODE\0" + text.encode("utf-16-be")}
    Picture.new("RGB", (8, 8)).save(tmp_path / f"picture.{kind}", exif=exif)
    return str(tmp_path / f"picture.{kind}")


def test_infotext_in_a_file_is_returned_unchanged_unless_another_program_wrote_it(tmp_path):
    path = png(tmp_path, parameters=INFOTEXT, prompt=json.dumps(GRAPH), workflow=WORKFLOW)
    assert read_embedded(path) == EmbeddedData(INFOTEXT, "AUTOMATIC1111", WORKFLOW)
    prompt = '{\n  "high_level_description": "a cat, sitting",\n  "style": "oil"\n}'
    text = f"{prompt}\nSteps: 48, Sampler: Euler, CFG scale: 1, Seed: 7, Version: neo"
    read = read_embedded(png(tmp_path, parameters=text))
    assert (read.infotext, read.program) == (text, "Forge Neo")
    assert find_missing_values(text) == ("Size", "Model")
    text = "a cat\nSteps: 20, Sampler: euler_ancestral, CFG Scale: 7, Seed: 1, Size: 8x8"
    assert read_embedded(png(tmp_path, parameters=text)).infotext == f"a cat\n{BASIC}"


def test_graph_in_a_file_becomes_an_infotext(tmp_path):
    path = png(tmp_path, prompt=json.dumps(GRAPH), workflow=WORKFLOW)
    assert read_embedded(path) == EmbeddedData(GRAPH_INFOTEXT, "ComfyUI", WORKFLOW)
    path = png(tmp_path, parameters=json.dumps({"prompt": GRAPH}))
    assert read_embedded(path) == EmbeddedData(GRAPH_INFOTEXT, "ComfyUI")
    path = png(tmp_path, parameters="a prompt alone", prompt=json.dumps(GRAPH))
    assert read_embedded(path).infotext == GRAPH_INFOTEXT
    assert read_embedded(png(tmp_path, parameters="a prompt alone")).infotext == "a prompt alone"
    for prompt in ("{}", "a cat"):
        assert read_embedded(png(tmp_path, prompt=prompt)).infotext == ""
    with pytest.raises(DiskError):
        read_embedded(str(tmp_path / "absent.png"))


@pytest.mark.parametrize(
    "comment", ["Screenshot", "Created with GIMP", "a cat, a hat", "Steps: 20, Seed: 7", '{"a": 1}']
)
def test_comment_that_is_not_an_infotext_is_ignored(tmp_path, comment):
    assert read_embedded(commented(tmp_path, comment)) == EmbeddedData()


@pytest.mark.parametrize(
    ("version", "program"),
    [
        *[(f"Version: {number}", "AUTOMATIC1111") for number in ("v1.10.1", "1.6.0")],
        ("Version: f2.0.1v1.10.1-previous-659-gc055f2d4", "Forge"),
        ("Version: f1.0.0v2-v1.10.1RC-latest-2518-g739b2e1d", "reForge"),
        *[("Version: neo-2.28", "Forge Neo"), ("Version: classic", "Forge Classic")],
        *[(f"Version: {name}", name) for name in ("ComfyUI", "stable-diffusion.cpp")],
        *[("App: SD.Next, Version: feaa51c", "SD.Next"), ("Version: somebody", ""), ("Eta: 0", "")],
        ('Civitai resources: [{"type":"checkpoint","modelVersionId":691639}]', "Civitai"),
    ],
    ids=str,
)
def test_infotext_names_its_program(tmp_path, version, program):
    text = f"a cat\nSteps: 20, Sampler: Euler a, Seed: 7, {version}"
    assert read_embedded(png(tmp_path, parameters=text)).program == program


@each_case(__file__, "texts_of_each_program_are_read")
def test_texts_of_each_program_are_read(texts, program, infotext):
    data = files.png(*(files.text(name, text.encode()) for name, text in texts.items()))
    read = read_embedded(io.BytesIO(data))
    assert (read.program, read.infotext) == (program, infotext)


def test_json_of_a_program_may_be_in_a_user_comment(tmp_path):
    text = json.dumps({"sui_image_params": {"prompt": "a cat", "steps": 20}}, indent=2)
    assert read_embedded(commented(tmp_path, text)).program == "SwarmUI"
    wrapped = json.dumps(
        {"Software": "NovelAI", "Comment": '{"uc": "x", "steps": 28, "prompt": "a"}'}
    )
    assert read_embedded(commented(tmp_path, wrapped, "webp")).program == "NovelAI"


def test_workflow_without_a_graph_is_read(tmp_path):
    read = read_embedded(png(tmp_path, workflow=json.dumps(SAMPLER_ONLY)))
    assert read.infotext == (
        "Steps: 20, Sampler: Euler, Schedule type: Normal, CFG scale: 8, Seed: 7"
    )
    assert find_missing_values(read.infotext) == ("Prompt", "Size", "Model")
    assert read.program == "ComfyUI"
    assert json.loads(read.workflow) == SAMPLER_ONLY


def test_workflow_without_a_sampler_lacks_all_values(tmp_path):
    assert read_embedded(png(tmp_path, workflow=WORKFLOW)) == EmbeddedData("", "ComfyUI", WORKFLOW)
    assert find_missing_values("") == ALL


def test_graph_and_workflow_are_read_from_a_videos_comment(tmp_path):
    comment = json.dumps({"prompt": json.dumps(GRAPH), "workflow": json.loads(WORKFLOW)})
    read = read_embedded(png(tmp_path, Comment=comment))
    assert read == EmbeddedData(GRAPH_INFOTEXT, "ComfyUI", WORKFLOW)


@pytest.mark.parametrize(
    "texts",
    [{}, {"workflow": "{}"}, {"parameters": '{"a": 1}'}, {"parameters": "[1]"}, {"Software": "x"}],
    ids=repr,
)
def test_file_without_parameters_has_no_infotext(tmp_path, texts):
    assert read_embedded(png(tmp_path, **texts)) == EmbeddedData()


def test_content_credentials_are_read_if_there_is_no_prompt(tmp_path):
    credentials = files.chunk(b"caBX", b"tclaim_generator_info\xa1dname\x67ChatGPT")
    path = tmp_path / "picture.png"
    path.write_bytes(files.png(credentials))
    assert read_embedded(str(path)) == EmbeddedData(credentials="ChatGPT")
    path.write_bytes(files.png(credentials, files.text("parameters", INFOTEXT.encode())))
    assert read_embedded(str(path)) == EmbeddedData(INFOTEXT, "AUTOMATIC1111")


@pytest.mark.parametrize("quote", ['"', "'"])
def test_comfyui_graph_is_read_from_the_xmp_of_an_avif(tmp_path, quote):
    graph, workflow = html.escape(json.dumps(GRAPH)), html.escape(WORKFLOW, quote=False)
    packet = f"<rdf:Description comfy:prompt={quote}{graph}{quote}>"
    packet += f"<comfy:workflow>{workflow}</comfy:workflow></rdf:Description>"
    path = tmp_path / "picture.avif"
    path.write_bytes(files.avif(b"mime", packet.encode()))
    assert read_embedded(str(path)) == EmbeddedData(GRAPH_INFOTEXT, "ComfyUI", WORKFLOW)


def test_too_little_memory_raises_too_large(tmp_path, monkeypatch):
    def fail(path):
        raise MemoryError

    module = importlib.import_module("civitai_manager_libs.infotext.files.embedded_data")
    monkeypatch.setattr(module, "read_embedded_texts", fail)
    with pytest.raises(TooLarge, match="too little memory"):
        read_embedded(png(tmp_path))


BASIC = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 8x8"


DEFAULTS = "Steps: 20, Sampler: Euler, CFG scale: 8.0, Seed: 0, Size: 512x512"


@pytest.mark.parametrize(
    "placeholder",
    [f"unknown\nNegative prompt: unknown\n{DEFAULTS}", f"a cat\n{DEFAULTS}, Model: unknown"],
    ids=["prompt", "model"],
)
def test_graph_wins_over_a_placeholder_infotext(tmp_path, placeholder):
    path = png(tmp_path, parameters=placeholder, prompt=json.dumps(GRAPH))
    assert read_embedded(path).infotext == GRAPH_INFOTEXT
    assert DEFAULTS in read_embedded(png(tmp_path, parameters=placeholder, prompt="{}")).infotext


_USER_COMMENT = 0x9286
_XP_COMMENT = 0x9C9C
_JPEG_XL = b"\0\0\0\x0cJXL \r\n\x87\n" + files.box(b"ftyp", b"jxl \0\0\0\0jxl ")


def xmp(tag, text, is_attribute=False):
    value = html.escape(text).replace("\n", "&#xA;")
    if is_attribute:
        return f'<rdf:Description xmlns:x="y" {tag}="{value}"/>'.encode()
    inner = f'<rdf:Alt><rdf:li xml:lang="x-default">{value}</rdf:li></rdf:Alt>'
    return f"<rdf:Description>\n<{tag}>\n{inner}</{tag}></rdf:Description>".encode()


def user_comment(text):
    return files.one_tag(_USER_COMMENT, b"UNICODE\0" + text.encode("utf-16-le"))


_CARRIERS = {
    "png-text": lambda text: files.png(files.packed("parameters", text.encode())),
    "png-comment": lambda text: files.png(files.packed("Comment", text.encode())),
    "png-xmp": lambda text: files.png(
        files.packed("XML:com.adobe.xmp", xmp("exif:UserComment", text))
    ),
    "jpeg-comment": lambda text: files.jpeg(files.segment(0xFE, text.encode())),
    "jpeg-xmp": lambda text: files.jpeg(
        files.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp("dc:description", text))
    ),
    "webp-xmp-attribute": lambda text: files.webp((b"XMP ", xmp("exif:UserComment", text, True))),
    "avif-xmp": lambda text: files.avif(b"mime", xmp("dc:description", text, True)),
    "jxl-xmp": lambda text: _JPEG_XL + files.box(b"xml ", xmp("exif:UserComment", text)),
    "jxl-exif": lambda text: _JPEG_XL + files.box(b"Exif", bytes(4) + user_comment(text)),
    "mp4": lambda text: files.mp4({"comment": text}),
    "webm": lambda text: files.webm({"COMMENT": text}),
}
for _kind in ("jpg", "webp", "png", "avif"):
    _CARRIERS[f"{_kind}-exif"] = lambda text, kind=_kind: files.with_exif(kind, user_comment(text))
    _CARRIERS[f"{_kind}-xpcomment"] = lambda text, kind=_kind: files.with_exif(
        kind, files.one_tag(_XP_COMMENT, text.encode("utf-16-le"))
    )
_words = st.lists(
    st.sampled_from(
        ["a cat", "<lora:ink:0.8>", "(big:1.2)", "&amp; <b>", "日本語", "é", "Steps", "\n"]
    ),
    max_size=6,
).map(lambda words: " ".join(["a", *words, "z"]))


@pytest.mark.parametrize("carrier", _CARRIERS.values(), ids=list(_CARRIERS))
@given(_words, _words, st.integers(1, 2**32), st.sampled_from(["m", "a, b", "é"]))
def test_infotext_comes_back_from_each_carrier(carrier, prompt, negative_prompt, seed, model):
    parameters = {"Steps": "20", "Sampler": "Euler a", "Seed": str(seed), "Model": model}
    text = compose_infotext(prompt, negative_prompt, parameters)
    assert read_embedded(io.BytesIO(carrier(text))).infotext == text


def test_exif_comment_that_is_not_an_infotext_does_not_hide_the_one_in_xmp():
    xmp_segment = b"http://ns.adobe.com/xap/1.0/\0" + xmp("exif:UserComment", INFOTEXT)
    exif_segment = b"Exif\0\0" + user_comment("Screenshot")
    data = files.jpeg(files.segment(0xE1, exif_segment), files.segment(0xE1, xmp_segment))
    assert read_embedded(io.BytesIO(data)).infotext == INFOTEXT


def test_ruinedfooocus_json_in_a_string_is_read_from_a_video():
    record = {"Prompt": "a cat", "steps": 20, "seed": 1, "base_model_name": "m.safetensors"}
    found = read_embedded(io.BytesIO(files.mp4({"metadata": json.dumps(json.dumps(record))})))
    told = (found.program, found.infotext)
    assert told == ("RuinedFooocus", "a cat\nSteps: 20, Seed: 1, Model: m")


def test_draw_things_json_wins_over_its_description():
    record = {"c": "a cat", "uc": "dog", "steps": 8, "seed": 1, "sampler": "DPM++ 2M Karras"}
    text = "a cat\n-dog\nSteps: 8, Sampler: DPM++ 2M Karras, Guidance Scale: 7, Seed: 1"
    packet = xmp("dc:description", text) + xmp("exif:UserComment", json.dumps(record))
    found = read_embedded(io.BytesIO(files.webp((b"XMP ", packet))))
    assert found.program == "Draw Things"
    assert found.infotext.startswith("a cat\nNegative prompt: dog\nSteps: 8, ")

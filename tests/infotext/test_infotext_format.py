"""An infotext split, joined, and read as metadata."""

import re

import pytest
from cases import each_case
from civitai_manager_libs.infotext import build_metadata, list_resources
from civitai_manager_libs.infotext.infotext_format import compose_infotext, find_missing_values
from civitai_manager_libs.infotext.infotext_format import Infotext, is_safe_negative_prompt
from civitai_manager_libs.infotext.infotext_format import join_quoted_lines, parse_infotext
from hypothesis import given, strategies as st

PARAMETERS = {"Steps": "20", "Sampler": "Euler a", "Seed": "7"}
ASSUMED = {"Clip skip": "1", "Hires sampler": "Use same sampler"}
ASSUMED |= {"Hires checkpoint": "Use same checkpoint"}
LINE = "Steps: 20, Sampler: Euler a, Seed: 7"

_PIECES = ["Negative prompt:", "Negative prompt: x", "Steps: 1", "Sampler: evil", "Seed: 666"]
_PIECES += ["\n", "\r", ", ", ":", '"', "\\", " ", "\t", "a cat", "(x:1.2)", "<lora:a:1>", "\u3000"]
_PIECES += ["Civitai", "FLUX", "CFG scale: 1, ", "Clip skip: 2, ", "512x512", "\ud800", "\0", "é"]
hostile_text = st.one_of(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join), st.text())
plain_key = st.from_regex(r"[A-Z][a-z]{1,8}( [a-z0-9]{1,4})?", fullmatch=True)


def as_read_value(value):
    """Return a value as parsed: control characters as blanks."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", " ", value).strip()


def as_read(text):
    return "\n".join(line.strip() for line in as_read_value(text).split("\n"))


def as_kept(prompt, first=0):
    lines = as_read(prompt).split("\n")
    kept = [re.sub("^Negative prompt:", "Negative prompt :", line) for line in lines]
    return "\n".join([*lines[:first], *kept[first:]])


def as_kept_negative(prompt):
    return as_kept(prompt, first=1) if is_safe_negative_prompt(as_read(prompt)) else ""


_PARAMETERS = st.dictionaries(plain_key, hostile_text, min_size=3).map(
    lambda p: {**p, **PARAMETERS}
)


@given(hostile_text, hostile_text, _PARAMETERS | st.just({}))
def test_webui_reads_back_the_written_values_and_no_text_as_a_parameter(
    prompt, negative_prompt, parameters
):
    read = parse_infotext(compose_infotext(prompt, negative_prompt, parameters))
    assert read.prompt == as_kept(prompt)
    assert read.negative_prompt == as_kept_negative(negative_prompt)
    written = {key: value for key in parameters if (value := as_read_value(parameters[key]))}
    assert read.parameters in ([written] if parameters else [{}, ASSUMED])


@given(hostile_text)
def test_any_text_survives_a_round_trip(text):
    compose_infotext(text, text, {"Model": text}).encode("utf-8")
    assert isinstance(parse_infotext(text), Infotext)
    assert isinstance(build_metadata(f"x\nSteps: 1, Sampler: y, Seed: 2, {text}"), dict)


@each_case(__file__, "hostile_prompts_are_changed_as_little_as_possible")
def test_hostile_prompts_are_changed_as_little_as_possible(
    prompt, negative_prompt, parameters, written
):
    assert compose_infotext(prompt, negative_prompt, parameters) == written


@each_case(__file__, "short_parameter_line_is_padded_with_defaults")
def test_short_parameter_line_is_padded_with_defaults(parameters, line):
    assert compose_infotext("a cat", "", parameters) == f"a cat\n{line}"
    assert parse_infotext(compose_infotext("a cat", "", parameters)).prompt == "a cat"


def test_given_padding_is_used_before_defaults():
    padding = [("Image id", "90000101"), ("Base model", ""), ("Post id", "21")]
    found = compose_infotext("", "", {"Seed": "7"}, padding)
    assert found == "Seed: 7, Image id: 90000101, Post id: 21"
    assert compose_infotext("a cat", "", {}, padding) == "a cat"
    assert compose_infotext("", "", PARAMETERS, padding) == LINE


@each_case(__file__, "value_is_quoted_only_if_needed")
def test_value_is_quoted_only_if_needed(value, written):
    text = compose_infotext("", "", {**PARAMETERS, "Model": value})
    assert text == f"{LINE}, Model: {written}"
    assert parse_infotext(text).parameters["Model"] == value


@pytest.mark.parametrize("model", ["FLUX by Civitai", 'say "Civitai", \\FLUX', "\\Civitai FLUX"])
def test_names_do_not_trigger_forges_rewriting(model):
    parameters = {"Sampler": "Euler", "CFG scale": "7", "Clip skip": "2", "Model": model}
    text = compose_infotext("Civitai FLUX", "", parameters)
    assert "Civitai" not in text.splitlines()[-1]
    assert parse_infotext(text).parameters == parameters
    alone = compose_infotext("", "", {**PARAMETERS, "Model": "Civitai mix"})
    assert alone.endswith("Model: Civitai mix")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", Infotext()),
        ("a cat", Infotext("a cat")),
        ("Negative prompt: x", Infotext("", "x")),
        (" a \n\n b \r\nNegative prompt:\n c\n d ", Infotext("a\n\nb", "c\nd")),
        ("a\nSteps: 20, Seed: 7", Infotext("a\nSteps: 20, Seed: 7")),
        (f"a\n{LINE}", Infotext("a", "", PARAMETERS)),
        (f"{LINE}\na", Infotext(f"{LINE}\na")),
        ("A: 1, Bb: 2, Cc: 3, Dd: 4", Infotext("", "", {"Bb": "2", "Cc": "3", "Dd": "4"})),
        ("Aa: , Bb: 2, Cc: 3, Bb: 4", Infotext("", "", {"Bb": "4", "Cc": "3"})),
        ('Aa: "x", Bb: "y, z" w, Cc: "', Infotext("", "", {"Aa": "x", "Bb": '"y', "Cc": '"'})),
        ('Aa: "\\q", Bb: "", Cc: 1x2', Infotext("", "", {"Aa": '"\\q"', "Bb": "", "Cc": "1x2"})),
        ("x - Aa b/c-d: 1, (y) Ee: 2, Ff: 3", None),
    ],
)
def test_parsing_follows_the_webuis_rules(text, read):
    expected = read or Infotext("", "", {"x - Aa b/c-d": "1", "Ee": "2", "Ff": "3"})
    assert parse_infotext(text) == expected


@each_case(__file__, "weight_that_crashes_a_webui_is_repaired")
def test_weight_that_crashes_a_webui_is_repaired(prompt, readable):
    found = compose_infotext(prompt, prompt, {}).splitlines()
    assert found == [readable, f"Negative prompt: {readable}"]


@each_case(__file__, "missing_values_are_named")
def test_missing_values_are_named(text, missing):
    assert [*find_missing_values(text)] == missing


def test_only_a_negative_prompt_that_breaks_sd_next_is_left_out():
    for prompt in (".", " , ", "()", ":", "-\n-"):
        assert compose_infotext("a cat", prompt, PARAMETERS) == f"a cat\n{LINE}"
    for prompt in ("0", "a.", "。", "猫"):
        assert parse_infotext(compose_infotext("", prompt, PARAMETERS)).negative_prompt


_LINES = st.lists(st.text("abc,: \"\\(", max_size=8), max_size=4).map("\n".join)


@given(_LINES, _LINES, st.tuples(_LINES, _LINES))
def test_sdnexts_templates_are_not_part_of_the_negative_prompt(prompt, negative, templates):
    lines = [prompt, f"Negative prompt: {negative}"]
    for name, template in zip(("Template", "Negative template"), templates):
        lines += [f"{name}: {template}"] if template else []
    line = "Steps: 20, Seed: 5, CFG scale: 6, App: SD.Next"
    read = parse_infotext("\n".join([*lines, line]))
    plain = parse_infotext("\n".join([*lines[:2], line]))
    assert (read.prompt, read.negative_prompt) == (plain.prompt, plain.negative_prompt)
    told = [read.parameters.get(name, "") for name in ("Template", "Negative template")]
    prompts = (plain.prompt.strip(), plain.negative_prompt.strip())  # an equal one tells nothing
    stripped = [template.strip() for template in templates]
    assert told == ["" if both[0] == both[1] else both[0] for both in zip(stripped, prompts)]


@given(_LINES, st.lists(_LINES, min_size=1, max_size=3))
def test_quoted_line_ends_of_an_old_a1111_are_read(prompt, values):
    names = ("Template", "Negative Template", "Hires prompt")
    pairs = {"Steps": "20", "Seed": "5", "Sampler": "Euler", **dict(zip(names, values))}

    def quote(value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"' if re.search(r'[,:"\\\n]', value) else value

    line = ", ".join(f"{key}: {quote(value)}" for key, value in pairs.items())
    read = parse_infotext(join_quoted_lines(f"{prompt}\nNegative prompt: dog\n{line}"))
    assert read.negative_prompt == "dog"
    told = {key: value.strip() for key, value in read.parameters.items() if value.strip()}
    assert told == {key: value.strip() for key, value in pairs.items() if value.strip()}


@pytest.mark.parametrize(
    "text",
    ["", "a\nb", 'Steps: 20, A: "x\ny', "Steps: 1\nx"]
    + ['a: "b\nc"\nSteps: 20, Seed: 5, CFG scale: 1'],
)
def test_text_without_quoted_line_ends_is_unchanged(text):
    assert join_quoted_lines(text) == text
    other = "a cat\nNegative prompt: x\nTemplate: y\nSteps: 20, Seed: 5, CFG scale: 6"
    assert parse_infotext(other).negative_prompt == "x\nTemplate: y"  # which SD.Next did not write


_INFOTEXT = """a lighthouse <lora:paper:0.7>
Negative prompt: blurry
Steps: 28, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model hash: abcdef0123, \
Model: mix_v2, VAE hash: 0a1b2c3d4e, VAE: clear.safetensors, \
Lora hashes: "paper: 0123456789ab, a name with (v2): 0xfedcba987654", \
TI hashes: "easy: c74b4e810b03"
"""


def test_resources_of_an_infotext_are_listed():
    meta = build_metadata(_INFOTEXT)
    assert meta["prompt"].startswith("a lighthouse") and meta["negativePrompt"] == "blurry"
    assert (meta["Steps"], meta["Size"]) == ("28", "512x768")
    found = {(one.type, one.name): one.hash for one in list_resources(meta)}
    assert found == {
        **{("model", "mix_v2"): "abcdef0123", ("vae", "clear"): "0a1b2c3d4e"},
        **{("lora", "paper"): "0123456789ab", ("lora", "a name with (v2)"): "fedcba987654"},
        ("embed", "easy"): "c74b4e810b03",
    }


@pytest.mark.parametrize(
    "said,hashes",
    [
        ('Hashes: {"model": "abcdef0123", "lora:x": "0123456789"}', {"abcdef0123", "0123456789"}),
        ('Hashes: "{\\"embed:y\\": \\"0123456789\\"}"', {"0123456789"}),
        ("Hashes: {broken", set()),
        ("Lora hashes: nothing", set()),
    ],
    ids="json quoted broken empty".split(),
)
def test_hashes_in_other_forms_are_read_or_left_out(said, hashes):
    text = f"x\nSteps: 5, Sampler: Euler, Seed: 1, {said}"
    found = {one.hash for one in list_resources(build_metadata(text)) if one.hash}
    assert found <= hashes and (found or not hashes or "{" in said)


def test_versions_of_civitais_generator_are_read():
    text = (
        "x\nSteps: 20, CFG scale: 4, Sampler: Euler a, Seed: 1, Civitai resources: "
        '[{"type":"checkpoint","modelVersionId":290640},'
        '{"type":"lora","weight":0.8,"modelVersionId":123}], Civitai metadata: {}'
    )
    found = {(one.type, one.version_id) for one in list_resources(build_metadata(text))}
    assert {("model", 290640), ("lora", 123)} <= found

"""The format of an infotext, read and written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..core import as_list, as_mapping, clean_text, parse_json_or_none

A1111_VERSION = re.compile(r"v?1\.\d|f\d")  # how the versions of A1111 and of Forge begin
ANY_TAG = re.compile(r"<[^<>\n]{1,300}>")
_NEGATIVE = "Negative prompt:"
_TEMPLATES = ("Template", "Negative template")
_MIN_PAIRS = 3  # a line with fewer pairs is read as part of the prompt
# Every WebUI's defaults, so that writing them changes nothing. Schedule type and RNG are not
# among them: Forge Neo has other defaults.
_DEFAULTS = (
    ("Clip skip", "1"),
    ("Hires sampler", "Use same sampler"),
    ("Hires checkpoint", "Use same checkpoint"),
)
# The look-behind gives the same matches as the WebUIs' regex, in linear time.
_PAIR = re.compile(
    r"(?<![\w \-/])[ \-/]*(?P<key>\w[\w \-/]+):\s*"
    r'(?P<value>"[^"\\]*(?:\\.[^"\\]*)*"(?=,|$)|[^,]*)'
)
_FIRST_PAIR = re.compile(r"\s*Steps: ?\d")
_QUOTED = re.compile(r'(?<=: )"[^"\\]*(?:\\.[^"\\]*)*"(?=,|$)', re.DOTALL | re.MULTILINE)
_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~]+")
_MAIN_NAMES = ("Steps", "Sampler", "CFG scale", "Seed", "Size", "Model")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_REMOVED = "\0"  # marks a removed pair; `clean_text` leaves no NUL in a text
# The number in `(word:1.2)`. A WebUI fails on a number such as in `(word:1.2.)`.
_EMPHASIS = re.compile(r":(\s*)([+-]?[.\d]{1,400})(\s*\))")
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class Infotext:
    """A parsed infotext. Its values are unquoted; `Size` is a single value such as `512x768`.

    Defaults that a WebUI assumes for missing parameters are not included.
    """

    prompt: str = ""
    negative_prompt: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


class _Parts(NamedTuple):
    """An infotext's lines. pairs: those of its last line, which is "" if it is part of a prompt.

    templates: SD.Next's, by the names in _TEMPLATES, "" if there are none.
    """

    prompt: list[str]
    negative_prompt: list[str]
    templates: dict[str, str]
    line: str
    pairs: list[tuple[str, str]]


def parse_infotext(text: str) -> Infotext:
    """Parse an infotext as the WebUIs do, one of SD.Next as SD.Next does.

    A last line with fewer than three parameters is taken for a part of the prompt.
    """
    parts = _split_infotext(text)
    prompt, negative = ([line.strip() for line in lines] for lines in parts[:2])
    if negative:
        negative[0] = negative[0].removeprefix(_NEGATIVE).strip()
    texts = ["\n".join(lines).lstrip("\n") for lines in (prompt, negative)]
    templates = {
        name: template
        for (name, template), text in zip(parts.templates.items(), texts)
        if template and template != text.strip()  # else it tells nothing
    }
    values = {key: unquote_value(value) for key, value in parts.pairs if value}
    return Infotext(texts[0], texts[1], {**templates, **values})


def has_template_lines(text: str) -> bool:
    """Return whether an infotext has SD.Next's templates in lines of their own."""
    return any(_split_infotext(text).templates.values())


def _split_infotext(text: str) -> _Parts:
    *lines, last = clean_text(text).strip().split("\n")
    pairs = _PAIR.findall(last)
    if len(pairs) < _MIN_PAIRS:
        lines, last, pairs = [*lines, last], "", []
    start = _find_line(lines, _NEGATIVE)
    prompt, negative = lines[:start], lines[start:]
    templates = dict.fromkeys(_TEMPLATES, "")
    if ("App", "SD.Next") in pairs:
        for name in reversed(_TEMPLATES):
            at = _find_line(negative, f"{name}:")
            templates[name] = "\n".join(negative[at:]).strip().removeprefix(f"{name}:").strip()
            negative = negative[:at]
    return _Parts(prompt, negative, templates, last, pairs)


def _find_line(lines: Sequence[str], start: str) -> int:
    """Return the index of the first line that begins with `start`, their number if none does."""
    return next((i for i, line in enumerate(lines) if line.strip().startswith(start)), len(lines))


def join_quoted_lines(text: str) -> str:
    """Return an infotext with each quoted value on one line, as WebUIs can parse it.

    Old versions of A1111 wrote the line ends in quoted values as they were.
    """
    lines = clean_text(text).strip().split("\n")
    starts = [i for i, line in enumerate(lines) if _FIRST_PAIR.match(line)]
    tail = "\n".join(lines[starts[-1] :]) if starts else ""
    if '"' not in tail or "\n" not in tail:
        return text
    joined = _QUOTED.sub(lambda found: found[0].replace("\n", r"\n"), tail)
    return text if "\n" in joined else "\n".join([*lines[: starts[-1]], joined])


def find_missing_values(text: str) -> tuple[str, ...]:
    """Return the names of the main values that an infotext lacks, such as `Prompt` and `Seed`."""
    read = parse_infotext(text)
    values = {"Prompt": read.prompt, **read.parameters}
    values.setdefault("CFG scale", values.get("Distilled CFG Scale", ""))
    return tuple(name for name in ("Prompt", *_MAIN_NAMES) if not values.get(name))


def parse_size(text: str) -> tuple[int, int] | None:
    """Return (width, height) of a value such as "512x768", None if it is none."""
    match = _SIZE.fullmatch(text)
    return (int(match[1]), int(match[2])) if match else None


def compose_infotext(
    prompt: str,
    negative_prompt: str,
    parameters: Mapping[str, str],
    padding: Iterable[tuple[str, str]] = (),
) -> str:
    """Return an infotext that a WebUI parses into the given values, "" if all values are empty.

    A negative prompt that a WebUI cannot parse is left out. padding: (name, value) pairs to add if
    a WebUI would otherwise take parameters for a part of the prompt, or the prompt for parameters.
    """
    negative_prompt = _repair_weights(negative_prompt)
    # A line of a prompt that begins with these words gets a space before their colon.
    mark = re.compile(rf"^([^\S\n]*{_NEGATIVE[:-1]}):", re.MULTILINE)
    body = mark.sub(r"\1 :", _repair_weights(prompt))
    if negative_prompt and is_safe_negative_prompt(negative_prompt):
        first, newline, others = negative_prompt.partition("\n")
        negative = f"{_NEGATIVE} {first}{newline}" + mark.sub(r"\1 :", others)
        body = f"{body}\n{negative}" if body else negative
    pairs = {key: value for key, text in parameters.items() if (value := clean_text(text).strip())}
    last = body.rpartition("\n")[2]
    # The WebUIs' regex is quadratic on a long line without commas.
    is_ambiguous = len(last) > 2_000 or len(_PAIR.findall(last)) >= _MIN_PAIRS
    if 0 < len(pairs) < _MIN_PAIRS or (not pairs and is_ambiguous):
        for key, value in (*padding, *_DEFAULTS):
            if value and len(pairs) < _MIN_PAIRS:
                pairs.setdefault(key, value)
    quoted = {key: _quote_value(value) for key, value in pairs.items()}
    line = ", ".join(f"{key}: {value}" for key, value in quoted.items())
    if "Civitai" in line and "FLUX" in line:
        # Forge takes such a line for one of Civitai's generator and rewrites its numbers.
        for key, value in pairs.items():
            if "Civitai" in value:
                text = json.dumps(value, ensure_ascii=False)
                quoted[key] = text.replace("Civitai", r"\u0043ivitai")
        line = ", ".join(f"{key}: {value}" for key, value in quoted.items())
    return "\n".join(part for part in (body, line) if part)


def is_safe_negative_prompt(negative_prompt: str) -> bool:
    """Return whether every WebUI parses an infotext with this negative prompt correctly."""
    # SD.Next deletes the negative prompt everywhere in the text: with ".", 7.5 becomes 75.
    return not _PUNCTUATION.fullmatch(negative_prompt)


def edit_infotext(text: str, tags: Sequence[str], parameters: Mapping[str, str]) -> str:
    """Return the infotext `text` with `tags` appended to its prompt and its parameters replaced.

    parameters: all parameters that the result has; those missing in `text` are put after the
    sampler. A negative prompt that a WebUI cannot parse is removed. Return `text` unchanged if
    fewer than three parameters would remain.
    """
    parts, read = _split_infotext(text), parse_infotext(text)
    stated = {key for key, value in parts.pairs if value}
    prompt = "\n".join(parts.prompt)
    if tags:
        prompt = " ".join((prompt.rstrip(), *tags)).lstrip()
    is_safe = is_safe_negative_prompt(read.negative_prompt)
    negative = "\n".join(parts.negative_prompt) if is_safe else ""
    added = [
        f"{key}: {_quote_value(value)}" for key, value in parameters.items() if key not in stated
    ]

    def edit_pair(match: re.Match[str]) -> str:
        key, before = match["key"], match[0].partition(match["key"])[0]
        pair, value = match[0], parameters.get(key)
        if key in stated and value != read.parameters[key]:
            pair = _REMOVED if value is None else f"{before}{key}: {_quote_value(value)}"
        if key == "Sampler" and added:
            pair = ", ".join((pair, *added))
            added.clear()  # a text may have many samplers
        return pair

    line = _PAIR.sub(edit_pair, parts.line)
    if "Sampler" not in stated:
        line = ", ".join((line, *added))
    line = re.sub(f"{_REMOVED}, *|, *{_REMOVED}", "", line)
    if len(_PAIR.findall(line)) < _MIN_PAIRS:
        return text
    return "\n".join(part for part in (prompt, negative, line) if part)


def _repair_weights(prompt: str) -> str:
    """Return a prompt with malformed weights repaired: `(word:1.2.)` becomes `(word:1.2)`."""

    def repair(match: re.Match[str]) -> str:
        number = _FLOAT.match(match[2])
        return f":{match[1]}{number[0] if number else ''}{match[3]}"

    prompt = clean_text(prompt).strip()
    return _EMPHASIS.sub(repair, prompt) if "(" in prompt else prompt


def _quote_value(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r'[,:"\n]', value) else value


def unquote_value(value: str) -> str:
    """Return a parameter's value without the JSON quotes that it may have."""
    if not (len(value) > 1 and value[0] == value[-1] == '"'):
        return value
    try:
        return clean_text(json.loads(value))
    except ValueError:
        return value


HASHES = re.compile(  # of `Lora hashes` and the like: a name and a hash
    r"(?<![^,:])\s*([^,:\s][^,:]{0,199}):\s*((?:0x)?[0-9a-fA-F]{4,64})(?=\s*(?:,|$))"
)
_DECODER = json.JSONDecoder()


def build_metadata(infotext: str) -> dict[str, Any]:
    """Return the generation data in an infotext, in the form of Civitai's `meta`.

    Its keys are the names of the parameters, and `prompt`, `negativePrompt`, `hashes` (of models),
    `civitaiResources` (models with their ids on Civitai) and `extra` (the request to Civitai's
    generator).
    """
    read = parse_infotext(infotext)
    meta: dict[str, Any] = {"prompt": read.prompt, "negativePrompt": read.negative_prompt}
    meta |= read.parameters
    meta["hashes"] = {**as_mapping(parse_json_or_none(read.parameters.get("Hashes")))}
    for key, kind in (("Lora hashes", "lora"), ("TI hashes", "embed")):
        for name, code in HASHES.findall(read.parameters.get(key, "")):
            meta["hashes"][f"{kind}:{name.strip()}"] = code
    meta["civitaiResources"] = as_list(_find_json(infotext, "Civitai resources: "))
    meta["extra"] = as_mapping(_find_json(infotext, "Civitai metadata: "))
    return meta


def _find_json(infotext: str, label: str) -> Any:
    """Return the unquoted JSON after a label in an infotext's last line, None if there is none."""
    line = infotext.rstrip().rpartition("\n")[2]
    start = line.find(label)
    try:
        return _DECODER.raw_decode(line, start + len(label))[0] if start >= 0 else None
    except (ValueError, RecursionError):
        return None

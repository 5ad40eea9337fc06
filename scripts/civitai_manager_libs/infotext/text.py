"""The infotext format: how the WebUIs read it, and how to write it so that they read it right.

Lines of the prompt; lines of the negative prompt, the first after `Negative prompt: `; one last
line of `Key: value, Key: value`. The reader takes the last line for parameters if it holds three
pairs or more, else for a part of the prompt. A value with `,` `:` `"` or a line end is JSON.
Defined by `parse_generation_parameters` in modules/infotext_utils.py of AUTOMATIC1111 and Forge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..core import clean_text

__all__ = ["Infotext", "compose_infotext", "edit_infotext", "is_readable", "find_missing_values"]
__all__ += ["parse_infotext"]

_NEGATIVE = "Negative prompt:"
_MIN_PAIRS = 3  # fewer, and the reader takes the last line for a part of the prompt
_LONG_LINE = 2000  # characters; the hosts' search takes quadratic time on a line without commas
# What every host's reader assumes where nothing is said, so that saying it changes nothing.
# (Schedule type and RNG are not among it: Forge Neo assumes others than the rest.)
_DEFAULTS = (
    ("Clip skip", "1"),
    ("Hires sampler", "Use same sampler"),
    ("Hires checkpoint", "Use same checkpoint"),
)
# Starts at the edge of a run of key characters: the same matches as the hosts', in linear time.
_PAIR = re.compile(
    r"(?<![\w \-/])[ \-/]*(?P<key>\w[\w \-/]+):\s*"
    r'(?P<value>"[^"\\]*(?:\\.[^"\\]*)*"(?=,|$)|[^,]*)'
)
# `(word:1.2)` as the hosts' emphasis reader finds it; they fall over one like `(word:1.2.)`.
_PUNCTUATION = re.compile(r"[\s!-/:-@\[-`{-~]+")
_MAIN_NAMES = ("Steps", "Sampler", "CFG scale", "Seed", "Size", "Model")  # beside the prompt
_REMOVED = "\0"  # of a line of parameters; `clean_text` leaves none in a text
_EMPHASIS = re.compile(r":(\s*)([+-]?[.\d]{1,400})(\s*\))")
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")


@dataclass(frozen=True)
class Infotext:
    """What a WebUI reads in an infotext; values are unquoted, `Size` is in one piece (`512x768`).

    The values that a WebUI assumes for missing parameters are not in it.
    """

    prompt: str = ""
    negative_prompt: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def parse_infotext(text: str) -> Infotext:
    """Read `text` as the WebUIs do; anything can be read, if only as a prompt."""
    *lines, last = clean_text(text).strip().split("\n")
    pairs = _PAIR.findall(last)
    if len(pairs) < _MIN_PAIRS:
        lines, pairs = [*lines, last], []
    lines = [line.strip() for line in lines]
    start = next((i for i, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    negative = [line.removeprefix(_NEGATIVE).strip() for line in lines[start:]]
    return Infotext(
        "\n".join(lines[:start]).lstrip("\n"),
        "\n".join(negative).lstrip("\n"),
        {key: _unquote_value(value) for key, value in pairs if value},
    )


def find_missing_values(text: str) -> tuple[str, ...]:
    """Which of the parameters that make a picture an infotext does not tell, by their names."""
    read = parse_infotext(text)
    values = {"Prompt": read.prompt, **read.parameters}
    values.setdefault("CFG scale", values.get("Distilled CFG Scale", ""))
    return tuple(name for name in ("Prompt", *_MAIN_NAMES) if not values.get(name))


def compose_infotext(
    prompt: str,
    negative_prompt: str,
    parameters: Mapping[str, str],
    padding: Iterable[tuple[str, str]] = (),
) -> str:
    """The infotext that a WebUI reads back as these; "" if there is nothing to say.

    `padding`: pairs to make up a parameter line that would be too short to be read as one. Also
    used under a prompt without parameters whose own last line would be read as such.
    """
    negative_prompt = _make_readable(negative_prompt)
    body = _compose_prompts(
        _make_readable(prompt), negative_prompt if is_readable(negative_prompt) else ""
    )
    pairs = {key: value for key, text in parameters.items() if (value := clean_text(text).strip())}
    if _is_too_short(pairs) or (not pairs and _looks_like_parameters(body)):
        for key, value in (*padding, *_DEFAULTS):
            if value and len(pairs) < _MIN_PAIRS:
                pairs.setdefault(key, value)
    return "\n".join(part for part in (body, _format_parameters(pairs)) if part)


def is_readable(negative_prompt: str) -> bool:
    """Return whether every host can read the parameters behind this negative prompt.

    SD.Next removes it wherever it stands in the text: with `.` all points of the numbers too.
    """
    return not _PUNCTUATION.fullmatch(negative_prompt)


def edit_infotext(text: str, tags: Sequence[str], parameters: Mapping[str, str]) -> str:
    """Return an infotext with `tags` at its prompt's end and these parameters; all else stays.

    What stays may be what no reader reads, as the end of `Hashes: {"model": "a", "vae": "b"}`. New
    parameters come behind the sampler. A negative prompt that cannot be read is left out. A text
    whose line would be too short to be read as one comes back as it is.
    """
    *lines, last = clean_text(text).strip().split("\n")
    read = parse_infotext(text)
    start = next((i for i, line in enumerate(lines) if _begins_negative(line)), len(lines))
    prompt = "\n".join(lines[:start])
    if tags:
        prompt = " ".join((prompt.rstrip(), *tags)).lstrip()
    negative = "\n".join(lines[start:]) if is_readable(read.negative_prompt) else ""
    added = [
        f"{key}: {_quote_value(value)}"
        for key, value in parameters.items()
        if key not in read.parameters
    ]

    def edit_pair(match: re.Match[str]) -> str:
        key, before = match["key"], match[0].partition(match["key"])[0]
        pair, value = match[0], parameters.get(key)
        if key in read.parameters and value != read.parameters[key]:
            pair = _REMOVED if value is None else f"{before}{key}: {_quote_value(value)}"
        return ", ".join((pair, *added)) if key == "Sampler" else pair

    line = _PAIR.sub(edit_pair, last)
    if "Sampler" not in read.parameters:
        line = ", ".join((line, *added))
    line = re.sub(f"{_REMOVED}, *|, *{_REMOVED}", "", line)
    if len(_PAIR.findall(line)) < _MIN_PAIRS:
        return text
    return "\n".join(part for part in (prompt, negative, line) if part)


def _begins_negative(line: str) -> bool:
    return line.strip().startswith(_NEGATIVE)


def _make_readable(prompt: str) -> str:
    """A prompt in which every emphasis that has a number has one that can be read."""
    prompt = clean_text(prompt).strip()
    return _EMPHASIS.sub(_repair_emphasis, prompt) if "(" in prompt else prompt


def _repair_emphasis(match: re.Match[str]) -> str:
    number = _FLOAT.match(match[2])
    return f":{match[1]}{number[0] if number else ''}{match[3]}"


def _compose_prompts(prompt: str, negative_prompt: str) -> str:
    """Prompt and negative prompt; no line of theirs begins as the reader's mark.

    A space before its colon is the least that hides the mark, and no tokenizer sees it.
    The first line of the negative prompt stands behind a mark already.
    """
    mark = re.compile(rf"^([^\S\n]*{_NEGATIVE[:-1]}):", re.MULTILINE)
    prompt = mark.sub(r"\1 :", prompt)
    if not negative_prompt:
        return prompt
    first, *others = negative_prompt.split("\n")
    others = [mark.sub(r"\1 :", line) for line in others]
    negative = "\n".join([f"{_NEGATIVE} {first}", *others])
    return f"{prompt}\n{negative}" if prompt else negative


def _is_too_short(pairs: Mapping[str, str]) -> bool:
    return 0 < len(pairs) < _MIN_PAIRS


def _looks_like_parameters(body: str) -> bool:
    """Whether the reader would look for parameters in the prompt, and find some or take long."""
    last = body.rpartition("\n")[2]
    return len(last) > _LONG_LINE or len(_PAIR.findall(last)) >= _MIN_PAIRS


def _format_parameters(pairs: Mapping[str, str]) -> str:
    line = ", ".join(f"{key}: {_quote_value(value)}" for key, value in pairs.items())
    if "Civitai" in line and "FLUX" in line:
        # Forge takes such a line for one of the site's faulty ones and rewrites its numbers.
        escaped = (f"{key}: {_escape_value(value)}" for key, value in pairs.items())
        line = ", ".join(escaped)
    return line


def _quote_value(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r'[,:"\n]', value) else value


def _escape_value(value: str) -> str:
    """Reads back as `value`, but the word that Forge looks for is not in it."""
    if "Civitai" not in value:
        return _quote_value(value)
    return json.dumps(value, ensure_ascii=False).replace("Civitai", r"\u0043ivitai")


def _unquote_value(value: str) -> str:
    if not (value[0] == value[-1] == '"'):
        return value
    try:
        return clean_text(json.loads(value))
    except ValueError:
        return value

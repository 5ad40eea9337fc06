"""The prompt formats of single programs. Pure."""

from __future__ import annotations

import re

from ....core import as_list, as_mapping, as_text
from .converters import Data, find_value, Record

__all__ = ["join_captions", "parse_novelai_hash", "parse_novelai_model", "read_dream"]
__all__ += ["read_invoke_2_negative", "read_invoke_2_prompt", "read_midjourney"]
__all__ += ["read_sygil_negative", "read_sygil_prompt"]

_DREAM = re.compile(r'\s*"(?P<prompt>.*)"(?P<options> -[sS] ?\d[^"]*)', re.DOTALL)
_DREAM_OPTIONS = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "cfgScale"}
_DREAM_OPTIONS |= {"A": "sampler"}
_JOB_ID = re.compile(r"(?<=\s)Job ID: [0-9a-f-]{36}\s*", re.IGNORECASE)
_MIDJOURNEY_SEED = re.compile(r"--seed (\d{1,20})(?!\S)")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_NOVELAI_SOURCE = re.compile(r"(.{1,200}?)(?: ([0-9A-F]{8}))?")  # NovelAI Diffusion V4.5 4BDE2A90


def read_dream(text: str) -> Record:
    """Parse the command line that InvokeAI 1 stores in its images; return {} if it is invalid.

    For example, `"a prompt [a negative prompt]" -s 50 -S 42 -W 512 -H 768`. The keys of the result
    are those of Civitai's `meta`, such as "negativePrompt".
    """
    found = _DREAM.fullmatch(text)
    if found is None:
        return {}
    options = re.findall(r"-([sSWHCA]) ?(\S{1,40})", found["options"])
    prompts = {
        "prompt": _remove_brackets(found["prompt"]),
        "negativePrompt": _join_brackets(found["prompt"]),
    }
    return prompts | {_DREAM_OPTIONS[key]: value for key, value in options}


def read_midjourney(text: str) -> Record:
    """Parse the description that Midjourney stores, `a prompt --v 6 Job ID: ...`; {} for others."""
    found = _JOB_ID.search(text)
    if found is None:
        return {}
    prompt = text[: found.start()].strip()
    seed = _MIDJOURNEY_SEED.search(prompt)
    return {"prompt": prompt, "seed": seed[1] if seed else None}


def read_sygil_prompt(data: Data) -> str:
    """Return Sygil's prompt without the negative prompt, which follows `###`."""
    return as_text(data.get("SD:prompt")).partition("###")[0].strip()


def read_sygil_negative(data: Data) -> str:
    """Return the negative prompt in Sygil's prompt, "" if there is none."""
    return as_text(data.get("SD:prompt")).partition("###")[2].strip()


def read_invoke_2_prompt(data: Data) -> str:
    """Return InvokeAI 2's prompt without its negative parts, which are in brackets."""
    return _remove_brackets(_join_invoke_2_parts(data))


def read_invoke_2_negative(data: Data) -> str:
    """Return the negative parts of InvokeAI 2's prompt, which are in brackets."""
    return _join_brackets(_join_invoke_2_parts(data))


def _join_invoke_2_parts(data: Data) -> str:
    prompt = find_value(data, "image.prompt")
    parts = [as_text(as_mapping(part).get("prompt")) for part in as_list(prompt)[:100]]
    return " ".join(parts) or as_text(prompt)


def _remove_brackets(text: str) -> str:
    return _BRACKETS.sub("", text).strip()


def _join_brackets(text: str) -> str:
    return ", ".join(part.strip() for part in _BRACKETS.findall(text))


def join_captions(prompt: object) -> str:
    """Return a prompt of NovelAI 4 and later, a dict of texts, as lines; "" for other values.

    The first line is for the whole image; a line for each person follows.
    """
    caption = as_mapping(prompt)
    caption = as_mapping(caption.get("caption", caption))
    people = map(as_mapping, as_list(caption.get("char_captions"))[:20])
    captions = (caption.get("base_caption"), *(each.get("char_caption") for each in people))
    return "\n".join(filter(None, map(as_text, captions)))


def parse_novelai_model(source: object) -> str | None:
    """Return the model's name in the text `Source` of a NovelAI image, None if it is missing."""
    found = _NOVELAI_SOURCE.fullmatch(as_text(source))
    return found[1] if found else None


def parse_novelai_hash(source: object) -> str | None:
    """Return the model's hash in the text `Source` of a NovelAI image, None if it is missing."""
    found = _NOVELAI_SOURCE.fullmatch(as_text(source))
    return found[2] if found else None

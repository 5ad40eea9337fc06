"""A prompt of A1111 in ComfyUI's syntax. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from ...core import as_number, clean_text, format_number, model_file_stem

_MAX_PROMPT = 100_000  # characters
_MAX_LORAS, _MAX_PARTS = 50, 20
_TOKEN = re.compile(r"\\[()\[\]\\]|:\s*[+-]?[.\d]{1,40}\s*\)|[()\[\]\\:]|[^\\()\[\]:]+")
_EXTRA_NETWORK = re.compile(r"<(\w{1,40}):([^<>\n]{1,500})>")
_BREAK = re.compile(r"\bBREAK\b")
_AND = re.compile(r"\bAND\b(?=\s)")
_INNERMOST = re.compile(r"\[[^\[\]]*\]")
_MARKS = re.compile(r"([()|:])")
_MASKS = {"\\[": "\0a", "\\]": "\0b"}  # `clean_text` leaves no NUL in a text


class ComfyPrompt(NamedTuple):
    """A prompt for ComfyUI.

    texts: the texts between each `BREAK`, at least one. loras: (name, weight for the text encoder,
    weight for the model) of each tag. lost: what ComfyUI has no equal for, such as `AND`, as it
    stands in the prompt.
    """

    texts: tuple[str, ...]
    loras: tuple[tuple[str, float, float], ...] = ()
    lost: tuple[str, ...] = ()


def translate_prompt(
    prompt: str, steps: int = 20, embeddings: Collection[str] = (), has_tags: bool = True
) -> ComfyPrompt:
    """Return an infotext's prompt in ComfyUI's syntax, with its LoRA tags taken out.

    Nested weights are multiplied, since ComfyUI replaces the outer by the inner one; `[word]`
    becomes `(word:0.909)`. Of a prompt that changes, such as `[cat:dog:0.5]`, the text of the most
    steps is taken. steps: their number. embeddings: the names that get `embedding:` before them.
    has_tags: False for a negative prompt, whose tags are words.
    """
    text, lost = clean_text(prompt[:_MAX_PROMPT]), list[str]()
    if len(prompt) > _MAX_PROMPT:
        lost.append(prompt[_MAX_PROMPT : _MAX_PROMPT + 60])
    loras = tuple(_take_tags(text, lost)) if has_tags else ()
    text = _EXTRA_NETWORK.sub("", text) if has_tags else text
    text = _choose_texts(text, steps, lost)
    if _AND.search(text):
        lost.append("AND")
        text = _AND.sub(",", text)
    parts: list[list[str]] = [[]]
    name_embeddings = _embedding_namer(text, embeddings)
    for words, weight in parse_weights(text):
        for index, piece in enumerate(pieces := _BREAK.split(words)):
            if index:
                parts.append([])
                piece = piece.lstrip()
            piece = piece.rstrip() if index < len(pieces) - 1 else piece
            piece = re.sub(r"([()])", r"\\\1", name_embeddings(piece))
            is_weighed = weight != 1 and piece.strip()
            parts[-1].append(f"({piece}:{format_number(weight)})" if is_weighed else piece)
    texts = [joined for part in parts if (joined := "".join(part).strip())]
    if len(texts) > _MAX_PARTS:
        lost.append("BREAK")
        texts[_MAX_PARTS - 1 :] = [" ".join(texts[_MAX_PARTS - 1 :])]
    return ComfyPrompt(tuple(texts) or ("",), loras, tuple(dict.fromkeys(lost)))


def parse_weights(text: str) -> list[tuple[str, float]]:
    """Return the words of a prompt with their weights, as A1111 reads its brackets.

    `(a)` weighs 1.1, `[a]` 1 / 1.1, `(a:1.3)` 1.3; brackets within brackets are multiplied.
    """
    words: list[str] = []
    changes: dict[int, list[tuple[float, int]]] = {}  # factors that begin or end at a word
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def close(bracket: str, factor: float, start: int | None = None) -> None:
        start = opened[bracket].pop() if start is None else start
        changes.setdefault(start, []).append((factor, 1))
        changes.setdefault(len(words), []).append((factor, -1))

    for token in _TOKEN.findall(text):
        number = as_number(token[1:-1]) if token[0] == ":" and token[-1] == ")" else None
        if token in opened:
            opened[token].append(len(words))
        elif number is not None and opened["("]:
            close("(", number)
        elif token == ")" and opened["("]:
            close("(", 1.1)
        elif token == "]" and opened["["]:
            close("[", 1 / 1.1)
        else:
            words.append(token[1:] if token[0] == "\\" else token)
    for bracket, factor in (("(", 1.1), ("[", 1 / 1.1)):
        while opened[bracket]:
            close(bracket, factor)
    weighed: list[tuple[list[str], float]] = []
    zeros, signs, logarithm = 0, 0, 0.0  # of the factors that hold
    for index, word in enumerate(words):
        for factor, step in changes.get(index, ()):
            zeros += step * (factor == 0)
            signs += factor < 0
            logarithm += step * math.log(abs(factor)) if factor else 0.0
        size = min(1000.0, math.exp(min(logarithm, 7.0)))
        weight = 0.0 if zeros else round(-size if signs % 2 else size, 3)
        if weighed and weighed[-1][1] == weight:
            weighed[-1][0].append(word)
        elif word:
            weighed.append(([word], weight))
    return [("".join(run), weight) for run, weight in weighed]


def _take_tags(text: str, lost: list[str]) -> Iterator[tuple[str, float, float]]:
    """Yield the LoRAs of a prompt's tags; add the tags of other networks to `lost`."""
    tags = list(_EXTRA_NETWORK.finditer(text))
    lost.extend(found[0] for found in tags[_MAX_LORAS : _MAX_LORAS + 1])  # names the first of them
    for found in tags[:_MAX_LORAS]:
        stated = dict(one.split("=", 1) for one in found[2].split(":") if "=" in one)
        name, *weights = (one for one in found[2].split(":") if "=" not in one)
        clip = as_number(stated.get("te", weights[0] if weights else 1))
        model = as_number(stated.get("unet", weights[1] if len(weights) > 1 else clip))
        if found[1].lower() not in ("lora", "lyco") or clip is None or model is None:
            lost.append(found[0])
        elif clip or model:
            if stated.keys() - {"te", "unet"}:  # such as weights by block
                lost.append(found[0])
            yield name.strip(), clip, model


def _choose_texts(text: str, steps: int, lost: list[str]) -> str:
    """Return a prompt with one text for each bracket that changes it, such as `[cat:dog:0.5]`."""
    for escaped, mask in _MASKS.items():
        text = text.replace(escaped, mask)

    def choose(bracket: re.Match[str]) -> str:
        inner = bracket[0][1:-1]
        choices = _split(inner, "|")
        *texts, last = _split(inner, ":")
        when = as_number(last)
        if len(choices) > 1:
            chosen = choices[0]
        elif 1 <= len(texts) <= 2 and when is not None and when >= 0:
            before, after = texts if len(texts) == 2 else ("", texts[0])
            chosen = after if (when if when <= 1 else when / steps) < 0.5 else before
        else:
            return f"\0c{inner}\0d"
        lost.append(unmask(bracket[0]))
        return chosen

    def unmask(masked: str) -> str:
        for sign, mask in (("[", "\0c"), ("]", "\0d"), *_MASKS.items()):
            masked = masked.replace(mask, sign)
        return masked

    for _ in range(10):  # brackets within brackets
        text, count = _INNERMOST.subn(choose, text)
        if not count:
            break
    return unmask(text)


def _split(text: str, separator: str) -> list[str]:
    """Split a text at a separator outside of parentheses."""
    parts, depth = [""], 0
    for piece in _MARKS.split(text):
        depth += (piece == "(") - (piece == ")")
        if piece == separator and depth <= 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _embedding_namer(text: str, names: Collection[str]) -> Callable[[str], str]:
    """Return what writes `embedding:` before each of the names in a piece of a text."""
    by_stem = {
        stem: name for name in reversed(list(names)) if (stem := model_file_stem(name).lower())
    }
    found = sorted((stem for stem in by_stem if stem in text.lower()), key=len, reverse=True)
    if not found:
        return str
    word = re.compile(rf"(?<![\w:/\\])(?:{'|'.join(map(re.escape, found))})(?!\w)", re.IGNORECASE)

    def name_one(match: re.Match[str]) -> str:
        name = by_stem.get(match[0].lower())
        return f"embedding:{name}" if name else match[0]

    return lambda piece: word.sub(name_one, piece)

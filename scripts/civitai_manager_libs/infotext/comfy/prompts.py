"""The words that reach a sampler of a ComfyUI graph. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from .nodes import kind_of, linked, Node, Nodes, taken_input, target, upstream

__all__ = ["prompt_of"]

_Told = dict[str, "str | None"]  # node id: the text that it gives, None if that cannot be told

_SIDES = {  # the inputs by which a node takes or holds what is wanted, or not
    "positive": ("positive", "conditioning", "text_positive", "positive_prompt", "cond1")
    + ("main_prompt", "linguistic_positive"),
    "negative": ("negative", "neg_conditioning", "text_negative", "negative_prompt")
    + ("negative_main_prompt", "linguistic_negative"),
}
_TEXTS = ("populated_text", "text", "text_g", "t5xxl", "clip_l", "text_l", "wildcard_text")
_TEXTS += ("prompt",)
# Inputs that lead away from the words.
_ASIDE = {"clip", "model", "vae", "image", "control_net", "clip_vision_output", "mask", "pixels"}
_MAX_PARTS = 20
_DEPTH = 30  # links from a text's input to the node that holds it
_MAX_TEXT = 100_000  # characters; nodes may join a text with itself, again and again
_HOLDERS = ("populated_text", "text", "string", "value", "prompt", "String", "Text", "Value")
_HOLDERS += ("positive", "text_positive", "wildcard_text", "source", "any", "anything", "input")
_SHOWN = re.compile(r"text_?\d+")  # what a node that shows a text got
_PART = re.compile(r"(?:string|text|prompt|str|input|any)_?(?:\d{1,2}|[a-d])")
_JOINING = re.compile(r"concat|join|append|combine|merge|stringfunction|multi|list|add|cat\b")
_DELIMITERS = ("delimiter", "separator", "delim", "sep", "delimiters")
# Nodes of which nobody can tell what text came out.
_UNTOLD = re.compile(r"replace|regex|random|wildcard|translat|caption|llm|gpt|florence|generat")


def prompt_of(nodes: Nodes, sampler: str, side: str) -> str | None:
    """All texts that reach `sampler` by its `positive` or `negative` side, one below the other.

    None: no such side, or a text that the graph does not tell. A negative prompt whose effect is
    taken away is none.
    """
    sides = _SIDES[side]
    told: _Told = {}
    for node in upstream(nodes, sampler):
        for name in sides:
            if name in node["inputs"]:
                value = node["inputs"][name]
                link = target(value)
                texts = [value] if link is None else _texts(nodes, link, sides, told)
                texts = texts or [
                    _string(nodes, value, told)
                ]  # a text itself, not its conditioning
                known = [text for text in texts if isinstance(text, str)]
                return "\n".join(dict.fromkeys(known)) if len(known) == len(texts) > 0 else None
    return None


def _texts(nodes: Nodes, start: str, sides: tuple[str, ...], told: _Told) -> list[str | None]:
    """The texts of the nearest nodes upstream that have one; None for one that is not told."""
    texts: list[str | None] = []
    waiting, seen = [start], {start}
    while waiting and len(texts) < _MAX_PARTS:
        node = nodes.get(waiting.pop(0))
        if node is None:
            continue
        if kind_of(node) == "ConditioningZeroOut":  # its text has no effect
            texts.append("")
            continue
        if own := _own_text(nodes, node, sides, told):
            texts += own
            continue
        for link in _onward(node, sides):
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return [text for text in texts if text != ""] or texts[:1]


def _onward(node: Node, sides: tuple[str, ...]) -> list[str]:
    inputs = node["inputs"]
    onward = {name: value for name, value in inputs.items() if name not in _ASIDE}
    return linked({**node, "inputs": onward}, sides)


def _own_text(nodes: Nodes, node: Node, sides: tuple[str, ...], told: _Told) -> list[str | None]:
    """The text that a node encodes, in a list; [] for a node without."""
    found: list[str | None] = []
    inputs = node["inputs"]
    for name in (*sides, *_TEXTS):
        value = inputs.get(name)
        is_text = isinstance(value, str) or (name in _TEXTS and target(value) is not None)
        if is_text:
            found.append(_string(nodes, value, told))
            if found[-1] != "":
                break
    return found[-1:]


def _string(nodes: Nodes, value: object, told: _Told, depth: int = 0) -> str | None:
    """The text behind an input, put together as its nodes do; None if it cannot be told."""
    link = target(value)
    if link is None:
        return value if isinstance(value, str) else None
    if link not in told and link in nodes and depth < _DEPTH:
        told[link] = None  # for a text that leads to itself
        told[link] = _said(nodes, nodes[link], told, depth + 1)
    return told.get(link)


def _said(nodes: Nodes, node: Node, told: _Told, depth: int) -> str | None:
    kind, inputs = kind_of(node).lower(), node["inputs"]
    populated = inputs.get("populated_text")
    if isinstance(populated, str):
        return populated
    if _UNTOLD.search(kind):
        return None
    shown = [v for k, v in inputs.items() if _SHOWN.fullmatch(k) and isinstance(v, str)]
    if shown and _is_show(kind):
        return shown[-1]
    parts = _parts(inputs)
    if len(parts) > 1 and taken_input(inputs) not in inputs:
        return _joined(nodes, kind, inputs, parts, told, depth)
    for name in (taken_input(inputs), *_HOLDERS, *parts):
        if name in inputs:
            return _string(nodes, inputs[name], told, depth)
    links = linked(node)
    return _string(nodes, [links[0], 0], told, depth) if len(links) == 1 else None


def _is_show(kind: str) -> bool:
    return "show" in kind or "display" in kind or "preview" in kind


def _parts(inputs: Mapping[str, Any]) -> list[str]:
    return list(islice((name for name in inputs if _PART.fullmatch(name)), _MAX_PARTS))


def _joined(
    nodes: Nodes,
    kind: str,
    inputs: Mapping[str, Any],
    parts: list[str],
    told: _Told,
    depth: int,
) -> str | None:
    if not _JOINING.search(kind) or inputs.get("action") == "replace":
        return None
    texts = [_string(nodes, inputs[name], told, depth) for name in parts]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts) or sum(map(len, known)) > _MAX_TEXT:
        return None
    delimiter = next(_delimiters(inputs), ", " if inputs.get("tidy_tags") == "yes" else "")
    return delimiter.join(text for text in known if text)


def _delimiters(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name in _DELIMITERS:
        if isinstance(inputs.get(name), str):
            yield inputs[name][:100].replace("\\n", "\n")

"""The words that reach a sampler of a ComfyUI graph. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ...core import as_text
from .computed import computed_outputs, is_computed
from .nodes import linked_node, list_feeding_nodes, Node, node_type, Nodes
from .values import iter_feeding, UNTOLD

__all__ = ["prompt_of"]

_Told = dict[tuple[str, int], "str | None"]  # node id and output: its text, None if not told

_SIDES = {  # the inputs by which a node takes or holds what is wanted, or not
    "positive": ("positive", "conditioning", "text_positive", "positive_prompt", "cond1")
    + ("main_prompt", "linguistic_positive", "pos", "positive_g"),
    "negative": ("negative", "neg_conditioning", "text_negative", "negative_prompt")
    + ("negative_main_prompt", "linguistic_negative", "neg", "negative_g"),
}
_TEXTS = ("populated_text", "text", "text_g", "t5xxl", "clip_l", "text_l", "wildcard_text")
_TEXTS += ("prompt",)
_OWN = {"positive": ("prompt",), "negative": ()}  # inputs of samplers and their settings alone
# The inputs by which a sampler gets its words, where it has no side for them.
_WAYS = ("guider", "text_embeds", "cond_pair")
# Samplers whose words are put together of many: the kind of the one node that has the user's own.
_FORMS = {"SeargeSDXLSampler2": "SeargeInput1"}
# Inputs that lead away from the words.
_ASIDE = {"clip", "model", "vae", "image", "control_net", "clip_vision_output", "mask", "pixels"}
_MAX_PARTS = 20
_DEPTH = 30  # links from a text's input to the node that holds it
_MAX_TEXT = 100_000  # characters; nodes may join a text with itself, again and again
_HOLDERS = ("populated_text", "text", "string", "value", "prompt", "String", "Text", "Value")
_HOLDERS += ("positive", "text_positive", "wildcard_text", "source", "any", "anything", "input")
_SHOWN = re.compile(r"text_?\d+")  # what a node that shows a text got
_PART = re.compile(r"(?:string|text|prompt|str|input|any)_?(?:\d{1,2}|[a-d])")
_JOINING = re.compile(
    r"concat|join|append|combine|merge|stringfunction|multi|joinstringlist|add|cat\b"
)
_DELIMITERS = ("delimiter", "separator", "delim", "sep", "delimiters")
# Inputs that say how two texts are joined: by the value, this stands between them.
_JOINTS = {"linebreak_addition": {"true": "\n"}, "tidy_tags": {"yes": ", "}}
_NO_STYLES = {"", "none", "no style"}
_SEVERAL = {"TextEncodeForSamplerParams+": re.compile(r"^-{3}", re.MULTILINE)}  # texts in one


def prompt_of(nodes: Nodes, sampler: str, side: str) -> str | None:
    """All texts that reach `sampler` by its `positive` or `negative` side, one below the other.

    None: no such side, or a text that the graph does not tell. A negative prompt whose effect is
    taken away is none.
    """
    sides = _SIDES[side]
    told: _Told = {}
    for node in chain(_form_of(nodes, sampler), iter_feeding(nodes, sampler, _WAYS)):
        names = (name for name in (*sides, *_OWN[side]) if name in node["inputs"])
        value = next((node["inputs"][name] for name in names), None)
        if value is not None:
            texts = _texts(nodes, value, sides, told)
            known = [text for text in texts if isinstance(text, str)]
            return "\n".join(dict.fromkeys(known)) if len(known) == len(texts) > 0 else None
    return None


def _form_of(nodes: Nodes, sampler: str) -> list[Node]:
    """Return the node in which the user wrote this sampler's words, if there is just one."""
    form = _FORMS.get(node_type(nodes[sampler]))
    filled = [node for node in nodes.values() if form and node_type(node) == form]
    return filled if len(filled) == 1 else []


def _texts(nodes: Nodes, value: Any, sides: tuple[str, ...], told: _Told) -> list[str | None]:
    """Return the texts of the nearest nodes that have one, in the order in which they are joined.

    None stands for a text that is not told.
    """
    texts: list[str | None] = []
    waiting, seen = [(value, True)], set()  # with whether it may be a text itself
    while waiting and len(texts) < _MAX_PARTS:
        value, may_be_text = waiting.pop(0)
        link = linked_node(value)
        if link is None:
            texts.append(value if isinstance(value, str) else None)
        elif link not in nodes:
            texts.append(None)
        elif link not in seen:
            seen.add(link)
            node = nodes[link]
            own = _own_text(nodes, node, value, told, may_be_text)
            side = [v for name in sides if (v := node["inputs"].get(name)) is not None]
            if _is_styled(node):
                texts.append(None)
            elif node_type(node) == "ConditioningZeroOut":  # its text has no effect
                texts.append("")
            elif side:
                waiting.insert(0, (side[0], True))
            elif own:  # a second output without a text of its own says something else
                texts += [None] if value[1] == 1 and sides is _SIDES["negative"] else own
            else:
                waiting[:0] = [(each, False) for each in _onward(nodes, node)]
    return [text for text in texts if text != ""] or texts[:1]


def _onward(nodes: Nodes, node: Node) -> list[Any]:
    others = (value for name, value in node["inputs"].items() if name not in _ASIDE)
    return [value for value in others if linked_node(value) in nodes]


def _own_text(
    nodes: Nodes, node: Node, link: Any, told: _Told, may_be_text: bool
) -> list[str | None]:
    """Return the text that a node encodes or hands on, in a list; [] for a node without."""
    kind, inputs = node_type(node).lower(), node["inputs"]
    if any(name.startswith("conditioning") and linked_node(inputs[name]) for name in inputs):
        return []  # adds something to words that come from elsewhere
    texts = [name for name in _TEXTS if _may_be_text(inputs.get(name))]
    if not texts and not (may_be_text and _hands_text_on(node)):
        return []
    if not texts or UNTOLD.search(kind) or _is_show(kind):
        return [_string(nodes, link, told)]
    found = [_string(nodes, inputs[name], told) for name in texts]
    own = next((text for text in found if text != ""), "")
    several = _SEVERAL.get(node_type(node))
    return [None if own and several and several.search(own) else own]


def _hands_text_on(node: Node) -> bool:
    kind, inputs = node_type(node), node["inputs"]
    if is_computed(kind) or any(_may_be_text(inputs.get(name)) for name in _HOLDERS):
        return True
    return len(_parts(inputs)) > 1 and "condition" not in kind.lower()


def _may_be_text(value: object) -> bool:
    return isinstance(value, str) or linked_node(value) is not None


def _string(nodes: Nodes, value: object, told: _Told, depth: int = 0) -> str | None:
    """The text behind an input, put together as its nodes do; None if it cannot be told."""
    link = linked_node(value)
    if link is None:
        return value if isinstance(value, str) else None
    key = link, value[1] if isinstance(value[1], int) else 0
    if key not in told and link in nodes and depth < _DEPTH:
        told[key] = None  # for a text that leads to itself
        told[key] = _node_text(nodes, nodes[link], key[1], told, depth + 1)
    return told.get(key)


def _node_text(nodes: Nodes, node: Node, slot: int, told: _Told, depth: int) -> str | None:
    kind, inputs = node_type(node).lower(), node["inputs"]

    def get(name: str) -> Any:
        value = inputs.get(name)
        text = value if linked_node(value) is None else _string(nodes, value, told, depth)
        if text is None and value is not None:
            raise ValueError(name)
        return text

    outputs = computed_outputs(node_type(node), get)
    if outputs is not None:
        text = outputs[slot] if 0 <= slot < len(outputs) else None
        return text if isinstance(text, str) else None
    populated = inputs.get("populated_text")
    if isinstance(populated, str):
        return populated
    if UNTOLD.search(kind) or _is_styled(node):
        return None
    shown = [v for k, v in inputs.items() if _SHOWN.fullmatch(k) and isinstance(v, str)]
    if shown and _is_show(kind):
        return shown[-1]
    parts = _parts(inputs)
    if len(parts) > 1:
        return _joined(nodes, kind, inputs, parts, told, depth)
    for name in (*_of_output(inputs, slot), *_HOLDERS, *parts, "negative"):
        if name in inputs:
            return _string(nodes, inputs[name], told, depth)
    links = list_feeding_nodes(node)
    return _string(nodes, [links[0], 0], told, depth) if len(links) == 1 else None


def _of_output(inputs: Mapping[str, Any], slot: int) -> tuple[str, ...]:
    """Return the inputs that the second output of a node with both sides may hand on."""
    return _SIDES["negative"] if slot == 1 and any(n in inputs for n in _SIDES["negative"]) else ()


def _is_styled(node: Node) -> bool:
    """Return whether a node puts a style of its own around the texts that it gets."""
    style = node["inputs"].get("style")
    is_styler = isinstance(style, str) and "text_positive" in node["inputs"]
    return is_styler and style.lower() not in _NO_STYLES


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
    if not _JOINING.search(kind) or inputs.get("action") == "replace" or inputs.get("return_list"):
        return None
    texts = [_string(nodes, inputs[name], told, depth) for name in parts]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts) or sum(map(len, known)) > _MAX_TEXT:
        return None
    delimiter = next(_delimiters(inputs), None)
    return None if delimiter is None else delimiter.join(text for text in known if text)


def _delimiters(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name in _DELIMITERS:
        if isinstance(inputs.get(name), str):
            yield inputs[name][:100].replace("\\n", "\n")
    for name, joints in _JOINTS.items():
        if name in inputs:
            yield joints.get(as_text(inputs[name]), "")

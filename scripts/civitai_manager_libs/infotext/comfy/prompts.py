"""The prompts that reach a sampler of a ComfyUI graph. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ...core import as_text
from .computed_outputs import compute_outputs, is_computed
from .nodes import get_link, get_linked_node, get_node_type, list_feeding_nodes, Node, NodeId, Nodes
from .values import iter_setting_nodes, UNKNOWN_TEXT

__all__ = ["read_prompt"]

_Cache = dict[tuple[str, int], "str | None"]  # node id and output: its text, None if unknown

_SIDE_INPUTS = {  # the inputs that hold or lead to a prompt
    "positive": ("positive", "conditioning", "text_positive", "positive_prompt", "cond1")
    + ("main_prompt", "linguistic_positive", "pos", "positive_g"),
    "negative": ("negative", "neg_conditioning", "text_negative", "negative_prompt")
    + ("negative_main_prompt", "linguistic_negative", "neg", "negative_g"),
}
_TEXT_INPUTS = tuple("populated_text text text_g t5xxl clip_l text_l wildcard_text prompt".split())
_SAMPLER_INPUTS = {"positive": ("prompt",), "negative": ()}  # inputs of samplers only
# The inputs that lead to the prompts of a sampler without prompt inputs.
_PROMPT_INPUTS = ("guider", "text_embeds", "cond_pair")
# Samplers whose prompt is composed of many: the kind of node that holds the user's own.
_FORMS = {"SeargeSDXLSampler2": "SeargeInput1"}
# Inputs that do not lead to a prompt.
_IGNORED_INPUTS = set("clip model vae image control_net clip_vision_output mask pixels".split())
_MAX_PARTS = 20
_DEPTH = 30  # links from an input to the node that holds its text
_MAX_TEXT = 100_000  # characters; nodes may join a text with itself repeatedly
_HOLDERS = tuple(
    "populated_text text string value prompt String Text Value positive text_positive"
    " wildcard_text source any anything input".split()
)
_SHOWN = re.compile(r"text_?\d+")  # the text that a preview node received
_PART = re.compile(r"(?:string|text|prompt|str|input|any)_?(?:\d{1,2}|[a-d])")
_JOINING = re.compile(r"concat|join|append|combine|merge|stringfunction|multi|add|cat\b")
_DELIMITERS = ("delimiter", "separator", "delim", "sep", "delimiters")
# Inputs that select how two texts are joined: the delimiter by the input's value.
_JOINTS = {"linebreak_addition": {"true": "\n"}, "tidy_tags": {"yes": ", "}}
_NO_STYLES = {"", "none", "no style"}
# Nodes that split their text: the separator.
_SEPARATORS = {"TextEncodeForSamplerParams+": re.compile(r"^-{3}", re.MULTILINE)}


def read_prompt(nodes: Nodes, sampler: NodeId, side: str) -> str | None:
    """Return the prompt that a sampler uses; several texts are joined by line ends.

    side: "positive" or "negative". Return None if there is no prompt, or if one of its texts is
    unknown. Return "" if the node ConditioningZeroOut takes away the prompt's effect.
    """
    sides = _SIDE_INPUTS[side]
    cache: _Cache = {}
    settings = iter_setting_nodes(nodes, sampler, _PROMPT_INPUTS)
    form = _find_prompt_form(nodes, sampler)
    for node in settings if form is None else chain([form], settings):
        names = (name for name in (*sides, *_SAMPLER_INPUTS[side]) if name in node["inputs"])
        value = next((node["inputs"][name] for name in names), None)
        if value is not None:
            texts = _list_texts(nodes, value, sides, cache)
            known = [text for text in texts if isinstance(text, str)]
            return "\n".join(dict.fromkeys(known)) if len(known) == len(texts) > 0 else None
    return None


def _find_prompt_form(nodes: Nodes, sampler: NodeId) -> Node | None:
    """Return the node into which the user types the prompts for a sampler of the Searge nodes.

    Return None for all other samplers, and if the graph has no such node or several.
    """
    form = _FORMS.get(get_node_type(nodes[sampler]))
    filled = [node for node in nodes.values() if form and get_node_type(node) == form]
    return filled[0] if len(filled) == 1 else None


def _list_texts(
    nodes: Nodes, value: Any, sides: tuple[str, ...], cache: _Cache
) -> list[str | None]:
    """Return the texts that make up a prompt, in order; an unknown text is None.

    value: the value or link of the sampler's prompt input. sides: the names that inputs for
    positive prompts have, or those for negative prompts. cache: texts that were read before.
    """
    texts: list[str | None] = []
    waiting, seen = [(value, True)], set()  # each with whether it may be a text itself
    while waiting and len(texts) < _MAX_PARTS:
        value, accepts_text = waiting.pop(0)
        link = get_linked_node(value)
        if link is None:
            texts.append(value if isinstance(value, str) else None)
        elif link not in nodes:
            texts.append(None)
        elif link not in seen:
            seen.add(link)
            node = nodes[link]
            own_texts = _read_own_text(nodes, node, value, cache, accepts_text)
            side = [v for name in sides if (v := node["inputs"].get(name)) is not None]
            if _is_styled(node):
                texts.append(None)
            elif get_node_type(node) == "ConditioningZeroOut":  # removes the effect of its text
                texts.append("")
            elif side:
                waiting.insert(0, (side[0], True))
            elif own_texts:
                is_negative = sides is _SIDE_INPUTS["negative"]
                texts += [None] if value[1] == 1 and is_negative else own_texts
            else:
                waiting[:0] = [(each, False) for each in _list_other_links(nodes, node)]
    return [text for text in texts if text != ""] or texts[:1]


def _list_other_links(nodes: Nodes, node: Node) -> list[Any]:
    others = (value for name, value in node["inputs"].items() if name not in _IGNORED_INPUTS)
    return [value for value in others if get_linked_node(value) in nodes]


def _read_own_text(
    nodes: Nodes, node: Node, link: Any, cache: _Cache, accepts_text: bool
) -> list[str | None]:
    """Return [text] for the text that a node adds to a prompt, [] if the node adds none.

    An unknown text is None. link: the link to the node. cache: texts that were read before.
    accepts_text: whether the node may be one that passes text on without encoding it.
    """
    kind, inputs = get_node_type(node).lower(), node["inputs"]
    if any(name.startswith("conditioning") and get_linked_node(inputs[name]) for name in inputs):
        return []  # adds to a prompt from elsewhere
    texts = [name for name in _TEXT_INPUTS if _may_be_text(inputs.get(name))]
    if not texts and not (accepts_text and _hands_text_on(node)):
        return []
    if not texts or UNKNOWN_TEXT.search(kind) or _is_preview(kind):
        return [_resolve_text(nodes, link, cache)]
    found = [_resolve_text(nodes, inputs[name], cache) for name in texts]
    own = next((text for text in found if text != ""), "")
    separator = _SEPARATORS.get(get_node_type(node))
    return [None if own and separator and separator.search(own) else own]


def _hands_text_on(node: Node) -> bool:
    kind, inputs = get_node_type(node), node["inputs"]
    if is_computed(kind) or any(_may_be_text(inputs.get(name)) for name in _HOLDERS):
        return True
    return len(_list_parts(inputs)) > 1 and "condition" not in kind.lower()


def _may_be_text(value: object) -> bool:
    return isinstance(value, str) or get_linked_node(value) is not None


def _resolve_text(nodes: Nodes, value: object, cache: _Cache, depth: int = 0) -> str | None:
    """Return the text of an input, following its link; None if the text is unknown.

    value: the input's value or link. cache: texts that were read before. depth: number of links
    followed so far.
    """
    link = get_link(value)
    if link is None:
        return value if isinstance(value, str) else None
    if link not in cache and link[0] in nodes and depth < _DEPTH:
        cache[link] = None  # for a text that leads to itself
        cache[link] = _read_node_text(nodes, nodes[link[0]], link[1], cache, depth + 1)
    return cache.get(link)


def _read_node_text(nodes: Nodes, node: Node, output: int, cache: _Cache, depth: int) -> str | None:
    kind, inputs = get_node_type(node).lower(), node["inputs"]

    def get(name: str) -> Any:
        value = inputs.get(name)
        linked = get_linked_node(value) is not None
        text = _resolve_text(nodes, value, cache, depth) if linked else value
        if text is None and value is not None:
            raise ValueError(name)
        return text

    outputs = compute_outputs(get_node_type(node), get)
    if outputs is not None:
        text = outputs[output] if 0 <= output < len(outputs) else None
        return text if isinstance(text, str) else None
    populated = inputs.get("populated_text")
    if isinstance(populated, str):
        return populated
    if UNKNOWN_TEXT.search(kind) or _is_styled(node):
        return None
    shown = [v for k, v in inputs.items() if _SHOWN.fullmatch(k) and isinstance(v, str)]
    if shown and _is_preview(kind):
        return shown[-1]
    parts = _list_parts(inputs)
    if len(parts) > 1:
        return _join_parts(nodes, kind, inputs, parts, cache, depth)
    for name in (*_list_output_inputs(inputs, output), *_HOLDERS, *parts, "negative"):
        if name in inputs:
            return _resolve_text(nodes, inputs[name], cache, depth)
    links = list_feeding_nodes(node)
    return _resolve_text(nodes, [links[0], 0], cache, depth) if len(links) == 1 else None


def _list_output_inputs(inputs: Mapping[str, Any], output: int) -> tuple[str, ...]:
    """Return the names of the inputs that may hold the text of a node's output, () if unknown.

    If a node has an input for a negative prompt, output 1 is this prompt. Other outputs are
    unknown. inputs: the node's inputs. output: the output's number.
    """
    names = _SIDE_INPUTS["negative"]
    return names if output == 1 and any(name in inputs for name in names) else ()


def _is_styled(node: Node) -> bool:
    style = node["inputs"].get("style")
    is_styler = isinstance(style, str) and "text_positive" in node["inputs"]
    return is_styler and style.lower() not in _NO_STYLES


def _is_preview(kind: str) -> bool:
    return "show" in kind or "display" in kind or "preview" in kind


def _list_parts(inputs: Mapping[str, Any]) -> list[str]:
    return list(islice((name for name in inputs if _PART.fullmatch(name)), _MAX_PARTS))


def _join_parts(
    nodes: Nodes,
    kind: str,
    inputs: Mapping[str, Any],
    parts: list[str],
    cache: _Cache,
    depth: int,
) -> str | None:
    if not _JOINING.search(kind) or inputs.get("action") == "replace" or inputs.get("return_list"):
        return None
    texts = [_resolve_text(nodes, inputs[name], cache, depth) for name in parts]
    known = [text for text in texts if text is not None]
    if len(known) < len(texts) or sum(map(len, known)) > _MAX_TEXT:
        return None
    delimiter = next(_iter_delimiters(inputs), None)
    return None if delimiter is None else delimiter.join(text for text in known if text)


def _iter_delimiters(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name in _DELIMITERS:
        if isinstance(inputs.get(name), str):
            yield inputs[name][:100].replace("\\n", "\n")
    for name, joints in _JOINTS.items():
        if name in inputs:
            yield joints.get(as_text(inputs[name]), "")

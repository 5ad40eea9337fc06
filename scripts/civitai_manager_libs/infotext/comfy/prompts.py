"""The prompts that reach a sampler of a ComfyUI graph. Pure."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

from .nodes import get_linked_node, get_node_type, Node, NodeId, Nodes
from .texts import is_preview, is_styled, is_text_node, list_prompt_values, may_be_text
from .texts import TextResolver
from .values import has_unknown_text, iter_setting_nodes

__all__ = ["read_prompt"]

_TEXT_INPUTS = tuple("populated_text text text_g t5xxl clip_l text_l wildcard_text prompt".split())
_SAMPLER_INPUTS = {"positive": ("prompt",), "negative": ()}  # inputs of samplers only
# The inputs that lead to the prompts of a sampler without prompt inputs.
_SETTING_INPUTS = ("guider", "text_embeds", "cond_pair")
# Samplers whose prompt is composed of many: the kind of node that holds the user's own.
_FORMS = {"SeargeSDXLSampler2": "SeargeInput1"}
# Inputs that do not lead to a prompt.
_IGNORED_INPUTS = set("clip model vae image control_net clip_vision_output mask pixels".split())
_MAX_PARTS = 20
# Nodes that split their text: the separator.
_SEPARATORS = {"TextEncodeForSamplerParams+": re.compile(r"^-{3}", re.MULTILINE)}


def read_prompt(nodes: Nodes, sampler: NodeId, side: str) -> str | None:
    """Return the prompt that a sampler uses; several texts are joined by line ends.

    side: "positive" or "negative". Return None if there is no prompt, or if one of its texts is
    unknown. Return "" if the node ConditioningZeroOut takes away the prompt's effect.
    """
    settings = iter_setting_nodes(nodes, sampler, _SETTING_INPUTS)
    form = _find_searge_form(nodes, sampler)
    for node in settings if form is None else chain([form], settings):
        values = list_prompt_values(node, side, _SAMPLER_INPUTS[side])
        if values:
            texts = _list_texts(nodes, values, side)
            known = [text for text in texts if isinstance(text, str)]
            return "\n".join(dict.fromkeys(known)) if len(known) == len(texts) > 0 else None
    return None


def _find_searge_form(nodes: Nodes, sampler: NodeId) -> Node | None:
    """Return the node with the prompts that the user has typed, for a sampler of Searge's nodes.

    Return None for other samplers, and if the graph has no such node or several.
    """
    form = _FORMS.get(get_node_type(nodes[sampler]))
    filled = [node for node in nodes.values() if form and get_node_type(node) == form]
    return filled[0] if len(filled) == 1 else None


def _list_texts(nodes: Nodes, values: list[Any], side: str) -> list[str | None]:
    """Return the texts that make up a prompt, in order; an unknown text is None.

    values: the values or links of a prompt's inputs. side: "positive" or "negative".
    """
    resolver = TextResolver(nodes)
    texts: list[str | None] = []
    waiting, seen = [(value, True) for value in values], set()  # and whether it may be plain text
    while waiting and len(texts) < _MAX_PARTS:
        value, may_be_plain = waiting.pop(0)
        link = get_linked_node(value)
        if link is None:
            texts.append(value if isinstance(value, str) else None)
        elif link not in nodes:
            texts.append(None)
        elif link not in seen:
            seen.add(link)
            node = nodes[link]
            inner = list_prompt_values(node, side)
            if is_styled(node):
                texts.append(None)
            elif get_node_type(node) == "ConditioningZeroOut":  # removes the effect of its text
                texts.append("")
            elif inner:
                waiting[:0] = [(each, True) for each in inner]
            elif _adds_text(node, may_be_plain):
                is_other = value[1] == 1 and side == "negative"
                texts.append(None if is_other else _read_added_text(node, value, resolver))
            else:
                waiting[:0] = [(each, False) for each in _list_other_links(nodes, node)]
    return [text for text in texts if text != ""] or texts[:1]


def _list_other_links(nodes: Nodes, node: Node) -> list[Any]:
    others = (value for name, value in node["inputs"].items() if name not in _IGNORED_INPUTS)
    return [value for value in others if get_linked_node(value) in nodes]


def _adds_text(node: Node, may_be_plain: bool) -> bool:
    """Return whether a node adds a text to a prompt; False if it changes another node's prompt.

    may_be_plain: whether a node that outputs plain text instead of an encoded prompt counts.
    """
    inputs = node["inputs"]
    if any(name.startswith("conditioning") and get_linked_node(inputs[name]) for name in inputs):
        return False  # adds to a prompt from elsewhere
    return bool(_list_text_inputs(node)) or (may_be_plain and is_text_node(node))


def _list_text_inputs(node: Node) -> list[Any]:
    values = (node["inputs"].get(name) for name in _TEXT_INPUTS)
    return [value for value in values if may_be_text(value)]


def _read_added_text(node: Node, link: Any, resolver: TextResolver) -> str | None:
    """Return the text that a node adds to a prompt, None if it is unknown.

    link: the link that leads from the prompt to the node.
    """
    text_inputs = _list_text_inputs(node)
    if not text_inputs or has_unknown_text(node) or is_preview(node):
        return resolver.resolve(link)
    found = map(resolver.resolve, text_inputs)
    text = next((text for text in found if text != ""), "")
    separator = _SEPARATORS.get(get_node_type(node))
    return None if text and separator and separator.search(text) else text

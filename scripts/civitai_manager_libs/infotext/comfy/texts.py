"""The texts that the nodes of a ComfyUI graph output. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from ...core import as_text
from .computed_outputs import can_compute, compute_output
from .nodes import get_link, get_linked_node, get_node_type, list_feeding_nodes, Node, Nodes
from .values import has_unknown_text

__all__ = ["PROMPT_INPUTS", "TextResolver", "is_preview", "is_styled", "is_text_node"]
__all__ += ["list_prompt_values", "may_be_text"]

PROMPT_INPUTS = {  # the inputs that hold or lead to a prompt
    "positive": (
        "optional_positive",
        "positive",
        "conditioning",
        "text_positive",
        "positive_prompt",
        "cond1",
    )
    + ("main_prompt", "linguistic_positive", "pos", "positive_g"),
    "negative": (
        "optional_negative",
        "negative",
        "neg_conditioning",
        "text_negative",
        "negative_prompt",
    )
    + ("negative_main_prompt", "linguistic_negative", "neg", "negative_g"),
}
_UNKNOWN = ["\0", 0]  # a link to a missing node
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


class TextResolver:
    """Follows the links of a graph to the texts behind them, each link once."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._cache: dict[tuple[str, int], str | None] = {}  # by link

    def resolve(self, value: object, depth: int = 0) -> str | None:
        """Return the text of an input, None if it is unknown.

        value: the input's value or link. depth: number of links followed so far; at _DEPTH the text
        is unknown.
        """
        link = get_link(value)
        if link is None:
            return value if isinstance(value, str) else None
        if link not in self._cache and link[0] in self._nodes and depth < _DEPTH:
            self._cache[link] = None  # for a text that leads to itself
            self._cache[link] = self._read_node_text(self._nodes[link[0]], link[1], depth + 1)
        return self._cache.get(link)

    def _read_node_text(self, node: Node, output: int, depth: int) -> str | None:
        kind, inputs = get_node_type(node), node["inputs"]
        if can_compute(kind):

            def get_input(name: str) -> Any:
                value = inputs.get(name)
                linked = get_linked_node(value) is not None
                text = self.resolve(value, depth) if linked else value
                if text is None and value is not None:
                    raise ValueError(name)
                return text

            text = compute_output(kind, output, get_input)
            return text if isinstance(text, str) else None
        populated = inputs.get("populated_text")
        if isinstance(populated, str):
            return populated
        if has_unknown_text(node) or is_styled(node):
            return None
        shown = [v for k, v in inputs.items() if _SHOWN.fullmatch(k) and isinstance(v, str)]
        if shown and is_preview(node):
            return shown[-1]
        parts = _list_parts(inputs)
        if len(parts) > 1:
            return self._join_parts(node, parts, depth)
        # The second output of a node with two prompts is the negative one.
        negative = PROMPT_INPUTS["negative"] if output == 1 else ()
        for name in (*negative, *_HOLDERS, *parts, "negative"):
            if name in inputs:
                return self.resolve(inputs[name], depth)
        links = list_feeding_nodes(node)
        return self.resolve([links[0], 0], depth) if len(links) == 1 else None

    def _join_parts(self, node: Node, input_names: list[str], depth: int) -> str | None:
        kind, inputs = get_node_type(node).lower(), node["inputs"]
        is_other = inputs.get("action") == "replace" or inputs.get("return_list")
        if is_other or not _JOINING.search(kind):
            return None
        texts = [self.resolve(inputs[name], depth) for name in input_names]
        known = [text for text in texts if text is not None]
        if len(known) < len(texts) or sum(map(len, known)) > _MAX_TEXT:
            return None
        delimiter = next(_iter_delimiters(inputs), None)
        return None if delimiter is None else delimiter.join(text for text in known if text)


def list_prompt_values(node: Node, side: str, others: tuple[str, ...] = ()) -> list[Any]:
    """Return the values or links that make up a node's prompt, in order; [] if it has none.

    side: "positive" or "negative". others: more names of inputs that may hold the prompt.
    """
    inputs = node["inputs"]
    for name in (*PROMPT_INPUTS[side], *others):
        value = inputs.get(name)
        if name.startswith("optional_") and isinstance(value, str):  # of a node that edits a pipe
            replaces = inputs.get("conditioning_mode", "replace") == "replace"
            value = None if not value.strip() else value if replaces else _UNKNOWN
        if value is not None:
            before = inputs.get(f"prepend_{name}")
            return [value] if get_linked_node(before) is None else [before, value]
    return []


def is_text_node(node: Node) -> bool:
    """Return whether a node's type or inputs show that it holds, joins or computes plain text."""
    kind, inputs = get_node_type(node), node["inputs"]
    if can_compute(kind) or any(may_be_text(inputs.get(name)) for name in _HOLDERS):
        return True
    return len(_list_parts(inputs)) > 1 and "condition" not in kind.lower()


def may_be_text(value: object) -> bool:
    return isinstance(value, str) or get_linked_node(value) is not None


def is_styled(node: Node) -> bool:
    """Return whether a node adds the words of a style to a text."""
    inputs = node["inputs"]
    style = inputs.get("style") if "text_positive" in inputs else inputs.get("select_styles")
    return isinstance(style, str) and style.lower() not in _NO_STYLES


def is_preview(node: Node) -> bool:
    kind = get_node_type(node).lower()
    return "show" in kind or "display" in kind or "preview" in kind


def _list_parts(inputs: Mapping[str, Any]) -> list[str]:
    return list(islice((name for name in inputs if _PART.fullmatch(name)), _MAX_PARTS))


def _iter_delimiters(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name in _DELIMITERS:
        if isinstance(inputs.get(name), str):
            yield inputs[name][:100].replace("\\n", "\n")
    for name, joints in _JOINTS.items():
        if name in inputs:
            yield joints.get(as_text(inputs[name]), "")

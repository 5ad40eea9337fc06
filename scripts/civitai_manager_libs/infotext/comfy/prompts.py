"""The prompts of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

from ...core import as_text
from .nodes import can_compute, compute_output, get_link, get_linked_node, get_node_type
from .nodes import has_unknown_text, iter_setting_nodes, list_feeding_nodes, Node, NodeId, Nodes
from .nodes import walk_nodes

_TEXT_INPUTS = tuple("populated_text text text_g t5xxl clip_l text_l wildcard_text prompt".split())
_SAMPLER_INPUTS = {"positive": ("prompt",), "negative": ()}  # inputs of samplers only
# Samplers whose prompt is composed of many: the kind of node that holds the user's own.
_FORMS = {"SeargeSDXLSampler2": "SeargeInput1"}
# Inputs that do not lead to a prompt.
_IGNORED_INPUTS = set("clip model vae image control_net clip_vision_output mask pixels".split())
_MAX_PROMPT_PARTS = 20
# Nodes that split their text: the separator.
_SEPARATORS = {"TextEncodeForSamplerParams+": re.compile(r"^-{3}", re.MULTILINE)}


def read_prompt(nodes: Nodes, sampler: NodeId, side: str) -> str | None:
    """Return the prompt that a sampler uses; several texts are joined by line ends or `BREAK`.

    side: "positive" or "negative". Return None if there is no prompt, or if one of its texts is
    unknown. Return "" if the node ConditioningZeroOut takes away the prompt's effect.
    """
    # For a sampler without prompt inputs, these lead to the prompts.
    settings = iter_setting_nodes(nodes, sampler, ("guider", "text_embeds", "cond_pair"))
    kind = _FORMS.get(get_node_type(nodes[sampler]))
    forms = [node for node in nodes.values() if kind and get_node_type(node) == kind]
    for node in chain(forms if len(forms) == 1 else (), settings):
        values = _list_prompt_values(node, side, _SAMPLER_INPUTS[side])
        if values:
            texts = _list_texts(nodes, values, side)
            known = [text for text in texts if isinstance(text, str)]
            if len(known) < len(texts) or not texts:
                return None
            if _is_concatenated(nodes, values[0]):  # what BREAK does in a WebUI
                return "\nBREAK\n".join(known)
            return "\n".join(dict.fromkeys(known))
    return None


def _is_concatenated(nodes: Nodes, value: object) -> bool:
    """Return whether a prompt's texts are encoded one by one and then put in a row."""
    for _ in range(_MAX_PROMPT_PARTS):
        node = nodes.get(get_linked_node(value) or "")
        if node is None or get_node_type(node) == "ConditioningConcat":
            return node is not None
        value = node["inputs"].get("conditioning")  # of a node that only adds guidance or the like
    return False


def _list_texts(nodes: Nodes, values: list[Any], side: str) -> list[str | None]:
    """Return the texts that make up a prompt, in order; an unknown text is None."""
    resolver = TextResolver(nodes)
    texts: list[str | None] = []
    waiting, seen = [(value, True) for value in values], set()  # and whether it may be plain text
    while waiting and len(texts) < _MAX_PROMPT_PARTS:
        value, may_be_plain = waiting.pop(0)
        link = get_linked_node(value)
        if link is None:
            texts.append(value if isinstance(value, str) else None)
        elif link not in nodes:
            texts.append(None)
        elif link not in seen:
            seen.add(link)
            node = nodes[link]
            inner = _list_prompt_values(node, side)
            if _is_styled(node):
                texts.append(None)
            elif get_node_type(node) == "ConditioningZeroOut":  # removes the effect of its text
                texts.append("")
            elif inner:
                waiting[:0] = [(each, True) for each in inner]
            elif _adds_text(node, may_be_plain):
                is_other = value[1] == 1 and side == "negative"
                texts.append(None if is_other else _read_added_text(node, value, resolver))
            else:
                inputs = node["inputs"].items()
                others = (each for name, each in inputs if name not in _IGNORED_INPUTS)
                waiting[:0] = [(each, False) for each in others if get_linked_node(each) in nodes]
    return [text for text in texts if text != ""] or texts[:1]


def _adds_text(node: Node, may_be_plain: bool) -> bool:
    """Return whether a node adds a text to a prompt; False if it changes another node's prompt.

    may_be_plain: whether a node that outputs plain text instead of an encoded prompt counts.
    """
    inputs = node["inputs"]
    if any(name.startswith("conditioning") and get_linked_node(inputs[name]) for name in inputs):
        return False  # adds to a prompt from elsewhere
    if _list_text_inputs(node):
        return True
    kind = get_node_type(node)
    holds_text = can_compute(kind) or any(_may_be_text(inputs.get(name)) for name in _HOLDERS)
    joins_texts = len(_list_parts(inputs)) > 1 and "condition" not in kind.lower()
    return may_be_plain and (holds_text or joins_texts)


def _list_text_inputs(node: Node) -> list[Any]:
    values = (node["inputs"].get(name) for name in _TEXT_INPUTS)
    return [value for value in values if _may_be_text(value)]


def _read_added_text(node: Node, link: Any, resolver: TextResolver) -> str | None:
    """Return the text that a node adds to a prompt, None if it is unknown."""
    text_inputs = _list_text_inputs(node)
    if not text_inputs or has_unknown_text(node) or _is_preview(node):
        return resolver.resolve(link)
    found = map(resolver.resolve, text_inputs)
    text = next((text for text in found if text != ""), "")
    separator = _SEPARATORS.get(get_node_type(node))
    return None if text and separator and separator.search(text) else text


_PROMPT_INPUTS = {  # the inputs that hold or lead to a prompt
    "positive": tuple(
        "optional_positive positive conditioning text_positive positive_prompt cond1 main_prompt"
        " linguistic_positive pos positive_g".split()
    ),
    "negative": tuple(
        "optional_negative negative neg_conditioning text_negative negative_prompt"
        " negative_main_prompt linguistic_negative neg negative_g".split()
    ),
}
_UNKNOWN = ["\0", 0]  # a link to a missing node
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


class TextResolver:
    """Follows the links of a graph to the texts behind them, each link once."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._cache: dict[tuple[str, int], str | None] = {}  # by link

    def resolve(self, value: object, depth: int = 0) -> str | None:
        """Return the text of an input's value or link, None if unknown. depth: links followed."""
        link = get_link(value)
        if link is None:
            return value if isinstance(value, str) else None
        if link not in self._cache and link[0] in self._nodes and depth < 30:
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
        if has_unknown_text(node) or _is_styled(node):
            return None
        shown = [v for k, v in inputs.items() if _SHOWN.fullmatch(k) and isinstance(v, str)]
        if shown and _is_preview(node):
            return shown[-1]
        parts = _list_parts(inputs)
        if len(parts) > 1:
            return self._join_parts(node, parts, depth)
        # The second output of a node with two prompts is the negative one.
        negative = _PROMPT_INPUTS["negative"] if output == 1 else ()
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
        # Nodes may join a text with itself repeatedly.
        if len(known) < len(texts) or sum(map(len, known)) > 100_000:
            return None
        stated = [inputs[name] for name in _DELIMITERS if isinstance(inputs.get(name), str)]
        delimiters = [text[:100].replace("\\n", "\n") for text in stated]
        joints = [(name, table) for name, table in _JOINTS.items() if name in inputs]
        delimiters += [table.get(as_text(inputs[name]), "") for name, table in joints]
        return delimiters[0].join(filter(None, known)) if delimiters else None


def _list_prompt_values(node: Node, side: str, others: tuple[str, ...] = ()) -> list[Any]:
    """Return the values or links that make up a node's prompt, in order; [] if it has none."""
    inputs = node["inputs"]
    for name in (*_PROMPT_INPUTS[side], *others):
        value = inputs.get(name)
        if name.startswith("optional_") and isinstance(value, str):  # of a node that edits a pipe
            replaces = inputs.get("conditioning_mode", "replace") == "replace"
            value = None if not value.strip() else value if replaces else _UNKNOWN
        if value is not None:
            before = inputs.get(f"prepend_{name}")
            return [value] if get_linked_node(before) is None else [before, value]
    return []


def _may_be_text(value: object) -> bool:
    return isinstance(value, str) or get_linked_node(value) is not None


def _is_styled(node: Node) -> bool:
    """Return whether a node adds the words of a style to a text."""
    inputs = node["inputs"]
    style = inputs.get("style") if "text_positive" in inputs else inputs.get("select_styles")
    return isinstance(style, str) and style.lower() not in {"", "none", "no style"}


def _is_preview(node: Node) -> bool:
    kind = get_node_type(node).lower()
    return "show" in kind or "display" in kind or "preview" in kind


def _list_parts(inputs: Mapping[str, Any]) -> list[str]:
    return list(islice((name for name in inputs if _PART.fullmatch(name)), 20))


_PLOT = re.compile(r"xyz?[ _]?(?:plot|grid)|xy save grid", re.IGNORECASE)
_AXIS_NAMES = re.compile(r"[xyz]_?(?:axis|type)", re.IGNORECASE)  # inputs that name an axis
_ASSIGNED = re.compile(r"\[\w{1,20}:(\w{1,50})")  # tinyterraNodes: `[4:text='a cat']`
_MODEL, _PROMPTS = ("models", "clipSkip"), ("prompt", "negativePrompt")
# A word in an axis' name: the record's keys that the axis varies.
_VARIED: Mapping[str, tuple[str, ...]] = {
    "aesthetic": (),
    "cfg": ("cfgScale",),
    "checkpoint": _MODEL,
    "ckpt": _MODEL,
    "clip skip": ("clipSkip",),
    "clip_skip": ("clipSkip",),
    "cond": _PROMPTS,
    "control": (),
    "denoise": ("denoise", "Denoising strength"),
    "guidance": ("Distilled CFG Scale",),
    "lora": ("additionalResources",),
    "model": _MODEL,
    "noise": (),
    "nothing": (),
    "prompt": _PROMPTS,
    "refiner": (),
    "sampler": ("sampler", "scheduler"),
    "scheduler": ("sampler", "scheduler"),
    "seed": ("seed",),
    "step": ("steps",),
    "text": _PROMPTS,
    "vae": ("vaes",),
}


def remove_varied_values(nodes: Nodes, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a graph that are the same in all images of its X/Y plot.

    Return all parameters if the graph makes no plot, and {} if it is unknown which ones differ.
    """
    for plot in (node for node in nodes.values() if _PLOT.search(get_node_type(node))):
        names = islice(_iter_axis_names(nodes, plot), 100)
        axes = [[keys for word, keys in _VARIED.items() if word in name] for name in names]
        if not axes or [] in axes:
            return {}
        varied = {key for keys in chain.from_iterable(axes) for key in keys}
        parameters = {key: value for key, value in parameters.items() if key not in varied}
    return parameters


def _iter_axis_names(nodes: Nodes, plot: Node) -> Iterator[str]:
    """Yield the lower-case names of a plot's axes, "" for one whose name is unknown."""

    def list_joined(node_id: NodeId) -> list[NodeId]:
        inputs = nodes[node_id]["inputs"] if node_id in nodes else {}
        links = map(get_linked_node, map(inputs.get, ("XY_1", "XY_2")))
        return [link for link in links if link is not None]

    for name, value in plot["inputs"].items():
        link = get_linked_node(value)
        if name in ("X", "Y", "x", "y", "z") and link is not None:
            for node_id in walk_nodes([link], list_joined):
                if not list_joined(node_id):
                    node = nodes.get(node_id, {"inputs": {}, "class_type": ""})
                    kind = node["inputs"].get("plot_type", get_node_type(node))
                    yield kind.lower() if isinstance(kind, str) else ""
        elif not isinstance(value, str):
            continue
        elif _AXIS_NAMES.fullmatch(name) and value.lower() not in ("none", "nothing"):
            yield value.lower()
        else:
            yield from map(str.lower, _ASSIGNED.findall(value))

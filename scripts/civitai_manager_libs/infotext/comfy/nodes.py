"""The nodes of a graph and the values of their inputs."""

from __future__ import annotations

import ast
import json
import math
import operator
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from ...core import as_integer, as_mapping, as_number, as_text

MAX_NODES = 1_200  # the largest graph seen has 976
MAX_PARSED = 12_000_000  # bytes of memory; the largest graphs and workflows known take 7,000,000
_COSTS = {"[": 72, "{": 80, ",": 40, ":": 110, '"': 28, "\\": 40}  # bytes for each, at most
_STRING_OR_UNDEFINED = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|\bundefined\b', re.DOTALL)
SEEDS = ("seed", "noise_seed")  # the inputs of samplers

Node = Mapping[str, Any]
NodeId = str
Nodes = Mapping[NodeId, Node]


def load_json(value: object) -> object:
    """Return the value of a JSON text, or `value` itself if it is not a text.

    NaN and `undefined`, which some programs write, become None. Return None if the text is not
    valid JSON, or if it might take more than MAX_PARSED bytes of memory once it is parsed.
    """
    if not isinstance(value, str):
        return value
    if estimate_parsed_size(value) > MAX_PARSED:
        return None
    parse = partial(json.loads, parse_constant=lambda _: None)  # NaN and the like
    try:
        return parse(value)
    except (ValueError, RecursionError):
        # An escape costs the regular expression 130 bytes.
        if "undefined" not in value or value.count("\\") > 80_000:
            return None
    value = _STRING_OR_UNDEFINED.sub(lambda m: m[0] if m[0].startswith('"') else "null", value)
    try:
        return parse(value)
    except (ValueError, RecursionError):
        return None


def estimate_parsed_size(text: str) -> int:
    """Return the most memory, in bytes, that a JSON text may take once it is parsed."""
    return len(text) + sum(cost * text.count(sign) for sign, cost in _COSTS.items())


def read_api_nodes(graph: object) -> Nodes:
    """Return the well-formed nodes of a ComfyUI graph in API format, by id.

    Return {} if the graph is malformed or has more than MAX_NODES nodes.
    """
    if not isinstance(graph, Mapping) or len(graph) > MAX_NODES:
        return {}
    return {
        str(node_id): node
        for node_id, node in graph.items()
        if isinstance(node, Mapping) and isinstance(node.get("inputs"), Mapping)
    }


def get_node_type(node: Node) -> str:
    return str(node.get("class_type"))


def get_link(value: object) -> tuple[NodeId, int] | None:
    """Return (node id, output number) if an input's value is a link, else None."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    node_id, output = value
    known = isinstance(node_id, (str, int))
    return (str(node_id), output if isinstance(output, int) else 0) if known else None


def get_linked_node(value: object) -> NodeId | None:
    """Return the id of the node that an input is linked to, None if the input is not linked."""
    link = get_link(value)
    return link[0] if link else None


def list_feeding_nodes(node: Node, input_names: tuple[str, ...] = ()) -> list[NodeId]:
    """Return the ids of the nodes to which a node's inputs are linked.

    input_names: the inputs to follow; if none of them is linked, all inputs are followed.
    """
    inputs = node["inputs"]
    links = [link for name in input_names if (link := get_linked_node(inputs.get(name)))]
    return links or [link for link in map(get_linked_node, inputs.values()) if link]


def walk_nodes(
    starts: Iterable[NodeId], list_next: Callable[[NodeId], Iterable[NodeId]]
) -> Iterator[NodeId]:
    """Yield the ids in `starts`, then those `list_next` leads to, nearest first, each once."""
    seen = dict.fromkeys(starts)
    queue = deque(seen)
    while queue:
        node_id = queue.popleft()
        yield node_id
        for other in list_next(node_id):
            if other not in seen:
                seen[other] = None
                queue.append(other)


def iter_upstream(nodes: Nodes, start: NodeId, input_names: tuple[str, ...] = ()) -> Iterator[Node]:
    """Yield the node `start` and all nodes on which its inputs depend, nearest first.

    input_names: the inputs to follow; at a node where none of them is linked, follow all inputs.
    """

    def list_next(node_id: NodeId) -> list[NodeId]:
        return list_feeding_nodes(nodes[node_id], input_names) if node_id in nodes else []

    return (nodes[each] for each in walk_nodes([start], list_next) if each in nodes)


_GetInput = Callable[[str], Any]  # an input's value, None if missing; raises ValueError if unknown
_LARGEST = 2**64
_DIMENSIONS = re.compile(r"(\d{3,5}) ?[x×] ?(\d{3,5})")
# Comfyroll's presets that make an image of another size than they say.
_MISPRINTS = {"Banner - 468x60", "Facebook Landscape - 1080x1350", "LinkedIn Page Cover - 1128x191"}
_parse_once = lru_cache(maxsize=4)(load_json)  # thousands of nodes may read the same text
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_EASY_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "modulo": "%"}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "abs": abs,
    "ceil": math.ceil,
    "floor": math.floor,
    "int": int,
    "float": float,
    "max": max,
    "min": min,
    "round": round,
}


def can_compute(node_type: str) -> bool:
    """Return whether the outputs of this type of ComfyUI node can be computed from its inputs."""
    return node_type in _COMPUTED


def compute_output(node_type: str, output: int, get_input: _GetInput) -> Any:
    """Return the value of a ComfyUI node's output, computed from its inputs; None if it is unknown.

    output: the output's number. get_input: returns the value of an input by name, None if the input
    is missing; it raises ValueError if the value is unknown.
    """
    try:
        outputs = _COMPUTED[node_type](get_input) if node_type in _COMPUTED else ()
    except (ArithmeticError, SyntaxError, TypeError, ValueError, RecursionError):
        return None
    return outputs[output] if 0 <= output < len(outputs) else None


def compute_size(node_type: str, get_input: _GetInput) -> tuple[int, int] | None:
    """Return a node's latent (width, height), (0, 0) if unknown, None if it makes no such image."""
    if _COMPUTED.get(node_type) not in (_read_preset_size, _read_listed_size):
        return None
    first = 0 if _COMPUTED[node_type] is _read_preset_size else 1
    width, height = (compute_output(node_type, first + side, get_input) for side in (0, 1))
    return as_integer(width) or 0, as_integer(height) or 0


def _compute_resolution(get: _GetInput) -> tuple[Any, ...]:
    # comfy_extras/nodes_resolution.py
    megapixels, multiple = as_number(get("megapixels")), as_integer(get("multiple")) or 8
    sides = _scale_ratio(get("aspect_ratio"), (megapixels or 0) * 1024 * 1024)
    return tuple(round(side / multiple) * multiple for side in sides)


def _compute_flux_resolution(get: _GetInput) -> tuple[Any, ...]:
    # gseth/ControlAltAI-Nodes
    custom = get("custom_ratio") and get("custom_aspect_ratio")
    megapixels, multiple = as_number(get("megapixel")), as_integer(get("divisible_by"))
    multiple = multiple or (64 if megapixels in (1, 1.5) else 32)  # in versions without that input
    sides = _scale_ratio(custom or get("aspect_ratio"), (megapixels or 0) * 1_000_000)
    return tuple(round(int(side) / multiple) * multiple for side in sides)


def _scale_ratio(ratio: object, pixels: float) -> list[float]:
    """Return [width, height] with the ratio in a text such as "16:9" and an area of `pixels`."""
    match = re.match(r"(\d{1,3}):(\d{1,3})\b", str(ratio))
    if match is None or not pixels:
        return []
    sides = int(match[1]), int(match[2])
    return [side * math.sqrt(pixels / (sides[0] * sides[1])) for side in sides]


def _read_json_value(get: _GetInput) -> tuple[Any, ...]:
    value = as_mapping(_parse_once(str(get("json_string"))[:10_000])).get(get("key"))
    return (value if isinstance(value, (str, int, float)) else json.dumps(value),) if value else ()


def _join_director_prompts(get: _GetInput) -> tuple[Any, ...]:
    """Return (model, prompt) for the node LTXDirector; a line for each scene follows the prompt.

    The model is not read. Return () if the node remakes a part of a video.
    """
    timeline = as_mapping(load_json(get("timeline_data")))
    if timeline.get("retakeMode"):
        return ()
    parts = (get("global_prompt") or timeline.get("global_prompt"), get("local_prompts"))
    return None, "\n".join(filter(None, map(as_text, parts)))


def _replace_text(get: _GetInput) -> tuple[Any, ...]:
    text, find, replacement = (get(name) for name in ("string", "find", "replace"))
    if not all(isinstance(part, str) for part in (text, find, replacement)) or not find:
        return ()
    if len(text) + text.count(find) * len(replacement) > 100_000:
        return ()
    return (text.replace(find, replacement),)


def _convert_number(get: _GetInput) -> tuple[Any, ...]:
    number = as_number(get("value"))
    return () if number is None else (number, int(number))


def _read_preset_size(get: _GetInput) -> tuple[Any, ...]:
    # Suzie1/ComfyUI_Comfyroll_CustomNodes, nodes/nodes_aspect_ratio.py
    preset = str(get("aspect_ratio"))
    match = _DIMENSIONS.search(preset)
    if preset in _MISPRINTS or match is None and preset != "custom":
        return ()
    stated = match.groups() if match else (get("width"), get("height"))
    sides = [as_number(side) or 0 for side in stated]
    factor = get("prescale_factor")
    scaled = [int(side * (1 if factor is None else as_number(factor) or 0)) for side in sides]
    return tuple(reversed(scaled) if get("swap_dimensions") == "On" else scaled)


def _read_listed_size(get: _GetInput) -> tuple[Any, ...]:
    """Return (latent image, width, height) for a listed size, () if unknown; no image is read."""
    match = _DIMENSIONS.match(str(get("resolution") or get("dimensions")))
    if match is None:
        return ()
    sides = [int(side) for side in match.groups()]
    other = (as_integer(get(f"{name}_override")) for name in ("width", "height"))
    sides = [stated or side for stated, side in zip(other, sides)]
    return None, *(reversed(sides) if get("invert") is True else sides)


def _read_scaled_size(get: _GetInput) -> tuple[Any, ...]:
    """Return (latent image, width, height) for rgthree's SDXL Empty Latent Image, () if unknown."""
    match = re.match(r"(\d{3,5}) ?x ?(\d{3,5})", str(get("dimensions")))
    scale = as_number(get("clip_scale"))
    if match is None or scale is None:
        return ()
    return (None, *(int(int(side) * scale) for side in match.groups()))


def _read_resized_size(get: _GetInput) -> tuple[Any, ...]:
    """Return (None, width, height) for the node ImageResize+, whose first output is an image."""
    other = get("keep_proportion") or get("multiple_of") or get("condition") != "always"
    is_stretched = not other and get("method") in (None, "stretch")
    return (None, get("width"), get("height")) if is_stretched else ()


def _multiply_whole(get: _GetInput) -> tuple[Any, ...]:
    integer, multiple = as_number(get("integer")), as_number(get("multiple"))
    if integer is None or multiple is None:
        return ()
    return int(integer * multiple), integer * multiple


def _compute_expression(get: _GetInput, prefix: str) -> tuple[float, int]:
    text = get("expression")
    if not isinstance(text, str) or len(text) > 300:
        raise ValueError("no expression")
    value = _evaluate(text.strip(), lambda name: get(prefix + name))
    return float(value), int(value)


def _evaluate(expression: ast.AST | str, get: _GetInput) -> Any:
    """Return an arithmetic expression's value; raise ValueError for others and large values."""
    if isinstance(expression, str):
        expression = ast.parse(expression, mode="eval").body
    value: Any = None
    if isinstance(expression, ast.Constant) and type(expression.value) in (int, float):
        value = expression.value
    elif isinstance(expression, ast.Name):
        value = as_number(get(expression.id))
        value = int(value) if value is not None and value == int(value) else value
    elif isinstance(expression, ast.BinOp) and type(expression.op) in _OPERATORS:
        value = _OPERATORS[type(expression.op)](
            _evaluate(expression.left, get), _evaluate(expression.right, get)
        )
    elif isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        value = -_evaluate(expression.operand, get)
    elif (
        isinstance(expression, ast.Call)
        and isinstance(expression.func, ast.Name)
        and not expression.keywords
    ):
        call = _FUNCTIONS.get(expression.func.id)
        value = call(*(_evaluate(each, get) for each in expression.args)) if call else None
    if value is None or not abs(value) < _LARGEST:
        raise ValueError("unknown number")
    return value


_COMPUTED: Mapping[str, Callable[[_GetInput], tuple[Any, ...]]] = {
    "CR Aspect Ratio": _read_preset_size,
    "CR Aspect Ratio Banners": _read_preset_size,
    "CR Aspect Ratio SDXL": _read_preset_size,
    "CR Aspect Ratio Social Media": _read_preset_size,
    "CR Integer Multiple": _multiply_whole,
    "CR SD1.5 Aspect Ratio": _read_preset_size,
    "CR SDXL Aspect Ratio": _read_preset_size,
    "CR_Aspect Ratio For Print": _read_preset_size,
    "ComfyMathExpression": lambda get: _compute_expression(get, "values."),
    "ComfyNumberConvert": _convert_number,
    "CustomCombo": lambda get: (get("choice"), get("index")),
    "EmptyLatentImagePresets": _read_listed_size,
    "FluxResolutionNode": _compute_flux_resolution,
    "ImageResize+": _read_resized_size,
    "JsonExtractString": _read_json_value,
    "LTXDirector": _join_director_prompts,
    "MathExpression|pysssss": lambda get: _compute_expression(get, "")[::-1],
    "ResolutionMaster": lambda get: () if get("auto_detect") else (get("width"), get("height")),
    "ResolutionSelector": _compute_resolution,
    "SDXL Empty Latent Image (rgthree)": _read_scaled_size,
    "SDXLEmptyLatentSizePicker+": _read_listed_size,
    # SeargeDP/SeargeSDXL, modules/_legacy.py: its `/` rounds down
    "SeargeIntegerMath": lambda get: (int(_evaluate(str(get("op")).replace("/", "//"), get)),),
    "SeargeIntegerPair": lambda get: (get("value1"), get("value2")),
    "StringReplace": _replace_text,
    "easy mathInt": lambda get: (int(_evaluate(f"a {_EASY_SIGNS.get(get('operation'))} b", get)),),
    "mxSlider": lambda get: (get("Xf") if get("isfloatX") else get("Xi"),),
}


_MAX_VISITS = 20  # nodes behind an input that determine its value
# The inputs in which nodes hold a value for other nodes.
_HOLDERS = tuple("value Value seed noise_seed int float number text string boolean".split())
# Nodes that pass on their input.
_PASSING_NODES = re.compile(
    r"reroute|primitive|convert|cast|show|display|preview|^any"
    r"|to ?(?:int|float|number|string|text)|(?:int|float|number|string|text)s? ?to"
)
# Nodes whose output text cannot be known: those that change a text, and language models.
_UNKNOWN_TEXT = re.compile(
    r"replace|regex|random|wildcard|translat|caption|llm|gpt|florence|generat|parse|format|preset"
    r"|load ?(?:text|prompt|string)|prompt ?li(?:ne|st)|from ?file|chat ?node|claude|gemini|grok"
    r"|openrouter|ollama|describe|interrogat|enhance"
)
_LANGUAGE_MODEL_INPUTS = {"temperature", "max_tokens", "max_new_tokens", "system_prompt"}
# Inputs that carry several values for a sampler.
BUNDLES = tuple(
    "pipe basic_pipe base_basic_pipe sdxl_tuple base_ctx context ctx_01 base_sampler options"
    " data settings sdxl_pipe optional_pipe models_pipe config_pipe".split()
)
_IGNORED_NODES = {"SeargeImage2ImageAndInpainting"}  # hold the values of a mode that is not used
# Nodes that inherit their missing values from the sampler before them: the input that leads there.
_INHERITING_NODES = {
    "ClownsharkChainsampler": "latent_image",
    "ClownsharkChainsampler_Beta": "latent_image",
}
# Inputs that do not lead to numbers.
_OTHER_INPUTS = {"model", "clip", "vae", "positive", "negative", "conditioning", "image", "images"}
_OTHER_INPUTS |= {"latent", "latent_image", "samples", "pixels", "mask", "control_net"}


def resolve_value(nodes: Nodes, value: object, names: tuple[str, ...] = ()) -> Any:
    """Return the text, number or bool of an input, None if unknown.

    value: the input's value, or its link to the node that holds or computes the value. names:
    inputs to prefer if that node holds several values.
    """
    return _resolve(nodes, value, names, [_MAX_VISITS])


def _resolve(nodes: Nodes, value: object, names: tuple[str, ...], left: list[int]) -> Any:
    while (link := get_link(value)) is not None:
        node, output = nodes.get(link[0]), link[1]
        left[0] -= 1
        if node is None or left[0] < 0:
            return None
        if can_compute(kind := get_node_type(node)):
            value = compute_output(kind, output, make_input_getter(nodes, node, left))
        else:
            value = _read_held_value(node, names)
    value = as_mapping(value).get("content") if isinstance(value, Mapping) else value
    return value if as_text(value) and isinstance(value, (str, int, float)) else None


def make_input_getter(
    nodes: Nodes, node: Node, left: list[int] | None = None
) -> Callable[[str], Any]:
    """Return a function that returns the value of a node's input by name, None if it is missing.

    The function raises ValueError if the value is unknown. left: [number of nodes behind the inputs
    that may still be visited]; a new count if it is None.
    """
    visits = [_MAX_VISITS] if left is None else left

    def get(name: str) -> Any:
        source = node["inputs"].get(name)
        value = _resolve(nodes, source, (), visits)
        if value is None and get_linked_node(source) is not None:
            raise ValueError(name)
        return value

    return get


def _read_held_value(node: Node, names: tuple[str, ...]) -> object:
    inputs = node["inputs"]
    for name in (*names, *_HOLDERS):
        if name in inputs:
            return None if name in ("text", "string") and has_unknown_text(node) else inputs[name]
    links = list_feeding_nodes(node)
    passes = len(links) == 1 and _PASSING_NODES.search(get_node_type(node).lower())
    return [links[0], 0] if passes else None


def has_unknown_text(node: Node) -> bool:
    """Return whether a node outputs a text that cannot be known from its inputs."""
    is_changed = _UNKNOWN_TEXT.search(get_node_type(node).lower())
    return bool(is_changed) or not _LANGUAGE_MODEL_INPUTS.isdisjoint(node["inputs"])


def find_nearest_value(
    nodes: Nodes, start: NodeId, names: tuple[str, ...], input_names: tuple[str, ...] = ()
) -> Any:
    """Return the value of an input with one of these names, from the node nearest to `start`.

    Return None if there is no such input, or if its link leads to an unknown value. Bools are
    skipped. input_names: inputs of `start` to follow, besides those for many settings ("pipe").
    """
    for node in iter_setting_nodes(nodes, start, input_names):
        for name in () if get_node_type(node) in _IGNORED_NODES else names:
            source = node["inputs"].get(name)
            value = resolve_value(nodes, source, names)
            if value is not None and not isinstance(value, bool):
                return value
            if get_linked_node(source) is not None:
                return None
    return None


def iter_setting_nodes(nodes: Nodes, start: NodeId, input_names: tuple[str, ...]) -> Iterator[Node]:
    """Yield the node `start` and the nodes that hold its settings, nearest first.

    input_names: the inputs of `start` to follow. Inputs that carry many settings at once, such as
    "pipe", are always followed. From the other nodes, all inputs are followed except those for
    models, prompts and images.
    """

    def list_next(node_id: NodeId) -> Iterator[NodeId]:
        node = nodes.get(node_id, {"inputs": {}})
        inherited = _INHERITING_NODES.get(get_node_type(node))
        for name, value in node["inputs"].items():
            is_followed = name in BUNDLES or name == inherited or name in input_names
            link = get_linked_node(value)
            if link is not None and (is_followed or node_id != start and name not in _OTHER_INPUTS):
                yield link

    return (nodes[each] for each in walk_nodes([start], list_next) if each in nodes)

"""A ComfyUI workflow converted to a graph: names of values, components, groups, hidden links."""

import pytest
from cases import any_json, each_case, SCALARS
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.workflow import read_workflow_nodes
from hypothesis import given, strategies as st


def node(node_id, kind, values=(), links=(), **more):
    inputs = [{"name": name, "link": link} for name, link in dict(links).items()]
    return {"id": node_id, "type": kind, "widgets_values": values, "inputs": inputs, **more}


def sampler(*values):
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    return dict(zip(names, values))


def inputs_of(*nodes, links=(), **more):
    found = read_workflow_nodes({"nodes": list(nodes), "links": list(links), **more})
    return {node_id: each["inputs"] for node_id, each in found.items()}


@each_case(__file__, "unnamed_values_get_their_names")
def test_unnamed_values_get_their_names(kind, values, named):
    assert inputs_of(node(1, kind, values)) == {"1": named}


def test_names_of_widgets_are_read_from_newer_nodes_and_links_win_over_values():
    inputs = [
        {"name": "model", "link": "x"},
        {"name": "seed", "widget": {"name": "seed"}, "link": None},
        {"name": "flavour", "widget": {"name": "flavour"}, "link": None},
    ]
    new = {"id": "4:4", "type": "New", "inputs": inputs, "widgets_values": [7, "fixed", "sweet"]}
    links = [["x", "Base", 0, "4:4", 0, "MODEL"]]  # ids may be words
    named = {"seed": 7, "flavour": "sweet", "model": ["Base", 0]}
    assert inputs_of(new, links=links) == {"4:4": named}
    text = node(1, "CLIPTextEncode", ["left over"], {"text": 5})
    links = [{"id": 5, "origin_id": 2, "origin_slot": 0, "target_id": 1, "target_slot": 0}]
    assert inputs_of(text, links=links) == {"1": {"text": ["2", 0]}}


@pytest.mark.parametrize(
    ("inputs", "kinds", "outputs", "handed"),
    [
        (
            *({"clip": 6, "model": 5}, ("CLIP", "MODEL"), ("MODEL", "CLIP", "VAE")),
            {"0": ["3", 0], "1": ["4", 0]},
        ),
        (
            *({"positive": 5, "negative": 6}, ("CONDITIONING",) * 2, ("CONDITIONING",) * 2),
            {"0": ["3", 0], "1": ["4", 0]},
        ),
    ],
    ids=["by-type", "by-number"],
)
def test_muted_node_is_left_out_and_bypassed_node_passes_inputs_on(inputs, kinds, outputs, handed):
    muted, bypassed = node(1, "KSampler", [1], mode=2), node(2, "LoraLoader", [], inputs, mode=4)
    for each, kind in zip(bypassed["inputs"], kinds):
        each["type"] = kind
    bypassed["outputs"] = [{"type": kind} for kind in outputs]
    links = [[5, 3, 0, 2, 0, "X"], [6, 4, 0, 2, 1, "X"]]
    found = read_workflow_nodes({"nodes": [muted, bypassed], "links": links})
    assert found == {"2": {"class_type": "Bypassed", "inputs": handed}}


@each_case(__file__, "prompt_is_as_the_editor_sends_it")
@pytest.mark.parametrize(
    ("kind", "name"), [("CLIPTextEncode", "text"), ("Power Prompt (rgthree)", "prompt")]
)
def test_prompt_is_as_the_editor_sends_it(kind, name, text, sent):
    assert inputs_of(node(1, kind, [text]))["1"][name] == sent


@pytest.mark.parametrize(
    ("values", "seed"),
    [(["hello", 99], 99), (["hello"], 7), ([1, 2, 3], 7), ({}, 7)],
    ids=["its-own", "fewer", "more", "none"],
)
def test_values_of_a_group_win_over_those_of_inner_nodes(values, seed):
    group = {
        "id": "g",
        "inputs": [
            {"name": name, "type": kind}
            for name, kind in (("model", "MODEL"), ("text", "STRING"), ("seed", "INT"))
        ],
        "nodes": [node(1, "RandomNoise", [7, "fixed"], {"noise_seed": 1})],
        "links": [{"id": 1, "origin_id": -10, "origin_slot": 2, "target_id": 1, "target_slot": 0}],
    }
    found = inputs_of(node(5, "g", values), definitions={"subgraphs": [group]})
    stated = found["5:1"]["noise_seed"]
    assert (found[stated[0]]["value"] if isinstance(stated, list) else stated) == seed


@pytest.mark.parametrize(
    "setting, getting", [("SetNode", "GetNode"), ("easy setNode", "easy getNode")]
)
def test_get_node_reads_the_value_of_its_set_node(setting, getting):
    setter, getter = node(1, setting, ["seed"], {"INT": 5}), node(2, getting, ["seed"])
    found = inputs_of(setter, getter, links=[[5, 9, 0, 1, 0, "INT"]])
    assert found["2"] == {"": ["1", 0]} and found["1"]["INT"] == ["9", 0]


GROUP = {
    "id": "a-uuid",
    "inputs": [{"name": "model"}, {"name": "text"}],
    "nodes": [
        node(5, "CLIPTextEncode", ["of the group"], {"text": 51}),
        node(6, "KSampler", [7, "fixed", 20], {"model": 52, "positive": 53}),
    ],
    "links": [
        {"id": 51, "origin_id": -10, "origin_slot": 1, "target_id": 5, "target_slot": 0},
        {"id": 52, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 0},
        {"id": 53, "origin_id": 5, "origin_slot": 0, "target_id": 6, "target_slot": 1},
        {"id": 54, "origin_id": 6, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ],
}


def test_group_is_expanded():
    found = inputs_of(
        node(1, "CheckpointLoaderSimple", ["a.ckpt"]),
        node(2, "a-uuid", [], {"model": 8}),
        node(3, "VAEDecode", [], {"samples": 9}),
        links=[[8, 1, 0, 2, 0, "MODEL"], [9, 2, 0, 3, 0, "LATENT"]],
        definitions={"subgraphs": [GROUP]},
    )
    assert found["3"] == {"samples": ["2:out0", 0]}
    assert found["2:out0"] == {"": ["2:6", 0]}
    assert found["2:6"]["model"] == ["2:in0", 0] and found["2:6"]["positive"] == ["2:5", 0]
    assert found["2:in0"] == {"": ["1", 0]}
    assert found["2:5"] == {"text": "of the group"}  # nothing comes in there


def test_bypassed_group_passes_inputs_on():
    given = [{"name": "model", "type": "MODEL", "link": 8}]
    bypassed = {"id": 2, "type": "a-uuid", "mode": 4, "inputs": given}
    found = inputs_of(
        {**bypassed, "outputs": [{"type": "MODEL"}]},
        node(3, "KSampler", [], {"model": 9}),
        links=[[8, 1, 0, 2, 0, "MODEL"], [9, 2, 0, 3, 0, "MODEL"]],
        definitions={"subgraphs": [GROUP]},
    )
    assert found == {"2": {"0": ["1", 0]}, "3": {"model": ["2", 0]}}


def test_widget_keeps_its_value_if_a_bypassed_node_passes_nothing_on():
    chosen = {"name": "select", "type": "INT", "widget": {"name": "select"}, "link": 5}
    found = inputs_of(
        {"id": 1, "type": "ImpactSwitch", "inputs": [chosen], "widgets_values": [1, False]},
        node(2, "PrimitiveInt", [2, "fixed"], mode=4, outputs=[{"type": "INT"}]),
        links=[[5, 2, 0, 1, 0, "INT"]],
    )
    assert found["1"]["select"] == 1


def test_types_of_a_bypassed_node_are_not_compared_each_with_each():
    class Type(str):
        __hash__, compared = str.__hash__, 0

        def __eq__(self, other):
            Type.compared += 1
            return str(self) == str(other)

    sides = {side: [{"type": Type(f"{side}{n}")} for n in range(200)] for side in ("x", "y")}
    many = {"id": 1, "type": "X", "mode": 4, "inputs": sides["x"], "outputs": sides["y"]}
    assert inputs_of(many) == {"1": {}}
    assert Type.compared < 2_000


def test_groups_are_opened_a_few_times_and_a_huge_workflow_not_at_all():
    group = {"id": "g", "nodes": [node(1, "X")], "links": [[n, 9, 0, 9, 0] for n in range(9_000)]}
    outer = [node(n, "g") for n in range(100)]
    nodes = read_workflow_nodes({"nodes": outer, "definitions": {"subgraphs": [group]}})
    assert len(nodes) == 3
    itself = {"id": "g", "nodes": [node(1, "g"), node(2, "g")], "links": []}
    workflow = {"nodes": [node(1, "g")], "definitions": {"subgraphs": [itself]}}
    assert len(read_workflow_nodes(workflow)) <= 3_000
    assert read_workflow_nodes({"nodes": [node(i, "X") for i in range(3_001)]}) == {}


_names = st.sampled_from("id type inputs link name widget origin_id index".split())
_value = any_json(_names, 10, SCALARS | st.integers(-20, 20))
_KINDS = ["KSampler", "GetNode", "SetNode", "g", "X", "Anything Everywhere", "Seed Everywhere"]
_KINDS += ["Prompts Everywhere", "workflow>g"]
_node = st.fixed_dictionaries(
    {
        "id": st.integers(0, 4) | _value,
        "type": st.sampled_from(_KINDS) | _value,
        "widgets_values": _value,
        "inputs": _value,
        "mode": _value,
    }
)
_graph = st.fixed_dictionaries({"nodes": st.lists(_node, max_size=5), "links": _value})


@given(_graph, _graph, _value)
def test_any_workflow_can_be_read(workflow, group, drawn):
    workflow["extra"] = {"ue_links": drawn, "groupNodes": {"g": {**group, "external": drawn}}}
    group |= {"id": "g", "inputs": [{"name": "x"}]}
    nodes = read_workflow_nodes(workflow | {"definitions": {"subgraphs": [group]}})
    assert all(isinstance(each["inputs"], dict) for each in nodes.values())


def asked(title, **output):
    return {"type": "ComponentInput", "title": title, "outputs": [output]}


PIPE = [
    asked("02.Component Input", name="text", label="positive"),
    asked("01.Component Input", name="ckpt_name"),
    asked("03.Component Input", name="text", label="negative"),
    {"type": "ToBasicPipe", "title": "00"},
]
_ASKED = ("basic_pipe", "latent", "steps", "cfg", "seed", "sampler_name", "scheduler")
SAMPLE = [asked(f"{at:02}.Component Input", name=name) for at, name in enumerate(_ASKED)]
_VALUES = ["xl.sft", "a cat", "blurry"]
_SAMPLED = [30, 7, 42, "fixed", "euler", "normal"]
WORKFLOW = {
    "nodes": [
        node(1, "## pipe [1]", _VALUES, outputs=[{"type": "BASIC_PIPE"}]),
        node(2, "## ksample [2]", _SAMPLED, {"basic_pipe": 5, "latent": None}),
    ],
    "links": [[5, 1, 0, 2, 0, "BASIC_PIPE"]],
    "components": {"## pipe [1]": {"nodes": PIPE}, "## ksample [2]": {"nodes": SAMPLE}},
}


def test_values_of_a_component_get_the_names_of_its_inputs():
    told = {"prompt": "a cat", "negativePrompt": "blurry", "seed": 42, "steps": 30, "cfgScale": 7}
    told |= {"sampler": "euler", "scheduler": "normal", "models": ["xl.sft"]}
    assert read_graph({"workflow": WORKFLOW}) == told
    for odd in (3, [], {"## pipe [1]": 3}, {"## pipe [1]": {"nodes": [3, {}]}}):
        nodes = read_workflow_nodes({**WORKFLOW, "components": odd})
        assert nodes["1"]["inputs"] == {}
    component = {"nodes": [{"type": "ComponentInput", "outputs": [{"name": "text"}]}]}
    odd = {"id": 1, "type": "c", "widgets_values": ["a"], "inputs": [{"name": ["text"]}]}
    assert inputs_of(odd, components={"c": component})["1"] == {"text": "a"}


def inner(kind, values, inputs=(), outputs=()):
    given = [{"name": name, "type": kind} for name, kind in inputs]
    return {"type": kind, "widgets_values": values, "inputs": given} | {
        "outputs": [{"name": name, "type": name} for name in outputs]
    }


BASE = {
    "nodes": [
        inner("CheckpointLoaderSimple", ["old.ckpt"], outputs=("MODEL", "CLIP", "VAE")),
        inner("CLIPTextEncode", ["old"], [("clip", "CLIP")], ("CONDITIONING",)),
        inner("CLIPTextEncode", ["old"], [("clip", "CLIP")], ("CONDITIONING",)),
    ],
    "links": [[0, 1, 1, 0, 4, "CLIP"], [0, 1, 2, 0, 4, "CLIP"]],
    "external": [],
}
SAMPLING = {
    "nodes": [
        inner("Reroute", [], [("", "*")], ("*",)),
        inner(
            "KSampler",
            [7, "fixed", 20, 8, "euler", "normal", 1],
            [("model", "MODEL"), ("positive", "CONDITIONING"), ("negative", "CONDITIONING")],
            ("LATENT",),
        ),
    ],
    "links": [[None, 0, 0, 0, 4, "MODEL"], [0, 0, 1, 0, 4, "MODEL"]],
    "external": [],
    "config": {"0": {"input": {"MODEL": {"name": "model"}}}},
}


def read(mark=">", values=("new.ckpt", "a cat", "blurry"), base=BASE, sampling=SAMPLING):
    row = [9, "randomize", 30, 6, "dpmpp_2m", "karras", 1]
    names = ("model", "positive", "negative")
    given = [{"name": name, "link": at} for at, name in enumerate(names, 1)]
    nodes = [
        {"id": 5, "type": f"workflow{mark}Base", "widgets_values": list(values)},
        {"id": "s", "type": f"workflow{mark}Run", "widgets_values": row, "inputs": given},
        {"id": 8, "type": "SaveImage", "inputs": [{"name": "images", "link": 4}]},
    ]
    links = [[1, 5, 0, "s", 0], [2, 5, 2, "s", 1], [3, 5, 3, "s", 2], [4, "s", 0, 8, 0]]
    extra = {"groupNodes": {"Base": base, "Run": sampling}}
    return read_graph({"workflow": {"nodes": nodes, "links": links, "extra": extra}})


@pytest.mark.parametrize("mark", [">", "/"])
def test_group_node_is_expanded_with_its_own_values_if_they_fit(mark):
    found = read(mark)
    assert found["models"] == ["new.ckpt"]
    assert (found["prompt"], found["negativePrompt"]) == ("a cat", "blurry")
    assert (found["seed"], found["steps"], found["sampler"]) == (9, 30, "dpmpp_2m")
    found = read(mark, values=("new.ckpt", "a cat"))
    assert "models" not in found and "prompt" not in found and found["steps"] == 30
    odd = {"nodes": [None, 3], "links": "x", "external": [[[], 0], [{"index": []}, 1], None]}
    inner_odd = [{"inputs": [None], "outputs": 3}]
    more = {"nodes": inner_odd, "links": [[0, 0, 0, 0], [[], 0, 0, 0]]}
    for malformed in ({}, {"nodes": None}, odd, more):
        assert read(base=malformed)["steps"] == 30


@pytest.mark.parametrize("links", [SAMPLING["links"], [*SAMPLING["links"], [None, 0, 1, 3]]])
def test_values_are_left_out_if_a_linked_widget_shifts_them(links):
    sampler = SAMPLING["nodes"][1]
    seed = {"name": "seed", "type": "INT", "widget": {"name": "seed"}}
    nodes = [SAMPLING["nodes"][0], {**sampler, "inputs": [*sampler["inputs"], seed]}]
    found = read(sampling={**SAMPLING, "nodes": nodes, "links": links})
    assert ("steps" in found) is (links == SAMPLING["links"])


KSAMPLER = node(3, "KSampler", [7, "fixed", 20, 8, "euler", "normal", 1])
MODEL_INPUT, SEED_INPUT = {"name": "model", "type": "MODEL", "link": None}, {"name": "seed"}
LOADER = {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["a.ckpt"]}
LOADER["outputs"] = [{"type": "MODEL"}, {"type": "CLIP"}]
LATENT = {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]}


def read_linked(sender, **more):
    inputs = [MODEL_INPUT, {"name": "latent_image", "type": "LATENT", "link": 2}, SEED_INPUT]
    nodes = [{**KSAMPLER, "inputs": inputs}, LOADER, LATENT, sender]
    links = [[1, 4, 0, 10, 0, "*"], [2, 5, 0, 3, 1, "LATENT"]]
    return read_graph({"workflow": {"nodes": nodes, "links": links, **more}})


SENDER = {"id": 10, "type": "Anything Everywhere", "inputs": [{"name": "MODEL", "link": 1}]}
_DRAWN = {"downstream": 3, "downstream_slot": 0, "upstream": "4", "upstream_slot": 0}


@pytest.mark.parametrize("kind", ["Anything Everywhere", "Anything Everywhere3"])
def test_hidden_links_are_listed_in_the_file_or_made_by_type(kind):
    assert read_linked({**SENDER, "type": kind})["models"] == ["a.ckpt"]
    assert read_linked(SENDER, extra={"ue_links": [_DRAWN]})["models"] == ["a.ckpt"]
    for odd in ([{}], [None], "x", [{**_DRAWN, "downstream_slot": 99}]):
        assert read_linked(SENDER, extra={"ue_links": odd})["steps"] == 20
    seeds = {"id": 10, "type": "Seed Everywhere", "widgets_values": [99, "fixed"]}
    assert read_linked(seeds)["seed"] == 99  # which wins over the sampler's own


@pytest.mark.parametrize("saved", [[], [_DRAWN]])
def test_output_of_a_subgraph_is_sent_too(saved):
    inner = {"nodes": [LOADER], "links": [[1, 4, 0, -20, 0, "MODEL"]]}
    group = {"id": 4, "type": "group", "outputs": LOADER["outputs"]}
    nodes = [{**KSAMPLER, "inputs": [MODEL_INPUT, SEED_INPUT]}, group, SENDER]
    workflow = {"nodes": nodes, "links": [[1, 4, 0, 10, 0, "*"]], "extra": {"ue_links": saved}}
    workflow["definitions"] = {"subgraphs": [{"id": "group", **inner}]}
    assert read_graph({"workflow": workflow})["models"] == ["a.ckpt"]


@pytest.mark.parametrize("mode", [2, 4])
def test_muted_node_makes_no_links(mode):
    assert "models" not in read_linked({**SENDER, "mode": mode})

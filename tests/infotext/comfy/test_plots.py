"""The parameters that differ between the images of an X/Y plot are left out."""

from cases import each_case
from civitai_manager_libs.infotext.comfy import read_graph
from comfy_graphs import node

_SAMPLER = {"seed": 7, "steps": 20, "cfg": 7, "sampler_name": "euler", "scheduler": "normal"}
_SAMPLER |= {"denoise": 1, "model": ["2", 0], "positive": ["2", 1], "negative": ["2", 2]}
_SAMPLER |= {"latent_image": ["2", 3], "optional_vae": ["2", 4], "script": ["3", 0]}
_LOADER = {"ckpt_name": "a.ckpt", "vae_name": "a.vae.pt", "clip_skip": -2, "positive": "a cat"}
_LOADER |= {"lora_name": "b.safetensors", "lora_model_strength": 1, "lora_clip_strength": 1}
_LOADER |= {"negative": "blurry", "empty_latent_width": 512, "empty_latent_height": 768}
GRAPH = {"1": node("KSampler (Efficient)", **_SAMPLER), "2": node("Efficient Loader", **_LOADER)}
READ = read_graph({"prompt": GRAPH})


def left_out(plot, **axes):
    """Return the keys that are left out of a graph with a plot with these axes; None: all keys."""
    read = read_graph({"prompt": {**GRAPH, "3": plot, **axes}})
    assert read == {key: READ[key] for key in read}
    return sorted(set(READ) - set(read)) if read else None


@each_case(__file__, "parameters_that_an_axis_varies_are_left_out")
def test_parameters_that_an_axis_varies_are_left_out(x, y, varied):
    given = {"X": ["4", 0]} | ({"Y": ["5", 0]} if y else {})
    assert left_out(node("XY Plot", **given), **{"4": node(x), "5": node(str(y))}) == varied


@each_case(__file__, "plot_node_may_name_its_axes")
def test_plot_node_may_name_its_axes(plot, varied):
    assert left_out(plot) == varied


@each_case(__file__, "axis_that_is_entered_by_hand_varies_its_plot_type")
def test_axis_that_is_entered_by_hand_varies_its_plot_type(plot_type, varied):
    manual = node("XY Input: Manual XY Entry", plot_type=plot_type, plot_value="1; 2")
    joined = node("Join XY Inputs of Same Type", XY_1=["4", 0], XY_2=["4", 0])
    for axes in ({"X": ["4", 0]}, {"Y": ["5", 0]}):
        assert left_out(node("XY Plot", **axes), **{"4": manual, "5": joined}) == varied

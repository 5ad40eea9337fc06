"""The parameters that differ between the images of an X/Y plot are left out."""

import pytest
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
    """Return the keys that are left out if the graph has a plot with these axes."""
    read = read_graph({"prompt": {**GRAPH, "3": plot, **axes}})
    assert read == {key: READ[key] for key in read}
    return set(READ) - set(read)


@pytest.mark.parametrize(
    ("x", "y", "varied"),
    [
        ("XY Input: Seeds++ Batch", None, {"seed"}),
        ("XY Input: Sampler/Scheduler", "XY Input: Steps", {"sampler", "scheduler", "steps"}),
        ("XY Input: Checkpoint", "XY Input: VAE", {"models", "clipSkip", "vaes"}),
        ("XY Input: Clip Skip", "XY Input: CFG Scale", {"clipSkip", "cfgScale"}),
        ("XY Input: LoRA Plot", "XY Input: LoRA Plot", {"additionalResources"}),
        ("XY Input: Lora Block Weight //Inspire", None, {"additionalResources"}),
        ("XY Input: Prompt S/R", None, {"prompt", "negativePrompt"}),
        ("easy XYInputs: ModelMergeBlocks", None, {"models", "clipSkip"}),
        ("XY Input: Control Net Plot", "XY Input: Denoise", {"denoise"}),
        ("XY Input: Unknown Entry", "XY Input: VAE", set(READ)),
    ],
)
def test_parameters_that_an_axis_varies_are_left_out(x, y, varied):
    given = {"X": ["4", 0]} | ({"Y": ["5", 0]} if y else {})
    assert left_out(node("XY Plot", **given), **{"4": node(x), "5": node(str(y))}) == varied


@pytest.mark.parametrize(
    ("plot", "varied"),
    [
        (
            node("ttN advanced xyPlot", x_plot="<1:a>\n[4:text='b']", y_plot="<1:c>\n[1:seed='3']"),
            {"prompt", "negativePrompt", "seed"},
        ),
        (node("ttN advanced xyPlot", x_plot="<1:a>\n[4:odd='b']", y_plot=""), set(READ)),
        (node("ttN xyPlot", x_axis="cfg", x_values="1; 2", y_axis="None"), {"cfgScale"}),
        (node("XY Plot", X_type="Steps", X_value="1; 2", Y_type="Nothing"), {"steps"}),
        (node("XY Plot"), set(READ)),
        (node("CR XY Save Grid Image", images=["1", 5]), set(READ)),
    ],
    ids=["ttN", "ttN-unknown", "ttN-1", "Efficient-1", "no-axes", "a-saved-grid"],
)
def test_plot_node_may_name_its_axes(plot, varied):
    assert left_out(plot) == varied


@pytest.mark.parametrize(
    ("plot_type", "varied"),
    [
        ("Nothing", set()),
        ("Steps", {"steps"}),
        ("Sampler", {"sampler", "scheduler"}),
        ("VAE", {"vaes"}),
        ("LoRA", {"additionalResources"}),
        ("Positive Prompt S/R", {"prompt", "negativePrompt"}),
        ("Something new", set(READ)),
        (["99", 0], set(READ)),
    ],
)
def test_axis_that_is_entered_by_hand_varies_its_plot_type(plot_type, varied):
    manual = node("XY Input: Manual XY Entry", plot_type=plot_type, plot_value="1; 2")
    joined = node("Join XY Inputs of Same Type", XY_1=["4", 0], XY_2=["4", 0])
    for axes in ({"X": ["4", 0]}, {"Y": ["5", 0]}):
        assert left_out(node("XY Plot", **axes), **{"4": manual, "5": joined}) == varied

"""The model and the LoRAs of a ComfyUI graph, by the kinds of loaders."""

from cases import each_case
from civitai_manager_libs.infotext.comfy.loaders import list_loras, find_model
from comfy_graphs import node


def nodes_with(loader):
    return {
        "0": node("KSampler", model=["1", 0]),
        "1": loader,
        "2": node("CheckpointLoaderSimple", ckpt_name="sd/base.ckpt"),
        "3": node("LoRA Stacker", lora_count=1, lora_name_1="stacked.sft", lora_wt_1=0.3),
    }


@each_case(__file__, "loras_are_read_with_their_weights")
def test_loras_are_read_with_their_weights(loader, loras):
    assert list_loras(nodes_with(loader), "0") == loras


@each_case(__file__, "model_is_read")
def test_model_is_read(loader, model):
    assert find_model(nodes_with(loader), "0") == model

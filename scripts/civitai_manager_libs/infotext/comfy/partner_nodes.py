"""ComfyUI's partner nodes: one node calls a company's API with everything in its own inputs. Pure.

https://docs.comfy.org/tutorials/partner-nodes/overview
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...core import as_integer, as_text
from .nodes import get_linked_node, get_node_type, Node, NodeId, Nodes, resolve_value
from .prompts import TextResolver

# Types begin with a company's name; some companies also have nodes that write a text.
_PARTNER = re.compile(
    r"(?:Beeble|Bria|ByteDance\d?|Flux[23]|FluxKontext(?:Pro|Max)|FluxPro|Grok(?:Image|Video)"
    r"|Gemini(?:Image|Nano|Video)|HappyHorse|HeyGen\w*Video|Higgsfield|Ideogram|Kling|Krea\d"
    r"|LtxApi|LtxvApi|Luma|MetaMuse|Minimax\w*(?:Video|Image|Frame|Reference)|Moonvalley"
    r"|OpenAI(?:Dalle|GPTImage|Video)|OpenRouter(?:Image|Video)|Pika(?:dditions|ffects|swaps)?"
    r"|Pixverse|Pruna|Recraft|Reve|Runway|Stability(?:StableImage|Upscale)|Veo|Vidu"
    r"|(?:HunyuanImage|QwenImage|Wan)\w*Api)(?![a-z])"
)
# A record's key: the inputs that hold the value. Options of a model begin with "model.".
_TEXTS = {
    "prompt": ("prompt", "model.prompt", "prompt_text"),
    "negativePrompt": ("negative_prompt", "model.negative_prompt"),
}
_NUMBERS = {
    "seed": ("seed", "model.seed"),
    "steps": ("steps", "model.steps"),
    "cfgScale": ("cfg_scale",),
    "Distilled CFG Scale": ("guidance", "model.guidance"),
}
_DENOISE = ("image_denoise", "strength")  # count if there is an image
_SIZES = tuple(
    "size size_preset resolution ratio model.size model.size_preset model.resolution".split()
)
_SIDES = tuple(
    (f"{prefix}width", f"{prefix}height") for prefix in ("", "model.", "custom_", "model.custom_")
)
_DIMENSIONS = re.compile(r"(?<!\d)(\d{3,5}) ?[x×*:] ?(\d{3,5})(?!\d)")
# The first widgets of these nodes in a workflow that does not name them, as in `node_widgets.py`.
PARTNER_WIDGETS = {
    "model aspect_ratio resolution duration audio prompt ...": "Vidu3TextToVideoNode",
    "model duration resolution fps generate_audio prompt ...": "LtxApi25ImageToVideo"
    " LtxApi25TextToVideo",
    "model prompt ...": "ByteDance2FirstLastFrameNode ByteDance2ReferenceNode"
    " ByteDance2ReferenceNodeV2 ByteDance2TextToVideoNode ByteDanceFirstLastFrameNode"
    " ByteDanceImageEditNode ByteDanceImageReferenceNode ByteDanceImageToVideoNode"
    " ByteDanceTextToVideoNode GeminiVideoOmniV2 GrokImageNode GrokVideoEditNode GrokVideoNode"
    " HappyHorseImageToVideoApi HappyHorseReferenceVideoApi HappyHorseTextToVideoApi"
    " HappyHorseVideoEditApi HeyGenImageToVideoNode HeyGenReferenceToVideoNode"
    " HeyGenTextToVideoNode HiggsfieldMotionTransferNode HunyuanImageEditApi"
    " HunyuanImageTextToImageApi IdeogramEditApi IdeogramPreciseEditApi IdeogramTextToImageApi"
    " IdeogramVectorGenerateApi Kling4EditVideoNode Kling4ImageToVideoNode"
    " Kling4ReferenceToVideoNode Kling4TextToVideoNode KlingImageToVideoWithAudio"
    " KlingOmniProEditVideoNode KlingOmniProFirstLastFrameNode KlingOmniProImageNode"
    " KlingOmniProImageToVideoNode KlingOmniProTextToVideoNode KlingOmniProVideoToVideoNode"
    " KlingTextToVideoWithAudio Krea3ImageNode MetaMuseImageEditApi MetaMuseImageTextToImageApi"
    " MinimaxHailuo03FirstLastFrameNode MinimaxHailuo03ReferenceNode"
    " MinimaxHailuo03TextToVideoNode OpenRouterImageNode PixverseV6FusionVideoNode"
    " PixverseV6ImageToVideoNode PixverseV6TextToVideoNode PrunaImageToVideoNode"
    " PrunaTextToVideoNode Vidu2ImageToVideoNode Vidu2ReferenceVideoNode Vidu2StartEndToVideoNode"
    " Vidu2TextToVideoNode Vidu4ImageToVideoNode Vidu4ReferenceVideoNode ViduImageToVideoNode"
    " ViduReferenceVideoNode ViduStartEndToVideoNode ViduTextToVideoNode Wan2VideoEditApi"
    " Wan3ImageToVideoApi Wan3ReferenceToVideoApi",
    "model prompt negative_prompt ...": "Wan2ImageToVideoApi Wan2ReferenceVideoApi"
    " Wan2TextToVideoApi WanImageToImageApi WanImageToVideoApi",
    "model prompt negative_prompt size ...": "QwenImageEditApi WanReferenceVideoApi"
    " WanTextToVideoApi",
    "model prompt negative_prompt width height ...": "QwenImageTextToImageApi WanTextToImageApi",
    "model prompt size ...": "OpenAIVideoSora2",
    "model prompt size_preset width height ...": "ByteDanceImageNode ByteDanceSeedreamNode",
    "model resolution duration audio prompt ...": "Vidu3ImageToVideoNode",
    "prompt ...": "BeebleSwitchXImageEdit BeebleSwitchXVideoEdit Flux3ImageNode"
    " Flux3ImageToVideoNode Flux3MaxImageToVideoNode Flux3MaxTextToVideoNode Flux3TextToVideoNode"
    " FluxProUltraImageNode IdeogramPImage IdeogramV4 LumaRay32ImageToVideoNode"
    " LumaRay32TextToVideoNode LumaRay32VideoEditNode PixverseImageToVideoNode"
    " PixverseTextToVideoNode PixverseTransitionVideoNode RunwayFirstLastFrameNode"
    " RunwayImageToVideoNodeGen3a",
    "prompt aspect_ratio guidance steps ...": "FluxKontextMaxImageNode FluxKontextProImageNode",
    "prompt aspect_ratio negative_prompt ...": "Veo3VideoGenerationNode VeoVideoGenerationNode",
    "prompt aspect_ratio resolution ...": "IdeogramV3",
    "prompt aspect_ratio style_preset ...": "StabilityStableImageUltraNode",
    "prompt duration ratio ...": "RunwayImageToVideoNodeGen4",
    "prompt image_weight model ...": "LumaImageModifyNode",
    "prompt model ...": "GeminiImage2Node GeminiImageNode GeminiNanoBanana2 GeminiNanoBanana2V2"
    " GrokImageEditNodeV2 GrokVideoExtendNode GrokVideoReferenceNode Krea2ImageNode"
    " LumaImageEditNode2 LumaImageNode LumaImageNode2 LumaImageToVideoNode LumaVideoNode",
    "prompt model aspect_ratio style_preset cfg_scale ...": "StabilityStableImageSD_3_5Node",
    "prompt model model.size_preset model.width model.height ...": "ByteDanceSeedreamNodeV3",
    "prompt model model.width model.height ...": "Flux2ImageNode",
    "prompt model size ...": "OpenAIGPTImageNodeV2",
    "prompt n strength ...": "RecraftImageToImageNode",
    "prompt negative_prompt ...": "BriaGenFill BriaImageGenerate MoonvalleyImg2VideoNode"
    " MoonvalleyTxt2VideoNode MoonvalleyVideo2VideoNode",
    "prompt negative_prompt cfg_scale ...": "KlingCameraControlI2VNode KlingCameraControlT2VNode"
    " KlingStartEndFrameNode KlingTextToVideoNode KlingVideoExtendNode",
    "prompt negative_prompt image_type image_fidelity human_fidelity model_name ...": ""
    "KlingImageGenerationNode",
    "prompt negative_prompt model size ...": "RecraftV4TextToImageNode RecraftV4TextToVectorNode",
    "prompt negative_prompt model_name cfg_scale ...": "KlingImage2VideoNode",
    "prompt prompt_upsampling guidance steps ...": "FluxProFillNode",
    "prompt prompt_upsampling skip_preprocessing guidance steps ...": "FluxProDepthNode",
    "prompt prompt_upsampling top bottom left right guidance steps ...": "FluxProExpandNode",
    "prompt prompt_upsampling width height ...": "FluxProImageNode",
    "prompt ratio ...": "RunwayTextToImageNode",
    "prompt seed quality background size ...": "OpenAIGPTImage1",
    "prompt seed quality style size": "OpenAIDalle3",
    "prompt seed size n": "OpenAIDalle2",
    "prompt size ...": "RecraftTextToImageNode",
    "prompt substyle size ...": "RecraftTextToVectorNode",
    "prompt turbo aspect_ratio ...": "IdeogramV1",
    "prompt turbo aspect_ratio resolution ...": "IdeogramV2",
    "prompt width height ...": "Flux2MaxImageNode Flux2ProImageNode",
    "prompt_text ...": "MinimaxHailuoVideoNode",
    "prompt_text model ...": "MinimaxImageToVideoNode MinimaxSubjectToVideoNode"
    " MinimaxTextToVideoNode",
}


def is_partner_node(node: Node) -> bool:
    """Return whether a node makes an image or a video from a prompt by a company's API."""
    has_prompt = any(name in node["inputs"] for name in _TEXTS["prompt"])
    return has_prompt and _PARTNER.match(get_node_type(node)) is not None


def read_partner_node(nodes: Nodes, node_id: NodeId) -> dict[str, Any]:
    """Return the generation parameters of a partner node, under the keys of Civitai's `meta`."""
    inputs, resolver = nodes[node_id]["inputs"], TextResolver(nodes)

    def find(names: tuple[str, ...]) -> Any:  # a link counts more than a widget's old value
        stated = [inputs[name] for name in names if name in inputs]
        return next((value for value in stated if get_linked_node(value)), [*stated, None][0])

    found: dict[str, Any] = {k: resolve_value(nodes, find(names)) for k, names in _NUMBERS.items()}
    found |= {key: resolver.resolve(find(names)) for key, names in _TEXTS.items()}
    model = as_text(resolve_value(nodes, find(("model", "model_name"))))
    found["models"] = None if model.lower() in {"", "auto", "none"} else [model]
    found["width"], found["height"] = _read_size(nodes, inputs)
    if get_linked_node(inputs.get("image")) is not None:
        found["denoise"] = resolve_value(nodes, find(_DENOISE))
    return found


def _read_size(nodes: Nodes, inputs: Mapping[str, Any]) -> tuple[int | None, int | None]:
    for name in _SIZES:
        text = as_text(resolve_value(nodes, inputs.get(name)))
        match = _DIMENSIONS.search(text)
        if match is not None:
            return int(match[1]), int(match[2])
        if name in inputs and "custom" not in text.lower():
            return None, None
    for names in _SIDES:
        if all(name in inputs for name in names):
            width, height = (as_integer(resolve_value(nodes, inputs[name])) for name in names)
            return width, height
    return None, None

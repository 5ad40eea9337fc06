"""What is to be made, and how far an engine can make the same."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ..core import as_integer, model_file_stem
from ..infotext import Infotext, Loss, parse_infotext, parse_weights, translate_sampler
from .find import EngineKind

__all__ = [
    "Caution",
    "drop_lora",
    "Graph",
    "iter_cautions",
    "Listed",
    "Made",
    "match_file",
    "Missing",
    "Plan",
]
__all__ += ["PlanOptions", "Recipe", "Report", "Wanted"]

Graph = dict[str, dict[str, Any]]
Report = Callable[[float], None]  # called with how much is done, 0 to 1

_HASH = re.compile(r"[0-9a-f]{10}|[0-9a-f]{64}")
_NO_TAG = re.compile(r"<[^<>\n]{1,300}>")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_MANY_TOKENS = 70  # of words and signs; a text encoder has 75 places, and long words take several
_LORA_TAG = re.compile(r"(<(?:lora|lyco):([^:<>\n]{1,200})[^<>\n]{0,300}>)")
_NOISY = ("DPM fast", "LCM", "DDPM", "Restart")


@dataclass(frozen=True)
class Wanted:
    """A file that an image was made with.

    type: as of a Resource. path: of the file on this machine that it is, "" if unknown. other_path:
    of a file that has its name and is another one.
    """

    type: str
    name: str
    hash: str = ""
    path: str = ""
    other_path: str = ""


@dataclass(frozen=True)
class Recipe:
    """An image that is to be made again.

    infotext: with the seed to use. graph: the ComfyUI graph that made the image, None if another
    program did. is_other_seed: the seed is not the image's. base_model: as Civitai names it.
    """

    image_id: int
    infotext: str
    wanted: tuple[Wanted, ...] = ()
    base_model: str = ""
    graph: Graph | None = None
    is_other_seed: bool = False

    @property
    def seed(self) -> int:
        return as_integer(parse_infotext(self.infotext).parameters.get("Seed")) or 0


class PlanOptions(NamedTuple):
    """What the user allows. rebuilds: make a new graph in place of the image's own.

    drops_missing: make it without the LoRAs, VAE and upscaler that are missing. runs_custom_nodes:
    run a stranger's graph though it has nodes that are not ComfyUI's own.
    """

    rebuilds: bool = False
    drops_missing: bool = False
    runs_custom_nodes: bool = False


@dataclass(frozen=True)
class Listed:
    """A file as an engine lists it. name: the spelling to send. stems: names that mean it."""

    name: str
    stems: tuple[str, ...]
    path: str = ""
    hash: str = ""


class Missing(NamedTuple):
    """A file, node, sampler or the like that an engine lacks. is_other: a file has its name."""

    type: str
    name: str
    is_other: bool = False


class Caution(NamedTuple):
    """Why the image will not be the same. key: of a text, with `field` and `value`."""

    key: str
    field: str = ""
    value: str = ""


@dataclass(frozen=True)
class Plan:
    """What an engine is going to be asked. request: the JSON to send.

    custom_nodes: those of a stranger's graph that need the user's consent.
    """

    infotext: str
    request: Mapping[str, Any]
    missing: tuple[Missing, ...] = ()
    cautions: tuple[Caution, ...] = ()
    custom_nodes: tuple[str, ...] = ()

    @property
    def should_match(self) -> bool:
        return not self.cautions and not self.missing


@dataclass(frozen=True)
class Made:
    """The image that an engine has made. infotext: as it was really made, "" if unknown."""

    image: bytes = field(repr=False)
    infotext: str = ""
    remarks: tuple[Caution, ...] = ()


def match_file(wanted: Wanted, listed: Sequence[Listed]) -> Listed | Missing:
    """Return which listed file is the wanted one, by hash, by our own file, or by its only name.

    The name counts only if one file has it, and if that is not known to be another file.
    """
    code = wanted.hash.lower()
    if _HASH.fullmatch(code):
        for one in listed:
            size = min(len(code), len(one.hash))
            if size >= 10 and one.hash.lower()[:size] == code[:size]:
                return one
    for one in listed:
        if wanted.path and one.path and _is_same_path(one.path, wanted.path):
            return one
    names = {wanted.name.lower()}
    if wanted.path:  # in a folder that looks different to the engine
        names.add(model_file_stem(wanted.path).lower())
    named = [one for one in listed if names & {stem.lower() for stem in one.stems}]
    same = [one for one in named if one.name == wanted.name]
    found = same if len(named) > 1 and len(same) == 1 else named
    missing = Missing(wanted.type, wanted.name or wanted.hash, bool(named))
    if len(found) != 1 or _is_other(wanted, found[0]):
        return missing
    return found[0]


def _is_other(wanted: Wanted, listed: Listed) -> bool:
    """Return whether a file with the wanted name has another hash."""
    if wanted.other_path and listed.path and _is_same_path(wanted.other_path, listed.path):
        return True
    code = wanted.hash.lower()
    is_comparable = _HASH.fullmatch(code) and len(listed.hash) >= 10
    size = min(len(code), len(listed.hash))
    return bool(is_comparable) and listed.hash.lower()[:size] != code[:size]


def _is_same_path(path: str, other: str) -> bool:
    names = (os.path.normcase(os.path.realpath(each)) for each in (path, other))
    return next(names) == next(names)


def iter_cautions(recipe: Recipe, engine: EngineKind, losses: Iterable[Loss]) -> Iterator[Caution]:
    """Yield why an engine cannot make the same image. losses: what its request cannot carry."""
    infotext = parse_infotext(recipe.infotext)
    values = infotext.parameters
    if recipe.is_other_seed:
        yield Caution("caution_seed")
    names = set[tuple[str, str]]()
    for loss in losses:
        name = loss.field if loss.field in ("Prompt", "Negative prompt") else _name_group(loss)
        if (name, loss.got) not in names and loss.field not in ("RNG", "Denoising strength"):
            names.add((name, loss.got))
            yield Caution(
                "caution_instead" if loss.got else "caution_lost", name, loss.got or loss.sent
            )
    if "Denoising strength" in values and not any(name.startswith("Hires ") for name in values):
        yield Caution("caution_img2img")
    if _find_maker(recipe) == (engine if engine == "comfyui" else "webui"):
        return
    sampler = translate_sampler(values.get("Sampler", ""))[0]
    if sampler.endswith(" a") or "_ancestral" in sampler or sampler in _NOISY:
        yield Caution("caution_ancestral", value=sampler)
    if engine == "comfyui" and values.get("RNG", "") != "CPU":
        yield Caution("caution_noise", value=values.get("RNG", "GPU"))
    yield from _iter_prompt_cautions(infotext)


def drop_lora(prompt: str, name: str) -> str:
    """Return a prompt without the tags of a LoRA."""
    tags = _LORA_TAG.findall(prompt)
    for tag, tagged in tags:
        if tagged.strip().lower() == name.lower():
            prompt = prompt.replace(tag, "")
    return prompt


def _name_group(loss: Loss) -> str:
    """Return a parameter's name, for those of an extension the word that they begin with."""
    word = loss.field.partition(" ")[0]
    return word if word in ("ADetailer", "ControlNet", "Refiner", "Variation") else loss.field


def _find_maker(recipe: Recipe) -> Literal["comfyui", "webui"]:
    return "comfyui" if recipe.graph is not None else "webui"


def _iter_prompt_cautions(infotext: Infotext) -> Iterator[Caution]:
    prompts = (infotext.prompt, infotext.negative_prompt)
    if any(weight != 1 for text in prompts for _, weight in parse_weights(text)):
        yield Caution("caution_weights")
    if any(len(_TOKEN.findall(_NO_TAG.sub(" ", text))) > _MANY_TOKENS for text in prompts):
        yield Caution("caution_long")

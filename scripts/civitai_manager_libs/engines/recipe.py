"""What is to be made, and how far an engine can make the same."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..core import as_integer, model_file_stem
from ..infotext import ANY_TAG, find_family, Graph, is_same_hash, Loss, parse_infotext, parse_size
from ..infotext import parse_weights, split_hires_size, translate_prompt, translate_sampler
from .find import EngineKind

Report = Callable[[float], None]  # called with how much is done, 0 to 1

MODULE = re.compile(r"Module \d{1,2}")  # a Forge's name of a VAE or a text encoder
_OWN_SAMPLERS = ("DPM++ 3M SDE", "UniPC")
_MEASURED = ("sd1", "sdxl", "flux")  # families whose images were compared between programs
# Pixels. How a layer is enlarged to odd sides, which others have there, differs.
_SIZE_UNITS = {"sdxl": 32, "flux": 1, "sd3": 1}
_TOKEN = re.compile(r"\w+|[^\w\s]")
_LORA_TAG = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})(?::[^<>\n]{0,300})?>")


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
    """How an image is to be made again.

    infotext: with the seed to use. graph: the ComfyUI graph that made the image, None if another
    program did. is_other_seed: the seed is not the image's. base_model: as Civitai names it.
    untagged_loras: those whose weights
    are unknown, so that the prompt has no tag.
    """

    infotext: str
    wanted: tuple[Wanted, ...] = ()
    base_model: str = ""
    graph: Graph | None = None
    is_other_seed: bool = False
    untagged_loras: tuple[str, ...] = ()

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
class EngineFile:
    """A file as an engine lists it. name: the spelling to send. stems: names that mean it.

    path: the result of `real_path`, "" if the file is not on this machine.
    """

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


def match_file(wanted: Wanted, listed: Sequence[EngineFile]) -> EngineFile | Missing:
    """Return which listed file is the wanted one, by hash, by our own file, or by its only name.

    The name counts only if one file has it, and if that is not known to be another file.
    """
    for one in listed:
        if is_same_hash(wanted.hash, one.hash):
            return one
    path = real_path(wanted.path)
    for one in listed:
        if path and one.path == path:
            return one
    names = {wanted.name.lower(), model_file_stem(wanted.name).lower()}
    if wanted.path:  # in a folder that looks different to the engine
        names.add(model_file_stem(wanted.path).lower())
    named = [one for one in listed if names & {stem.lower() for stem in one.stems}]
    same = [one for one in named if one.name == wanted.name]
    same = same or [
        one for one in named if _remove_extension(one.name) == _remove_extension(wanted.name)
    ]
    found = same if len(named) > 1 and len(same) == 1 else named
    missing = Missing(wanted.type, wanted.name or wanted.hash, bool(named))
    if len(found) != 1 or is_same_hash(wanted.hash, found[0].hash) is False:
        return missing
    is_other = found[0].path and found[0].path == real_path(wanted.other_path)
    return missing if is_other else found[0]


def _remove_extension(name: str) -> str:
    folder, _, file = name.replace("\\", "/").rpartition("/")
    return f"{folder}/{model_file_stem(file)}"


def real_path(path: str) -> str:
    """Return the one form of a file's path, "" if it is none."""
    try:
        return os.path.normcase(os.path.realpath(path)) if path else ""
    except (OSError, ValueError):  # with a NUL
        return ""


class Planner:
    """What planning has in common for all engines: files are found, what is missing is noted.

    lists: the `Lists` of the engine's module.
    """

    def __init__(self, recipe: Recipe, options: PlanOptions, lists: Any) -> None:
        self._recipe, self._options, self._lists = recipe, options, lists
        self._infotext = parse_infotext(recipe.infotext)
        self._missing: list[Missing] = []
        self._cautions: list[Caution] = []

    def _place_vae(self, values: dict[str, str], vaes: Sequence[EngineFile]) -> None:
        """Take the one of a Forge's modules that is listed as a VAE for the infotext's VAE."""
        stems = {stem.lower() for one in vaes for stem in one.stems}
        for name in list(filter(MODULE.fullmatch, values)):
            if model_file_stem(values[name]).lower() in stems:
                values["VAE"] = values.pop(name)

    def _want(self, kind: str, name: str, code: str = "") -> Wanted:
        names = {name.lower(), model_file_stem(name).lower()}  # `<lora:folder/name:1>`
        for one in self._recipe.wanted:
            if one.type == kind and one.name.lower() in names:
                return replace(one, name=name)
        return Wanted(kind, name, code)

    def _find(self, wanted: Wanted, listed: Sequence[EngineFile]) -> str:
        """Return the listed name of a file; if it is missing, note that and return ""."""
        found = match_file(wanted, listed)
        if isinstance(found, EngineFile):
            self._note_doubt(wanted, found)
            return found.name
        if self._options.drops_missing and wanted.type != "model":
            self._cautions.append(Caution("caution_dropped", wanted.type, wanted.name))
        else:
            self._missing.append(found)
        return ""

    def _note_doubt(self, wanted: Wanted, found: EngineFile) -> None:
        """Note if only the name tells that a file is the one whose hash is known."""
        is_same_file = found.path and found.path == real_path(wanted.path)
        if wanted.hash and not (is_same_file or is_same_hash(wanted.hash, found.hash)):
            self._cautions.append(Caution("caution_name", value=found.name))

    def _find_embeddings(self) -> list[str]:
        """Return the listed names; of one that is left out, the name stays in the prompt."""
        wanted = [one for one in self._recipe.wanted if one.type == "embed" and one.name]
        listed = self._lists.embeddings if wanted else None
        return [name for one in wanted if listed is not None and (name := self._find(one, listed))]

    def _find_loras(self, listed: Sequence[EngineFile]) -> tuple[str, dict[str, str]]:
        """Return the prompt without missing LoRAs, and {tag's name, lower case: listed name}."""
        prompt, loras = self._infotext.prompt, dict[str, str]()
        for name, *_ in translate_prompt(prompt).loras:
            loras[name.lower()] = self._find(self._want("lora", name), listed)
        if not self._options.drops_missing:
            return prompt, loras

        def keep(tag: re.Match[str]) -> str:
            return tag[0] if loras.get(tag[1].strip().lower(), tag[1]) else ""

        return _LORA_TAG.sub(keep, prompt), loras

    def _find_model(
        self, values: Mapping[str, str], lists: Mapping[str, Sequence[EngineFile]]
    ) -> tuple[str, str]:
        """Return (key of the list, listed name) of the infotext's model, ("", "") if missing.

        If no list has it, the first model that the image is said to have been made with is taken.
        """
        name, code = model_file_stem(values.get("Model", "")), values.get("Model hash", "")
        models = [one for one in self._recipe.wanted if one.type == "model"]
        stated = self._want("model", name, code) if name or code else None
        if stated is not None and stated not in models and code:
            stated = next((one for one in models if is_same_hash(one.hash, code)), stated)
        choices = [one for one in (stated, *models[:1]) if one is not None] or [Wanted("model", "")]
        missing = list[Missing]()
        for wanted in choices:
            for key, listed in lists.items():
                found = match_file(wanted, listed)
                if isinstance(found, Missing):
                    missing.append(found)
                    continue
                self._note_doubt(wanted, found)
                if wanted is not stated and (stated is not None or len(models) > 1):
                    self._cautions.append(Caution("caution_instead", "Model", found.name))
                return key, found.name
        named = [one for one in missing if one.name == missing[0].name]
        self._missing.append(next((one for one in named if one.is_other), missing[0]))
        return "", ""


def iter_cautions(recipe: Recipe, engine: EngineKind, losses: Iterable[Loss]) -> Iterator[Caution]:
    """Yield why an engine cannot make the same image. losses: what its request cannot carry."""
    infotext = parse_infotext(recipe.infotext)
    values = infotext.parameters
    if recipe.is_other_seed:
        yield Caution("caution_seed")
    for name in recipe.untagged_loras:
        yield Caution("caution_lora_weight", value=name)
    known = set[tuple[str, str]]()
    for loss in losses:
        name, is_prompt = name_group(loss.field), loss.field in ("Prompt", "Negative prompt")
        one = (name, loss.sent if is_prompt else loss.got)
        if one not in known and loss.field not in ("RNG", "Denoising strength"):
            known.add(one)
            yield Caution(
                "caution_instead" if loss.got else "caution_lost", name, loss.got or loss.sent
            )
    if was_made_from_image(values):
        yield Caution("caution_img2img")
    is_sdnext = values.get("App") == "SD.Next"
    made_by = "sdnext" if is_sdnext else "webui" if recipe.graph is None else "comfyui"
    if engine == made_by:
        return
    if engine == "sdnext":
        yield Caution("caution_diffusers")
    names = (values.get(name, "") for name in ("Sampler", "Schedule type"))
    sampler, schedule = translate_sampler(*names)
    is_noisy = sampler in ("DPM fast", "LCM", "DDPM", "Restart")
    if sampler.endswith(" a") or "_ancestral" in sampler or is_noisy:
        yield Caution("caution_ancestral", value=sampler)
    has_few_steps = (as_integer(values.get("Steps")) or 20) < 10
    if sampler in _OWN_SAMPLERS or sampler == "DDIM" and has_few_steps:
        yield Caution("caution_own", "Sampler", sampler)
    if schedule == "Beta":
        yield Caution("caution_own", "Schedule type", schedule)
    family = find_family(recipe.base_model, infotext)
    if family not in _MEASURED and (family or recipe.base_model):
        yield Caution("caution_base", value=recipe.base_model or family)
    unit = _SIZE_UNITS.get(family, 64)
    for size in filter(None, (parse_size(values.get("Size", "")), split_hires_size(values))):
        if any(side % unit for side in size):
            yield Caution("caution_own", "Size", "x".join(map(str, size)))
    if engine == "comfyui" and values.get("RNG", "") != "CPU":
        yield Caution("caution_noise", value=values.get("RNG", "GPU"))
    if not values.get("Hires upscaler", "Latent").startswith("Latent"):
        yield Caution("caution_encoded")
    prompts = (infotext.prompt, infotext.negative_prompt)
    texts = [translate_prompt(text).texts for text in prompts]
    parts = [part for each in texts for part in each]
    if len(parts) > len(texts) and family not in ("", "sd1", "sdxl"):
        yield Caution("caution_own", "Prompt", "BREAK")
    if any(weight != 1 for part in parts for _, weight in parse_weights(part)):
        yield Caution("caution_weights")
    # A text encoder has 75 places, and long words take several.
    if any(len(_TOKEN.findall(ANY_TAG.sub(" ", text))) > 70 for text in prompts):
        yield Caution("caution_long")


def was_made_from_image(parameters: Mapping[str, str]) -> bool:
    """Return whether an infotext's parameters are those of img2img."""
    second_pass = ("Hires upscale", "Hires resize", "Hires upscaler")
    return "Denoising strength" in parameters and not any(map(parameters.get, second_pass))


def name_group(field: str) -> str:
    """Return a parameter's name, for those of an extension the word that they begin with."""
    word = field.partition(" ")[0]
    return word if word in ("ADetailer", "ControlNet", "Refiner", "Variation") else field

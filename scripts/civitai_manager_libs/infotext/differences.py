"""What two infotexts say differently about how an image was made. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ..core import as_checksum, as_number, model_file_stem
from .comfy import parse_weights, split_hires_size
from .infotext_format import A1111_VERSION, ANY_TAG, HASHES, Infotext, parse_infotext
from .metadata_to_infotext import translate_infotext
from .resources import Resource
from .samplers import resolve_schedule, translate_sampler

FindHashes = Callable[[Resource], Collection[str] | None]

# In the order in which they change an image most.
_FIRST = ("Seed", "Variation seed", "Variation seed strength", "Seed resize from")
_MAIN = (
    *("Size", "Sampler", "Schedule type", "Steps", "CFG scale", "Distilled CFG Scale", "RNG"),
    *("ENSD", "Clip skip", "Denoising strength"),
)
_UNKNOWN_IF_ABSENT = {*_FIRST[:1], *_MAIN[:7]}  # every program has some value for them
_IGNORED = {
    *("Model", "Model hash", "Version", "App", "User", "Image id", "Base model", "Post id"),
    *("Lora hashes", "TI hashes", "Hashes", "VAE", "VAE hash", "Created Date", "Backend"),
    *("Pipeline", "Operations", "Parser", "Batch size", "Batch pos", "Template"),
    "Negative Template",
    # SD.Next's, of which those that matter are translated
    *("Negative template", "Scheduler", "Sampler sigma", "CLiP-skip", "Variation strength"),
    *("Hires scale", "Hires fixed", "Hires strength", "Hires CFG scale", "Hires size"),
    *("Hires force", "HiRes mode", "Refine", "Second pass", "Init image size", "Init image hash"),
}
_SECOND_PASS = ("Hires upscale", "Hires upscaler", "Hires resize", "Hires steps", "First pass size")
# What A1111 and Forge leave out of an infotext if it has this value.
_DEFAULTS = {"Clip skip": "1", "RNG": "GPU", "Schedule type": "Automatic", "ENSD": "0"}
_VERSION_MARK = re.compile(r"^v(?=\d)")  # A1111 leaves it out where there is no git
_A1111_RELATIVE = re.compile(r"v?1\.\d|f\d|neo|classic")
_TAG = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})(?::([^<>\n]{1,100}))?>")
_WORD = re.compile(r"\w+(?:[.']\w+)*")
_PIECE = re.compile(r"[^\s,]+|,")
_EMBEDDING = re.compile(r"\bembedding:(?:[^\s,():]*[\\/])?", re.IGNORECASE)  # ComfyUI's


@dataclass(frozen=True)
class Difference:
    """One difference between the infotexts of an image (the original) and its reproduction here.

    field: the name of a parameter or LoRA. original, made: the values in the original and in the
    reproduction, "" if there is none; a LoRA's value is its weight, for "lora_version" its hash.
    kind: "changed"; "absent": only in the original; "added": only in the reproduction; "edited": a
    prompt; "checkpoint", "lora_version": another file; "checkpoint_unknown": the original names no
    model; "lora_missing": a LoRA tag without effect; "lora_absent", "lora_added", "lora_weight";
    "vae_missing": a VAE that this machine lacks; "program": another WebUI or version; "img2img",
    "original_img2img": only the reproduction or only the original was made from another image.
    """

    kind: str
    field: str
    original: str = ""
    made: str = ""


def list_differences(
    original: str, made: str, find_hashes: FindHashes = lambda resource: ()
) -> tuple[Difference, ...]:
    """Return the differences between two infotexts, sorted by how much they change an image.

    original: the infotext of an image; made: that of the image that the user has generated from it.
    Return () if `original` is empty or `made` has no parameters. A parameter that every image has,
    such as the seed, is skipped if only one infotext states it. find_hashes: a function that
    returns the known hashes of a model's file on this machine, None if the machine lacks it.
    """
    first, second = (parse_infotext(translate_infotext(text)) for text in (original, made))
    if not first.parameters and not first.prompt or not second.parameters:
        return ()
    before, after = _add_defaults(first.parameters), _add_defaults(second.parameters)
    schedules = [one.get("Schedule type", "") for one in (before, after)]
    if all(schedules):  # one may be called `Automatic`
        samplers = (one.get("Sampler", "") for one in (before, after))
        if len(set(map(resolve_schedule, samplers, schedules))) == 1:
            after["Schedule type"] = before["Schedule type"]
    found = [*_compare_inputs(before, after), *_compare_values(before, after, _FIRST)]
    found += _compare_checkpoints(before, after)
    found += _compare_loras(first, second, find_hashes)
    prompts = ("Prompt", first.prompt, second.prompt)
    negatives = ("Negative prompt", first.negative_prompt, second.negative_prompt)
    for name, wanted, got in (prompts, negatives):
        # Spaces and line ends mean nothing; weights do.
        if _split_prompt(wanted) != _split_prompt(got):
            found.append(Difference("edited", name, wanted, got))
    found += _compare_vaes(before, after, find_hashes)
    found += _compare_values(before, after, _MAIN)
    sizes = [split_hires_size(one) for one in (before, after)]
    if sizes[0] is not None and sizes[0] == sizes[1]:  # stated as a factor or as a size
        for values, name in product((before, after), ("Hires upscale", "Hires resize")):
            values.pop(name, None)
    found += _compare_minor_parameters(before, after)
    versions = [read.parameters.get("Version", "") for read in (first, second)]
    plain = [_VERSION_MARK.sub("", version) for version in versions]
    if all(versions) and plain[0] != plain[1]:
        found.append(Difference("program", "Version", *versions))
    return tuple(found)


def list_prompt_words(prompt: str) -> tuple[str, ...]:
    """Return the words and numbers of a prompt in order and lower case, without `<…>` tags.

    Prompts with the same words make nearly the same image.
    """
    return tuple(_WORD.findall(ANY_TAG.sub(" ", prompt).lower()))


def _add_defaults(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return an infotext's parameters, with default values for those that its program leaves out.

    The defaults are _DEFAULTS for A1111 and Forge, for other programs only those of Clip skip and
    ENSD. A sampler such as "DPM++ 2M Karras" is split into sampler and schedule.
    """
    is_a1111 = A1111_VERSION.match(parameters.get("Version", "")) is not None
    # A1111's name for both was "DPM++ 2M Karras" before version 1.9.
    names = parameters.get("Sampler", ""), parameters.get("Schedule type", "")
    sampler, schedule = translate_sampler(*names)
    pair = {"Sampler": sampler, "Schedule type": schedule}
    stated = {**parameters, **{name: value for name, value in pair.items() if value}}
    stated = {name: value for name, value in stated.items() if not value.startswith("Use same ")}
    for name, first in (("Hires CFG Scale", "CFG scale"), ("Hires sampler", "Sampler")):
        if _is_same(stated.get(name, ""), stated.get(first, "")):
            stated.pop(name, None)  # A1111 leaves it out; the Forges and SD.Next write it
    if _is_same(stated.get("CFG rescale", ""), "0"):
        stated.pop("CFG rescale", None)  # SD.Next always writes it
    return {**(_DEFAULTS if is_a1111 else {"Clip skip": "1", "ENSD": "0"}), **stated}


def _compare_inputs(before: dict[str, str], after: dict[str, str]) -> Iterator[Difference]:
    """Yield a difference if only one of two images was made from another image (img2img)."""
    was_img2img, is_img2img = _is_img2img(before), _is_img2img(after)
    if is_img2img and was_img2img is False:
        if "Denoising strength" not in before:
            after.pop("Denoising strength", None)  # it follows from that
        yield Difference("img2img", "img2img")
    elif was_img2img and is_img2img is False:
        if "Denoising strength" not in after:
            before.pop("Denoising strength", None)
        yield Difference("original_img2img", "img2img")


def _is_img2img(parameters: Mapping[str, str]) -> bool | None:
    """Return whether an image was made from another image, None if that is possible.

    SD.Next states its operations. Of other programs, only A1111 and its relatives state a denoising
    strength for nothing but this and a second pass.
    """
    has_denoising = "Denoising strength" in parameters
    is_possible = has_denoising and not any(name in parameters for name in _SECOND_PASS)
    is_certain = _A1111_RELATIVE.match(parameters.get("Version", "")) is not None and is_possible
    if operations := {name.strip() for name in parameters.get("Operations", "").split(";")} - {""}:
        # SD.Next adds img2img and inpaint for its own later passes, too.
        is_later = bool(operations & {"txt2img", "hires"})
        is_certain = bool(operations & {"img2img", "inpaint"}) and not is_later
    if is_certain:
        return True
    return None if is_possible else False


def _compare_values(
    before: Mapping[str, str], after: Mapping[str, str], names: Iterable[str]
) -> Iterator[Difference]:
    for name in names:
        original, made = before.get(name, ""), after.get(name, "")
        if not original and not made or _is_same(original, made):
            continue
        if original and made:
            yield Difference("changed", name, original, made)
        elif name not in _UNKNOWN_IF_ABSENT:
            yield Difference("absent" if original else "added", name, original, made)


def _is_same(value: str, other: str) -> bool:
    number = as_number(value)
    is_equal = number is not None and number == as_number(other)
    return is_equal or value.strip().lower() == other.strip().lower()


def _compare_checkpoints(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Difference]:
    hashes = (before.get("Model hash", ""), after.get("Model hash", ""))
    names = (before.get("Model", ""), after.get("Model", ""))
    shown = list(map(_name_file, names, hashes))
    if not shown[0]:
        if shown[1]:
            yield Difference("checkpoint_unknown", "Model", "", shown[1])
        return
    is_same = is_same_hash(*hashes)
    if is_same is None:
        is_same = not all(names) or _is_same(*map(model_file_stem, names))
    if not is_same:
        yield Difference("checkpoint", "Model", *shown)


def _name_file(name: str, code: str) -> str:
    return " ".join(filter(None, (name, code and f"[{code}]")))


def _compare_vaes(
    before: Mapping[str, str], after: Mapping[str, str], find_hashes: FindHashes
) -> Iterator[Difference]:
    names = before.get("VAE", ""), after.get("VAE", "")
    hashes = before.get("VAE hash", ""), after.get("VAE hash", "")
    is_same = is_same_hash(*hashes)
    if not names[0] or (_is_same(*map(model_file_stem, names)) if is_same is None else is_same):
        return
    if find_hashes(Resource("vae", model_file_stem(names[0]), hash=hashes[0])) is None:
        yield Difference("vae_missing", "VAE", *names)
    elif names[1]:
        yield Difference("changed", "VAE", *map(_name_file, names, hashes))


def is_same_hash(first: str, second: str) -> bool | None:
    """Return whether two hashes are of the same file, None if they cannot be compared.

    Hashes can be compared if both have the same length, or one has 10 characters and the other 64.
    A text that is no hash, such as "unknown", cannot be compared.
    """
    first, second = as_checksum(first), as_checksum(second)
    sizes = {len(first), len(second)}
    if 0 in sizes or (len(sizes) > 1 and sizes != {10, 64}):  # an AutoV2 is the start of a SHA256
        return None
    return first[: min(sizes)].lower() == second[: min(sizes)].lower()


def _compare_loras(
    first: Infotext, second: Infotext, find_hashes: FindHashes
) -> Iterator[Difference]:
    before, after = _read_loras(first), _read_loras(second)
    tells_loaded = "Lora hashes" in second.parameters
    for key, (name, weight, code) in before.items():
        if key not in after:
            yield Difference("lora_absent", name, weight)
            continue
        _, other_weight, other_code = after[key]
        if not other_code and (tells_loaded or find_hashes(Resource("lora", name)) is None):
            yield Difference("lora_missing", name, weight)
        elif is_same_hash(code, other_code) is False and not _is_one_file(
            (code, other_code), find_hashes(Resource("lora", name, hash=other_code))
        ):
            yield Difference("lora_version", name, code, other_code)
        elif not _is_same(weight, other_weight):
            yield Difference("lora_weight", name, weight, other_weight)
    for key, (name, weight, _) in after.items():
        if key not in before:
            yield Difference("lora_added", name, "", weight)


def _is_one_file(stated: Iterable[str], known: Collection[str] | None) -> bool:
    """Return whether a file has all stated hashes, such as an AutoV3 and the start of a SHA256."""
    return all(any(code.startswith(each.lower()) for code in known or ()) for each in stated)


def _read_loras(infotext: Infotext) -> dict[str, tuple[str, str, str]]:
    """Return {name in lower case: (name, weight as written, hash or "")} of a prompt's tags."""
    stated = HASHES.findall(infotext.parameters.get("Lora hashes", ""))
    hashes = {model_file_stem(name).lower(): code for name, code in stated}
    found: dict[str, tuple[str, str, str]] = {}
    for name, weight in _TAG.findall(infotext.prompt):
        name = model_file_stem(name)
        found.setdefault(name.lower(), (name, weight or "1", hashes.get(name.lower(), "")))
    return found


def _split_prompt(prompt: str) -> list[tuple[str, float]]:
    """Return a prompt's words and commas with the words' weights, however these are written."""
    text = _EMBEDDING.sub("", ANY_TAG.sub(" ", prompt)).lower().strip(" ,\n")
    words: list[tuple[str, float]] = []
    for part, weight in parse_weights(text):
        for piece in _PIECE.findall(part):
            is_word = piece not in (",", "break")
            if is_word or words and words[-1][0] != "break":  # which ends nothing twice
                words.append((piece, weight if is_word else 1.0))
    while words and words[-1][0] in (",", "break"):
        del words[-1]
    return words


def _compare_minor_parameters(
    before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Difference]:
    """Yield the differences in the parameters outside _FIRST, _MAIN and _IGNORED, Hires. fix first.

    Parameters in only one infotext come last; several that begin with the same word become one
    difference with this word as the field and no value. before, after: the parameters of the
    original and of the reproduction.
    """
    known = {*_FIRST, *_MAIN, *_IGNORED}
    names = [name for name in {**before, **after} if name not in known]
    names = [name for name in names if not name.startswith("Civitai ")]
    names.sort(key=lambda name: not name.startswith("Hires "))
    one_sided: dict[tuple[str, bool], list[str]] = {}
    for name in names:
        original, made = before.get(name, ""), after.get(name, "")
        if original and made:
            yield from _compare_values(before, after, [name])
        elif original or made:
            extension = re.split(r"[ _]", name, maxsplit=1)[0]  # its parameters share this word
            one_sided.setdefault((extension, bool(original)), []).append(name)
    for (extension, is_original), members in one_sided.items():
        values = before if is_original else after
        field = members[0] if len(members) == 1 else extension
        value = values[members[0]] if len(members) == 1 else ""
        if is_original:
            yield Difference("absent", field, value)
        else:
            yield Difference("added", field, "", value)

"""The demo's models and their versions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["MODELS", "DemoModel", "DemoVersion", "find_demo_model", "find_demo_version"]

_LAND = ("mountains", "sea", "aurora", "dunes", "balloons", "blossom")


@dataclass(frozen=True)
class DemoVersion:
    """A model version. published: the time of its publication in ISO 8601.

    notes: what its page says of it.
    """

    id: int
    name: str
    base_model: str
    published: str
    notes: str | None = None


def _make_licence(
    uses: object = ("Image", "RentCivit", "Rent", "Sell"),
    no_credit: bool = True,
    merges: bool = True,
    other: bool = True,
) -> dict[str, object]:
    """Return a model's licence as fields of the API, which sends `uses` in different forms."""
    return {
        "allowNoCredit": no_credit,
        "allowCommercialUse": uses,
        "allowDerivatives": merges,
        "allowDifferentLicense": other,
    }


@dataclass(frozen=True)
class DemoModel:
    """A model of the demo. versions: newest first. size: number of images in its gallery.

    creator: None for Civitai's own account. licence: what the creator permits, as fields of the
    API. scenes: what its images show, () for all scenes. videos: share of videos in its gallery, 0
    to 1. people: who posts images, () for everybody.
    """

    id: int
    name: str
    type: str
    creator: str | None
    size: int
    tags: tuple[str, ...]
    description: str
    versions: tuple[DemoVersion, ...]
    scenes: tuple[str, ...] = ()
    videos: float = 0.0
    people: tuple[str | None, ...] = ()
    thumbs_up: int = 0
    licence: Mapping[str, object] = field(default_factory=_make_licence, compare=False)

    @property
    def number(self) -> int:
        """Return the model's position in the demo's catalogue, counted from 1."""
        return self.id - _FIRST_ID


_FIRST_ID = 900_000


def _make_versions(number: int, *rows: tuple[str, ...]) -> tuple[DemoVersion, ...]:
    """Return the versions of the model with this number, newest first.

    rows: (name, base model, time of publication, optional notes) of each version.
    """
    first = 910_000 + 100 * number
    return tuple(DemoVersion(first + len(rows) - i, *row) for i, row in enumerate(rows))


_MODELS = (
    DemoModel(
        900_001,
        "Quiet Places",
        "Checkpoint",
        "harbor_artist",
        1860,
        ("base model", "landscape", "illustration"),
        "<p>Calm landscapes, towns and patterns. <strong>Sampler:</strong> DPM++ 2M Karras, 28 "
        "steps, CFG 5&ndash;7.</p><ul><li>No trigger words</li><li>VAE baked in</li></ul>",
        _make_versions(
            1,
            (
                "v3.0 Dusk",
                "SDXL 1.0",
                "2026-05-02T09:30:00.000Z",
                "Calmer evenings: better skies and water, fewer doubled windows.",
            ),
            ("v2.0", "SDXL 1.0", "2025-10-11T12:00:00.000Z"),
            ("v1.0", "SD 1.5", "2024-09-20T18:45:00.000Z"),
        ),
        videos=0.02,
        thumbs_up=18432,
    ),
    DemoModel(
        900_002,
        "Ten Thousand Horizons XL",
        "Checkpoint",
        "ridge_walker",
        10_000,
        ("base model", "landscape", "scenery"),
        "<p>A very large gallery: wide skies, far mountains and the sea.</p>",
        _make_versions(
            2,
            ("Horizon 5", "Pony", "2026-04-18T07:00:00.000Z"),
            ("Horizon 4", "SDXL 1.0", "2025-12-01T10:00:00.000Z"),
            ("Horizon 3", "SDXL 1.0", "2025-06-15T10:00:00.000Z"),
            ("Horizon 1", "SD 1.5", "2024-08-20T10:00:00.000Z"),
        ),
        scenes=_LAND,
        thumbs_up=25011,
        licence=_make_licence("{Image,RentCivit}", other=False),
    ),
    DemoModel(
        900_003,
        "Paper & Ink",
        "LORA",
        "papercut_lab",
        180,
        ("style", "pattern", "abstract"),
        "<p>Cut paper, marbled ink and flowing lines. Weight 0.6&ndash;0.9.</p>",
        _make_versions(
            3,
            ("Pony v2", "Pony", "2026-02-14T16:20:00.000Z", "Trained anew, for Pony."),
            ("XL v1", "SDXL 1.0", "2025-08-01T16:20:00.000Z"),
        ),
        scenes=("flow", "paper", "marble"),
        thumbs_up=4210,
        licence=_make_licence([], no_credit=False, merges=False),
    ),
    DemoModel(
        900_004,
        "Night Windows",
        "LORA",
        "neon_courier",
        96,
        ("style", "city", "night"),
        "<p>Skylines after dark. Trigger: <code>night windows</code></p>",
        _make_versions(
            4,
            ("v1.1", "SD 1.5", "2025-03-08T21:00:00.000Z"),
            ("v1.0", "SD 1.5", "2024-12-08T21:00:00.000Z"),
        ),
        scenes=("city", "aurora", "space"),
        thumbs_up=1377,
        licence={},
    ),
    DemoModel(
        900_005,
        "soft-bloom",
        "TextualInversion",
        "meadow_studio",
        60,
        ("concept", "flowers"),
        "<p>Put <code>soft-bloom</code> into the prompt.</p>",
        _make_versions(
            5,
            ("768", "SD 1.5", "2024-11-03T08:00:00.000Z"),
            ("512", "SD 1.5", "2024-10-03T08:00:00.000Z"),
        ),
        scenes=("blossom", "balloons"),
        thumbs_up=655,
        licence=_make_licence("Sell"),
    ),
    DemoModel(
        900_006,
        "Flux of Fields",
        "LORA",
        "field_theory",
        240,
        ("style", "abstract", "flow field"),
        "<p>For Flux.1 D. Guidance 3.5, weight 0.8.</p>",
        _make_versions(
            6,
            ("v2", "Flux.1 D", "2026-03-03T03:03:00.000Z"),
            ("v1", "Flux.1 D", "2025-05-05T05:05:00.000Z"),
        ),
        scenes=("flow", "marble", "space"),
        thumbs_up=2904,
        licence=_make_licence(["Image"], no_credit=False),
    ),
    DemoModel(
        900_007,
        "Slow Water (video)",
        "LORA",
        "tide_loop",
        48,
        ("video", "motion", "water"),
        "<p>Short, gentle loops: water, mist and northern lights.</p>",
        _make_versions(
            7,
            ("Wan 2.2 high noise", "Wan Video 2.2 T2V-A14B", "2026-01-20T11:11:00.000Z"),
            ("Wan 2.1", "Wan Video 14B t2v", "2025-07-20T11:11:00.000Z"),
        ),
        scenes=("sea", "aurora", "mountains"),
        videos=0.6,
        thumbs_up=801,
    ),
    DemoModel(
        900_009,
        "Clear Glass VAE (nobody has posted yet)",
        "VAE",
        None,
        0,
        ("vae",),
        "<p>An empty gallery.</p>",
        _make_versions(9, ("v1", "SDXL 1.0", "2026-06-30T00:00:00.000Z")),
        thumbs_up=3,
    ),
)

# Harmless, and seen at once when a page runs it: then `window.demoRan` is set.
_RUNS = '<img src=x onerror="window.demoRan=1">'
_RTL, _POP = "\u202e", "\u202c"

_TEST_MODELS = (
    DemoModel(
        900_008,
        f'{_RUNS} "Quoted" & <b>bold</b> {_RTL}gnirts{_POP} 🦊✨ O\'Hara / ..\\..\\con: 名前',
        "LoCon",
        f"{_RUNS}\"'&lt;",
        24,
        ("<i>tag</i>", 'quo"te', "emoji 🎨"),
        f"<script>window.demoRan=1</script><p onclick='window.demoRan=1'>{_RUNS} "
        "<a href='javascript:window.demoRan=1'>a link</a></p>",
        _make_versions(
            8,
            (f'v1 {_RUNS} "final" {_RTL}2v{_POP}', "SDXL 1.0", "2025-09-09T09:09:00.000Z"),
            ("CON.. ", "SD 1.5", "2025-01-09T09:09:00.000Z"),
        ),
        people=(
            _RUNS,
            "<script>window.demoRan=1</script>",
            f"{_RTL}nimda{_POP}",
            "🦊🦊🦊",
            "a/../b",
            None,
        ),
        thumbs_up=66,
    ),
    DemoModel(
        900_010,
        "A Model Whose Name Is Far Too Long For Any Card, Any Folder And Any Patience, And Which "
        "Nevertheless Goes On And On Until Even The Person Who Uploaded It Has Forgotten What It "
        "Was Meant To Be About (非常に長い名前のモデル・とても長い・もっと長い・終わらない) v2_final_FINAL_really",
        "DoRA",
        "the_one_with_a_rather_long_user_name_that_never_seems_to_end_2026",
        30,
        ("long", "name"),
        "<p>" + "Long text. " * 120 + "</p>",
        _make_versions(
            10,
            (
                "a version name that is nearly as long as the name of its model, if not longer",
                "Pony",
                "2025-11-30T00:00:00.000Z",
            ),
            ("v1", "Illustrious", "2025-04-30T00:00:00.000Z"),
        ),
        scenes=("marble", "dunes", "paper"),
        thumbs_up=12,
    ),
)

# Only tests set the variable: a newcomer's first models have ordinary names.
MODELS = _MODELS + (_TEST_MODELS if os.environ.get("CIVITAI_SHORTCUT_DEMO_TESTS") else ())
_BY_ID = {model.id: model for model in MODELS}
_BY_VERSION = {version.id: (model, version) for model in MODELS for version in model.versions}


def find_demo_model(model_id: int) -> DemoModel | None:
    """Return the model with this id, None if there is none."""
    return _BY_ID.get(model_id)


def find_demo_version(version_id: int) -> tuple[DemoModel, DemoVersion] | None:
    """Return (model, version) for the id of a version, None if there is none."""
    return _BY_VERSION.get(version_id)

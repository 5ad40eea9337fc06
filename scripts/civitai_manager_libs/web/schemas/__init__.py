"""The contract: the JSON that the page and the routes exchange, by route.

`npm run contract` in tests/javascript makes the page's types, `contract.d.ts`, from this folder.
Dates are ISO 8601 in UTC, "" if unknown. `{id}` in a path is a number. TypedDict comes from
typing_extensions, which gradio requires: pydantic accepts no other before Python 3.12.
"""

from __future__ import annotations

from typing import Any, Union

from typing_extensions import TypedDict

from ...library import Collection, HiddenRule
from .home import Home, LocalModel, LocalModels
from .images import (
    ImageDetails,
    ImagePage,
    Incompatibilities,
    Note,
    PreparedSend,
    SendBody,
    Text,
    WatchBody,
    Workflow,
)
from .jobs import JobBody, JobList, JobStarted
from .library import (
    AnnotationsBody,
    AnnotationsRead,
    IdsBody,
    AnnotationsChanged,
    CollectionBody,
    CollectionsChanged,
    HiddenBody,
    HiddenChanged,
    Imported,
    LoadedFilterBody,
    LoadedFilterResult,
    MonthCount,
    SearchPreview,
    SearchPreviewBody,
    Stats,
)
from .model_files import ModelFilesBody, ModelFilesStarted, NeededFilesView, NeededFilesBody
from .models import Author, LookupResult, ModelView, ModelCardPage
from .page import (
    Bootstrap,
    CheckBody,
    FilenamePreview,
    Instance,
    KeyBody,
    KeySaved,
    Message,
    SettingsSaved,
    SettingValue,
    UnwatchBody,
    WatchList,
)
from .reproductions import Comparison, ReproductionView, ReproductionIds

__all__ = ["Contract"]


class ErrorDetails(Note, total=False):
    """Why a request failed, as a code and a sentence.

    field: the first request field that is wrong. fields: a sentence by the name of each wrong
    field, only if there are several.
    """

    field: str
    fields: dict[str, str]


class ErrorBody(TypedDict):
    """The JSON of every response that reports a failure."""

    error: ErrorDetails


# file/{id}, reproductions/{id}/file: JSON only if the file cannot be sent, and then an `ErrorBody`.
# images/{id}/comparison: the body is the file itself.
GetResponses = TypedDict(
    "GetResponses",
    {
        "authors": Author,
        "bootstrap": Bootstrap,
        "collections": list[Collection],
        "file/{id}": Any,
        "filename_preview": FilenamePreview,
        "hidden": list[HiddenRule],
        "home": Home,
        "images": ImagePage,
        "images/{id}": ImageDetails,
        "images/{id}/reproductions": list[ReproductionView],
        "images/{id}/workflow": Workflow,
        "instance": Instance,
        "jobs": JobList,
        "local_models": LocalModels,
        "local_models/{id}": LocalModel,
        "lookup": LookupResult,
        "model_files": NeededFilesView,
        "models": ModelCardPage,
        "models/{id}": ModelView,
        "months": list[MonthCount],
        "reproductions/{id}/file": Any,
        "stats": Stats,
        "watches": WatchList,
    },
)
PostBodies = TypedDict(
    "PostBodies",
    {
        "annotations": AnnotationsBody,
        "collections": CollectionBody,
        "compatibility": Text,
        "hidden": HiddenBody,
        "image_annotations": IdsBody,
        "images/{id}/comparison": Any,
        "images/{id}/reproductions/remove": ReproductionIds,
        "images/{id}/send": SendBody,
        "import": Any,
        "jobs": JobBody,
        "jobs/{id}/{action}": dict[str, Any],
        "key/test": KeyBody,
        "local_models/{id}/identify": dict[str, Any],
        "loaded_filter": LoadedFilterBody,
        "model_files": ModelFilesBody,
        "needed_files": NeededFilesBody,
        "search_preview": SearchPreviewBody,
        "watches": Union[WatchBody, UnwatchBody, CheckBody],
    },
)
PostResponses = TypedDict(
    "PostResponses",
    {
        "annotations": AnnotationsChanged,
        "collections": CollectionsChanged,
        "compatibility": Incompatibilities,
        "hidden": HiddenChanged,
        "image_annotations": AnnotationsRead,
        "images/{id}/comparison": Comparison,
        "images/{id}/reproductions/remove": list[ReproductionView],
        "images/{id}/send": PreparedSend,
        "import": Imported,
        "jobs": JobStarted,
        "jobs/{id}/{action}": JobList,
        "key/test": Message,
        "local_models/{id}/identify": LocalModel,
        "loaded_filter": LoadedFilterResult,
        "model_files": ModelFilesStarted,
        "needed_files": NeededFilesView,
        "search_preview": SearchPreview,
        "watches": WatchList,
    },
)
PutBodies = TypedDict("PutBodies", {"key": KeyBody, "settings": dict[str, SettingValue]})
PutResponses = TypedDict("PutResponses", {"key": KeySaved, "settings": SettingsSaved})


class Responses(TypedDict):
    GET: GetResponses
    POST: PostResponses
    PUT: PutResponses


class Bodies(TypedDict):
    POST: PostBodies
    PUT: PutBodies


class Contract(TypedDict):
    """The responses and request bodies of each route, and the JSON of a failure."""

    responses: Responses
    bodies: Bodies
    error: ErrorBody

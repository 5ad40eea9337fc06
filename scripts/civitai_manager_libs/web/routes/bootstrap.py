"""What the page needs as it opens, and by which it notices that the server has changed."""

from __future__ import annotations

import uuid
from typing import cast

from typing_extensions import TypedDict

from ... import host
from ...civitai import BASE_MODELS
from ...i18n import messages
from ...library import bookmarks, models
from ..http import RequestContext, route
from .settings import Choice, get_settings, KeyState, make_key_state, SettingsSaved
from .watches import get_watches, WatchList


class HostInfo(TypedDict):
    """The program that serves the page. send_to: the WebUI's tabs that take an image."""

    in_webui: bool
    name: str
    send_to: list[str]


class FilterChoices(TypedDict):
    """The choices of the gallery's filters."""

    sort: list[Choice]
    period: list[Choice]
    level: list[Choice]
    type: list[Choice]
    base_models: list[str]


class RecentModel(TypedDict):
    id: int
    name: str


class Instance(TypedDict):
    """Two values by which an open page notices that the server has changed.

    instance: changes when the server starts and when the WebUI rebuilds its page.
    bookmarks_revision: grows with each change of annotations and collections.
    """

    instance: str
    bookmarks_revision: int


class Bootstrap(Instance, SettingsSaved):
    """What the page needs to start.

    words: the page's texts by key. parameter_labels: translated names of infotext fields. is_demo:
    whether the server uses an offline imitation of Civitai.
    """

    language: str
    words: dict[str, str]
    parameter_labels: dict[str, str]
    choices: FilterChoices
    recent: list[RecentModel]
    is_demo: bool
    host: HostInfo
    key: KeyState
    watches: WatchList


_is_demo = False
_instance = uuid.uuid4().hex


def set_demo(is_demo: bool) -> None:
    """Set whether the server uses an offline imitation of Civitai."""
    global _is_demo
    _is_demo = is_demo


def is_demo() -> bool:
    """Return whether the server uses an offline imitation of Civitai."""
    return _is_demo


def new_instance() -> str:
    """Return a new instance id, by which pages that are open see that they are outdated."""
    global _instance
    _instance = uuid.uuid4().hex[:8]
    return _instance


@route("GET", "instance")
def get_instance(context: RequestContext) -> Instance:
    """Return the server's instance id, and the revision of annotations and collections."""
    return {"instance": _instance, "bookmarks_revision": bookmarks.get_revision()}


@route("GET", "bootstrap")
def get_bootstrap(context: RequestContext) -> Bootstrap:
    """Return the texts, settings and other data that the page starts with."""
    language = context.language
    choices = {
        kind: [{"value": v, "label": label} for label, v in messages.list_choices(kind, language)]
        for kind in ("sort", "period", "level", "type")
    }
    base_models = list(dict.fromkeys([*models.list_base_models(), *BASE_MODELS]))
    return {
        **get_instance(context),
        **get_settings(context),
        "language": language,
        "words": dict(messages.load_catalogue(language).texts),
        "parameter_labels": dict(messages.load_catalogue(language).parameters),
        "choices": cast(FilterChoices, {**choices, "base_models": base_models}),
        "recent": [
            {"id": model_id, "name": name} for model_id, name in models.list_recent_models()
        ],
        "is_demo": _is_demo,
        "host": {
            "in_webui": host.in_webui(),
            "name": host.find_host_name(),
            "send_to": list(host.list_send_targets()),
        },
        "key": make_key_state(context),
        "watches": get_watches(context),
    }

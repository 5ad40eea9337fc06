"""The JSON that the page starts with, and of settings and watched galleries."""

from __future__ import annotations

from typing import Literal, Union

from typing_extensions import TypedDict

LockReason = Literal["", "only_here", "frozen"]  # why a request may not change a value
SettingKind = Literal["number", "whole", "switch", "choice", "text"]
SettingGroup = Literal["page", "saving", "models", "network"]
SettingValue = Union[bool, int, float, str]


class Choice(TypedDict):
    value: str
    label: str


class Setting(TypedDict):
    """A setting with its value and form field.

    low, high: the bounds of a number. value: "" for a locked folder or proxy.
    """

    name: str
    label: str
    kind: SettingKind
    low: float
    high: float
    value: SettingValue
    choices: list[Choice]
    group: SettingGroup
    locked: LockReason


class HostInfo(TypedDict):
    """The program that serves the page.

    send_to: the WebUI's tabs that take an image. has_models: whether folders of model files are
    known, so that the page can say which models are installed.
    """

    in_webui: bool
    name: str
    send_to: list[str]
    has_models: bool


class KeyState(TypedDict):
    """Whether an API key is saved. from_environment: the variable CIVITAI_API_KEY is set.

    locked: why this request may not change the key, "" if it may.
    """

    saved: bool
    from_environment: bool
    locked: LockReason


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


class WatchedGallery(TypedDict):
    """A gallery that the user watches for new images.

    gallery: its key, such as `model 101`. by_upload: Civitai sorts by upload date, so an image that
    was published late may be new without being at the top. new_count: number of images since the
    user's last visit. has_more: there are more new images than `new_count`. checked_at: "" if
    never. problem: why the last check failed, or "".
    """

    gallery: str
    name: str
    model: int | None
    version: int | None
    user: str
    by_upload: bool
    new_count: int
    has_more: bool
    checked_at: str
    problem: str


class WatchList(TypedDict):
    """All watched galleries. problem: why the last check ended early, or ""."""

    galleries: list[WatchedGallery]
    checking: bool
    problem: str


class Instance(TypedDict):
    """Two values by which an open page notices that the server has changed.

    instance: changes when the server starts and when the WebUI rebuilds its page.
    bookmarks_revision: grows with each change of annotations and collections.
    """

    instance: str
    bookmarks_revision: int


class Bootstrap(Instance):
    """What the page needs to start.

    words: the page's texts by key. parameter_labels: translated names of infotext fields. is_demo:
    whether the server uses an offline imitation of Civitai.
    """

    language: str
    words: dict[str, str]
    parameter_labels: dict[str, str]
    settings: list[Setting]
    choices: FilterChoices
    recent: list[RecentModel]
    is_demo: bool
    host: HostInfo
    key: KeyState
    watches: WatchList
    civitai_url: str


class SettingsSaved(TypedDict):
    settings: list[Setting]
    has_models: bool


class KeyBody(TypedDict):
    """An API key to save or to test. "" deletes the saved key, or tests the saved key."""

    key: str


class Message(TypedDict):
    """A sentence for the user."""

    message: str


class KeySaved(Message):
    key: KeyState


class FilenamePreview(TypedDict):
    """The file names that a template gives to images. fields: the fields that it may contain."""

    filenames: list[str]
    fields: str


class UnwatchBody(TypedDict):
    action: Literal["unwatch"]
    gallery: str


class CheckBody(TypedDict):
    """A request to look for new images: in all galleries, or only where a check is due."""

    action: Literal["check", "check_due"]

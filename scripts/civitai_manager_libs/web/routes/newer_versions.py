"""Routes of newer versions of the models on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import TypedDict

from ...model_files import (
    check_newer_versions,
    dismiss_newer_version,
    is_check_due,
    list_newer_versions,
    ModelMatch,
    NewerVersion,
    read_check_time,
)
from ..http import change_route, RemoteWork, RequestContext, route
from .dependencies import get_client
from .views import format_iso_time

__all__ = ["find_newer_version", "NewerVersions", "NewerVersionView", "view_newer_versions"]


class NewerVersionView(TypedDict):
    """A version of a model that is newer than a file on this machine.

    model, version: ids. name, version_name: of the model and of the newer version. here: the name
    of the version that is here. date: of publication, ISO 8601 or "". about: what its page says.
    remarks: what the user should know of it, in sentences.
    """

    model: int
    version: int
    name: str
    version_name: str
    here: str
    date: str
    base_model: str
    about: str
    remarks: list[str]


class NewerVersions(TypedDict):
    """The newer versions, latest first. checked_at: the last check, "" if there was none.

    is_due: whether the last check is more than a week ago.
    """

    versions: list[NewerVersionView]
    checked_at: str
    is_due: bool


@route("POST", "newer_versions/check", "models")
def check_versions(context: RequestContext) -> RemoteWork[NewerVersions]:
    """Ask Civitai for newer versions of the models on this machine, and return them."""

    def check() -> NewerVersions:
        check_newer_versions(get_client(), context.cancelled)
        return view_newer_versions(context.language)

    return RemoteWork(check)


@change_route("POST", "newer_versions/dismiss")
def dismiss_version(
    context: RequestContext, version: int, is_dismissed: bool = True
) -> NewerVersions:
    """Do not show a newer version any more, or show it again; return those that are shown."""
    dismiss_newer_version(version, is_dismissed)
    return view_newer_versions(context.language)


def view_newer_versions(language: str) -> NewerVersions:
    """Return the JSON of the newer versions that the last check found, each once."""
    found = {newer.version_id: newer for newer in reversed(list_newer_versions())}
    return {
        "versions": [_view(newer, language) for newer in reversed(found.values())],
        "checked_at": format_iso_time(read_check_time()),
        "is_due": is_check_due(),
    }


def find_newer_version(
    match: ModelMatch, newer: Mapping[str, NewerVersion], language: str
) -> NewerVersionView | None:
    """Return the JSON of the version that is newer than a file that is here, None if there is none.

    newer: the results of `list_newer_versions` by path.
    """
    found = newer.get(match.file.path) if match.file and match.state == "here" else None
    return _view(found, language) if found else None


def _view(newer: NewerVersion, language: str) -> NewerVersionView:
    return {
        "model": newer.model_id,
        "version": newer.version_id,
        "name": newer.model_name,
        "version_name": newer.name,
        "here": newer.here,
        "date": newer.date,
        "base_model": newer.base_model,
        "about": newer.about,
        "remarks": newer.list_remarks(language),
    }

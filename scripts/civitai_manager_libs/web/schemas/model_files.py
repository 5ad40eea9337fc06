"""The JSON of model files: which ones images need, and which can be downloaded."""

from __future__ import annotations

from typing_extensions import TypedDict

from .images import Availability, ResourceLink


class RemoteFileView(TypedDict):
    """A file of a model version on Civitai.

    form: its format, precision and the like, as a short text. size: bytes, 0 if unknown.
    may_run_code: the file may run code when it is loaded, and is downloaded only if the request
    allows it. refusal: why the file cannot be downloaded, or "".
    """

    id: int
    name: str
    form: str
    size: int
    may_run_code: bool
    refusal: str


class NeededFileView(ResourceLink):
    """A model that images were made with, and its files on Civitai.

    key: unique in the list. image_count: how many of the images need the model. file: id of the
    file to download unless the user chooses another, None if there is none. choices: all files that
    the user can choose. companions: files to download with it, such as a VAE. refusal: why nothing
    can be downloaded and what to do, or "". refusal_short: the reason in a few words, "" if there
    is no refusal or Civitai could not be asked. remarks: what the user should know about the file,
    in sentences. folder: where the file goes, shortened for users
    who may not download files. disk: index in `disks`, None if the folder is unknown.
    """

    key: str
    availability: Availability
    availability_label: str
    image_count: int
    file: int | None
    choices: list[RemoteFileView]
    companions: list[RemoteFileView]
    refusal: str
    refusal_short: str
    remarks: list[str]
    folder: str
    disk: int | None


class Disk(TypedDict):
    """A disk on which models are stored.

    folder: one of its folders. free: bytes. usable: free bytes without the reserve in the settings.
    """

    folder: str
    free: int
    usable: int


class NeededFilesView(TypedDict):
    """The models that some images need.

    locked: why this browser may not start a download, or "".
    """

    files: list[NeededFileView]
    image_count: int
    disks: list[Disk]
    locked: str


class NeededFilesBody(TypedDict, total=False):
    """The images whose models are to be listed. model: the open model's id."""

    ids: list[int]
    model: int | None


class ModelFileChoice(TypedDict, total=False):
    """A file to download. allow_pickle: the user allows this one file that may run code."""

    version_id: int
    file_id: int
    allow_pickle: bool


class ModelFilesBody(TypedDict, total=False):
    """Files to download.

    request: a unique id; a second request with the same id starts no job. collection: the
    collection whose images need the files, or "".
    """

    collection: str
    files: list[ModelFileChoice]
    request: str


class ModelFilesStarted(TypedDict):
    """A message about a new job. job_id: None if other jobs download all files already."""

    job_id: int | None
    message: str

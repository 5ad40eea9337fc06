"""The JSON of images and galleries."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

Level = Literal["None", "Soft", "Mature", "X", "XXX"]
Kind = Literal["image", "video", "audio"]
InfotextSource = Literal["record", "file", "none"]
Availability = Literal["here", "other", "missing", ""]


class ImageView(TypedDict):
    """An image as the grid shows it.

    width, height: pixels, 0 if unknown. blurhash: BlurHash or "". has_data: whether the image has
    generation data. new: whether it was published since the user's last visit to a watched gallery.
    deleted_at: when Civitai was found to have removed the image, "" if it was not. summary:
    (beginning of the prompt, steps, sampler, number of LoRAs), with "" and 0 for missing values;
    None without generation data.
    """

    id: int
    kind: Kind
    width: int
    height: int
    blurhash: str
    level: Level
    user: str
    date: str
    reactions: int
    base_model: str
    saved: bool
    has_data: bool
    favourite: bool
    stars: int
    new: bool
    deleted_at: str
    summary: tuple[str, int, str, int] | None  # half as long as an object
    post_id: int | None


class Annotations(TypedDict):
    """What the user has added to an image.

    stars: 0 for none. collections: names of the collections that contain the image.
    """

    favourite: bool
    stars: int
    note: str
    tags: list[str]
    collections: list[str]


class ResourceLink(TypedDict):
    """A model, LoRA or other file that an image was made with. url: its page on Civitai, or ""."""

    type: str
    name: str
    weight: float | None
    hash: str
    version_id: int | None
    url: str


class ResourceView(ResourceLink):
    """A resource and whether the server's machine has its file.

    availability: "here" (the file), "other" (only a file of another version of the model),
    "missing" (neither), or "" (no folder of models is known). local_name: the local file's name
    without extension, "" if none is here. size: bytes, 0 if unknown.
    """

    availability: Availability
    availability_label: str
    local_name: str
    size: int


class ImageLinks(TypedDict):
    """An image's pages on Civitai; "" if there is none."""

    url: str
    post_url: str
    user_url: str


class ImageDetails(ImageView, ImageLinks):
    """An image with all that is known about it.

    infotext_source: whether Civitai's record, the image's file or neither has the infotext.
    problems: warnings about it. incompatibilities: what the WebUI would lose or change of it, a
    line for each field. has_workflow: whether a ComfyUI workflow is known. saved_path: only
    the file's name for users who may not change settings; "" if the image is not downloaded.
    reproduction_count: how many images the user has generated from the infotext.
    """

    annotations: Annotations
    infotext: str
    infotext_source: InfotextSource
    prompt: str
    negative: str
    parameters: list[tuple[str, str]]
    incompatibilities: list[str]
    problems: list[str]
    resources: list[ResourceView]
    has_workflow: bool
    likes: int
    hearts: int
    laughs: int
    cries: int
    saved_path: str
    reproduction_count: int
    extension: str


class Note(TypedDict):
    """A sentence for the user, and its code."""

    code: str
    message: str


class SearchProgress(TypedDict):
    """How many images of the library have been searched so far, and how many there are."""

    count: int
    total: int


class ImagePage(TypedDict):
    """A page of a gallery or of a search.

    cursor: the next page's cursor, None at the end. from_library: the page is a stored one, because
    Civitai did not respond. search_progress: how far a search has come, None for a full page and
    for a gallery. hidden_count: images left out because of their author or a word.
    """

    images: list[ImageView]
    cursor: str | None
    read_at: str
    notes: list[Note]
    from_library: bool
    search_progress: SearchProgress | None
    hidden_count: int


class GalleryQuery(TypedDict):
    """What the page shows: a gallery by model, version, post or user, and its filters.

    meta: only images with generation data. base: names of base models, separated by commas. search:
    words for a search of the library, None for a gallery.
    """

    model: int | None
    version: int | None
    post: int | None
    user: str
    sort: str
    period: str
    level: str
    type: str
    meta: bool
    base: str
    search: str | None


class WatchBody(GalleryQuery):
    """A gallery to watch. name: what the list of watched galleries shows."""

    action: Literal["watch"]
    name: str


class Workflow(TypedDict):
    """A ComfyUI workflow as JSON text."""

    workflow: str


class Text(TypedDict):
    text: str


class SendBody(TypedDict):
    """An image to be sent to a tab of the WebUI.

    tab: one of `Bootstrap.host.send_to`. text: the edited infotext, None for the image's own.
    """

    tab: str
    text: str | None


class PreparedSend(TypedDict):
    """What to send to a tab of the WebUI. has_image: whether to send the image too."""

    infotext: str
    has_image: bool


class Incompatibilities(TypedDict):
    """What the WebUI would lose or change of an infotext, a line for each field."""

    incompatibilities: list[str]

"""The images of a job: found in the gallery, received, written with their sidecars."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, BinaryIO

from .. import setting, util
from ..civitai import Page
from ..core import as_whole_number, AtomicFile, Cancellation, check_no_links, clean_line
from ..core import extension_if_complete, Image, parse_json_or_none, prefetch, unwrap_meta
from ..errors import CivitaiShortcutError, DiskFull
from ..infotext import build_infotext, embed_infotext, find_workflow, read_embedded
from ..model_files import name_numbered_models
from ..network import Progress
from .job_client import JobClient
from .job_records import Claim, failed_outcome, Item, Job, Outcome, WalkedPage, WalkState
from .store import JobStore
from .walk import walk_gallery

_EXTRA_WORKERS = 2  # in addition to those that download; some wait for the disk
_GUESSED_LEFT = 200  # images that a gallery of unknown length is assumed to have left at most
_BATCH = 32  # items claimed at a time
_POLL_SECONDS = 0.3  # between two checks of the items that other jobs have claimed
_REREAD_SECONDS = 5.0  # until an empty last page is requested once more
_EXTENSIONS = ("png", "jpg", "webp", "gif", "avif", "heic", "mp4", "webm", "mp3")


class ImageKind:
    """The parts of a run that are special to jobs that download images or only store their records.

    `ModelKind` has the same methods for jobs that download model files. on_outcome: called with the
    outcome of each item that needs no download. on_wait: called several times a second while the
    iteration of the items waits for a page or for another job.
    """

    def __init__(
        self,
        store: JobStore,
        job: Job,
        client: JobClient,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> None:
        self._store, self._job, self._client = store, job, client
        self._on_outcome, self._on_wait, self._cancelled = on_outcome, on_wait, cancelled
        self._saved_in_row = 0
        self._reread: set[WalkState] = set()  # walks whose empty last page was requested again
        self._place = 0  # of the last item read
        # Items that failed in an earlier run or that other jobs are downloading. Places only: the
        # records of a whole gallery would take too much memory.
        self._postponed: list[int] = []

    @property
    def max_downloads(self) -> int:
        """Return how many items may be downloaded at once."""
        return setting.gallery_max_concurrent_downloads + _EXTRA_WORKERS

    def fetch(self, item: Item, progress: Progress) -> Outcome:
        """Download an image, write its metadata beside it, and return the outcome.

        The outcome is `skipped` if a complete file appeared at its path meanwhile, which is kept.
        Raises Cancelled if the run is stopped, another CivitaiShortcutError after a failure.
        """
        folder, appeared = self._job.folder, list[tuple[str, int]]()
        _check_folder(item, folder)

        def place(file: BinaryIO, path: str) -> bool:
            found = None if self._job.again else _find_file(item, folder)
            if found is not None:
                appeared.append(found)
            return found is not None or setting.embeds_infotext and _embed(item.record, file, path)

        file = self._client.fetch_file(
            item.url, lambda extension: item.path(folder, extension), progress, place
        )
        if appeared:
            return _finish_existing(item, folder, *appeared[0], False)
        message = write_sidecars(file.path, item.record)
        size = _read_file_size(file.path, file.size)  # larger if infotext was embedded
        return Outcome(item.image_id, "saved", file.path, size, message=message)

    def list_folders(self) -> Iterable[str]:
        """Return the folders that the job saves files in."""
        return filter(None, self._store.list_folders(self._job.id))

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        """Return {folder: bytes of disk space that the rest of the job needs there}.

        The bytes are estimated from the latest saved images. Return {} for a job that saves no
        files.
        """
        if job.options.reads_only:
            return {}
        left = job.waiting if job.again else self._store.count_to_fetch(job.id)
        if not job.walked:
            left += max(0, min(job.total - job.finished, _GUESSED_LEFT) - job.waiting)
        return {job.folder: left * self._store.estimate_size()}

    # Items

    def iter_items(self) -> Iterator[Item]:
        """Yield the items to download; those that failed before or that other jobs claim come last.

        Can be called only once. Raises CivitaiShortcutError if a gallery page cannot be read. If
        the run is stopped, the iteration ends or raises Cancelled.
        """
        self._job = self._store.get_job(self._job.id)
        while True:
            error = None
            try:
                yield from self._iter_in_order()
            except CivitaiShortcutError as page_error:
                error = page_error
            while self._postponed and not self._cancelled.is_set():
                places, self._postponed = self._postponed[:_BATCH], self._postponed[_BATCH:]
                found = [self._store.list_waiting(self._job.id, place - 1, 1) for place in places]
                yield from self._claim_batch(
                    [i for items in found for i in items if i.place in places]
                )
                if self._postponed[-len(places) :] == places:  # other jobs download all of them
                    self._on_wait()
                    self._cancelled.sleep(_POLL_SECONDS)
            if error is not None:
                raise error
            if not self._begin_next_walk():
                return

    def _iter_in_order(self) -> Iterator[Item]:
        """Yield stored and then fetched items; postpone those that failed or that are claimed."""
        # Close it here: an error's traceback would keep the generator and its thread alive.
        with closing(self._iter_pages()) as pages:
            while not self._cancelled.is_set():
                batch = self._store.list_waiting(self._job.id, self._place, _BATCH)
                if batch:
                    self._place = batch[-1].place
                    self._postponed += [item.place for item in batch if item.reason]
                    yield from self._claim_batch([item for item in batch if not item.reason])
                elif next(pages, None) is None:
                    return

    def _begin_next_walk(self) -> bool:
        """Reread an empty last page, or verify the gallery; return False if neither is due."""
        job = self._store.get_job(self._job.id)
        if job.ended_empty and job.walk not in self._reread:
            self._reread.add(job.walk)
            deadline = time.monotonic() + _REREAD_SECONDS
            while time.monotonic() < deadline:
                self._on_wait()
                self._cancelled.sleep(_POLL_SECONDS)
            self._store.set_walk(job.id, job.walk.reopened)
        elif job.needs_second_walk and not self._cancelled.is_set():
            self._store.set_walk(job.id, WalkState.SECOND, begins=True)
        else:
            return False
        self._job = self._store.get_job(job.id)
        return True

    # Pages

    def _iter_pages(self) -> Generator[tuple[Image, ...], None, None]:
        """Fetch pages, the next one in advance, store them, and yield their images."""
        if not self._job.walk.is_under_way:
            return
        known = self._store.list_image_ids(self._job.id)
        walk = walk_gallery(self._job, known, self._fetch_page)
        with closing(prefetch(walk, self._cancelled, self._on_wait)) as pages:
            for page in map(self._shorten_last_page, pages):
                self._store.add_page(self._job.id, page)
                yield page.images
                if page.report.end == "known":
                    return
        self._cancelled.check()

    def _shorten_last_page(self, page: WalkedPage) -> WalkedPage:
        """Return a page; cut it as soon as `stop_at_known` images in a row were saved before.

        The row may begin on an earlier page. A cut page is the job's last page. Pages of a second
        walk, and all pages if `stop_at_known` is 0, are returned whole.
        """
        # Not in `walk_gallery`: its thread has no database connection.
        limit = 0 if page.walk == 2 else self._job.options.stop_at_known
        saved = self._store.find_saved_paths([image.id for image in page.images]) if limit else {}
        for count, image in enumerate(page.images if limit else (), start=1):
            self._saved_in_row = self._saved_in_row + 1 if image.id in saved else 0
            if self._saved_in_row == limit:
                report = replace(page.report, end="known")
                return replace(page, images=page.images[:count], cursor=None, report=report)
        return page

    def _fetch_page(self, cursor: str | None, limit: int) -> Page:
        query = self._job.query
        if self._job.walk is WalkState.SECOND:
            query = replace(query, sort="Newest" if query.sort == "Oldest" else "Oldest")
        with self._cancelled.as_current():
            return self._client.fetch_page(query, cursor, limit)

    # Claims

    def _claim_batch(self, batch: list[Item]) -> Iterator[Item]:
        """Claim items and yield those to download; postpone those that other jobs have claimed."""
        if self._job.options.reads_only:
            for item in batch:
                self._on_outcome(Outcome(item.image_id, "saved"))
            return
        if not batch:
            return
        folder, again = self._job.folder, self._job.again
        files = {} if again else {i.image_id: _find_file(i, folder) for i in batch}
        # What lies there already is not claimed: what is found beside a claim is the job's own.
        present = {image_id for image_id, file in files.items() if file}
        ids = [item.image_id for item in batch]
        claims = self._store.claim_images(self._job.id, ids, present)
        for item in batch:
            claim = claims[item.image_id]
            outcome = None if again else self._find_existing(item, claim, files[item.image_id])
            if outcome is not None:
                self._on_outcome(outcome)
            elif claim.other_job:
                self._postponed.append(item.place)
            else:
                yield item
        for other_job in {claim.other_job for claim in claims.values()} - {0}:
            self._store.free_claims(other_job, _find_finished)

    def _find_existing(
        self, item: Item, claim: Claim, found: tuple[str, int] | None
    ) -> Outcome | None:
        """Return the outcome of an item that any job has saved, or that lies in our folder."""
        if not claim.saved_path and found and not claim.other_job:
            return _finish_existing(item, self._job.folder, *found, claim.ours_before)
        if not claim.saved_path:
            return None
        found = found or _find_file(item, self._job.folder, claim.saved_bytes)
        path, message = found[0] if found else claim.saved_path, ""
        if not os.path.isfile(path):
            message = f"It was saved before as {path}, but that file no longer exists."
        elif _read_type_and_size(path, claim.saved_bytes) is None:
            message = f"It was saved before as {path}, but that file is incomplete now."
        return Outcome(item.image_id, "skipped", path, message=message)


def _find_finished(job: Job, item: Item) -> Outcome | None:
    """Return the outcome of an item that a killed job had downloaded, but not yet recorded."""
    found = None if job.again else _find_file(item, job.folder)
    try:
        return _finish_existing(item, job.folder, *found, True) if found else None
    except DiskFull:
        return None


def _find_file(item: Item, folder: str, known_size: int = 0) -> tuple[str, int] | None:
    """Return (path, bytes) of an item's complete file. known_size: 0 if unknown."""
    for extension in _EXTENSIONS:
        path = item.path(folder, extension)
        found = _read_type_and_size(path, known_size)
        if found is not None and found[0] == extension:
            return path, found[1]
    return None


def _finish_existing(item: Item, folder: str, path: str, size: int, is_ours: bool) -> Outcome:
    """Write the missing sidecars of a file that exists. is_ours: the item's job had fetched it."""
    try:
        _check_folder(item, folder)
        write_sidecars(path, item.record, keeps_existing=True)
    except DiskFull:
        raise
    except CivitaiShortcutError as error:
        return failed_outcome(item, error)
    state = "saved" if is_ours else "skipped"
    return Outcome(item.image_id, state, path, _read_file_size(path, size))


def _check_folder(item: Item, job_folder: str) -> None:
    """Raise DiskError if a folder that the template gives to an item is a link."""
    top = os.path.abspath(setting.saved_images_folder())
    is_below = job_folder.startswith(os.path.join(top, ""))
    check_no_links(top if is_below else job_folder, item.folder(job_folder))


def _read_file_size(path: str, default: int) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return default


def _read_type_and_size(path: str, known_size: int) -> tuple[str, int] | None:
    """Return (extension by the content, bytes) of a complete file. known_size: 0 if unknown."""
    try:
        extension = extension_if_complete(path, known_size)
        return None if extension is None else (extension, os.path.getsize(path))
    except OSError:  # missing or unreadable; downloading it will report the problem
        return None


_DAMAGED = "Its record is damaged: nothing was written beside the picture."


def write_sidecars(path: str, record: str, keeps_existing: bool = False) -> str:
    """Save an image's metadata in text files beside it; return a warning about a damaged record.

    The settings choose among `<name>.txt` (infotext), `<name>.workflow.json` and `<name>.json`
    (Civitai's record). record: Civitai's record as JSON text; if it is damaged or "", nothing is
    written. keeps_existing: write only the files that are missing. Return "" for no warning. Raises
    DiskError.
    """
    needs_texts = setting.save_infotext or setting.save_workflow
    if not record or not (needs_texts or setting.save_record):
        return ""
    stem = os.path.splitext(path)[0]
    row = parse_json_or_none(record)
    if not isinstance(row, dict):
        util.printD(f"[gallery] {os.path.basename(stem)}: {_DAMAGED}")
        return _DAMAGED
    infotext, workflow = _find_texts(path, row) if needs_texts else ("", "")
    texts = {
        f"{stem}.txt": infotext if setting.save_infotext else "",
        f"{stem}.workflow.json": workflow if setting.save_workflow else "",
        f"{stem}.json": record if setting.save_record else "",
    }
    for sidecar, text in texts.items():
        if text and not (keeps_existing and os.path.isfile(sidecar)):
            _write_sidecar(sidecar, text)
    return ""


def _embed(record: str, file: BinaryIO, path: str) -> bool:
    """Write an image with its infotext to `path`; return whether it needed and could have one."""
    row = parse_json_or_none(record)
    return isinstance(row, dict) and embed_infotext(path, _find_texts(file, row)[0], file)


def _find_texts(file: str | BinaryIO, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return (infotext, workflow) of an image; read its file for what Civitai's record lacks."""
    image_id, post_id = (as_whole_number(row.get(name), 1) for name in ("id", "postId"))
    base_model, meta = clean_line(row.get("baseModel"), 100), unwrap_meta(row.get("meta")) or None
    image = Image(image_id or 0, "", base_model=base_model, post_id=post_id, meta=meta)
    image = name_numbered_models(image)
    infotext = build_infotext(image.meta, image, adds_lora_tags=setting.adds_lora_tags)
    workflow = find_workflow(image.meta)
    if infotext and (workflow or not setting.save_workflow):
        return infotext, workflow
    embedded = read_embedded(file)
    return infotext or embedded.infotext, workflow or embedded.workflow


def _write_sidecar(path: str, text: str) -> None:
    with AtomicFile(os.path.dirname(path)) as file:
        file.write(text.encode("utf-8", "replace"))
        file.commit(path)

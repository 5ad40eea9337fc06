"""The demo's drawings in a folder, so that several processes draw each image once."""

import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civitai_demo import files

__all__ = ["share_drawings"]


def share_drawings(folder: Path) -> None:
    """Let the demo of this process take files from a folder, and add those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("draw_original", "_draw_thumbnail"):
        setattr(files, name, _make_shared(getattr(files, name), folder / name.strip("_")))


def _make_shared(draw: Callable[..., files.File], stem: Path) -> Callable[..., files.File]:
    def draw_once(image: Any, *look: Any) -> files.File:
        path = Path("-".join(map(str, (stem, image.id, *look))))
        try:
            return files.File(*pickle.loads(path.read_bytes()))
        except FileNotFoundError:
            file = draw(image, *look)
            partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            partial.write_bytes(pickle.dumps(tuple(file)))
            os.replace(partial, path)
            return file

    return draw_once

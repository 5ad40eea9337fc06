"""Checks of a folder and a server after the program was killed."""

import json
from pathlib import Path


def list_whole_images(server, dest):
    """Return the ids of the images saved in the folder `dest`; assert that all are complete."""
    found = set()
    for path in dest.glob("[!.]*"):
        image_id = int(path.stem)
        if path.suffix == ".json":
            assert json.loads(path.read_text())["id"] == image_id
        elif path.suffix == ".txt":
            assert path.read_text().endswith("Steps: 20, CFG scale: 7, Seed: 1")
        else:
            assert path.name == server.file_of(image_id)
            assert path.read_bytes() == server.bytes_of(image_id)
            found.add(image_id)
    return found


def check_none_fetched_again(server, saved, asked_before):
    asked = {i for i, times in server.fetched.items() if times > asked_before[i]}
    assert not saved & asked


def read_images(folder):
    """Return the bytes of the images in a folder by file name; skip .txt and .json files."""
    found = (path for path in Path(folder).iterdir() if path.suffix not in (".txt", ".json"))
    return {path.name: path.read_bytes() for path in found}

"""A benchmark: our speed and memory beside other programs at the same work.

    python tests/bench/run.py           all of it, about 10 minutes
    python tests/bench/run.py --quick   less of each, in under 3 minutes
    python tests/bench/run.py a m       these cases
    python tests/bench/run.py i --scale big   a search among 200,000, some minutes and 1 GB

Prints a table for each case as Markdown, with medians of several turns, and whether the targets
hold. Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

import browsing
import downloads
import models
import opening
import search

_CASES = {
    "a": downloads.download_many,
    "g": browsing.browse,
    "i": search.measure_search,
    "j": opening.open_gallery,
    "m": models.download_models,
}


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(_CASES)}")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", dest="scale", action="store_const", const="quick")
    sizes.add_argument("--scale", choices=("big", "full", "quick"))
    parser.set_defaults(scale="full")
    arguments = parser.parse_args()
    if arguments.scale == "big" and arguments.cases != ["i"]:
        parser.error("only case i has such a scale")
    unknown = set(arguments.cases) - set(_CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    return arguments


def main() -> None:
    arguments = _parse_arguments()
    started = time.monotonic()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{machine}; load before: {_load()}\n", flush=True)
    for letter in arguments.cases or _CASES:
        print(_CASES[letter](arguments.scale), flush=True)
    print(f"{time.monotonic() - started:.0f} seconds; load after: {_load()}")


def _load() -> str:
    return "unknown" if sys.platform == "win32" else f"{os.getloadavg()[0]:.2f}"


if __name__ == "__main__":
    main()

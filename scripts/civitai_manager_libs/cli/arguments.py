"""The command line's arguments."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from .. import setting
from ..civitai import PERIODS, SORTS
from ..i18n import messages
from . import terminal

_MAX = 2**31 - 1  # of a number without another limit
_MIN_RATE = 1.0  # KB a second
_MAX_RATE = setting.BY_NAME["gallery_max_rate_kb"].high
_CONCURRENCY = setting.BY_NAME["gallery_max_concurrent_downloads"]
_LIMIT = setting.BY_NAME["gallery_download_limit"]
# the API's name of a rating: the page's name
_LEVELS = {value: name for name, value in messages.list_choices("level", "en")}
_SORTS = {sort: sort for sort in SORTS}
_LIBRARY_SORTS = {sort: sort for sort in ("Newest", "Oldest", "Most Reactions")}
_PERIODS = {period: period for period in PERIODS}
_QUALITIES = {quality: quality for quality in setting.BY_NAME["saved_quality"].choices}
_TYPES = {"image": "image", "video": "video"}
# The fields of `jobs.filename_template`, written out because the help loads no heavy library; %%
# because argparse formats the help
_NAME = (
    "template of the file name within that folder; fields: {model}, {version}, {author},"
    " {date:%%Y-%%m}, {id}, {level}, {type}, {base_model}, {post}, {width}, {height}, {reactions},"
    " {seed}, {sampler}, {steps} and {checkpoint}; / separates folders; {author|nobody} gives the"
    " text for an unknown author; the last part must contain {id}; default: {id} with --dest,"
    " otherwise the template of the settings ({model}/user_gallery_images/{id} unless changed)"
)
_PROGRAM_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py --demo
      the gallery on an offline demo of Civitai with its own pictures
  python scripts/civitai_shortcut.py download https://civitai.com/models/12345 --limit 60
      downloads 60 pictures of a model's gallery
  python scripts/civitai_shortcut.py jobs
      lists what was downloaded, and how to resume what was not

"COMMAND --help" shows the options of a command."""
_DOWNLOAD_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py download 12345 --limit 60 --level PG-13 --dest pictures
  python scripts/civitai_shortcut.py download "https://civitai.com/models/12345?modelVersionId=678"
      (in quotes, because ? and & are special characters in a shell)
  python scripts/civitai_shortcut.py download list.txt
      (any text with addresses or ids of pictures, such as a page saved as text; - for stdin)
  python scripts/civitai_shortcut.py download 12345 --name "{author}/{date:%Y-%m}/{id}-{seed}"
  python scripts/civitai_shortcut.py --demo download 900001 --limit 20
      (to try it without a network)"""
_MODELS_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py models https://civitai.com/images/12345 picture.png
      lists the models that these pictures need, with their sizes, and which of them are here
  python scripts/civitai_shortcut.py models 12345 --get
      downloads the newest version of a model into the folder of its kind
  python scripts/civitai_shortcut.py --demo models 900001 --get
      (to try it without a network)"""
_MAKE_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py make https://civitai.com/images/12345
      makes the picture again in the ComfyUI or WebUI that runs on this machine
  python scripts/civitai_shortcut.py make picture.png --engine comfyui --seed 7 --dest made"""
_SEARCH_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py search 'lighthouse -blurry "golden hour"'
  python scripts/civitai_shortcut.py search 'lora:detail sampler:euler steps>20' --json
      (in single quotes, so that the shell does not change the query)

keys: lora model embedding sampler schedule size guidance upscaler denoising author base negative
  tag mytag collection note, e.g. lora:detail base:"SDXL 1.0"; steps cfg clip hires width height
  reactions stars, e.g. steps>20 width>=1024; after:2025-01 before:2025;
  is:favourite is:saved is:commercial is:gone is:image is:video;
  has:data has:negative has:hires has:note; a - in front excludes matches"""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser that reports an error in one line, without the usage."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}."
        terminal.print_translated("says_more", error=sentence, program=self.prog)
        self.exit(terminal.BAD_INPUT)

    def print_help(self, file: Any = None) -> None:
        terminal.write_now(sys.stdout if file is None else file, self.format_help())


def build_parser() -> OneLineParser:
    """Return the parser for the program's command line.

    If no command is given, the parsed `command` is None and the program starts its web server.
    """
    parser = OneLineParser(
        prog="civitai_shortcut.py",
        description="Without a command, start a web server with the gallery.",
        epilog=_PROGRAM_EXAMPLES,
    )
    add = parser.add_argument
    demo = (
        "use an offline demo in place of Civitai, also with a command (models 900001 to 900007);"
        " default: no"
    )
    add("--demo", action="store_true", help=demo)
    address = "address of the web server; default: %(default)s, which only this machine can reach"
    add("--host", metavar="ADDRESS", default="127.0.0.1", help=address)
    port = "port of the web server, 1 to 65535; default: %(default)s"
    add("--port", type=_whole_number(1, 65535), metavar="PORT", default=7860, help=port)
    login = (
        "require this login for the web server; default: the login in CIVITAI_SHORTCUT_AUTH, which"
        " other users of this machine cannot read, otherwise no login"
    )
    default = os.environ.get("CIVITAI_SHORTCUT_AUTH") or None
    add("--auth", type=_parse_login, metavar="USER:PASSWORD", default=default, help=login)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    on_demo = "the same as --demo before the command; default: no"
    as_json = "print the result as JSON, as the last line of stdout; default: as text"
    for name, (add_options, summary) in _COMMANDS.items():
        description = f"{summary[:1].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=description)
        add_options(command)
        command.add_argument("--demo", action="store_true", default=argparse.SUPPRESS, help=on_demo)
        command.add_argument("--json", action="store_true", help=as_json)
    return parser


# The values of options


def parse_rate(text: str) -> float:
    """Parse a speed in bytes a second, such as `500k` or `2M`, and return it in KiB a second.

    Raises ArgumentTypeError for other text, and for a speed below 1 KiB a second.
    """
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)([kmg]?)i?b?", text.strip(), re.I | re.A)
    units = {"": 1 / 1024, "k": 1, "m": 1024, "g": 1024**2}
    rate = float(found[1]) * units[found[2].lower()] if found else 0.0
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise argparse.ArgumentTypeError(
            f"must be bytes a second, such as 500k or 2M, not {text!r}"
        )
    return rate


def _parse_login(text: str) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if not user or not password:  # the text is not repeated: it may be a password
        raise argparse.ArgumentTypeError("must be USER:PASSWORD (so must CIVITAI_SHORTCUT_AUTH)")
    return user, password


def _parse_folder(text: str) -> str:
    if not text.strip():  # an unset shell variable does not mean the current folder
        raise argparse.ArgumentTypeError("must be a folder, such as . for the one you are in")
    return text


def _whole_number(low: int, high: int = _MAX, digits: int = 10) -> Callable[[str], int]:
    bounds = f"of {low} or more" if high == _MAX else f"from {low} to {high}"

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= digits
        if not (is_number and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number {bounds}, not {text!r}")
        return int(text)

    return parse


def _one_of(choices: Mapping[str, str]) -> Callable[[str], str]:
    """Return a parser for a value or label, in which case, blanks, `-` and `_` do not matter."""

    def normalize(text: str) -> str:
        return re.sub(r"[\s_-]", "", text).casefold()

    values = {normalize(name): value for value, label in choices.items() for name in (value, label)}

    def parse(text: str) -> str:
        if normalize(text) not in values:
            raise argparse.ArgumentTypeError(f"must be {_join_choices(choices)}, not {text!r}")
        return values[normalize(text)]

    return parse


def _join_choices(choices: Mapping[str, str]) -> str:
    """Return a text such as `PG (or None), R (or Mature) or X` for {value: label}."""
    shown = [name if name == value else f"{name} (or {value})" for value, name in choices.items()]
    return f"{', '.join(shown[:-1])} or {shown[-1]}"


# The commands


def _add_download(download: argparse.ArgumentParser) -> None:
    download.epilog, add = _DOWNLOAD_EXAMPLES, download.add_argument
    what = (
        "URL of a model, version, post, user or picture on Civitai, id of a model or picture, or a"
        " file that lists pictures (- for stdin)"
    )
    add("model", metavar="WHAT", help=what)
    _add_version(download)
    limit = f"largest number of pictures; default: the setting ({_LIMIT.default} unless changed)"
    limit += ", all pictures of a list"
    add("--limit", type=_whole_number(1), metavar="N", help=limit)
    _add_level(download)
    kind = f"only {_join_choices(_TYPES)}; default: both"
    add("--type", type=_one_of(_TYPES), metavar="TYPE", help=kind)
    _add_sort(download, _SORTS, f"{_join_choices(_SORTS)} (only the first two without a version)")
    period = f"posted within this time: {_join_choices(_PERIODS)}; default: %(default)s"
    add("--period", type=_one_of(_PERIODS), metavar="PERIOD", default="AllTime", help=period)
    folder = (
        "folder for the pictures; without --name, they are stored directly in it; default: the"
        " folder for saved pictures, with the subfolders of the settings"
        " (<model name>/user_gallery_images unless changed)"
    )
    add("--dest", type=_parse_folder, metavar="DIR", help=folder)
    add("--name", metavar="TEMPLATE", help=_NAME)
    low, high = int(_CONCURRENCY.low), int(_CONCURRENCY.high)
    concurrency = (
        f"number of simultaneous downloads, {low} to {high}; default: the setting"
        f" ({_CONCURRENCY.default} unless changed)"
    )
    add("--concurrency", type=_whole_number(low, high), metavar="N", help=concurrency)
    widths = ", ".join(map(str, setting.RENDITIONS))
    quality = (
        f"original, or a width in pixels ({widths}) to which Civitai reduces wider images; reduced"
        " images have no embedded metadata; videos are always the original; default: the setting"
        " (original unless changed)"
    )
    add("--quality", type=_one_of(_QUALITIES), metavar="WIDTH", help=quality)
    rate = (
        "limit in bytes per second, e.g. 500k or 2M (k: 1024); default: the setting (no limit"
        " unless changed)"
    )
    add("--max-rate", type=parse_rate, metavar="BYTES", help=rate)
    known = (
        "stop after N pictures in a row that were saved before, to download only what is new; needs"
        " --sort Newest; default: go through the whole gallery"
    )
    add("--stop-at-known", type=_whole_number(1), metavar="N", help=known)
    verify = (
        "go through the gallery a second time, from its other end, download what was missed, and"
        " report how complete the result is; this takes one more request for each 89 pictures;"
        " default: go through it once"
    )
    add("--verify", action="store_true", help=verify)
    again = "also download pictures that were saved before; default: skip them"
    add("--again", action="store_true", help=again)


def _add_models(command: argparse.ArgumentParser) -> None:
    command.epilog, add = _MODELS_EXAMPLES, command.add_argument
    what = (
        "a picture (Civitai URL or id, or a file on this machine), for the models that it was made"
        " with; or a model or version (Civitai URL or id), for its own file"
    )
    add("what", metavar="WHAT", nargs="+", help=what)
    version = "id of the model's version; default: the version in the URL, otherwise the newest"
    add("--version", type=_whole_number(1), metavar="ID", help=version)
    get = "download missing files into the folder of their kind; default: only list them"
    add("--get", action="store_true", help=get)
    newer = (
        "first ask Civitai for newer versions of all models on this machine, 100 with each request,"
        " and for licences that are not known; default: what was asked before"
    )
    add("--newer", action="store_true", help=newer)
    number = _whole_number(1)
    file = (
        "id of a file in the list, to download instead of the version's default file, or in"
        " addition to it if it is a VAE or the like; can be repeated; default: the file that the"
        " picture names, otherwise the best one by the settings"
    )
    add("--file", type=number, metavar="ID", action="append", default=[], help=file)
    pickle = (
        "the same as --file, for a file that can run code when it is loaded (.ckpt, .pt); it must"
        " have passed both of Civitai's scans; default: such files are not downloaded"
    )
    add("--allow-pickle", type=number, metavar="ID", action="append", default=[], help=pickle)
    folder = "folder for the files; default: the folder for each kind of model"
    add("--dest", type=_parse_folder, metavar="DIR", help=folder)


def _parse_seed(text: str) -> int:
    return -1 if text == "random" else _whole_number(0, 2**64 - 1, 20)(text)


def _add_make(command: argparse.ArgumentParser) -> None:
    command.epilog, add = _MAKE_EXAMPLES, command.add_argument
    add("image", metavar="IMAGE", help="a picture: Civitai URL or id, or a file on this machine")
    engine = (
        "engine, the program to make it in: comfyui, webui (A1111, the Forges), or an address that"
        " `engines` lists; default: the only one that answers"
    )
    add("--engine", metavar="ENGINE", help=engine)
    seed = "another seed, or `random`; default: the picture's"
    add("--seed", type=_parse_seed, metavar="N", help=seed)
    folder = "folder for the picture; default: the setting (made_here unless changed)"
    add("--dest", type=_parse_folder, metavar="DIR", help=folder)
    rebuild = "make a new graph from the infotext; default: a ComfyUI picture's own graph"
    add("--rebuild", action="store_true", help=rebuild)
    missing = "leave out missing LoRAs, VAEs, embeddings and upscalers; default: make nothing"
    add("--allow-missing", action="store_true", help=missing)
    custom = (
        "run the picture's own graph though it has nodes that are not ComfyUI's own, which run"
        " code on the engine's machine; default: make nothing"
    )
    add("--allow-custom-nodes", action="store_true", help=custom)


def _add_engines(command: argparse.ArgumentParser) -> None:
    login = (
        "ask for the user and password of the program at this address, and store them; default:"
        " list the programs"
    )
    command.add_argument("--login", metavar="ADDRESS", help=login)


def _add_job(command: argparse.ArgumentParser) -> None:
    job = "number of a job, as `jobs` shows it; default: all jobs"
    command.add_argument("job", type=_whole_number(1), nargs="?", metavar="JOB", help=job)


def _add_jobs(jobs: argparse.ArgumentParser) -> None:
    words = "list only jobs that match all these words, such as `failed` or a model's name"
    jobs.add_argument("words", metavar="WORDS", nargs="*", default=[], help=words)


def _add_export(command: argparse.ArgumentParser) -> None:
    only = "name of the only collection to export; default: everything"
    command.add_argument("set", metavar="SET", nargs="?", default="", help=only)
    records = (
        "export every picture of the library instead, a line of JSON each: how it was made, with"
        " hashes, and where its file is; default: no"
    )
    command.add_argument("--records", action="store_true", help=records)


def _add_search(search: argparse.ArgumentParser) -> None:
    search.epilog, add = _SEARCH_EXAMPLES, search.add_argument
    words = (
        "words of the prompt, and conditions such as `key:value` (see below); default: all pictures"
    )
    add("words", metavar="WORDS", nargs="*", default=[], help=words)
    limit = "largest number of pictures; default: %(default)s"
    add("--limit", type=_whole_number(1), metavar="N", default=50, help=limit)
    _add_sort(search, _LIBRARY_SORTS, _join_choices(_LIBRARY_SORTS))
    _add_level(search, "XXX")


def _add_stats(stats: argparse.ArgumentParser) -> None:
    add = stats.add_argument
    add("model", metavar="WHAT", help="URL of a model or version on Civitai, or id of a model")
    _add_version(stats)
    _add_level(stats)
    read = (
        "first fetch the records of N more pictures, rounded up to whole pages; default: send no"
        " request to Civitai"
    )
    add("--read", type=_whole_number(1), metavar="N", help=read)


def _add_version(command: argparse.ArgumentParser) -> None:
    version = (
        "only pictures of this version; default: the version in the URL, otherwise all versions"
    )
    command.add_argument("--version", type=_whole_number(1), metavar="ID", help=version)


def _add_level(command: argparse.ArgumentParser, default: str = "None") -> None:
    level = f"highest rating: {_join_choices(_LEVELS)}; default: {_LEVELS[default]}"
    parse = _one_of(_LEVELS)
    command.add_argument("--level", type=parse, metavar="RATING", default=default, help=level)


def _add_sort(command: argparse.ArgumentParser, sorts: Mapping[str, str], about: str) -> None:
    about = f"{about}; default: %(default)s"
    command.add_argument(
        "--sort", type=_one_of(sorts), metavar="SORT", default="Newest", help=about
    )


_COMMANDS = {
    "download": (
        _add_download,
        "download the gallery of a model, version, post or user, or a single picture",
    ),
    "models": (_add_models, "list the model files that pictures need, and download missing ones"),
    "engines": (_add_engines, "list the programs that can make pictures, and what they have"),
    "make": (_add_make, "make a picture again in a program that runs"),
    "resume": (_add_job, "resume a job, or all unfinished jobs"),
    "retry": (_add_job, "retry the failed downloads of a job, or of all jobs"),
    "jobs": (_add_jobs, "list the download jobs, newest first, and how to resume them"),
    "export": (
        _add_export,
        "write favourites, notes, collections and images made here to stdout, as JSON",
    ),
    "search": (_add_search, "search the library of pictures on this machine, without the network"),
    "figures": (_add_stats, "show statistics of a model's pictures in the library"),
}

"""The arguments of the command line and their help; `--help` loads nothing heavy."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn

from .. import setting
from ..civitai import PERIODS, SORTS
from ..i18n import messages
from . import argtypes, terminal

__all__ = ["OneLineParser", "build_parser"]

_BAD_INPUT = 2
_CONCURRENCY = setting.BY_NAME["gallery_max_concurrent_downloads"]
_LIMIT = setting.BY_NAME["gallery_download_limit"]
# the API's name of a rating: the page's name
_LEVELS = {value: name for name, value in messages.choice_labels("level", "en")}
_SORTS = {sort: sort for sort in SORTS}
_LIBRARY_SORTS = {sort: sort for sort in ("Newest", "Oldest", "Most Reactions")}
_PERIODS = {period: period for period in PERIODS}
_QUALITIES = {quality: quality for quality in setting.BY_NAME["saved_quality"].choices}
_TYPES = {"image": "image", "video": "video"}
# The fields of `jobs.filename_template`; %% because argparse formats the help
_NAME = (
    "where a picture goes in that folder: text with {model}, {version}, {author}, {date:%%Y-%%m},"
    " {id}, {level}, {type}, {base_model}, {post}, {width}, {height}, {reactions}, {seed},"
    " {sampler}, {steps} or {checkpoint}; / makes folders, {author|nobody} says what stands for an"
    " author that is not known; {id} must be in its last part; default: {id} with --dest, else"
    " the setting's ({model}/user_gallery_images/{id} unless changed)"
)
_PROGRAM_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py --demo
      the tab on an offline Civitai with pictures of its own
  python scripts/civitai_shortcut.py download https://civitai.com/models/12345 --limit 60
      60 pictures of a model's gallery
  python scripts/civitai_shortcut.py jobs
      what was downloaded, and how to go on with what was not

"COMMAND --help" says more of a command."""
_DOWNLOAD_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py download 12345 --limit 60 --level PG-13 --dest pictures
  python scripts/civitai_shortcut.py download "https://civitai.com/models/12345?modelVersionId=678"
      (in quotes: a shell has a meaning of its own for ? and &)
  python scripts/civitai_shortcut.py download 12345 --name "{author}/{date:%Y-%m}/{id}-{seed}"
  python scripts/civitai_shortcut.py --demo download 900001 --limit 20
      (a try without a network)"""

_MODELS_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py models https://civitai.com/images/12345 picture.png
      what these pictures need, what of it is here and what is not, with sizes
  python scripts/civitai_shortcut.py models 12345 --get
      the newest version of a model, into its folder
  python scripts/civitai_shortcut.py --demo models 900001 --get
      (a try without a network)"""
_SEARCH_EXAMPLES = """\
examples:
  python scripts/civitai_shortcut.py search 'lighthouse -blurry "golden hour"'
  python scripts/civitai_shortcut.py search 'lora:detail sampler:euler steps>20' --json
      (in single quotes, so that the shell leaves what is in them alone)

keys: lora model embedding sampler schedule author base negative, as lora:detail or base:"SDXL 1.0";
  steps cfg clip width height reactions, as steps>20 or width>=1024; after:2025-01 before:2025;
  is:saved is:image is:video; has:data has:negative has:hires; - before any of them: not"""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser that reports an error in one line, without the usage."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs)

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:]}."
        terminal.print_translated("says_more", said=sentence, program=self.prog)
        self.exit(_BAD_INPUT)

    def print_help(self, file: Any = None) -> None:
        terminal.write_now(sys.stdout if file is None else file, self.format_help())


def build_parser() -> OneLineParser:
    """Return the parser of the program's command line.

    If no command is given, the parsed `command` is None and the program starts its web server.
    """
    parser = OneLineParser(
        prog="civitai_shortcut.py",
        description="Without a command: the gallery tab by itself, in the browser.",
        epilog=_PROGRAM_EXAMPLES,
    )
    add = parser.add_argument
    demo = (
        "an offline Civitai of our own in place of the real one, for a command too (models 900001"
        " to 900010); default: no"
    )
    add("--demo", action="store_true", help=demo)
    address = "the tab's address; default: %(default)s, which only this machine can reach"
    add("--host", metavar="ADDRESS", default="127.0.0.1", help=address)
    port = "the tab's port, 1 to 65535; default: %(default)s"
    add("--port", type=argtypes.make_int_parser(1, 65535), metavar="PORT", default=7860, help=port)
    login = (
        "let only those into the tab who know this; default: that of CIVITAI_SHORTCUT_AUTH, which"
        " other users of the machine cannot read, else everybody who reaches it"
    )
    default = os.environ.get("CIVITAI_SHORTCUT_AUTH") or None
    add("--auth", type=argtypes.parse_login, metavar="USER:PASSWORD", default=default, help=login)
    _add_commands(parser)
    return parser


def _add_commands(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (add_arguments, summary) in _COMMANDS.items():
        description = f"{summary[:1].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=description)
        if add_arguments is not None:
            add_arguments(command)
        on_demo = "as before the command; default: no"
        command.add_argument("--demo", action="store_true", default=argparse.SUPPRESS, help=on_demo)
        as_json = "the result as JSON, in the last line of stdout; default: in words"
        command.add_argument("--json", action="store_true", help=as_json)


def _add_job(command: argparse.ArgumentParser) -> None:
    job = "a number that `jobs` shows; without it all"
    command.add_argument(
        "job", type=argtypes.make_int_parser(1), nargs="?", metavar="JOB", help=job
    )


def _add_set(command: argparse.ArgumentParser) -> None:
    only = "one collection, by its name; without it all that you have marked"
    command.add_argument("set", metavar="SET", nargs="?", default="", help=only)


def _add_stats(stats: argparse.ArgumentParser) -> None:
    add = stats.add_argument
    add("model", metavar="WHAT", help="a Civitai URL of a model or version, or a model's id")
    _add_version(stats)
    _add_level(stats)
    read = "first read records of N pictures or up to a page more; default: ask nothing of Civitai"
    add("--read", type=argtypes.make_int_parser(1), metavar="N", help=read)


def _add_version(command: argparse.ArgumentParser) -> None:
    version = "pictures of this version only; default: that of the URL, else of all versions"
    command.add_argument("--version", type=argtypes.make_int_parser(1), metavar="ID", help=version)


def _add_level(command: argparse.ArgumentParser, default: str = "None") -> None:
    level = f"highest rating: {argtypes.join_names(_LEVELS)}; default: {_LEVELS[default]}"
    kind = argtypes.make_choice_parser(_LEVELS)
    command.add_argument("--level", type=kind, metavar="RATING", default=default, help=level)


def _add_download(download: argparse.ArgumentParser) -> None:
    download.epilog, add = _DOWNLOAD_EXAMPLES, download.add_argument
    what = (
        "a Civitai URL of a model, version, post, user or picture, or a model's or a picture's id"
    )
    add("model", metavar="WHAT", help=what)
    _add_version(download)
    limit = f"pictures at most; default: that of the settings ({_LIMIT.default} unless changed)"
    add("--limit", type=argtypes.make_int_parser(1), metavar="N", help=limit)
    _add_filters(download)
    _add_folder_options(download)
    _add_fetch_options(download)
    known = (
        "stop after so many pictures in a row that were saved before, for those who come back every"
        " week; needs --sort Newest; default: go through the whole gallery"
    )
    add("--stop-at-known", type=argtypes.make_int_parser(1), metavar="N", help=known)
    verify = (
        "make sure that it is all: walk the gallery a second time, from its other end, take what"
        " the first walk missed, and say how complete it is, for one request more for each 89"
        " pictures; default: walk it once"
    )
    add("--verify", action="store_true", help=verify)
    again = "fetch what was saved before, too; default: skip it"
    add("--again", action="store_true", help=again)


def _add_folder_options(download: argparse.ArgumentParser) -> None:
    folder = (
        "the folder that the pictures go into, directly unless --name says otherwise; default: the"
        " folder for saved pictures, and in it what the setting of names says"
        " (<model name>/user_gallery_images unless changed)"
    )
    download.add_argument("--dest", type=argtypes.parse_folder, metavar="DIR", help=folder)
    download.add_argument("--name", metavar="TEMPLATE", help=_NAME)


def _add_fetch_options(download: argparse.ArgumentParser) -> None:
    add = download.add_argument
    low, high = int(_CONCURRENCY.low), int(_CONCURRENCY.high)
    concurrency = (
        f"pictures at the same time, {low} to {high}; default: that of the settings"
        f" ({_CONCURRENCY.default} unless changed)"
    )
    add("--concurrency", type=argtypes.make_int_parser(low, high), metavar="N", help=concurrency)
    widths = ", ".join(map(str, setting.RENDITIONS))
    quality = (
        f"original, or the width in pixels ({widths}) of a smaller one that Civitai makes of wider"
        " images, without what is embedded in them; videos are always the original; default: that"
        " of the settings (original unless changed)"
    )
    add("--quality", type=argtypes.make_choice_parser(_QUALITIES), metavar="WIDTH", help=quality)
    rate = (
        "bytes a second at most, as 500k or 2M (k: 1024); default: that of the settings (no limit"
        " unless changed)"
    )
    add("--max-rate", type=argtypes.parse_rate, metavar="BYTES", help=rate)


def _add_search(search: argparse.ArgumentParser) -> None:
    search.epilog, add = _SEARCH_EXAMPLES, search.add_argument
    words = "words of the prompt and, with `key:value`, of how it was made; without them everything"
    add("words", metavar="WORDS", nargs="*", default=[], help=words)
    limit = "pictures at most; default: %(default)s"
    add("--limit", type=argtypes.make_int_parser(1), metavar="N", default=50, help=limit)
    sort = f"{argtypes.join_names(_LIBRARY_SORTS)}; default: %(default)s"
    add(
        "--sort",
        type=argtypes.make_choice_parser(_LIBRARY_SORTS),
        metavar="SORT",
        default="Newest",
        help=sort,
    )
    _add_level(search, "XXX")


def _add_jobs(jobs: argparse.ArgumentParser) -> None:
    words = "list only jobs of which all these words are told, as `failed` or a model's name"
    jobs.add_argument("words", metavar="WORDS", nargs="*", default=[], help=words)


def _add_models(command: argparse.ArgumentParser) -> None:
    command.epilog, add = _MODELS_EXAMPLES, command.add_argument
    what = (
        "a Civitai URL or id of a picture, or a picture's file on this machine: what it was made"
        " with; or a Civitai URL or id of a model or version: its own file"
    )
    add("what", metavar="WHAT", nargs="+", help=what)
    version = "this version of a model; default: that of the URL, else the newest"
    add("--version", type=argtypes.make_int_parser(1), metavar="ID", help=version)
    get = "download what is missing, into the folders of its kind; default: list it"
    add("--get", action="store_true", help=get)
    number = argtypes.make_int_parser(1)
    file = (
        "take this file, by its id in the list, in place of the version's other one, or with it if"
        " it is its VAE and the like; may be given several times; default: the file that the"
        " picture names, else the best by the settings"
    )
    add("--file", type=number, metavar="ID", action="append", default=[], help=file)
    pickle = (
        "as --file, for a file that may run code when it is loaded (.ckpt, .pt): only if both of"
        " Civitai's scans found nothing; default: such files are not downloaded"
    )
    add("--allow-pickle", type=number, metavar="ID", action="append", default=[], help=pickle)
    folder = "download into this folder; default: the folder of each kind of model"
    add("--dest", type=argtypes.parse_folder, metavar="DIR", help=folder)


def _add_filters(download: argparse.ArgumentParser) -> None:
    add = download.add_argument
    _add_level(download)
    kind = f"only this: {argtypes.join_names(_TYPES)}; default: both"
    add("--type", type=argtypes.make_choice_parser(_TYPES), metavar="TYPE", help=kind)
    sort = f"{argtypes.join_names(_SORTS)} (without a version only the first two)"
    sort += "; default: %(default)s"
    add(
        "--sort",
        type=argtypes.make_choice_parser(_SORTS),
        metavar="SORT",
        default="Newest",
        help=sort,
    )
    period = f"posted within: {argtypes.join_names(_PERIODS)}; default: %(default)s"
    add(
        "--period",
        type=argtypes.make_choice_parser(_PERIODS),
        metavar="PERIOD",
        default="AllTime",
        help=period,
    )


_COMMANDS = {
    "download": (
        _add_download,
        "download a gallery: of a model, a version, a post or a user; or one picture",
    ),
    "models": (
        _add_models,
        "list the model files that pictures need, and download those that are missing",
    ),
    "resume": (_add_job, "go on with a job, or with all unfinished ones"),
    "retry": (_add_job, "try again what failed in a job, or in all"),
    "jobs": (_add_jobs, "list the jobs, the newest first, and how to go on with them"),
    "export": (_add_set, "favourites, notes and collections with their records, as JSON on stdout"),
    "search": (_add_search, "search the pictures that were read, without asking anybody"),
    "figures": (_add_stats, "what the pictures of a model that were read have in common"),
}

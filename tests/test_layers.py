"""The floors: a module imports only from floors below its own, a library only where it belongs.

A new module must be placed in `_FLOORS`. The whole number is the floor of the design, the fraction
a step within it.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest

_SCRIPTS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "scripts"))
_PACKAGE = os.path.join(_SCRIPTS, "civitai_manager_libs")
_ENTRY = os.path.join(_SCRIPTS, "civitai_shortcut.py")

_FLOORS = {
    1.0: """errors gallery.blurhash gallery.images gallery.samplers gallery.scalars host json_values
            labels util words""",
    1.1: "cancellation gallery.paging messages setting_entry",
    2.0: """gallery.comfy gallery.embedded gallery.infotext gallery.resources http_again
            http_head partial_file picture_end""",
    2.1: "file_lock gallery.downloads gallery.job_records gallery.metadata setting",
    2.2: """gallery.cache gallery.database gallery.job_progress gallery.job_trouble gallery.recent
            gallery.sidecars""",
    2.3: "gallery.jobs",
    2.4: "gallery.job_items",
    2.5: "gallery.job_run",
    3.0: """answers civitai_addresses civitai_records flights gallery_view host_gate http_wire
            terminal unpacking""",
    3.1: "civitai_api http_body receiving retrying tab_state",
    3.2: "http_sending",
    3.3: "http_client",
    3.4: "gallery_network gallery_pages",
    3.5: "job_service",
    4.0: "civitai_gallery_action cli_arguments cli_asked cli_jobs cli_work",
    4.1: "cli tab_words",
    4.2: "tab_jobs tab_settings tab_title",
    4.3: "tab_browse tab_routes",
    4.4: "tab_picture",
    4.5: "tab_model",
    4.6: "gallery_tab",
    5.0: "standalone webui",
}
_FLOOR_OF = {name: floor for floor, names in _FLOORS.items() for name in names.split()}
_HTTP = {"http_again", "http_body", "http_client", "http_sending", "http_wire"}
_VIEWS = {"gallery_view", "gallery_tab"}
_ACTIONS = {"civitai_gallery_action", "tab_browse", "tab_model", "tab_picture", "tab_settings"}
_ACTIONS |= {"tab_words"}
_MAY_USE = {
    "requests": _HTTP,
    "urllib3": _HTTP,
    "modules": {"host"},
    "gradio": {"host", "standalone", "webui", *_VIEWS, *_ACTIONS},
    "PIL": {"gallery.cache"},
}


def _modules() -> Iterator[str]:
    for folder, _, files in os.walk(_PACKAGE):
        for file in sorted(files):
            path = os.path.relpath(os.path.join(folder, file), _PACKAGE)
            if file.endswith(".py") and file != "__init__.py":
                yield path.removesuffix(".py").replace(os.sep, ".")


@cache
def _tree(module: str) -> ast.Module:
    with open(os.path.join(_PACKAGE, *module.split(".")) + ".py", encoding="utf-8") as file:
        return ast.parse(file.read())


def _ours(module: str) -> Iterator[str]:
    """The modules of ours that it imports, wherever in its text that stands."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = module.split(".")[: -node.level] + (node.module or "").split(".")
            for alias in node.names:
                path = [part for part in [*base, alias.name] if part]
                is_module = os.path.isfile(os.path.join(_PACKAGE, *path) + ".py")
                yield ".".join(path if is_module else path[:-1])


def _libraries(nodes: Iterator[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: not what is in functions, or for types only."""
    for child in ast.iter_child_nodes(node):
        is_later = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if is_later or isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _at_once(child)


_PLACED = [name for name in _modules() if not name.startswith("demo.")]
_DEMO = [name for name in _modules() if name.startswith("demo.")]


def test_every_module_has_a_floor_and_every_floors_module_is_there():
    assert set(_PLACED) == set(_FLOOR_OF)


@pytest.mark.parametrize("module", _PLACED)
def test_module_imports_only_from_floors_below_its_own(module):
    mine = _FLOOR_OF.get(module, 0)
    wrong = {other for other in _ours(module) if not _FLOOR_OF.get(other, 99) < mine}
    assert not wrong, f"{module} ({mine}) imports {sorted(wrong)}"


@pytest.mark.parametrize("library", _MAY_USE)
def test_library_is_imported_only_where_it_belongs(library):
    users = {name for name in _PLACED if library in _libraries(ast.walk(_tree(name)))}
    assert users <= _MAY_USE[library]


def test_nothing_below_the_actions_imports_gradio_at_once_but_the_view():
    users = {m for m in _PLACED if "gradio" in _libraries(_at_once(_tree(m)))}
    assert {name for name in users if _FLOOR_OF.get(name, 0) < 4} <= _VIEWS
    assert "cli" not in users


@pytest.mark.parametrize("library", ["modules", "PIL"])
def test_library_that_may_be_missing_is_imported_only_when_it_is_needed(library):
    assert not [m for m in [*_PLACED, *_DEMO] if library in _libraries(_at_once(_tree(m)))]


def test_package_is_imported_by_its_relative_name_only():
    # A host has it under another path than the tests: an absolute name would load it twice.
    for module in [*_PLACED, *_DEMO]:
        assert not {"civitai_manager_libs", "scripts"} & _libraries(ast.walk(_tree(module)))


def test_nothing_but_the_entry_imports_the_demo():
    assert not [m for m in _PLACED if any(o.split(".")[0] == "demo" for o in _ours(m))]


@pytest.mark.parametrize("module", _DEMO)
def test_demo_uses_nothing_of_what_it_is_there_to_try(module):
    used = {other for other in _ours(module) if not other.startswith("demo")}
    assert used <= {"errors", "util"}


def test_scripts_is_a_folder_that_the_host_shares():
    assert not os.path.exists(os.path.join(_SCRIPTS, "__init__.py"))


def _python(code: str, folder: str, *arguments: str) -> object:
    """What `code` says as the JSON of its last line, in a process of its own with this home."""
    environment = {**os.environ, "HOME": folder, "XDG_CACHE_HOME": folder, "PYTHONPATH": _SCRIPTS}
    environment["CIVITAI_SHORTCUT_DATA"] = os.path.join(folder, "data")
    ran = subprocess.run(
        [sys.executable, "-B", "-c", code, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


_LOADED_BY_HELP = """
import contextlib, io, json, runpy, sys
sys.argv = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
    runpy.run_path(sys.argv[0], run_name="__main__")
assert "usage" in said.getvalue()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize("command", [["--help"], ["download", "--help"]])
def test_terminals_help_loads_no_heavy_library(tmp_path, command):
    loaded = _python(_LOADED_BY_HELP, str(tmp_path), _ENTRY, *command)
    assert "argparse" in loaded and "civitai_manager_libs" in loaded
    assert not {"gradio", "requests", "urllib3", "PIL", "sqlite3"} & set(loaded)


_WATCH = """
import json, os, sys
seen = []
def watch(event, arguments):
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & writes):
        return
    told = ("open", "socket.", "sqlite3.", "subprocess.", "os.mkdir", "os.remove", "os.rename")
    if event.startswith(told):
        seen.append([event, repr(arguments)[:200]])
"""
_IMPORT_ALL = f"""
{_WATCH}
import gradio, requests, PIL.Image, sqlite3, http.server  # these may do what they like
import importlib
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(f"civitai_manager_libs.{{name}}")
print(json.dumps(seen))
"""


def test_importing_the_whole_package_opens_no_socket_and_writes_nothing(tmp_path):
    assert _python(_IMPORT_ALL, str(tmp_path), *_PLACED, *_DEMO) == []
    assert not os.path.exists(tmp_path / "data")


_IN_A_HOST = f"""
{_WATCH}
import types, requests, sqlite3
modules = sys.modules["modules"] = types.ModuleType("modules")
callbacks = modules.script_callbacks = types.ModuleType("modules.script_callbacks")
sys.modules["modules.script_callbacks"] = callbacks
modules.paths = types.SimpleNamespace(data_path=os.getcwd())
modules.shared = types.SimpleNamespace(opts=types.SimpleNamespace(data={{}}))
registered = []
for name in ("on_ui_settings", "on_ui_tabs", "on_app_started"):
    setattr(callbacks, name, lambda callback, name=name: registered.append(name))
def execute():  # as a host does, at its start and at each "Reload UI"
    module = types.ModuleType("civitai_shortcut.py")
    module.__file__ = sys.argv[1]
    exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), module.__dict__)
sys.addaudithook(watch)
execute()
execute()
print(json.dumps([seen, registered, "gradio" in sys.modules]))
"""


def test_host_that_loads_the_entry_twice_gets_its_callbacks_and_nothing_else(tmp_path):
    seen, registered, has_gradio = _python(_IN_A_HOST, str(tmp_path), _ENTRY)
    assert seen == []
    assert sorted(set(registered)) == ["on_app_started", "on_ui_settings", "on_ui_tabs"]
    assert len(registered) == 6 and not has_gradio
    assert os.listdir(tmp_path) == []

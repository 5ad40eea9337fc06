"""The floors: a room imports only rooms below its own, and nobody reaches into a room's inside.

A room is a folder of the package, or a module that stands beside the folders.
"""

import ast
import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

_SCRIPTS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "scripts"))
_PACKAGE = os.path.join(_SCRIPTS, "civitai_manager_libs")
_ENTRY = os.path.join(_SCRIPTS, "civitai_shortcut.py")

_FLOORS = (  # from the ground up
    {"errors", "util"},
    {"core"},
    {"host", "infotext", "i18n"},
    {"setting"},
    {"civitai", "network"},
    {"http_client"},
    {"engines", "library"},
    {"model_files"},
    {"jobs"},
    {"civitai_gallery_action"},
    {"cli", "web"},
)
_FLOOR_OF = {room: floor for floor, rooms in enumerate(_FLOORS) for room in rooms}
_LONGEST_WAY = 9  # imports from the entry to the ground
_MAY_USE = {
    "requests": {"http_client", "network"},
    "urllib3": {"http_client", "network"},
    "tqdm": {"cli"},
    "modules": {"host"},
    "gradio": {"civitai_gallery_action", "host", "web"},
    "PIL": {"infotext", "library"},
}


def _modules() -> Iterator[str]:
    for folder, _, files in os.walk(_PACKAGE):
        for file in sorted(files):
            path = os.path.relpath(os.path.join(folder, file), _PACKAGE)
            if file.endswith(".py") and path != "__init__.py":
                yield path.removesuffix(".py").removesuffix(f"{os.sep}__init__").replace(
                    os.sep, "."
                )


def _is_folder(module: str) -> bool:
    return os.path.isfile(os.path.join(_PACKAGE, *module.split("."), "__init__.py"))


@cache
def _tree(module: str) -> ast.Module:
    path = os.path.join(_PACKAGE, *module.split("."))
    path = os.path.join(path, "__init__.py") if _is_folder(module) else f"{path}.py"
    with open(path, encoding="utf-8") as file:
        return ast.parse(file.read())


def _ours(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports anywhere, as dotted names."""
    parts = module.split(".")
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and node.level:
            up = node.level - _is_folder(module)
            base = [*parts[: len(parts) - up], *(node.module or "").split(".")]
            for alias in node.names:
                yield ".".join(part for part in [*base, alias.name] if part)


def _room(name: str) -> str:
    return name.partition(".")[0]


def _libraries(nodes: Iterator[ast.AST]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run at import: not those in functions, nor for types only."""
    for child in ast.iter_child_nodes(node):
        is_later = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if is_later or isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _at_once(child)


_ALL = list(_modules())


def test_every_room_has_a_floor():
    assert {_room(name) for name in _ALL} == set(_FLOOR_OF)


@cache
def _list_imports() -> list[tuple[str, str]]:
    return [(m, name) for m in _ALL for name in _ours(m) if _room(name) != _room(m)]


def test_modules_import_only_rooms_below_their_own():
    floors = [
        (m, name, _FLOOR_OF.get(_room(name), 99), _FLOOR_OF[_room(m)])
        for m, name in _list_imports()
    ]
    assert [f"{m} imports {name}" for m, name, other, own in floors if other >= own] == []


def test_modules_take_from_another_folder_only_what_that_hands_on():
    for module, name in _list_imports():
        said = f"{module} reaches for {name}"
        assert name.count(".") <= 1, said
        if "." in name and _is_folder(_room(name)):
            folder = importlib.import_module(f"civitai_manager_libs.{_room(name)}")
            assert name.partition(".")[2] in folder.__all__, said


def test_no_two_public_classes_or_functions_have_the_same_name():
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    # The two modules of engines have the same functions.
    modules = [module for module in _ALL if module != "engines.webui_api"]
    nodes = (node for module in modules for node in _tree(module).body if isinstance(node, kinds))
    counts = Counter(node.name for node in nodes if node.name[0] != "_")
    assert [name for name, count in counts.items() if count > 1] == []


def test_way_from_the_entry_to_the_ground_is_short():
    imports = {room: set() for room in _FLOOR_OF}
    for name in _ALL:
        imports[_room(name)] |= {_room(other) for other in _ours(name)} - {_room(name)}

    def way(room: str) -> int:
        return max((1 + way(other) for other in imports[room]), default=0)

    assert 1 + max(way(room) for room in _FLOORS[-1]) <= _LONGEST_WAY


@pytest.mark.parametrize("library", _MAY_USE)
def test_library_is_imported_only_where_it_belongs(library):
    users = {_room(name) for name in _ALL if library in _libraries(ast.walk(_tree(name)))}
    assert users <= _MAY_USE[library]


@pytest.mark.parametrize("library", ["modules", "PIL"])
def test_library_that_may_be_missing_is_imported_only_when_it_is_needed(library):
    assert not [m for m in _ALL if library in _libraries(_at_once(_tree(m)))]


def test_package_is_imported_by_its_relative_name_only():
    # A host has it under another path than the tests: an absolute name would load it twice.
    for module in _ALL:
        assert not {"civitai_manager_libs", "scripts"} & _libraries(ast.walk(_tree(module)))


def test_nothing_but_the_entry_imports_the_demo():
    assert not [m for m in _ALL if "civitai_demo" in _libraries(ast.walk(_tree(m)))]


def test_demo_imports_nothing_of_the_package():
    for path in Path(_SCRIPTS, "civitai_demo").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert "civitai_manager_libs" not in _libraries(ast.walk(tree)), path
        up = len(path.relative_to(_SCRIPTS).parts) - 1  # more dots would leave the demo
        assert all(n.level <= up for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)), path


def test_scripts_is_a_folder_that_the_host_shares():
    assert not os.path.exists(os.path.join(_SCRIPTS, "__init__.py"))


def _python(code: str, folder: str, *arguments: str) -> object:
    """Run code in a process with this home, and return the JSON of its last line."""
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


def test_terminals_help_loads_no_heavy_library(tmp_path):
    loaded = _python(_LOADED_BY_HELP, str(tmp_path), _ENTRY, "download", "--help")
    assert "argparse" in loaded and "civitai_manager_libs" in loaded
    assert not {"gradio", "requests", "urllib3", "PIL"} & set(loaded)


_LOADED_BY_OUR_SERVER = """
import json, sys
from civitai_manager_libs.web import standalone
standalone._make_app("127.0.0.1", 7860, "", ("me", "secret"))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_our_own_server_loads_no_gradio_and_nothing_else_that_takes_memory(tmp_path):
    loaded = _python(_LOADED_BY_OUR_SERVER, str(tmp_path))
    assert "starlette" in loaded
    assert not {"gradio", "fastapi", "pydantic", "numpy", "PIL", "tqdm"} & set(loaded)


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
import requests, PIL.Image, sqlite3, http.server  # these may do what they like
import importlib, unittest.mock
sys.modules["gradio"] = unittest.mock.MagicMock()  # and it too; it takes seconds
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(f"civitai_manager_libs.{{name}}")
print(json.dumps(seen))
"""


def test_importing_the_whole_package_opens_no_socket_and_writes_nothing(tmp_path):
    assert _python(_IMPORT_ALL, str(tmp_path), *_ALL) == []
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
for name in ("on_ui_settings", "on_ui_tabs", "on_app_started", "on_image_saved"):
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
    # The others are registered with the tab: for each, a host adds to a setting on its page.
    assert registered == ["on_ui_tabs"] * 2 and not has_gradio
    assert os.listdir(tmp_path) == []

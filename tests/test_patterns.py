"""Each regular expression of the tree costs linear time, whatever text a stranger wrote.

Python's `re` holds the interpreter while it matches: a slow pattern stops every thread. One of the
page freezes it.
"""

import ast
import importlib
import os
import re
import time
from collections.abc import Iterator
from functools import cache
from types import ModuleType

import pytest
from pattern_attacks import iter_attacks

_SCRIPTS = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "scripts"))
_PACKAGE = "civitai_manager_libs"
_METHODS = {"findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
_NO_PATTERNS = {"A", "ASCII", "DOTALL", "I", "IGNORECASE", "M", "MULTILINE", "Match", "Pattern"}
_NO_PATTERNS |= {"S", "X", "VERBOSE", "error", "escape", "purge"}
# What local variables hold in patterns that are composed in a function.
_LOCALS = {
    "civitai.urls": lambda module: {"kind": "image"},
    "infotext.comfy.routing": lambda module: {"chosen": 12},
    "infotext.comfy.write_prompt": lambda module: {"found": ["easynegative", "bad-hands"]},
    "jobs.making": lambda module: {"name": "add detail"},
    "infotext.files.embedded_data": lambda module: {
        "pattern": "|".join(pattern for pattern, _ in module._VERSIONS)
    },
}
_SCREENED = (8, 12, 16, 20, 24, 32, 64, 256, 1200)  # repetitions
_SUSPICIOUS = 0.001  # seconds; a linear pattern takes a tenth, a quadratic one five times as long
_GROWTH = 1.3

_GALLERY = os.path.join(_SCRIPTS, "..", "javascript", "gallery")
_COMPOSED = {"`.{1,${length - 1}}(?: |$)|.{1,${length}}`": "/.{1,999}(?: |$)|.{1,1000}/gsu"}
# A division stands between spaces, as Biome formats it; any other slash begins a literal.
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[`{}]"""
    r"""|(?<=[\w)\]])(?<!return)[ ]/=?\s|\bRegExp\((?P<composed>`[^`]*`)|"""
    r"""(?P<literal>/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*)"""
    r"""|(?P<hidden>/|\bRegExp\b|\.(?:match|matchAll)\(["'`])""",
    re.DOTALL,
)
_TEMPLATE_PART = re.compile(r"(?:\\.|\$(?!\{)|[^`$\\])*(?:`|\$\{)", re.DOTALL)
_SYNTAX = re.compile(r"\\p\{([^}]+)\}|\\.|[][$]|\(\?<(?=\w)")
_KINDS = {"L": "A-Za-zÀ-ÖØ-öø-ʯͰ-ϿА-я一-龥ぁ-んァ-ヴ", "N": "0-9²³¹", "M": "\u0300-\u036f"}
_KINDS |= {"Script=Han": "一-龥", "Script=Hiragana": "ぁ-ん", "Script=Katakana": "ァ-ヴ"}


def _iter_modules() -> Iterator[str]:
    for folder, _, files in os.walk(_SCRIPTS):
        for file in sorted(files):
            path = os.path.relpath(os.path.join(folder, file), _SCRIPTS)
            if file.endswith(".py"):
                yield path.removesuffix(".py").replace(os.sep, ".").removesuffix(".__init__")


@cache
def _read(module: str) -> str:
    path = os.path.join(_SCRIPTS, *module.split("."))
    path = f"{path}.py" if os.path.isfile(f"{path}.py") else os.path.join(path, "__init__.py")
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def _parse(module: str) -> ast.Module:
    tree = ast.parse(_read(module))
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    return tree


def _iter_uses(module: str) -> Iterator[ast.expr]:
    """Yield each call of a function of `re`; fail on what could hide a pattern."""
    for node in ast.walk(_parse(module)):
        assert not isinstance(node, ast.ImportFrom) or node.module != "re", f"{module}: import re"
        if isinstance(node, ast.Import):
            assert all(alias.name != "re" or not alias.asname for alias in node.names), module
        if isinstance(node, ast.Name) and node.id == "re":
            attribute = node.parent
            assert isinstance(attribute, ast.Attribute), f"{module}:{node.lineno}"
            if attribute.attr in _NO_PATTERNS:
                continue
            assert attribute.attr in _METHODS | {"compile"}, f"{module}:{node.lineno}"
            assert isinstance(attribute.parent, ast.Call), f"{module}:{node.lineno}"
            yield attribute.parent


def _find_methods(module: str, call: ast.Call) -> set[str]:
    """Return the methods by which a compiled pattern is used; all where that is unknown."""
    parent = call.parent
    if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name):
        return _METHODS
    name, methods = parent.targets[0].id, set()
    is_public = isinstance(parent.parent, ast.Module) and not name.startswith("_")
    for where in _iter_modules() if is_public else [module]:
        for node in ast.walk(_parse(where)):
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                method = node.parent
                if not isinstance(method, ast.Attribute):
                    return _METHODS
                methods.add(method.attr)
    return methods & _METHODS or _METHODS


def _iter_patterns(name: str) -> Iterator[tuple[re.Pattern, set[str]]]:
    """Yield (pattern, methods) for each pattern that is written in a module."""
    for call in _iter_uses(name):
        module = importlib.import_module(name)
        place = f"{name.removeprefix(_PACKAGE + '.')}:{call.lineno}.{call.col_offset}"
        function = call.func.attr
        methods = _find_methods(name, call) if function == "compile" else {function}
        yield _evaluate(module, place, call), methods


def _evaluate(module: ModuleType, place: str, call: ast.Call) -> re.Pattern:
    has_flags = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)
    flags = [key.value for key in call.keywords if key.arg == "flags"] + call.args[has_flags:]
    local = _LOCALS.get(place.partition(":")[0], lambda module: {})(module)
    names = {**vars(module), **local}
    expressions = [compile(ast.Expression(each), place, "eval") for each in (call.args[0], *flags)]
    try:
        return re.compile(*(eval(each, dict(names)) for each in expressions))
    except NameError as error:
        raise AssertionError(f"{place}: give its local variable in _LOCALS: {error}") from None


def _iter_compiled(value: object, depth: int = 4) -> Iterator[re.Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        yield from _iter_compiled([*value, *value.values()], depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from _iter_compiled(each, depth - 1)
    elif depth and isinstance(value, type) and value.__module__.startswith(_PACKAGE):
        yield from _iter_compiled(dict(vars(value)), depth - 1)


def test_every_compiled_pattern_is_collected():
    known = {pattern for name in _iter_modules() for pattern, _ in _iter_patterns(name)}
    for name in _iter_modules():
        if name.startswith(_PACKAGE):
            for pattern in _iter_compiled(vars(importlib.import_module(name))):
                assert pattern in known, (name, pattern)
    assert len(known) > 100


def _measure(pattern: re.Pattern, method: str, attack: tuple[str, str, str], count: int) -> float:
    """Return the processor time that the pattern takes on `count` repetitions, in seconds."""
    call, (start, unit, end) = _bind(pattern, method), attack
    text = _encode(pattern, start + unit * count + end)
    begin = time.thread_time()
    call(text)
    return time.thread_time() - begin


def _is_slow(pattern: re.Pattern, method: str, attack: tuple[str, str, str]) -> bool:
    """Return whether the time grows faster than n^1.3. Only what takes long is measured again."""
    times = ((n, _measure(pattern, method, attack, n)) for n in _SCREENED)
    count = next((n for n, seconds in times if seconds > _SUSPICIOUS), None)
    if count is None:
        return False
    for tries in (2, 4, 8, 16):  # a busy machine makes a try slower, never faster
        few, many = (
            min(_measure(pattern, method, attack, n) for _ in range(tries))
            for n in (count // 4, count)
        )
        if many < max(_SUSPICIOUS, few * 4**_GROWTH):
            return False
    return True


def _bind(pattern: re.Pattern, method: str):
    if method in ("search", "match", "fullmatch"):
        return getattr(pattern, method)
    return lambda text: list(pattern.finditer(text))


def _encode(pattern: re.Pattern, text: str) -> str | bytes:
    return text if isinstance(pattern.pattern, str) else text.encode("latin-1")


def _list_simple_methods(methods: set[str]) -> list[str]:
    scans = methods - {"search", "match", "fullmatch"}
    return sorted({*(methods - scans), *(["finditer"] if scans else [])})


def _check_pattern(pattern: re.Pattern, methods: set[str]) -> None:
    for attack in iter_attacks(pattern):
        for method in _list_simple_methods(methods):
            assert not _is_slow(pattern, method, attack), (pattern.pattern, "is slow", attack)


# Collected by their text: to import all modules would delay each run of a single test.
@pytest.mark.parametrize("module", [name for name in _iter_modules() if "import re" in _read(name)])
def test_patterns_take_linear_time_on_every_generated_text(module):
    for pattern, methods in _iter_patterns(module):
        _check_pattern(pattern, methods)


def _iter_literals(path: str, source: str) -> Iterator[str]:
    """Yield each regular expression of a module of the page; fail on what could hide one."""
    at, depths = 0, list[int]()  # of braces, in each open template
    while token := _TOKEN.search(source, at):
        text, at = token[0], token.end()
        assert not token["hidden"], (path, source[at - 40 : at + 40])
        if token["literal"] or token["composed"]:
            yield token["literal"] or _COMPOSED[token["composed"]]
        if depths and text in "{}":
            depths[-1] += 1 if text == "{" else -1
        if text == "`" or depths and depths[-1] < 0 and depths.pop():
            at = (part := _TEMPLATE_PART.match(source, at)).end()
            depths += [0] * part[0].endswith("{")


def _translate(literal: str) -> tuple[re.Pattern, set[str]]:
    """Return a regular expression of the page in Python's syntax, and how it is used."""
    source, _, flags = literal[1:].rpartition("/")
    is_in_class = False

    def translate(found: re.Match) -> str:
        nonlocal is_in_class
        text, was_in_class = found[0], is_in_class
        if text in ("[", "]"):
            is_in_class = text == "["
            return "\\[" if was_in_class and is_in_class else text
        if found[1]:
            return _KINDS[found[1]] if is_in_class else f"[{_KINDS[found[1]]}]"
        replacements = {"$": "$" if is_in_class or "m" in flags else r"\Z", "(?<": "(?P<"}
        return replacements.get(text, text)

    wanted = [getattr(re, flag.upper()) for flag in flags if flag in "ims"]
    pattern = re.compile(_SYNTAX.sub(translate, source), sum(wanted, re.ASCII))
    return pattern, {"finditer" if "g" in flags else "search"}


def _iter_page_modules() -> Iterator[tuple[str, str]]:
    for folder, _, files in os.walk(_GALLERY):
        for path in (os.path.join(folder, file) for file in sorted(files)):
            if path.endswith(".ts") and not path.endswith(".d.ts"):
                with open(path, encoding="utf-8") as file:
                    yield os.path.relpath(path, _GALLERY).replace(os.sep, "/"), file.read()


def test_patterns_of_the_page_take_linear_time_on_every_generated_text():
    modules = dict(_iter_page_modules())
    literals = {one for path, source in modules.items() for one in _iter_literals(path, source)}
    assert len(literals) > 45
    for literal in literals:
        _check_pattern(*_translate(literal))


@pytest.mark.parametrize(
    "slow, method",
    [
        (r"([^:,]+): ?([0-9a-fA-F]{8,64})", "findall"),
        (r"/\*.*?\*/|//[^\n]*", "sub"),
        (r"(?<!\\)\{[^{}]*\|[^{}]*\}", "sub"),
        (r"(?:\w+\s?)*$", "match"),
        (r"\s+$", "search"),
        (r"\s*,\s*", "sub"),
    ],
)
def test_a_slow_pattern_is_found(slow, method):
    with pytest.raises(AssertionError, match="is slow"):
        _check_pattern(re.compile(slow, re.S), {method})


def test_patterns_of_the_page_are_found_wherever_they_stand():
    source = (
        "let a = b / c; // isn't /x/\nlet d = `/${e.replace(/[/`]}/g, {})}/` + /x*x*$/.exec(f);"
    )
    assert [*_iter_literals("a.ts", source)] == ["/[/`]}/g", "/x*x*$/"]
    with pytest.raises(AssertionError, match="is slow"):
        _check_pattern(*_translate("/^x*x*$/"))
    for hidden in ("new RegExp(a)", "a.match('x*x*$')", "a = b /c"):
        with pytest.raises(AssertionError, match="a.ts"):
            list(_iter_literals("a.ts", hidden))

"""The table of routes: what the page may ask at which address."""

from __future__ import annotations

from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from ..wire import Asked, Gate, Refusal
from . import files, finding, hello, images, jobs, kept, picture, settings, watching

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_API = f"{_ROOT}/api"
_MB = 1024 * 1024  # bytes
_READ = (
    ("hello", hello.hello),
    ("find", finding.find),
    ("models", finding.search),
    ("models/{model_id:civitai_id}", finding.model),
    ("images", images.images),
    ("images/{image_id:civitai_id}", picture.details),
    ("images/{image_id:civitai_id}/workflow", picture.workflow),
    ("thumb/{image_id:civitai_id}", files.thumb),
    ("file/{image_id:civitai_id}", files.file),
    ("jobs", jobs.jobs),
    ("figures", kept.figures),
    ("names", settings.names),
    ("suggest", kept.suggest),
    ("sets", kept.sets),
    ("export", kept.export),
    ("watched", watching.watched_galleries),
)
_WRITE = (
    ("POST", "sets", kept.act_on_sets),
    ("POST", "watched", watching.act_on_watched),
    ("POST", "jobs/{job:civitai_id}/{deed}", jobs.act),
    ("PUT", "settings", settings.keep_settings),
    ("PUT", "key", settings.keep_key),
    ("POST", "key/test", settings.test_key),
)
_WRITE_MUCH = (  # the last: the most bytes of a body
    ("POST", "arriving", picture.arriving, 4 * _MB),  # a text
    ("POST", "within", kept.within, 2 * _MB),  # ids
    ("POST", "own", kept.mark, 2 * _MB),
    ("POST", "jobs", jobs.begin, 2 * _MB),
    ("POST", "import", kept.take, 8 * _MB),
)


class _IdConvertor(Convertor[int]):
    """An id in an address. Starlette's own fails at as many digits as Python refuses to convert."""

    regex = "[0-9]+"

    def convert(self, value: str) -> int:
        return int(value[:20])  # which is larger than any id already

    def to_string(self, value: int) -> str:
        return str(value)


def add_routes(app: Any) -> None:
    """To a running gradio app; ahead of its own, of which one takes every address."""
    register_url_convertor("civitai_id", _IdConvertor())
    gate = Gate()
    routes = [Route(f"{_API}/{path}", gate.read(deed)) for path, deed in _READ]
    routes += [
        Route(f"{_API}/{path}", gate.write(deed, *most), methods=[method])
        for method, path, deed, *most in (*_WRITE, *_WRITE_MUCH)
    ]
    routes.append(Route(f"{_ROOT}/page/{{version}}/{{name:path}}", gate.read(files.page_file)))
    routes.append(Route(f"{_ROOT}/{{rest:path}}", gate.read(_nothing)))
    app.router.routes[:0] = routes


def _nothing(asked: Asked) -> Any:
    raise Refusal(404, "not_there")

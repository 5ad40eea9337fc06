"""The table of routes: what the page may ask at which address."""

from __future__ import annotations

from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from ..http import Asked, Gate, Refusal
from . import bootstrap, files, image, images, jobs, library, lookup, settings, watches

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_API = f"{_ROOT}/api"
_MB = 1024 * 1024  # bytes
_READ = (
    ("hello", bootstrap.hello),
    ("find", lookup.find),
    ("models", lookup.search),
    ("models/{model_id:civitai_id}", lookup.model),
    ("images", images.images),
    ("images/{image_id:civitai_id}", image.details),
    ("images/{image_id:civitai_id}/workflow", image.workflow),
    ("thumb/{image_id:civitai_id}", files.thumb),
    ("file/{image_id:civitai_id}", files.file),
    ("jobs", jobs.jobs),
    ("figures", library.figures),
    ("names", settings.names),
    ("suggest", library.suggest),
    ("sets", library.sets),
    ("export", library.export),
    ("watched", watches.watched_galleries),
)
_WRITE = (
    ("POST", "sets", library.act_on_sets),
    ("POST", "watched", watches.act_on_watched),
    ("POST", "jobs/{job:civitai_id}/{deed}", jobs.act),
    ("PUT", "settings", settings.keep_settings),
    ("PUT", "key", settings.keep_key),
    ("POST", "key/test", settings.test_key),
)
_WRITE_MUCH = (  # the last: the most bytes of a body
    ("POST", "arriving", image.arriving, 4 * _MB),  # a text
    ("POST", "within", library.within, 2 * _MB),  # ids
    ("POST", "own", library.mark, 2 * _MB),
    ("POST", "jobs", jobs.begin, 2 * _MB),
    ("POST", "import", library.take, 8 * _MB),
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

"""The table of routes: what the page may ask at which address."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from ..wire import Asked, Gate, Refusal
from . import files, finding, hello, images, jobs, kept, picture, settings, watching

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_API = f"{_ROOT}/api"
_READ = (
    ("hello", hello.hello),
    ("find", finding.find),
    ("models", finding.search),
    ("models/{model_id:int}", finding.model),
    ("images", images.images),
    ("images/{image_id:int}", picture.details),
    ("images/{image_id:int}/workflow", picture.workflow),
    ("thumb/{image_id:int}", files.thumb),
    ("file/{image_id:int}", files.file),
    ("jobs", jobs.jobs),
    ("figures", kept.figures),
    ("names", settings.names),
    ("suggest", kept.suggest),
    ("sets", kept.sets),
    ("export", kept.export),
    ("watched", watching.watched_galleries),
)
_WRITE = (
    ("POST", "arriving", picture.arriving),
    ("POST", "within", kept.within),
    ("POST", "own", kept.mark),
    ("POST", "sets", kept.act_on_sets),
    ("POST", "import", kept.take),
    ("POST", "watched", watching.act_on_watched),
    ("POST", "jobs", jobs.begin),
    ("POST", "jobs/{job:int}/{deed}", jobs.act),
    ("PUT", "settings", settings.keep_settings),
    ("PUT", "key", settings.keep_key),
    ("POST", "key/test", settings.test_key),
)


def add_routes(app: Any) -> None:
    """To a running gradio app; ahead of its own, of which one takes every address."""
    gate = Gate()
    routes = [Route(f"{_API}/{path}", gate.read(deed)) for path, deed in _READ]
    routes += [Route(f"{_API}/{p}", gate.write(deed), methods=[m]) for m, p, deed in _WRITE]
    routes.append(Route(f"{_ROOT}/page/{{version}}/{{name:path}}", gate.read(files.page_file)))
    routes.append(Route(f"{_ROOT}/{{rest:path}}", gate.read(_nothing)))
    app.router.routes[:0] = routes


def _nothing(asked: Asked) -> Any:
    raise Refusal(404, "not_there")

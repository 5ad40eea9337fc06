"""The contract of routes and page. `ServedApi` checks each response of the other tests by it."""

from __future__ import annotations

from contract import ROUTES

_FILES = {
    "thumb/{id}",
    "local_models/{id}/preview",
    "images/{id}/file",
    "reproductions/{id}/thumb",
    "export",
}  # what the browser itself fetches


def test_every_route_of_ours_is_in_the_contract(api):
    served = {
        (method, route.path.removeprefix("/civitai_shortcut/api/"))
        for route in api.app.routes
        if route.path.startswith("/civitai_shortcut/api/")
        for method in route.methods - {"HEAD"}
    }
    for name in ("model_id", "image_id", "job", "key", "reproduction"):
        served = {(m, path.replace(f"{{{name}:civitai_id}}", "{id}")) for m, path in served}
    assert served - {("GET", path) for path in _FILES} == set(ROUTES)

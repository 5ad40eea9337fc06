"""Who may use a WebUI and which settings they may change, by its flags."""

import pytest
import requests
from civitai_manager_libs import host

_NAMES = ("http_timeout", "proxy", "key", "download_images_folder", "model_folders", "saved_name")


@pytest.mark.parametrize(
    "flags,frozen",
    [
        ({}, ()),
        ({"freeze_settings": False, "freeze_settings_in_sections": None}, ()),
        ({"freeze_settings": True}, _NAMES),
        ({"freeze": True}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images, civitai_shortcut"}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images"}, ()),
        ({"freeze_specific_settings": "sd_model, civitai_shortcut_proxy"}, ("proxy",)),
        ({"freeze_specific_settings": "proxy"}, ()),
        ({"hide_ui_dir_config": True}, ("download_images_folder", "model_folders", "saved_name")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_flags_of_the_webui_freeze_our_settings(webui, flags, frozen):
    vars(webui.shared.cmd_opts).update(flags)
    assert {name for name in _NAMES if host.is_frozen(name)} == set(frozen)


@pytest.mark.parametrize("flag", ["share", "listen", "server_name", "ngrok", "tls_certfile"])
def test_webui_is_shared_with_each_flag_that_exposes_it(webui, flag):
    setattr(webui.shared.cmd_opts, flag, "given")
    assert host.is_shared()
    setattr(webui.shared.cmd_opts, flag, None)
    assert not host.is_shared()


def test_without_a_webui_nothing_is_frozen_or_shared():
    assert not (host.is_shared() or any(map(host.is_frozen, _NAMES)))


def test_routes_are_below_the_path_on_which_sdnext_mounts_its_page_with_its_login(webui, library):
    starlette = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import RedirectResponse
    from served_api import ServedApi

    async def redirect(request, call_next):  # as `validate_subpath` of SD.Next
        path = request.url.path
        response = await call_next(request)
        return response if path.startswith("/sd") else RedirectResponse(f"/sd{path}", 308)

    webui.shared.cmd_opts.subpath = "sd/"
    with ServedApi([Middleware(BaseHTTPMiddleware, dispatch=redirect)]) as api:
        mounted = starlette.Starlette()
        mounted.auth, mounted.tokens = {"me": "secret"}, {"a-token": "me"}
        api.app.mount("/sd", mounted)
        assert api.ask("api/home").status_code == 401  # redirected, and not logged in
        cookies = {"access-token": "a-token"}
        answer = api.ask("api/home", cookies=cookies)
        assert (answer.status_code, answer.url) == (200, f"{api.url}/sd/civitai_shortcut/api/home")
        for host_header in ("a", "a?", "a/x", "a#"):  # which starlette's `request.url` contains
            url, headers = f"{api.url}/sd/civitai_shortcut/api/home", {"Host": host_header}
            assert requests.get(url, headers=headers, timeout=30).status_code == 401
        api.app.tokens["other"] = "me"
        assert api.ask("api/home", cookies={"access-token": "other"}).status_code == 401

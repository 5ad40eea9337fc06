"""Images made one after another: kept, stopped, and received after a restart."""

from __future__ import annotations

import os
import time

import pytest
from civitai_manager_libs import engines, setting
from civitai_manager_libs.core import Image
from civitai_manager_libs.engines import comfyui, webui_api
from civitai_manager_libs.errors import EngineError
from civitai_manager_libs.infotext import read_embedded
from civitai_manager_libs.jobs import making, MakeService, make_recipe
from civitai_manager_libs.library import image_records, reproductions
from engine_stand_ins import ComfyStandIn, WebuiStandIn

META = {"prompt": "a cat", "steps": 4, "sampler": "Euler", "Schedule type": "Karras", "seed": 5}
META |= {"cfgScale": 7, "Size": "64x64", "Model": "dream_8", "RNG": "CPU"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch, tmp_path, library):
    for module in (comfyui, webui_api):
        monkeypatch.setattr(module, "_POLL", 0.01)
    setting.change("made_images_folder", str(tmp_path / "made"))


@pytest.fixture
def comfy():
    with ComfyStandIn() as server:
        setting.change("engine_addresses", server.url)
        yield server


@pytest.fixture
def image():
    image = Image(77, "https://image.civitai.com/x/77.jpeg", meta=META)
    image_records.store_images([image])
    return image


def add(service, server, image, seed=None):
    engine = engines.find_engine(server.url)
    plan = engines.MODULES[engine.kind].plan(engine, make_recipe(image, seed))
    return service.add(image, engine, plan)


def wait_until(is_due):
    end = time.monotonic() + 20
    while not is_due() and time.monotonic() < end:
        time.sleep(0.01)
    assert is_due()


def states(service):
    return [job.state for job in service.list_jobs()]


def test_images_are_made_one_after_another_and_kept(comfy, image):
    service = MakeService()
    comfy.seconds = 0.1
    for seed in (None, 8):
        add(service, comfy, image, seed)
    wait_until(lambda: states(service) == ["done", "done"])
    sent = [body["prompt"]["4"]["inputs"] for body in comfy.list_asked("/prompt")]
    kept = reproductions.list_reproductions(77)
    assert sorted(os.path.basename(one.path) for one in kept) == ["77-5.png", "77-8.png"]
    assert all("Version: ComfyUI 0.33.0" in read_embedded(one.path).infotext for one in kept)
    assert len(sent) == 2 and {job.image_id for job in service.list_jobs()} == {77}


def test_image_that_was_being_made_at_a_restart_is_received(comfy, image):
    service = MakeService()
    add(service, comfy, image)
    wait_until(lambda: states(service) == ["done"])
    making._update(1, "running")  # as a killed process leaves it
    comfy.seconds = 60.0
    service.resume_after_start()
    wait_until(lambda: states(service) == ["done"])
    assert len(comfy.list_asked("/prompt")) == 1


def test_image_that_a_webui_was_making_at_a_restart_is_given_up(image):
    with WebuiStandIn() as a1111:
        setting.change("engine_addresses", a1111.url)
        service = MakeService()
        add(service, a1111, image)
        wait_until(lambda: states(service) == ["done"])
        making._update(1, "running")
        service.resume_after_start()
        wait_until(lambda: states(service) == ["failed"])
        assert "was restarted while WebUI" in service.list_jobs()[0].explain("en")
        assert len(a1111.list_asked("/sdapi/v1/txt2img")) == 1


def test_only_the_stopped_image_is_stopped(comfy, image):
    service = MakeService()
    comfy.seconds = 60.0
    first, second, third = (add(service, comfy, image, seed) for seed in (1, 2, 3))
    wait_until(lambda: comfy.jobs)
    service.stop(second)
    comfy.seconds = 0.0
    service.stop(first)
    wait_until(lambda: states(service) == ["done", "stopped", "stopped"])
    assert [job.id for job in service.list_jobs()] == [third, second, first]


def test_failure_is_told_and_the_next_one_is_made(comfy, image):
    service = MakeService()
    comfy.image, good = b"\x89PNG\r\n\x1a\nbroken", comfy.image
    add(service, comfy, image)
    wait_until(lambda: states(service) == ["failed"])
    assert "is not an image" in service.list_jobs()[0].explain("en")
    assert os.listdir(setting.made_folder()) == [] and not reproductions.list_reproductions(77)
    comfy.image = good
    add(service, comfy, image)
    wait_until(lambda: states(service) == ["done", "failed"])


def test_image_without_a_recipe_is_told():
    with pytest.raises(EngineError, match="not known how"):
        make_recipe(Image(5, ""))

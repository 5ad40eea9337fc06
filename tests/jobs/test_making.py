"""Images made one after another: kept, stopped, and received after a restart."""

import itertools
import os
import sys
import threading
from contextlib import contextmanager, suppress

import pytest
from civitai_manager_libs import engines, setting
from civitai_manager_libs.core import Cancellation, Image
from civitai_manager_libs.engines import Caution, comfyui, Missing, webui_api
from civitai_manager_libs.engines.find import write_note
from civitai_manager_libs.errors import DiskError, EngineError, InputError
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.i18n import messages
from civitai_manager_libs.infotext import read_embedded
from civitai_manager_libs.jobs import list_missing_names, making, MakeService, make_recipe
from civitai_manager_libs.jobs import propose_weights
from civitai_manager_libs.library import image_records, models, reproductions
from engine_stand_ins import make_png
from page_driver import wait_for

META = {"prompt": "a cat", "steps": 4, "sampler": "Euler", "Schedule type": "Karras", "seed": 5}
META |= {"cfgScale": 7, "Size": "64x64", "Model": "dream_8", "RNG": "CPU"}


@pytest.fixture(autouse=True)
def _quick(quick_engines, tmp_path, library):
    setting.change("made_images_folder", str(tmp_path / "made"))


@pytest.fixture
def image():
    image = Image(77, "https://image.civitai.com/x/77.jpeg", meta=META)
    image_records.store_images([image])
    return image


@pytest.fixture
def service():
    return MakeService()


def add(service, server, image, seed=None):
    engine = engines.find_engine(server.url)
    plan = engines.MODULES[engine.kind].plan(engine, make_recipe(image, seed))
    return service.add(image, engine, plan)


def states(service):
    return [job.state for job in service.list_jobs()]


def test_images_are_made_one_after_another_and_kept(service, comfy, image):
    comfy.seconds = 0.1
    for seed in (None, 8):
        add(service, comfy, image, seed)
    wait_for(lambda: states(service) == ["done", "done"])
    sent = [body["prompt"]["4"]["inputs"] for body in comfy.list_asked("/prompt")]
    kept = reproductions.list_reproductions(77)
    assert sorted(os.path.basename(one.path) for one in kept) == ["77-5.png", "77-8.png"]
    assert all("Version: ComfyUI 0.33.0" in read_embedded(one.path).infotext for one in kept)
    assert len(sent) == 2 and {job.image_id for job in service.list_jobs()} == {77}


def test_image_that_was_being_made_at_a_restart_is_received(comfy, image):
    killed = MakeService()
    killed._wake = lambda: None
    add(killed, comfy, image)
    making._update(1, "running")
    (job,) = killed.list_jobs()
    comfyui.make(job.engine, job.plan, job.prompt_id)
    comfy.seconds = 60.0
    service = MakeService()
    service.resume_after_start()
    wait_for(lambda: states(service) == ["done"])
    assert len(comfy.list_asked("/prompt")) == 1
    assert service.list_jobs()[0].plan.request == {}  # of no use any more


def test_image_that_a_webui_was_making_at_a_restart_is_given_up(service, a1111, image):
    add(service, a1111, image)
    wait_for(lambda: states(service) == ["done"] and service._thread is None)
    making._update(1, "running")
    service.resume_after_start()
    wait_for(lambda: states(service) == ["failed"])
    assert "was restarted while WebUI" in service.list_jobs()[0].explain("en")
    assert len(a1111.list_asked("/sdapi/v1/txt2img")) == 1


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("name", ["comfy", "a1111"])
def test_image_is_kept_once_whenever_the_program_is_killed(request, image, tmp_path, name):
    server, killed, service = request.getfixturevalue(name), MakeService(), MakeService()
    killed._wake, folder, lost = lambda: None, tmp_path / "made", set()
    for step in itertools.count(1):
        job_id = add(killed, server, image, step)
        (job,) = (job for job in killed.list_jobs() if job.id == job_id)
        with _dying(step, str(folder)) as death:
            killed._run_job(job, Cancellation())
        service.resume_after_start()
        wait_for(lambda: set(states(service)) <= {"done", "failed"})
        (job,) = (job for job in service.list_jobs() if job.id == job_id)
        if job.state == "failed":
            lost.add(f"77-{step}.png")
        if not death.is_set():
            break
    made = {f"77-{seed}.png" for seed in range(1, step + 1)}
    assert step > 9 and (name == "a1111" or not lost)  # such programs send an image once
    kept = [one.path for one in reproductions.list_reproductions(77)]
    assert sorted(os.listdir(folder)) == sorted(map(os.path.basename, kept))
    assert {*os.listdir(folder)} == made - lost
    assert all("Seed: " in read_embedded(path).infotext for path in kept)


_hooks = []
sys.addaudithook(lambda event, args: [hook(event, args) for hook in _hooks])


@contextmanager
def _dying(step, folder):
    """Raise _Killed at the n-th change of a folder or database, and at all later changes."""
    steps, death, thread = itertools.count(1), threading.Event(), threading.current_thread()

    def hook(event, args):
        is_change = event in ("open", "os.rename", "os.link", "os.remove") and folder in str(args)
        is_step = is_change or event == "sqlite3.connect"
        if is_step and threading.current_thread() is thread and next(steps) >= step:
            death.set()
            raise _Killed

    _hooks.append(hook)
    try:
        with suppress(_Killed):
            yield death
    finally:
        _hooks.remove(hook)


def test_settings_that_a_killed_process_left_changed_are_put_back_at_the_start(a1111, image):
    write_note(webui_api.NOTES, a1111.url, {"randn_source": ["GPU", "CPU"]})
    a1111.options["randn_source"] = "CPU"
    MakeService().resume_after_start()
    wait_for(lambda: not webui_api.has_noted_options())
    assert a1111.options["randn_source"] == "GPU"


def test_only_the_stopped_image_is_stopped(service, comfy, image):
    comfy.seconds = 60.0
    first, second, third = (add(service, comfy, image, seed) for seed in (1, 2, 3))
    wait_for(lambda: comfy.jobs)
    service.stop(second)
    comfy.seconds = 0.0
    service.stop(first)
    wait_for(lambda: states(service) == ["done", "stopped", "stopped"])
    assert [job.id for job in service.list_jobs()] == [third, second, first]


def test_failure_is_told_and_the_next_one_is_made(service, comfy, image):
    comfy.image, good = b"\x89PNG\r\n\x1a\nbroken", comfy.image
    add(service, comfy, image)
    wait_for(lambda: states(service) == ["failed"])
    assert "is not an image" in service.list_jobs()[0].explain("en")
    assert os.listdir(setting.made_folder()) == [] and not reproductions.list_reproductions(77)
    comfy.image = good
    add(service, comfy, image)
    wait_for(lambda: states(service) == ["done", "failed"])


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (DiskError("/secret/made is full.", "/secret/made"), "reason_disk"),
        (InputError("h is not in your network.", "engine_not_private", host="h"), ""),
        (EngineError("Nothing answers.", "engine_off", address="a"), ""),
    ],
)
def test_failure_is_told_in_the_language_of_the_reader(
    service, comfy, image, monkeypatch, error, key
):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(making, "keep_image", fail)
    add(service, comfy, image)
    wait_for(lambda: states(service) == ["failed"])
    for language in ("en", "zh-TW"):
        values = {} if key else error.values
        told = messages.translate(key or error.key, language, **values)
        assert service.list_jobs()[0].explain(language) == told


def test_image_that_is_too_large_to_compare_is_kept(service, comfy, image, monkeypatch):
    monkeypatch.setattr(reproductions, "_MAX_PIXELS", 1_000)
    add(service, comfy, image)
    wait_for(lambda: states(service) == ["done"])
    assert "Seed: 5" in read_embedded(service.list_jobs()[0].path).infotext


def test_bug_in_one_job_fails_it_and_the_others_go_on(service, comfy, image, monkeypatch):
    keep_image, seen = making.keep_image, []

    def keep_second(*arguments, **options):
        seen.append(1)
        if len(seen) == 1:
            raise RecursionError
        return keep_image(*arguments, **options)

    monkeypatch.setattr(making, "keep_image", keep_second)
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    comfy.seconds = 0.1
    for seed in (1, 2):
        add(service, comfy, image, seed)
    wait_for(lambda: states(service) == ["done", "failed"])
    assert "A bug" in service.list_jobs()[1].explain("en")


def test_image_is_stopped_by_another_process(service, comfy, image):
    comfy.seconds = 60.0
    job_id = add(service, comfy, image)
    wait_for(lambda: comfy.jobs)
    MakeService().stop(job_id)
    wait_for(lambda: comfy.stopped)
    wait_for(lambda: service._thread is None)
    assert states(service) == ["stopped"]


def test_what_is_made_is_listed_before_what_waits_and_what_is_over(service, comfy, image):
    service._wake = lambda: None
    for _ in range(4):
        add(service, comfy, image)
    making._update(1, "running")
    making._update(4, "done")
    assert [job.id for job in service.list_jobs()] == [1, 3, 2, 4]


def test_job_of_a_newer_version_is_listed(service, comfy, image):
    service._wake = lambda: None
    add(service, comfy, image)
    with making._open_database().writing() as db:
        db.execute("UPDATE made SET engine = json_set(engine, '$.newer', 1, '$.kind', 'other')")
    assert service.list_jobs()[0].engine.name == "other 0.33.0"


def test_two_images_of_one_name_are_both_kept(tmp_path, image, monkeypatch):
    made, kept = engines.Made(make_png()), []
    commit, barrier = making.AtomicFile.commit_new, threading.Barrier(2, timeout=10)

    def commit_together(file, path):
        if path.endswith("image-5.png"):
            barrier.wait()
        commit(file, path)

    monkeypatch.setattr(making.AtomicFile, "commit_new", commit_together)

    def keep():
        kept.append(making.keep_image(made, Image(-1, ""), 5, str(tmp_path)))

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(kept)) == 2 and all(map(os.path.getsize, kept))


def test_model_that_a_webui_took_instead_is_told(service, a1111, image):
    a1111.edits["Model"] = "other_model"
    add(service, a1111, image)
    wait_for(lambda: states(service) == ["done"])
    assert "Another checkpoint: other_model" in service.list_jobs()[0].explain("en")


@pytest.mark.parametrize(
    ("prompt", "made"),
    [
        ("a <lora:Ink:0.2:1.5>, <lora:glow:1>", "a <lora:ink:0.6>, <lora:glow:1>"),
        ("a cat", "a cat <lora:ink:0.6>"),
    ],
    ids=["tag", "no-tag"],
)
def test_weight_of_one_lora_is_changed(prompt, made):
    recipe = make_recipe(Image(5, "", meta={**META, "prompt": prompt}), lora="ink", weight=0.6)
    assert recipe.infotext.startswith(f"{made}\n") and not recipe.is_other_seed
    assert make_recipe(Image(5, "", meta={**META, "seed": None})).is_other_seed  # one is drawn
    with pytest.raises(EngineError, match="not known how"):
        make_recipe(Image(5, ""))


def test_loras_that_the_record_knows_by_their_numbers_are_used_or_named(
    comfy, demo, tmp_path, monkeypatch
):
    monkeypatch.setenv("CIVITAI_BASE_URL", demo.url)
    elsewhere = models.load_model(CivitaiHttpClient(), 900_003).versions[0]
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    setting.change("model_folders", str(folder.parent))
    (folder / "Ink.safetensors").write_bytes(b"1")
    (folder / "Ink.civitai.info").write_text('{"id": 11, "modelId": 1, "name": "v1"}')
    used = [{"weight": 0.7, "modelVersionId": 11}, {"weight": 1, "modelVersionId": elsewhere.id}]
    recipe = make_recipe(Image(5, "", meta={**META, "civitaiResources": used}))
    engine, name = engines.find_engine(comfy.url), f"Paper & Ink {elsewhere.name}"
    assert recipe.infotext.startswith(f"a cat <lora:Ink:0.7> <lora:{name}:1>\n")
    assert comfyui.plan(engine, recipe).missing == (Missing("lora", name),)
    plan = comfyui.plan(engine, recipe, engines.PlanOptions(drops_missing=True))
    loaders = [node["inputs"] for node in plan.request["prompt"].values() if "Lora" in str(node)]
    assert "style/Ink.safetensors" in str(loaders) and name not in str(loaders)
    assert plan.missing == () and "caution_dropped" in [one.key for one in plan.cautions]
    recipe = make_recipe(
        Image(5, "", meta={**META, "prompt": "<lora:ink:1>", "civitaiResources": used})
    )
    assert recipe.infotext.count("ora:ink") == 1 and "lora:Ink" not in recipe.infotext
    recipe = make_recipe(Image(5, "", version_ids=(elsewhere.id,), meta=META))  # without a weight
    plan = comfyui.plan(engine, recipe)
    assert Caution("caution_lora_weight", value=name) in plan.cautions and not plan.should_match
    meta = {**META, "prompt": "a cat <lyco:ink:1>"}  # which may be the one
    assert make_recipe(Image(5, "", version_ids=(elsewhere.id,), meta=meta)).untagged_loras == ()


def test_weights_are_proposed_by_those_that_the_library_uses(library):
    assert propose_weights("ink") == [0.4, 0.6, 0.8, 1.0, 1.2]
    weights = [0.1, *[0.3, 0.5] * 5, 0.7, 3]
    metas = [{**META, "prompt": f"a <lora:Ink:{weight}>"} for weight in weights]
    image_records.store_images(
        [
            Image(n, "https://image.civitai.com/x/1.jpeg", meta=meta)
            for n, meta in enumerate(metas, 1)
        ]
    )
    library.finish()
    assert propose_weights("ink") == [0.3, 0.4, 0.5, 0.6, 0.7]
    assert propose_weights("other")[0] == 0.4


def test_checkpoint_that_is_not_named_is_called_so():
    # Of an image by Civitai's generator, which states the ids of versions only.
    missing = [Missing("model", ""), Missing("lora", "ink")]
    assert list_missing_names(missing, "en") == ["its checkpoint, which is not named", "LoRA ink"]

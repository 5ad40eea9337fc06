"""*Make it*: asked before, followed while it is made, and compared when it is done."""

from __future__ import annotations

import json
import re
import shutil
from urllib.parse import unquote

from engine_stand_ins import ComfyStandIn, make_png
from gallery_page import with_axe
from host_page import with_text
from page_driver import expect, Server, wait_for
from page_facts import infotext_of, of_model
import pytest

_MODEL, _LORA = 900_001, 900_004
_ADDRESS = f"?model={_MODEL}&level=XXX"


def _needs_only_a_checkpoint(row):
    text = infotext_of(row)
    return row.kind == "a1111" and row.type == "image" and "Model:" in text and "lora" not in text


def _has_one_lora(row):
    text = infotext_of(row)
    is_plain = row.kind == "a1111" and row.type == "image" and "Model:" in text
    return is_plain and text.count("<lora:") == 1 and "UltraSharp" not in text


_PLAIN = list(filter(_needs_only_a_checkpoint, of_model(_MODEL)[:90]))[:4]
_ROW, *_THREE = _PLAIN  # each makes other images: one server is for all tests
_FINDERS = {"ckpt_name": r"Model: (.+?),", "lora_name": r"<lora:([^:>]+):"}


@pytest.fixture(scope="module")
def _comfy():
    with ComfyStandIn() as engine:
        engine.lists["sampler_name"] += ["euler_ancestral", "dpmpp_2m_sde", "uni_pc"]
        engine.lists["scheduler"] += ["simple", "exponential"]
        engine.image = make_png(256)
        yield engine


@pytest.fixture
def comfy(_comfy):
    """Return a ComfyUI that has what `_PLAIN` needs and makes an image in a second."""
    _comfy.seconds = 1
    _comfy.status = {"status_str": "success", "completed": True, "messages": []}
    for made in (_comfy.asked, _comfy.jobs, _comfy.workflows):
        made.clear()
    _install(_comfy, *_PLAIN, of="ckpt_name")
    return _comfy


def _install(comfy, *rows, of):
    """Let ComfyUI have only those files of one kind that these images were made with."""
    texts = "".join(map(infotext_of, rows))
    comfy.lists[of] = [f"{name}.safetensors" for name in {*re.findall(_FINDERS[of], texts)}]


@pytest.fixture(scope="module")
def _server(browser, demo, _comfy, tmp_path_factory):
    server = Server(demo.url, tmp_path_factory.mktemp("own"), engine_addresses=_comfy.url)
    yield server
    server.close()


@pytest.fixture
def made_by(_server, comfy, open_gallery):
    """Return a page whose server knows the stand-in of ComfyUI."""
    return open_gallery(_server, _ADDRESS).ready()


def _open(page, row):
    page.tile(str(row.id)).click()
    page.control("make").wait_for()


def test_without_a_program_the_page_is_as_before(server, open_gallery):
    page = open_gallery(server, _ADDRESS).ready()
    with page.page.expect_request("**/engines/find"):
        page.open()
    page.page.wait_for_load_state("networkidle")
    expect(page.control("make")).to_have_count(0)
    page.key("r")
    expect(page.panel("settings").locator("[data-do='find-engines']")).to_be_visible()
    page.key("Escape")
    copy = page.viewer.locator(".uses .primary[data-do='copy-whole']")
    expect(copy).to_be_visible()
    copy.locator("xpath=following-sibling::button").click()
    page.page.locator("[role='menu'] [data-do='set-up-engine']").click()
    expect(page.panel("settings").locator("[data-do='find-engines']")).to_be_visible()


def test_models_of_comfyui_are_found_after_one_press_and_undo(made_by, comfy, tmp_path):
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for name in comfy.lists["ckpt_name"]:
        (folder / name).write_bytes(b"weights")
    comfy.folders = {"checkpoints": [str(folder)]}
    _open(made_by, _ROW)
    line = made_by.page.locator(".readiness p")
    made_by.control("add-folders").click()
    expect(line).to_have_text("Checkpoint is installed.")
    expect(made_by.page.locator("[data-do='add-folders']")).to_have_count(0)
    assert made_by.page.evaluate("document.activeElement.localName") == "civitai-gallery"
    made_by.control("undo").click()
    expect(made_by.control("add-folders")).to_be_visible()
    comfy.folders = {}


def _lack_a_vae(route):
    plan = route.fetch().json()
    plan["missing"] = [{"type": "part", "name": "ae", "text": "VAE ae"}]
    route.fulfill(json=plan)


@with_axe
def test_what_is_missing_or_differs_is_said_before_and_compared_after(made_by, comfy):
    _install(comfy, of="ckpt_name")
    _open(made_by, _ROW)
    made_by.control("make").click()
    expect(made_by.control("make-now")).to_be_disabled()
    made_by.control("make-get").click()
    made_by.panel("model_files").wait_for()
    made_by.key("Escape")
    _install(comfy, _ROW, of="ckpt_name")
    made_by.control("more-makers").click()
    made_by.control("open-workflow").click()
    dialog = made_by.page.locator("dialog.ask")
    expect(dialog).to_contain_text(f"gallery/{_ROW.id}")
    assert [one for one in made_by.axe_findings_in_both_themes() if "ask" in one[1]] == []
    with made_by.page.expect_download() as saved:
        made_by.control("save-workflow").click()
    (stored,) = comfy.workflows.values()
    assert json.loads(saved.value.path().read_text("utf-8")) == stored
    dragged = made_by.control("save-workflow").evaluate("link => link.href")
    assert json.loads(unquote(dragged.partition(",")[2])) == stored
    made_by.control("leave-workflow").click()
    expect(dialog).to_have_count(0)
    made_by.page.route("**/api/images/*/plan", _lack_a_vae, times=1)
    made_by.key("r")
    made_by.control("make-engines").click()
    expect(made_by.panel("settings").locator("[data-do='find-engines']")).to_be_visible()
    made_by.key("Escape")
    made_by.key("r")
    expect(dialog).to_contain_text("ComfyUI's noise always comes from the CPU")
    expect(made_by.control("make-now")).to_be_focused()
    findings = made_by.axe_findings_in_both_themes()
    assert [one for one in findings if "make" in one[1] or "ask" in one[1]] == []
    assert comfy.list_asked("/prompt") == []
    made_by.key("Enter")
    expect(made_by.page.locator(".making")).to_be_visible()
    expect(made_by.page.locator(f"[data-id='{_ROW.id}'] .make-ring")).to_have_count(1)
    made_by.panel("compare").wait_for()
    expect(made_by.panel("compare").locator(".compare-grid img")).to_have_count(2)
    made_by.message("has made 1 picture").wait_for()
    made_by.key("Escape")
    expect(made_by.page.locator("[data-do='open-reproduction']")).to_have_count(1)
    expect(made_by.page.locator(".make-ring")).to_have_count(0)


def test_image_is_shown_beside_what_was_made_of_it_though_others_are_compared(made_by, comfy):
    _open(made_by, _THREE[0])
    made_by.key("Escape")  # else it is shown at once
    made_by.tile(str(_THREE[0].id)).press("r")
    made_by.control("make-now").click()
    made_by.message("has made 1 picture").wait_for()
    made_by.hold_message("has made 1 picture")
    for row in _THREE[:2]:
        made_by.tile(str(row.id)).locator("[data-do='mark']").click()
    made_by.key("c")
    panel = made_by.panel("compare")
    expect(panel.locator(".pair-summary")).to_have_count(0)
    made_by.control("show-made").click()
    expect(panel.locator(".pair-summary")).to_be_visible()
    made_by.key("Escape")
    expect(panel).to_be_hidden()


def test_strangers_nodes_need_consent_programs_a_login_and_what_failed_is_tried_again(made_by):
    row = next(row for row in of_model(_MODEL)[:60] if row.kind == "comfy")
    _open(made_by, row)
    plan = {
        "engine": "ComfyUI",
        "seed": "5",
        "infotext": "",
        "should_match": False,
        "has_own_graph": True,
        "cautions": [],
        "missing": [],
        "custom_nodes": ["OddSampler"],
    }
    sent = []

    def answer(route):
        sent.append(route.request.post_data_json)
        has_nodes = not sent[-1].get("rebuilds")
        route.fulfill(json={**plan, "custom_nodes": ["OddSampler"] if has_nodes else []})

    made_by.page.route("**/plan", answer)
    made_by.control("make").click()
    expect(made_by.control("make-now")).to_be_disabled()
    made_by.field("rebuilds").check()
    expect(made_by.control("make-now")).to_be_enabled()
    made_by.field("rebuilds").uncheck()
    made_by.field("runs_custom_nodes").check()
    expect(made_by.control("make-now")).to_be_enabled()
    assert sent[-1]["runs_custom_nodes"] and not sent[-1]["rebuilds"]
    made_by.key("Escape", 2)

    engine = {"id": "a", "kind": "webui", "name": "WebUI", "address": "http://127.0.0.1:1"}
    lacking = {**engine, "state": "needs_login", "message": "It asks for a login."}
    ready = {**engine, "state": "ready", "message": ""}
    logins = []
    made_by.page.route(
        "**/engines/find", lambda route: route.fulfill(json=[ready if logins else lacking])
    )
    made_by.page.route(
        "**/engines/login",
        lambda route: (logins.append(route.request.post_data_json), route.fulfill(json=[ready])),
    )
    made_by.control("more-tools").click()
    made_by.control("settings").click()
    made_by.control("settings-engines").click()
    expect(made_by.panel("settings")).to_contain_text("It asks for a login.")
    made_by.field("engine-text").fill("me")
    made_by.field("engine-password").fill("a:b")
    made_by.key("Enter")
    expect(made_by.page.locator(".engines [data-state='ready']")).to_be_visible()
    assert logins == [{"engine": "a", "login": "me:a:b"}]
    job = {"id": 5, "image_id": _ROW.id, "engine": "ComfyUI 0.33.0", "seed": "7", "part": 0}
    job |= {"state": "failed", "message": "", "name": "", "lora": "ink", "weight": 0.4}
    made = [{**job, "created": "2026-01-01T00:00:00Z"}]
    started = {"jobs": [], "refused": []}
    made_by.page.route(
        "**/api/made",
        lambda route: route.fulfill(json=started if route.request.post_data else made),
    )
    made_by.reload()
    made_by.control("jobs").click()
    expect(made_by.panel("jobs")).to_contain_text("weight 0.4")
    with made_by.page.expect_request(
        lambda one: one.url.endswith("/made") and one.post_data
    ) as sent:
        made_by.control("job-again").click()
    body = sent.value.post_data_json
    assert (body["lora"], body["weight"], body["seed"]) == ("ink", 0.4, "7")


def test_several_are_made_one_after_another_also_after_a_reload(made_by, comfy):
    comfy.seconds = 30
    assert "engines/find" not in made_by.asked
    _open(made_by, _THREE[0])
    made_by.key("ArrowRight")
    made_by.key("Escape")
    made_by.tile(str(_THREE[0].id)).click(button="right")
    expect(made_by.control("menu-make")).to_have_text("Make it")
    assert made_by.asked.count("engines/find") == 1, "once for all images"
    made_by.key("Escape")
    for row in _THREE:
        made_by.tile(str(row.id)).locator("[data-do='mark']").click()
    made_by.choose_more("make")
    made_by.message("Making 3 pictures").wait_for()
    made_by.tile(str(_THREE[2].id)).press("Enter")
    made_by.page.locator(".making").wait_for()
    made_by.reload()
    made_by.page.locator(".making").wait_for()
    made_by.control("stop-making").click()
    expect(made_by.page.locator(".making")).to_be_hidden()
    assert made_by.page.evaluate("document.activeElement !== document.body")
    made_by.key("Escape")
    made_by.control("jobs").click()
    running = made_by.panel("jobs").locator("[data-job]:has([data-do='job-stop'])")
    expect(running).to_have_count(2)
    again = made_by.control("job-again").count()
    made_by.control("job-stop").nth(1).click()
    expect(made_by.control("job-again")).to_have_count(again + 1)
    comfy.status = {"status_str": "error", "completed": False, "messages": []}
    comfy.seconds = 0
    wait_for(lambda: comfy.list_asked("/prompt"), "the request")
    for prompt_id, (_, graph) in list(comfy.jobs.items()):
        comfy.jobs[prompt_id] = (0, graph)
    message = made_by.message("ComfyUI")
    expect(message.locator("[data-do='make-again']")).to_be_visible()
    comfy.status = {"status_str": "success", "completed": True, "messages": []}
    message.locator("[data-do='make-again']").click()
    made_by.message("has made 1 picture").locator("[data-do='show-made']").click()
    made_by.panel("compare").wait_for()


def test_host_makes_it_with_the_values_that_were_pasted(open_host, host):
    row = with_text(900003)
    page = open_host()
    page.open(900003, row)
    page.page.evaluate(_LOADED)
    page.page.locator("[data-do=make]").click()
    dialog = page.page.locator("dialog.ask")
    expect(dialog).to_contain_text("other.safetensors [0123456789] is loaded")
    losses = host.api(f"images/{row.id}")["incompatibilities"]
    assert losses
    for loss in losses:
        expect(dialog).to_contain_text(loss)
    without = dialog.locator("[data-field=drops_missing]")
    if without.count():
        without.check()
    dialog.locator("[data-do=make-now]").click()
    text = infotext_of(row)
    prompt, seed = text.split("\n")[0], int(re.search(r"Seed: (\d+)", text)[1])
    wait_for(lambda: host.state().get("generated") == [prompt, seed], "the button")
    path = f"images/{row.id}/reproductions"
    wait_for(lambda: len(host.api(path)) == 1, "the reproduction")


def test_host_names_a_missing_lora_of_which_the_image_states_only_the_number(open_host, host):
    models = host.data / "host" / "models"
    (models / "Lora").mkdir(parents=True)
    page = open_host(query="?model=900003")
    page.page.locator("[data-tile]").first.wait_for()

    def states_a_number(row):
        used = host.api(f"images/{row.id}")["resources"]
        return any(not one["type"] and one["availability"] == "missing" for one in used)

    try:
        wait_for(lambda: any(map(states_a_number, of_model(900003)[:12])), "the folder")
        page.open(900003, next(filter(states_a_number, of_model(900003)[:12])))
        expect(page.page.locator(".readiness")).to_contain_text("LoRA")
        page.page.locator("[data-do=make]").click()
        expect(page.page.locator("dialog.ask")).to_contain_text("LoRA Paper & Ink")
    finally:
        shutil.rmtree(models)


_LOADED = """() => {
    const field = document.createElement("div");
    field.id = "setting_sd_model_checkpoint";
    field.append(Object.assign(document.createElement("input"),
        {value: "other.safetensors [0123456789]"}));
    document.body.append(field);
}"""


@with_axe
def test_weights_of_a_lora_that_is_here_and_four_seeds_are_each_compared_in_one_row(made_by, comfy):
    comfy.seconds = 0
    row = next(filter(_has_one_lora, of_model(_LORA)))
    _install(comfy, row, of="ckpt_name")
    _install(comfy, of="lora_name")
    comfy.lists["vae_name"] = ["vae-ft-mse-840000-ema-pruned.safetensors"]
    made_by.go(f"?model={_LORA}&level=XXX&image={row.id}")
    made_by.control("try-weights").click()
    expect(made_by.control("make-get")).to_be_visible()
    expect(made_by.control("make-drops_missing")).to_have_count(0)
    made_by.key("Escape")
    _install(comfy, row, of="lora_name")
    made_by.control("try-weights").click()
    field = made_by.field("weights")
    expect(field).to_have_value(re.compile(r"^[\d.]+(  [\d.]+){4}$"))
    assert [one for one in made_by.axe_findings_in_both_themes() if "ask" in one[1]] == []
    field.fill("0.5 12")
    made_by.control("make-now").click()
    assert field.evaluate("field => field.validationMessage").startswith("Write 1 to 10 numbers")
    field.fill("0,5  1,2 x")
    made_by.control("make-now").click()
    compare = made_by.panel("compare")
    expect(compare.locator(".compare-grid img")).to_have_count(2)
    labels = compare.locator(".compare-grid .number")
    expect(labels).to_have_text(["weight 0.5", "weight 1.2"])
    loras = [one for one in _list_inputs(comfy) if "strength_model" in one]
    assert [one["strength_model"] for one in loras] == [0.5, 1.2]
    assert len({one["seed"] for one in _list_inputs(comfy) if "seed" in one}) == 1
    made_by.key("Escape")
    comfy.asked.clear()
    made_by.control("more-makers").click()
    made_by.control("make-seeds").click()
    expect(compare.locator(".compare-grid img")).to_have_count(4)
    expect(compare.get_by_text(re.compile(r"^seed \d+$")).first).to_be_visible()
    assert len({one["seed"] for one in _list_inputs(comfy) if "seed" in one}) == 4


def _list_inputs(comfy):
    """Return the inputs of all nodes that ComfyUI was asked to run."""
    nodes = [node for body in comfy.list_asked("/prompt") for node in body["prompt"].values()]
    return [node["inputs"] for node in nodes]

"""The home page: its data, what it shows, and where its cards lead."""

from __future__ import annotations

import io
import json
import os
import re

from civitai_demo import gallery
from civitai_demo.gallery import model_files
from civitai_manager_libs import setting
from civitai_manager_libs.model_files import index
from page_driver import expect, wait_for
from PIL import Image
import pytest

_MODEL, _OTHER, _VERSION = 900_001, 900_007, 900_101


@pytest.fixture
def loras(tmp_path, monkeypatch):
    """Return a folder of LoRAs that the settings name."""
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())
    monkeypatch.setattr(index, "_CHECK_INTERVAL", 0)
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    setting.change("model_folders", str(tmp_path / "models"))
    return folder


def _add_model(folder, name, sidecar=None, has_preview=False):
    (folder / f"{name}.safetensors").write_bytes(b"1")
    if sidecar is not None:
        (folder / f"{name}.civitai.info").write_text(json.dumps(sidecar))
    if has_preview:
        Image.new("RGB", (900, 1200), "teal").save(folder / f"{name}.preview.png")


def _only_model(api):
    [model] = api.get("home")["local_models"]["models"]
    return model


def _version():
    [first, *_] = gallery.find_demo_model(_MODEL).versions
    return first


def test_home_of_a_new_user_is_empty_without_a_request_to_civitai(api, on_demo):
    home = api.get("home")
    assert home["recent"] == home["collections"] == [] and home["watch_covers"] == {}
    assert home["local_models"] == {"models": [], "count": 0}
    for name in ("favourites", "library", "downloads"):
        assert home[name] == {"name": name, "count": 0, "covers": []}
    assert not on_demo.requests


def test_unreadable_library_is_reported_and_not_shown_as_a_new_one(
    api, on_demo, library, break_library
):
    api.get("home")
    library.finish()
    break_library()
    status, code, message = api.error("home")
    assert (status, code) == (507, "disk") and "cannot be used" in message


def test_model_has_one_cover_everywhere_and_an_author_his_newest_image(api, on_demo, fresh, loras):
    name = gallery.find_demo_model(_MODEL).name.replace(" ", "+")
    [card] = [
        one for one in api.get(f"models?q={name}&level=None")["models"] if one["id"] == _MODEL
    ]
    sidecar = {"id": gallery.find_demo_model(_MODEL).versions[-1].id, "modelId": _MODEL}
    _add_model(loras, "paper", sidecar)
    api.get(f"models/{_MODEL}")
    images = api.get(f"images?model={_MODEL}&level=None")["images"]
    author = images[0]["user"]
    own = api.get(f"images?user={author}&level=None")["images"]
    fresh.finish()
    setting.change("gallery_level", "None")
    api.post("watches", {"action": "watch", "name": "x", "query": {"model": _MODEL}})
    home = api.get("home")
    by_author, by_model = home["recent"]
    assert (by_author["user"], by_author["model"], by_author["name"]) == (author, None, author)
    assert (by_model["model"], by_model["user"]) == (_MODEL, "")
    assert by_author["cover"] == max(image["id"] for image in own)
    [here] = home["local_models"]["models"]
    covers = {by_model["cover"], here["cover"], home["watch_covers"][f"model {_MODEL}"]}
    assert covers == {card["cover"]["id"]}


def test_images_above_the_rating_are_no_covers(api, on_demo, fresh):
    images = api.get(f"images?model={_MODEL}&level=XXX")["images"]
    fresh.finish()
    ids = [image["id"] for image in images]
    api.post("annotations", {"ids": ids, "favourite": True})
    setting.change("gallery_level", "None")
    home = api.get("home")
    levels = {image["id"]: image["level"] for image in images}
    assert home["favourites"]["count"] == home["library"]["count"] == len(ids)
    covers = home["favourites"]["covers"] + home["library"]["covers"]
    assert covers and {levels[cover] for cover in covers} == {"None"}


def test_model_file_has_the_ids_of_its_sidecar_and_the_image_beside_it(api, on_demo, loras):
    _add_model(loras, "paper", {"id": _VERSION, "modelId": _MODEL}, has_preview=True)
    model = _only_model(api)
    assert (model["file"], model["kind"], model["model"]) == ("paper", "lora", _MODEL)
    assert not model["can_resolve"] and model["cover"] is None
    answer = api.ask(f"api/local_models/{model['key']}/preview?v={model['preview']}")
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(answer.content)).size) == 512
    assert not on_demo.requests


def test_model_file_is_found_on_civitai_by_its_hash(api, on_demo, loras, monkeypatch):
    sha = model_files.make_hashes(
        model_files.list_demo_files(gallery.find_demo_model(_MODEL), _version())[0]
    )
    _add_model(loras, "renamed", {"files": [{"hashes": sha}]})
    model = _only_model(api)
    assert model["model"] is None and model["can_resolve"]
    found = api.get(f"local_models/{model['key']}")
    assert found["model"] == _MODEL and found["name"] == gallery.find_demo_model(_MODEL).name
    assert not found["can_resolve"] and found["cover"]
    assert api.ask(f"api/thumb/{found['cover']}?w=320").status_code == 200
    assert _only_model(api) == found


def test_unknown_model_file_is_requested_once(api, on_demo, loras):
    _add_model(loras, "own", {"files": [{"hashes": {"SHA256": "ab" * 32}}]})
    model = _only_model(api)
    found = api.get(f"local_models/{model['key']}")
    assert found["model"] is None and not found["can_resolve"]
    on_demo.requests.clear()
    assert not _only_model(api)["can_resolve"]
    assert not on_demo.requests


def test_model_file_without_a_hash_has_only_its_name(api, on_demo, loras):
    _add_model(loras, "own")
    model = _only_model(api)
    assert (model["file"], model["model"], model["can_resolve"]) == ("own", None, False)


def test_model_file_is_identified_by_the_hash_of_its_contents_read_once(
    api, on_demo, loras, monkeypatch
):
    weight = model_files.list_demo_files(gallery.find_demo_model(_MODEL), _version())[0]
    (loras / "renamed.safetensors").write_bytes(model_files.make_file_bytes(weight))
    key = _only_model(api)["key"]
    found = api.post(f"local_models/{key}/identify", {})
    assert (found["model"], found["name"]) == (_MODEL, gallery.find_demo_model(_MODEL).name)
    assert found["key"] == key and _only_model(api) == found
    monkeypatch.setattr(index, "_model_index", index.ModelIndex())  # as after a restart
    assert _only_model(api) == found
    (loras / "renamed.safetensors").write_bytes(b"another file")
    os.utime(loras, (5, 5))  # a folder whose time is the same is not listed again at once
    assert _only_model(api)["model"] is None
    assert api.post(f"local_models/{key}/identify", {})["model"] is None


def test_model_file_with_an_id_is_identified_without_its_contents(api, on_demo, loras, monkeypatch):
    monkeypatch.setattr(index, "compute_sha256", None)
    _add_model(loras, "own", {"id": _version().id})
    key = _only_model(api)["key"]
    assert api.post(f"local_models/{key}/identify", {})["model"] == _MODEL


def test_model_files_are_returned_in_pages(api, on_demo, loras):
    for n in range(30):
        _add_model(loras, f"lora-{n:02}")
    first = api.get("home")["local_models"]
    rest = api.get("local_models?from=24")
    assert (first["count"], len(first["models"]), len(rest["models"])) == (30, 24, 6)
    assert len({model["key"] for model in first["models"] + rest["models"]}) == 30


@pytest.mark.parametrize("path", ["local_models/5", "local_models/5/preview"])
def test_unknown_model_file_is_refused(api, loras, path):
    assert api.error(path)[:2] == (404, "not_there")
    assert api.send("POST", "local_models/5/identify", {}).status_code == 404


def test_all_models_of_the_demo_are_listed_without_words(api, on_demo):
    from civitai_manager_libs.web.routes import set_demo

    assert api.error("models?q=")[0] == 400
    set_demo(True)
    assert len(api.get("models?q=&level=XXX")["models"]) > 5


@pytest.fixture
def folder(tmp_path):
    """Return a folder of LoRAs, in the folder of models that a server is given."""
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    return folder


def _shelf(page, name):
    return page.page.locator(f".home-shelf[data-shelf='{name}']")


def _add_hashed(folder, name, hashes):
    (folder / f"{name}.safetensors").write_bytes(b"1")
    sidecar = {"files": [{"hashes": hashes}]}
    (folder / f"{name}.civitai.info").write_text(json.dumps(sidecar))


def _hashes_of(model_id):
    model = gallery.find_demo_model(model_id)
    return model_files.make_hashes(model_files.list_demo_files(model, model.versions[0])[0])


def test_home_of_a_new_user_shows_the_most_liked_pictures_of_the_week(start, demo, open_gallery):
    page = open_gallery(start(demo.url), "")
    popular = _shelf(page, "popular")
    pictures = page.control("open-popular")
    pictures.first.wait_for()
    wanted = ["bootstrap", "home", "jobs", "popular"]
    wait_for(lambda: sorted(path.partition("?")[0] for path in page.api()) == wanted)
    likes = popular.locator("figcaption > span:last-child").all_inner_texts()
    assert likes == sorted(likes, key=lambda text: -int(text.replace(",", "")))
    pictures.nth(1).click()
    expect(page.viewer).to_be_visible()
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    author = popular.locator("figcaption a").first
    name = author.inner_text()
    everything = pictures.count()
    by_first = popular.locator("figcaption a", has_text=re.compile(f"^{name}$")).count()
    page.page.evaluate(
        """name => fetch("civitai_shortcut/api/hidden", {method: "POST", headers:
            {"X-Civitai-Shortcut": "1", "Content-Type": "application/json"},
            body: JSON.stringify({action: "hide", kind: "author", text: name, ids: []})})""",
        name,
    )
    page.go("")
    expect(pictures).to_have_count(everything - by_first)
    name = author.inner_text()
    author.click()
    expect(page.page).to_have_url(re.compile(f"user={name}"))
    page.page.go_back()
    expect(pictures.first).to_be_visible()


def test_empty_home_asks_for_the_model_folders_and_empty_panels_lead_there(
    start, demo, open_gallery
):
    page = open_gallery(start(demo.url, shows_popular=False), "")
    page.control("begin-models").click()
    expect(page.panel("settings")).to_be_visible()
    expect(_shelf(page, "popular")).to_have_count(0)
    assert "popular" not in page.api()
    page.go("?search=")
    expect(page.page.locator(".of-images")).to_contain_text("nothing in your library yet")
    for name, reach in (("jobs", page.control("jobs").click), ("watches", page.open_watches)):
        page.go("?search=")
        reach()
        page.panel(name).get_by_role("button", name="Open a gallery").click()
        expect(page.panel(name)).to_be_hidden()
        expect(page.page.locator(".home")).to_be_visible()
    page.go(f"?model={_MODEL}")
    page.control("jobs").click()
    expect(page.panel("jobs")).to_contain_text("No downloads yet")
    expect(page.control("begin")).to_have_count(0)


def test_home_of_the_demo_is_shown_once_it_has_the_demos_models(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}").ready()

    def say_it_is_the_demo(route):
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "is_demo": True})

    waiting = []
    page.page.route("**/api/bootstrap*", say_it_is_the_demo)
    page.page.route("**/api/models?q=*", lambda route: waiting.append(route))
    page.go("")
    wait_for(lambda: waiting and "home" in page.api(), "the requests of the home page")
    expect(_shelf(page, "folders")).to_have_count(0)
    card = {"id": _MODEL, "name": "First", "type": "LORA", "creator": "", "base_models": []}
    waiting[0].fulfill(json={"models": [{**card, "cover": None}], "cursor": None})
    expect(_shelf(page, "folders")).to_be_visible()
    expect(_shelf(page, "samples").locator("a")).to_have_text(re.compile("First"))


def test_opened_gallery_is_on_a_home_that_first_failed_and_back_leads_there(
    start, demo, open_gallery
):
    page = open_gallery(start(demo.url), f"?model={_OTHER}").ready()
    page.go(f"?model={_MODEL}")
    expect(page.page.locator(".gallery-header h2")).to_have_text(
        gallery.find_demo_model(_MODEL).name
    )
    page.ready()
    page.page.route("**/api/home", lambda route: route.abort())
    page.control("home").click()
    problem = page.page.locator(".of-images[data-kind='offline']")
    expect(problem).to_be_visible()
    assert page.tiles.count()  # what was open stays
    page.page.unroute("**/api/home")
    problem.get_by_role("button").click()
    expect(problem).to_have_count(0)
    page.control("home").click()
    cards = _shelf(page, "recent").locator("a")
    names = [gallery.find_demo_model(id).name for id in (_MODEL, _OTHER)]
    expect(cards.locator(".name")).to_have_text(names)
    expect(problem).to_have_count(0)
    expect(page.page).not_to_have_url(re.compile("model="))
    expect(page.tiles).to_have_count(0)
    cards.first.press("Enter")
    page.ready()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    page.page.go_back()
    expect(cards).to_have_count(2)
    page.page.go_back()
    page.ready()


def test_images_of_home_are_not_loaded_anew_when_it_is_shown_again(start, demo, open_gallery):
    page = open_gallery(start(demo.url), "")  # for a new user
    images = _shelf(page, "popular").locator("img")
    images.first.wait_for(state="attached")
    count = images.evaluate_all("all => all.map(one => one.isFirst = true).length")
    with page.page.expect_response("**/api/home"):
        page.choose_more("settings", "more-tools")  # reads the hidden rules
    page.key("Escape")
    page.field("find").fill(str(_MODEL))
    page.key("Enter")
    page.ready()
    page.page.go_back()
    _shelf(page, "recent").wait_for()  # is new
    assert images.evaluate_all("all => all.filter(one => one.isFirst).length") == count


def test_focus_is_on_the_next_try_when_home_fails_again(server, open_gallery):
    page = open_gallery(server, "")
    refusal = {"error": {"code": "internal", "message": "Broken."}}
    page.page.route("**/api/home", lambda route: route.fulfill(status=500, json=refusal))
    page.page.route("**/api/bootstrap*", lambda route: route.abort())
    page.reload()
    for _ in range(3):
        page.control("retry").focus()
        page.page.unroute("**/api/bootstrap*")
        with page.page.expect_response("**/api/home"):
            page.key("Enter")
        wait_for(lambda: page.focused_control() == "retry", "the focus")
    page.page.unroute("**/api/home")
    page.key("Enter")
    page.page.locator(".home-shelf").first.wait_for()
    wait_for(lambda: page.focused_control() is not None, "the focus")


def test_home_comes_after_results_but_not_over_an_image_opened_meanwhile_and_keeps_its_scroll(
    start, demo, open_gallery
):
    page = open_gallery(start(demo.url), f"?model={_MODEL}").ready()
    held, models = [], []
    page.page.route("**/api/home", lambda route: held.append(route))
    page.control("home").click()
    wait_for(lambda: page.page.evaluate("0") or held, "the request for the home page")
    page.open()
    held.pop().continue_()
    expect(page.page.locator("[data-do='home'][aria-busy='true']")).to_have_count(0)
    expect(page.viewer).to_be_visible()
    expect(page.page).to_have_url(re.compile("image="))
    page.page.route("**/api/models?q=*", lambda route: models.append(route))
    page.go("?find=water")
    wait_for(lambda: models, "the request for models")
    page.control("home").click()
    wait_for(lambda: page.page.evaluate("0") or held, "the request for the home page")
    models[0].continue_()
    expect(page.page.locator(".model-results")).to_contain_text("Slow Water")
    held[0].continue_()
    expect(page.page.locator(".home")).to_be_visible()
    page.page.unroute_all(behavior="ignoreErrors")
    page.page.set_viewport_size({"width": 390, "height": 500})
    last = page.page.locator(".home-pictures a").last
    last.scroll_into_view_if_needed()
    there = page.scroll_position()
    assert there > 0
    last.click()
    page.ready()
    page.page.go_back()
    wait_for(lambda: abs(page.scroll_position() - there) < 2, "where one was")


def test_models_on_the_disk_are_found_by_their_hash_one_at_a_time(
    start, demo, folder, open_gallery
):
    _add_hashed(folder, "mine", {"SHA256": "ab" * 32})
    for model_id in (_MODEL, 900_002):
        _add_hashed(folder, f"file-{model_id}", _hashes_of(model_id))
    server = start(demo.url, model_folders=str(folder.parent), gallery_level="XXX")
    under_way, most = [], [0]
    page = open_gallery(server, "?find=water")

    def answer(route):
        under_way.append(route.request.url)
        most[0] = max(most[0], len(under_way))
        response = route.fetch()
        under_way.remove(route.request.url)
        route.fulfill(response=response)

    held = []
    page.page.route(re.compile("/local_models/[0-9]+$"), lambda route: held.append(route))
    page.control("home").click()
    wait_for(lambda: page.page.title() is not None and held)
    page.control("open-kept").click()  # what is asked is given up, and asked again below
    expect(page.page).to_have_url(re.compile("search="))
    page.page.unroute_all()
    page.page.route(re.compile("/local_models/[0-9]+$"), answer)
    page.page.locator(".top [data-do='home']").click()
    models = _shelf(page, "models")
    expect(models.locator("[data-do='open-model']")).to_have_count(2)
    expect(models.locator("a .name", has_text=gallery.find_demo_model(_MODEL).name)).to_be_visible()
    expect(models.locator("[data-do='identify-model']")).to_contain_text("mine")
    expect(models.locator("a img[data-shows]")).to_have_count(2)
    assert most == [1]
    models.locator("a", has_text=gallery.find_demo_model(_MODEL).name).click()
    page.ready()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))


def test_press_on_a_model_file_reads_it_and_opens_its_gallery_or_searches_its_name(
    start, demo, folder, open_gallery
):
    model = gallery.find_demo_model(_MODEL)
    weight = model_files.list_demo_files(model, model.versions[0])[0]
    (folder / "renamed.safetensors").write_bytes(model_files.make_file_bytes(weight))
    (folder / "Quiet_Places_v9.safetensors").write_bytes(b"of nobody")
    server = start(demo.url, model_folders=str(folder.parent), gallery_level="XXX")
    page = open_gallery(server, "")
    cards = _shelf(page, "models").locator("[data-do='identify-model']")
    cards.filter(has_text="renamed").press("Enter")
    page.ready()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    page.page.go_back()
    expect(_shelf(page, "models").locator("[data-do='open-model'] .name")).to_have_text(model.name)
    expect(cards).to_have_count(1)
    assert "find=quiet+places" in cards.get_attribute("href"), "what a new tab opens"
    cards.click()
    expect(page.page.locator(".toast")).to_contain_text("does not know")
    expect(page.page).to_have_url(re.compile("find=quiet"))
    expect(page.page.locator(".model-results")).to_contain_text("Quiet Places")


def test_model_file_stays_on_the_home_page_while_civitai_does_not_respond(
    start, demo, folder, open_gallery
):
    (folder / "mine.safetensors").write_bytes(b"1")
    server = start("http://127.0.0.1:9", model_folders=str(folder.parent))
    page = open_gallery(server, "")
    card = _shelf(page, "models").locator("[data-do='identify-model']")
    card.click()
    expect(page.page.locator(".toast.bad")).to_be_visible()
    expect(card).not_to_have_attribute("aria-busy", "true")
    expect(card.locator(".dim")).to_have_text("LoRA")


def test_model_file_added_meanwhile_is_shown_on_coming_back_and_on_a_press_of_home(
    start, demo, folder, open_gallery
):
    for n in range(30):
        (folder / f"lora-{n}.safetensors").write_bytes(b"1")
    server = start(demo.url, model_folders=str(folder.parent))
    page = open_gallery(server, "")
    cards = _shelf(page, "models").locator(".home-card")
    expect(cards).to_have_count(24)
    page.control("more-models").click()
    expect(cards).to_have_count(30)
    first = cards.first.element_handle()
    _go_away_and_back(page)
    wait_for(lambda: page.api().count("home") == 2, "the second request")
    expect(cards).to_have_count(30)
    assert first.evaluate("card => card.isConnected"), "an unchanged card stays"

    def is_shown(name, act):
        with page.page.expect_response("**/api/home"):
            act()
        return cards.filter(has_text=name).count() == 1

    for name, act in (
        ("after-home", lambda: page.control("home").click()),
        ("after-return", lambda: _go_away_and_back(page)),
    ):
        (folder / f"{name}.safetensors").write_bytes(b"1")
        wait_for(lambda: is_shown(name, act), "the new file")  # the server looks every two seconds


def _go_away_and_back(page):
    """Do what a host does while another of its tabs is shown."""
    page.page.evaluate("""async () => {
            const { style } = document.querySelector("civitai-gallery");
            const frame = () =>
                new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            style.display = "none";
            await frame();
            style.display = "";
            await frame();
        }""")

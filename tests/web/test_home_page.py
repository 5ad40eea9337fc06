"""The home page in a browser: what it shows, where its cards lead, and back to it."""

from __future__ import annotations

import json
import re

import pytest
from civitai_demo import gallery
from civitai_demo.gallery import model_files
from page_driver import expect, wait_for

pytestmark = pytest.mark.page

_MODEL, _OTHER = 900_001, 900_007


@pytest.fixture
def folder(tmp_path):
    """Return a folder of LoRAs, in the folder of models that a server is given."""
    folder = tmp_path / "models" / "Lora"
    folder.mkdir(parents=True)
    return folder


def _shelf(page, name):
    return page.page.locator(f".home-shelf[data-shelf='{name}']")


def _add_file(folder, name, hashes):
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
    asked = [path.partition("?")[0] for path in page.api()]
    assert sorted(asked) == ["bootstrap", "home", "jobs", "popular"]
    likes = popular.locator("figcaption > span:last-child").all_inner_texts()
    assert likes == sorted(likes, key=lambda text: -int(text.replace(",", "")))
    pictures.nth(1).click()
    expect(page.viewer).to_be_visible()
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    author = popular.locator("figcaption a").first
    name = author.inner_text()
    author.click()
    expect(page.page).to_have_url(re.compile(f"user={name}"))
    page.page.go_back()
    expect(pictures.first).to_be_visible()


def test_home_without_the_most_liked_pictures_asks_for_the_model_folders(start, demo, open_gallery):
    page = open_gallery(start(demo.url, shows_popular=False), "")
    page.control("begin-models").click()
    expect(page.panel("settings")).to_be_visible()
    expect(_shelf(page, "popular")).to_have_count(0)
    assert "popular" not in page.api()


def test_home_of_the_demo_is_shown_once_it_has_the_demos_models(start, demo, open_gallery):
    page = open_gallery(start(demo.url), f"?model={_MODEL}").ready()

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
    problem = page.page.locator(".of-images[data-kind='problem']")
    expect(problem).to_be_visible()
    page.page.unroute("**/api/home")
    problem.get_by_role("button").click()
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


def test_home_keeps_its_scroll_position(start, demo, open_gallery):
    page = open_gallery(
        start(demo.url), f"?model={_MODEL}", viewport={"width": 390, "height": 500}
    ).ready()
    page.control("home").click()
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
    _add_file(folder, "mine", {"SHA256": "ab" * 32})
    for model_id in (_MODEL, 900_002):
        _add_file(folder, f"file-{model_id}", _hashes_of(model_id))
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


def test_empty_panel_leads_to_a_gallery(start, demo, open_gallery):
    page = open_gallery(start(demo.url), "?search=")
    expect(page.page.locator(".of-images")).to_contain_text("nothing in your library yet")
    for name, control in (("jobs", "jobs"), ("watches", "watched")):
        page.go("?search=")
        page.control(control).click()
        page.panel(name).get_by_role("button", name="Open a gallery").click()
        expect(page.panel(name)).to_be_hidden()
        expect(page.page.locator(".home")).to_be_visible()

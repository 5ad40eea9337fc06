"""What moves: an image between its tile and the large view, and from one image to the next."""

from __future__ import annotations

import pytest
from page_driver import expect

pytestmark = pytest.mark.page

# Run an act, then hold the flight that it begins: return the boxes of its start and its end.
_FLIGHT = """async ([act, id]) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const box = (element) => {
        const {x, y, width, height} = element.getBoundingClientRect();
        return [x, y, width, height].map(Math.round);
    };
    root.querySelector(act).click();
    await Promise.resolve();
    await Promise.resolve();
    const flight = root.querySelector(".flight");
    if (!flight) return null;
    const [motion] = flight.getAnimations();
    motion.pause();
    const boxes = [0, motion.effect.getTiming().duration - 0.01].map((time) => {
        motion.currentTime = time;
        return box(flight);
    });
    const image = root.querySelector(".slide:not([inert]) .image");
    const others = [root.querySelector(`[data-tile][data-id="${id}"]`), image].map(
        (element) => element && box(element));
    motion.finish();
    return [...boxes, ...others];
}"""


def _near(one, other):
    return all(abs(a - b) <= 2 for a, b in zip(one, other))


@pytest.mark.parametrize("size", [(390, 844), (1440, 900)], ids=["phone", "wide"])
def test_image_grows_from_its_tile_and_goes_back_into_it(server, open_gallery, size):
    width, height = size
    page = open_gallery(server, viewport={"width": width, "height": height}).ready()
    page.page.wait_for_load_state("networkidle")
    flights = 0
    for image_id in page.ids()[:7]:
        tile = f'[data-tile][data-id="{image_id}"]'
        if not page.page.locator(f"{tile}[data-shows]").count():
            continue
        opening = page.page.evaluate(_FLIGHT, [tile, image_id])
        if opening is None:  # its tile is below the window
            page.key("Escape")
            continue
        start, end, at_tile, at_image = opening
        assert _near(start, at_tile) and _near(end, at_image), image_id
        expect(page.page.locator(".flight")).to_have_count(0)
        expect(page.page.locator(".stage.awaits")).to_have_count(0)
        closing = page.page.evaluate(_FLIGHT, ["[data-viewer] [data-do=close]", image_id])
        start, end, at_tile, _ = closing
        assert _near(start, at_image) and _near(end, at_tile), image_id
        flights += 1
    assert flights > 2


def test_image_that_is_closed_on_its_way_turns_back_from_where_it_is(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.wait_for_load_state("networkidle")
    boxes = page.page.evaluate("""async () => {
        const root = document.querySelector("civitai-gallery").shadowRoot;
        const hold = (time) => {
            const flight = root.querySelector(".flight");
            const [motion] = flight.getAnimations();
            motion.pause();
            motion.currentTime = time;
            const {x, y, width, height} = flight.getBoundingClientRect();
            return [x, y, width, height].map(Math.round);
        };
        root.querySelector("[data-tile][data-shows]").click();
        const half = hold(60);
        root.querySelector("[data-viewer] [data-do=close]").click();
        await Promise.resolve();
        await Promise.resolve();
        return [half, hold(0), root.querySelectorAll(".flight").length];
    }""")
    assert _near(boxes[0], boxes[1]) and boxes[2] == 1


# Press a key, and return the widths and heights of the message in the frames that follow.
_MESSAGE_SIZES = """async (key) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    document.dispatchEvent(new KeyboardEvent("keydown", {key}));
    const sizes = [];
    for (let frame = 0; frame < 12; frame += 1) {
        const {width, height} = root.querySelector(".toast").getBoundingClientRect();
        sizes.push([Math.round(width), Math.round(height)]);
        await new Promise(requestAnimationFrame);
    }
    return sizes;
}"""


def test_message_keeps_its_form_while_a_panel_slides_in(server, open_gallery):
    page = open_gallery(server).ready()
    page.key("a")
    page.key("n")  # which can be undone
    page.hold_message("deselected")
    width, height = page.rest(page.page.locator(".toast")).evaluate(
        "toast => [toast.offsetWidth, toast.offsetHeight]"
    )
    sizes = page.page.evaluate(_MESSAGE_SIZES, ",")
    assert [size for size in sizes if abs(size[0] - width) > 2 or abs(size[1] - height) > 2] == []


def test_with_reduced_motion_nothing_moves(server, open_gallery):
    page = open_gallery(server, reduced_motion="reduce").ready()
    page.page.wait_for_load_state("networkidle")
    first = page.ids()[0]
    assert page.page.evaluate(_FLIGHT, [f'[data-tile][data-id="{first}"]', first]) is None
    page.key("ArrowRight")
    assert page.page.locator(".strip").evaluate("strip => strip.getAnimations().length") == 0


def test_next_image_comes_from_its_side_and_a_held_key_waits_for_no_motion(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.wait_for_load_state("networkidle")
    page.key("ArrowDown")
    page.key("Enter")
    expect(page.viewer).to_be_visible()
    moves = page.page.evaluate("""() => {
        const strip = document.querySelector("civitai-gallery").shadowRoot.querySelector(".strip");
        const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", {key}));
        return ["ArrowRight", "ArrowLeft", "ArrowRight"].map((key) => {
            for (const motion of strip.getAnimations()) motion.finish();
            press(key);
            const [motion] = strip.getAnimations();
            motion.pause();
            const {e} = new DOMMatrix(getComputedStyle(strip).transform);
            motion.play();
            if (key === "ArrowLeft") press("ArrowRight"); // while it moves
            return [Math.sign(e), strip.getAnimations().length];
        });
    }""")
    assert moves == [[1, 1], [-1, 0], [1, 1]]

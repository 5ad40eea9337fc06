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


_TURN_BACK = """async () => {
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
    const turned = [half, hold(0), root.querySelectorAll(".flight").length];
    root.querySelector(".flight").getAnimations()[0].finish();
    return turned;
}"""
_TURN_PAGES = """() => {
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
}"""


def test_image_flies_from_its_tile_and_comes_from_its_side_unless_reduced(server, open_gallery):
    page = open_gallery(server, viewport={"width": 1440, "height": 900}).ready()
    for width, height in ((1440, 900), (390, 844)):
        page.page.set_viewport_size({"width": width, "height": height})
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

    page.page.set_viewport_size({"width": 1280, "height": 800})
    half, turned, flights = page.page.evaluate(_TURN_BACK)  # closed on its way
    assert _near(half, turned) and flights == 1
    expect(page.viewer).to_be_hidden()
    page.tiles.first.press("Enter")
    expect(page.viewer).to_be_visible()
    # a held key waits for no motion
    assert page.page.evaluate(_TURN_PAGES) == [[1, 1], [-1, 0], [1, 1]]
    page.key("Escape")
    expect(page.viewer).to_be_hidden()

    page.page.emulate_media(reduced_motion="reduce")
    first = page.ids()[0]
    assert page.page.evaluate(_FLIGHT, [f'[data-tile][data-id="{first}"]', first]) is None
    page.key("ArrowRight")
    assert page.page.locator(".strip").evaluate("strip => strip.getAnimations().length") == 0
    page.key("Escape")
    page.page.emulate_media(reduced_motion="no-preference")

    page.key("a")
    page.key("n")  # which can be undone
    page.hold_message("deselected")
    width, height = page.rest(page.page.locator(".toast")).evaluate(
        "toast => [toast.offsetWidth, toast.offsetHeight]"
    )
    sizes = page.page.evaluate(_MESSAGE_SIZES, ",")  # while a panel slides in
    assert [size for size in sizes if abs(size[0] - width) > 2 or abs(size[1] - height) > 2] == []


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

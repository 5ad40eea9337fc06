"""A browser page with our element, driven by the element's public attributes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from page_driver import expect, find_middle, wait_for

__all__ = ["AXE", "GalleryPage", "PHONE", "SMALL", "with_axe"]

AXE = os.path.join(
    os.path.dirname(__file__), "..", "javascript", "node_modules", "axe-core", "axe.min.js"
)
with_axe = pytest.mark.skipif(
    not os.path.exists(AXE), reason="`npm install` in tests/javascript brings axe"
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SMALL = {"viewport": {"width": 900, "height": 600}}  # wide, but with a third less to draw
_PATIENCE = 60.0  # seconds; a machine that runs more than this is slow
_ROOT = "document.querySelector('civitai-gallery').shadowRoot"
# Ends what moves at once; the clocks of messages, which are longer, go on.
_FINISH = f"""{_ROOT}.getAnimations()
    .forEach(one => one.effect.getComputedTiming().endTime < 2000 && one.finish())"""
_WATCH = """
window.seen = {shift: 0, since: 0};
new PerformanceObserver((list) => {
    const later = list.getEntries().filter((entry) => entry.startTime >= window.seen.since);
    const unasked = later.filter((entry) => !entry.hadRecentInput);
    for (const entry of unasked) window.seen.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
window.stepsBack = 0;
const go = history.go.bind(history);
history.go = (steps) => { window.stepsBack += 1; go(steps); };
addEventListener("popstate", () => { window.stepsBack = Math.max(0, window.stepsBack - 1); });
"""
_REACHED = f"""(([...dialogs]) => dialogs.length
    ? {{include: [dialogs.at(-1), ...{_ROOT}.querySelectorAll(".toasts")]}} : document
)({_ROOT}.querySelectorAll("dialog:modal"))"""
_RESTS = "one => Promise.allSettled(one.getAnimations().map((its) => its.finished))"
_AT_REST = """
new Promise((done) => {
    const look = (before) => {
        if (scrollY === before) return done(before);
        const now = scrollY;
        requestAnimationFrame(() => requestAnimationFrame(() => look(now)));
    };
    look(-1);
})
"""
# Takes controls away, chosen by chance, each in a way by chance, and puts them back.
_TAKE_AWAY = """
async ([seed, count]) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const [most, step] = [2147483647, 16807];
    const random = (n) => Math.floor(n * (seed = (seed * step) % most) / most);
    seed *= 104729;
    // after what the page does in this frame
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const isSeen = (one) => one.checkVisibility({visibilityProperty: true}) && !one.inert;
    const put = (node, parent, next) => parent.insertBefore(node, next);
    const ways = {
        remove: (one) => {
            const [parent, next] = [one.parentNode, one.nextSibling];
            one.remove();
            return () => put(one, parent, next?.parentNode === parent ? next : null);
        },
        move: (one) => (put(one, one.parentNode, one.nextSibling), () => {}),
        redraw: (one) => {
            const drawn = one.cloneNode(true);
            one.replaceWith(drawn);
            return () => drawn.replaceWith(one);
        },
        hide: (one) => ((one.hidden = true), () => (one.hidden = false)),
        veil: (one) => {
            one.style.visibility = "hidden";
            return () => (one.style.visibility = "");
        },
        disable: (one) => ((one.disabled = true), () => (one.disabled = false)),
    };
    const lost = [];
    let isOver = false;
    const change = () => {  // in each frame, as something that moves does
        root.querySelector(".page").toggleAttribute("data-changes");
        if (!isOver) requestAnimationFrame(change);
    };
    change();
    for (let tried = 0; tried < count; tried += 1) {
        const top = [...root.querySelectorAll("dialog:modal")].at(-1) ?? root;
        const all = [...top.querySelectorAll("a[href], button, input, select, [tabindex='0']")];
        const seen = all.filter((one) => isSeen(one) && !one.closest("[popover]"));
        const control = seen[random(seen.length)];
        control?.focus({preventScroll: true});
        if (!control || root.activeElement !== control) continue;
        const way = Object.keys(ways)[random(6)];
        if (way === "veil" && control.matches("[data-tile]")) continue; // never one tile alone
        let gone = control;
        const box = way === "disable" ? null : control.parentNode.closest("li, section, .row");
        if (box && box !== top && top.contains(box) && random(2)) gone = box;
        const again = ways[way](gone);
        await frame();
        const now = root.activeElement;
        if (!now || !isSeen(now) || !top.contains(now))
            lost.push(`${way} ${gone.className}: ${control.outerHTML}`.slice(0, 200));
        again();
        await null; // the page sees that it is back before the next one goes
    }
    isOver = true;
    return lost;
}
"""
# What cannot be pressed where it is seen or is too small for it, is cut without a title, or is
# wider than its place. What lies over the page may cover a part of it.
_LAYOUT_FAULTS = """
least => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const top = [...root.querySelectorAll("dialog:modal")].at(-1) ?? root;
    const over = ".top, .bar-place, .places, .toasts, [popover], .status[data-sticks]";
    const moves = ".home-row, .set-chips, .stats .wide, textarea, input";  // sideways, on purpose
    const faults = [];
    const say = (what, one) => faults.push(`${what}: ${one.outerHTML.slice(0, 150)}`);
    const isSeen = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: true});
    const all = [...top.querySelectorAll("*")];
    const seen = all.filter((one) => isSeen(one) && !one.closest("[inert]"));
    const findSeenPart = (one, more = 0) => {
        let {left, top, right, bottom} = one.getBoundingClientRect();
        [left, top, right, bottom] = [left - more, top - more, right + more, bottom + more];
        const cut = (box) => {
            [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
            [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
        };
        cut({left: 0, top: 0, right: innerWidth, bottom: innerHeight});
        for (let box = one.parentElement; box; box = box.parentElement)
            if (getComputedStyle(box).overflow !== "visible") cut(box.getBoundingClientRect());
        return {left, top, right, bottom};
    };
    const controls = "button, a[href], input, select, summary";
    const isStop = (one) => one.tabIndex >= 0 && isSeen(one);  // of Tab; arrows lead on from it
    const isReached = (one) => isStop(one) || one.closest("[role=menu], [aria-hidden=true]")
        || [...one.closest("[role=toolbar], [role=listbox]")?.querySelectorAll("*") ?? []]
            .some(isStop);
    for (const one of seen.filter((one) => one.matches(controls))) {
        if (!isReached(one)) say("no key reaches", one);
        const part = findSeenPart(one);
        const [width, height] = [part.right - part.left, part.bottom - part.top];
        if (width < 1 || height < 1) continue;
        const middle = [(part.left + part.right) / 2, (part.top + part.bottom) / 2];
        const find = (x, y) => root.elementFromPoint(middle[0] + x, middle[1] + y);
        const isHit = (x, y) => {
            const hit = find(x, y);
            const labels = [...(one.labels ?? []), one.closest("label")];
            return [one, ...labels].some((target) => target?.contains(hit));
        };
        if (!isHit(0, 0) && !find(0, 0)?.closest(over)) say("covered", one);
        const {width: across, height: down} = one.getBoundingClientRect();
        const reach = least / 2 - 2;
        const around = findSeenPart(one, reach);
        const isWhole = around.right - around.left >= across + 2 * reach - 1
            && around.bottom - around.top >= down + 2 * reach - 1;
        const isInText = getComputedStyle(one).display === "inline";
        if (!isWhole || isInText || !isHit(0, 0)) continue;
        const count = (x, y, far = 1) => far < least && isHit(x * far, y * far)
            ? count(x, y, far + 1) : far;
        const isLarge = (is, x, y) => is >= least - 0.5 || count(x, y) + count(-x, -y) >= least;
        if (!isLarge(across, 1, 0) || !isLarge(down, 0, 1))
            say(`${Math.round(across)} x ${Math.round(down)} pixels`, one);
    }
    for (const one of seen) {
        const {overflowX, textOverflow} = getComputedStyle(one);
        const isWider = one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1;
        if (isWider && ["auto", "scroll"].includes(overflowX) && !one.matches(moves))
            say("scrolls sideways", one);
        const isTold = one.closest("[title], [aria-hidden], :is(input, select)");
        if (isWider && textOverflow === "ellipsis" && !isTold) say("cut", one);
    }
    if (document.documentElement.scrollWidth > innerWidth) say("too wide", top.host ?? top);
    return faults;
}
"""


class GalleryPage:
    """A page with our element, in a browser context of its own.

    wrongs: script errors, dialogs, and requests to other hosts. asked: requests to our API.
    """

    def __init__(
        self, browser: Any, url: str, address: str = "", locale: str = "en-US", **options: Any
    ) -> None:
        options.setdefault("viewport", {"width": 1280, "height": 800})
        self.context = browser.new_context(locale=locale, **options)
        self.context.set_default_timeout(_PATIENCE * 1000)
        self.context.add_init_script(_WATCH)
        self.page = self.context.new_page()
        self.url = url
        self.wrongs: list[str] = []
        self.asked: list[str] = []  # of our own server, below civitai_shortcut/api/
        self._under_way: set[Any] = set()
        self.page.on("request", self._asked)
        for end in ("requestfinished", "requestfailed"):
            self.page.on(end, lambda request: self._under_way.discard(request))
        self.page.on("pageerror", lambda error: self.wrongs.append(f"error: {error}"))
        self.page.on("dialog", self._dialog)
        self.go(address)

    def go(self, address: str) -> None:
        self._wait_for_steps_back()
        self.page.goto(f"{self.url}/{address}")
        self.field("find").wait_for()

    def reload(self) -> None:
        self._wait_for_steps_back()
        self.page.reload()

    def _wait_for_steps_back(self) -> None:
        """Wait until the browser has gone back as the page asked; no navigation begins before."""
        wait_for(lambda: not self.page.evaluate("window.stepsBack"), "the step back")

    def close(self) -> None:
        self.context.close()

    def _asked(self, request: Any) -> None:
        self._under_way.add(request)
        parts = urlsplit(request.url)
        fonts = ("fonts.googleapis.com", "fonts.gstatic.com")
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in fonts:
            if parts.hostname != "127.0.0.1" and "iframe-resizer" not in request.url:
                self.wrongs.append(f"asked {request.url}")
        _, ours, path = request.url.partition("/civitai_shortcut/api/")
        if ours:
            self.asked.append(path)

    def _dialog(self, dialog: Any) -> None:
        self.wrongs.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    # What is on it

    def field(self, name: str) -> Any:
        return self.page.locator(f"[data-field='{name}']")

    def control(self, name: str) -> Any:
        return self.page.locator(f"[data-do='{name}']:visible")

    @property
    def tiles(self) -> Any:
        return self.page.locator("[data-tile]")

    @property
    def marked(self) -> Any:
        return self.page.locator("[data-tile][aria-selected='true']")

    @property
    def viewer(self) -> Any:
        return self.page.locator("dialog[data-viewer]")

    @property
    def slide(self) -> Any:
        """Return the locator of the open image, without the images beside it."""
        return self.page.locator(".slide:not([inert])")

    def tile(self, id: str) -> Any:
        return self.page.locator(f"[data-tile][data-id='{id}']")

    def ids(self) -> list[str]:
        """Return the image ids of all tiles in the page, in the gallery's order."""
        return self.tiles.evaluate_all(
            "tiles => tiles.sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)"
            ".map(tile => tile.dataset.id)"
        )

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Return the (x, y, width, height) of each tile in pixels of the window, by image id."""
        rows = self.tiles.evaluate_all(
            "tiles => tiles.map(tile => { const box = tile.getBoundingClientRect();"
            "return [tile.dataset.id, box.x, box.y, box.width, box.height]; })"
        )
        return {row[0]: tuple(row[1:]) for row in rows}

    def focused(self) -> str | None:
        """Return the image id of the focused tile, None if no tile has the focus."""
        return self.page.evaluate(f"{_ROOT}.activeElement?.dataset.id ?? null")

    def place(self) -> tuple[int, int]:
        """Return (number of the image at the scroll position, number of images loaded so far)."""
        where = self.page.locator(".selection-bar .where")
        expect(where).to_have_text(re.compile(r"\d"))
        said = where.inner_text()
        at, so_far = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+", said))
        return at, so_far

    def scroll_position(self) -> float:
        """Wait until the page stops scrolling, and return how far it is scrolled, in pixels."""
        return self.page.evaluate(_AT_REST)

    def wait_until_kept(self) -> None:
        """Wait until the history has where the page is scrolled: it is written every 350 ms."""
        self.scroll_position()
        self.page.wait_for_timeout(400)

    def wait_until_idle(self) -> None:
        """Wait until no request is under way, again and again: the load state tells it but once."""
        frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        for _ in range(2):
            wait_for(lambda: self.page.evaluate(frames) is not None and not self._under_way)

    def rest(self, locator: Any) -> Any:
        """Wait until an element's own animations are over, and return its locator."""
        locator.evaluate(_RESTS)
        return locator

    def nodes(self) -> int:
        return self.page.evaluate(f"{_ROOT}.querySelectorAll('*').length")

    def viewed(self) -> dict[str, str]:
        """Return the open viewer's `id`, `shows` ("thumb" or "file"), `position` and `scale`."""
        return self.page.evaluate(
            f"(() => {{ const open = {_ROOT}.querySelector('dialog[data-viewer]');"
            "const text = name => open.querySelector(name).textContent;"
            "return {...open.dataset, position: text('.position'), scale: text('.scale')}; })()"
        )

    def focused_control(self) -> str | None:
        """Return the focused control's data-do or data-field attribute, None if it has neither."""
        return self.page.evaluate(
            f"(({{dataset}}) => dataset.do ?? dataset.field ?? null)"
            f"({_ROOT}.activeElement ?? document.body)"
        )

    def axe_findings(self) -> list[Any]:
        """Return (rule, HTML) for each accessibility error that axe-core finds in the page, or in
        the dialog and messages over it: what lies behind is inert, and is checked without them."""
        # Not as an element: the page runs its own scripts only.
        if self.page.evaluate("typeof axe === 'undefined'"):
            self.page.evaluate(Path(AXE).read_text(encoding="utf-8"))
        self.page.evaluate(_FINISH)
        # To describe what passes takes axe six times as long as to look for what does not.
        found = self.page.evaluate(f"axe.run({_REACHED}, {{resultTypes: ['violations']}})")
        return [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]]

    def layout_faults(self, least: int) -> list[str]:
        """Return what cannot be pressed or read where it is seen, or reached by keys.

        least: pixels that a control must have in width and height.
        """
        self.page.evaluate(_FINISH)
        return self.page.evaluate(_LAYOUT_FAULTS, least)

    def focus_losses(self, seed: int, count: int) -> list[str]:
        """Return the controls that left the page without a focus when they were taken away."""
        return self.page.evaluate(_TAKE_AWAY, [seed, count])

    def axe_findings_in_both_themes(self) -> list[Any]:
        """Return the `axe_findings` of the light and of the dark theme in one list."""
        found = []
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.locator(f"civitai-gallery[data-theme='{scheme}']").wait_for()
            found += self.axe_findings()
        return found

    def api(self) -> list[str]:
        """Return the requests to our API, except for thumbnails, original files and engines."""
        return [one for one in self.asked if not re.match(r"(thumb|file|engines)/|made$", one)]

    # What a user does

    def find(self, text: str) -> None:
        self.field("find").fill(text)
        self.page.keyboard.press("Enter")

    def search_row(self, kind: str) -> Any:
        """Return the locator of a row below the search field. kind: such as "models" or "all"."""
        return self.page.locator(f"[role='option'][data-row='{kind}']")

    def search(self, words: str, where: str) -> None:
        """Search for words. where: the row to click below the field, such as "models" or "all"."""
        self.field("find").fill(words)
        self.search_row(where).click()

    def ready(self) -> GalleryPage:
        """Wait until the first tile is shown, and return this page."""
        self.tiles.first.wait_for()
        return self

    def open_filters(self) -> None:
        """Open the filters if they are closed."""
        if not self.field("level").is_visible():
            self.control("filters").click()

    def choose_type(self, type: str) -> None:
        """Choose a type of images, such as "video", in the open filters."""
        self.page.locator(f"[data-field='type'][value='{type}']").click()

    def download_gallery(self, limit: str) -> None:
        """Download the open gallery. limit: the largest number of images."""
        self.control("download-options").click()
        self.field("limit").fill(limit)
        self.control("download-gallery").click()

    def wheel(self, pixels: int) -> None:
        self.page.mouse.move(640, 500)
        self.page.mouse.wheel(0, pixels)

    def scroll_to(self, count: int) -> None:
        """Scroll down to the image with the number `count`, and up until the header is back."""
        while self.place()[0] < count:
            self.wheel(900)
            self.page.wait_for_timeout(30)
        self.scroll_position()
        self.wheel(-100)
        expect(self.page.locator(".top")).to_be_in_viewport(ratio=1)
        self.scroll_position()

    def open(self, number: int = 0) -> GalleryPage:
        """Click the tile with the index `number`, wait for its file, and return this page. While
        images are selected, which a click would select too, press Enter instead."""
        tile = self.ready().tiles.nth(number)
        if self.marked.count():
            tile.press("Enter")
        else:
            tile.click()
        self.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
        return self

    def message(self, text: str | re.Pattern[str]) -> Any:
        """Return the locator of the short message with this text."""
        return self.page.locator(".toast").filter(has_text=text)

    def hold_message(self, text: str) -> None:
        """Wait for a message, and stop the clock that would remove it."""
        stop = "toast => toast.lastElementChild.getAnimations()[0].pause()"
        self.message(text).evaluate(stop)

    def double_click(self, locator: Any) -> None:
        """Click twice in the middle of an element, with a pause of 150 ms as a person makes."""
        mouse = self.page.mouse
        mouse.move(*find_middle(locator))
        for count in (1, 2):
            mouse.down(click_count=count)
            mouse.up(click_count=count)
            self.page.wait_for_timeout(150)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag with the mouse from a point of the window to another, and let go there."""
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def panel(self, name: str) -> Any:
        return self.page.locator(f"dialog[data-panel='{name}']")

    def choose_more(self, name: str, menu: str = "more-marked") -> None:
        """Choose an item of the menu that the bar of the selection, or a row, ends with."""
        self.control(menu).click()
        self.control(name).click()

    def open_watches(self) -> None:
        """Open the watched galleries, which are among what is saved."""
        self.control("sets").click()
        self.control("watched").click()
        self.panel("watches").wait_for()

    def key(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(name)

"""Fingers on a touch screen, simulated in a browser page."""

from typing import Any

__all__ = ["Fingers"]

_STEPS = 8
_FRAME = 12  # ms between two reports of a screen

Point = tuple[float, float]


class Fingers:
    """Touches a page with several fingers. A Point is (x, y) in CSS pixels from the top left."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._wire = page.context.new_cdp_session(page)

    def down(self, *points: Point) -> None:
        self._send("touchStart", points)

    def move(self, *ways: tuple[Point, Point]) -> None:
        """Move the fingers at the same time. ways: the start and the end point of each finger."""
        for step in range(1, _STEPS + 1):
            self._send("touchMove", [_between(*way, step / _STEPS) for way in ways])
            self._page.wait_for_timeout(_FRAME)  # a swipe has a speed

    def up(self) -> None:
        self._send("touchEnd", ())

    def swipe(self, start: Point, end: Point) -> None:
        self.down(start)
        self.move((start, end))
        self.up()

    def pinch(self, middle: Point, before: float, after: float) -> None:
        """Move two fingers around `middle`; `before` and `after` are their distances in pixels."""
        x, y = middle
        ways = [((x + s * before / 2, y), (x + s * after / 2, y)) for s in (-1, 1)]
        self.down(*(start for start, _ in ways))
        self.move(*ways)
        self.up()

    def tap(self, point: Point) -> None:
        self.down(point)
        self.up()

    def _send(self, kind: str, points: Any) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def _between(start: Point, end: Point, share: float) -> Point:
    (x, y), (far_x, far_y) = start, end
    return x + (far_x - x) * share, y + (far_y - y) * share

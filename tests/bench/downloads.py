"""Case (a): downloads of many images."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import contestants as who
from contestants import Work
from measure import Figures, run_server
from tables import format_mib, format_number, format_table, format_verdict

__all__ = ["download_many"]

_HEADS = ["", "seconds", "× ideal", "× curl", "CPU ms per picture", "peak MiB"]


@dataclass
class _Trial:
    """Several programs that do the same download in turns."""

    work: Work
    figures: dict[str, Figures] = field(default_factory=dict)

    def run(self, names: Sequence[str], turns: int, slow_turns: int) -> None:
        """Run all programs `turns` times, but the slow ones `slow_turns` times."""
        slow = {who.GALLERY_DL, who.SEQUENTIAL}
        for turn in range(turns):
            for name in names:
                if not (name in slow and turn >= slow_turns):
                    self._run_turn(name)

    def _run_turn(self, name: str) -> None:
        if name in self.figures and self.figures[name].note:
            return
        try:
            run = who.run_turn(name, self.work)
        except RuntimeError as error:
            if name not in who.OTHERS:
                raise
            self.figures[name] = Figures(note=str(error))
            return
        self.figures.setdefault(name, Figures()).runs.append(run)

    def rows(self, ideal: float) -> Iterator[list[str]]:
        curl = self.figures.get(who.CURL, Figures()).seconds
        yield ["ideal", format_number(ideal), "1.00", format_number(ideal / curl), "", ""]
        for name, figures in self.figures.items():
            if figures.note:
                yield [name, f"skipped: {figures.note}", *[""] * 4]
                continue
            cpu = figures.cpu / self.work.count * 1000
            times = (figures.seconds, figures.seconds / ideal, figures.seconds / curl, cpu)
            yield [name, *map(format_number, times), format_mib(figures.peak)]

    def ratio(self, name: str, other: str) -> float:
        """Return how many times as long the other program takes."""
        return self.figures[other].seconds / self.figures[name].seconds


def download_many(scale: str) -> str:
    turns, slow_turns, few, lots = (5, 3, 200, 200) if scale == "full" else (3, 1, 45, 100)
    return "\n".join(
        [
            _compare(few, 3, (who.NAMES, *who.OTHERS), turns, slow_turns),
            _compare(lots, 10, (who.NAMES, who.CURL), turns, slow_turns),
        ]
    )


def _compare(count: int, at_once: int, names: Sequence[str], turns: int, slow_turns: int) -> str:
    size, latency = 300_000, 0.1
    with run_server(latency=latency, size=size, pictures=count) as server:
        trial = _Trial(Work(server, count, size, at_once))
        trial.run(names, turns, slow_turns)
    ideal = math.ceil(count / at_once) * latency
    title = f"(a) {count} × 300 kB, 100 ms, {at_once} at once"
    report = format_table(title, _HEADS, trial.rows(ideal))
    return "\n".join([report, *_compare_with_others(trial, ideal)]) + "\n"


def _compare_with_others(trial: _Trial, ideal: float) -> Iterator[str]:
    ours = trial.figures[who.NAMES]
    yield format_verdict("of the ideal time", ours.seconds / ideal, 1.06, " ×")
    if not trial.figures[who.CURL].note:
        yield format_verdict("of curl's time", 1 / trial.ratio(who.NAMES, who.CURL), 1.01, " ×")
    for slow in (who.GALLERY_DL, who.SEQUENTIAL):
        if slow in trial.figures and not trial.figures[slow].note:
            times = trial.ratio(who.NAMES, slow)
            yield format_verdict(f"faster than {slow}", times, 3, " ×", at_least=True)

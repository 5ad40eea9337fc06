"""Tables and targets as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["format_mib", "format_number", "format_table", "format_verdict"]


def format_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column has words, and whose other columns have figures."""
    lines = [f"### {title}", "", f"| {' | '.join(heads)} |"]
    lines.append(f"|---|{'--:|' * (len(heads) - 1)}")
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def format_number(value: float, digits: int = 2) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def format_mib(size: float) -> str:
    return "–" if math.isnan(size) else f"{size / 1024 / 1024:.0f}"


def format_verdict(
    what: str, value: float, limit: float, unit: str = "", at_least: bool = False
) -> str:
    """Return a line that says a measured value, its target and whether the target is met."""
    holds = value >= limit if at_least else value <= limit
    sign, word = "≥" if at_least else "≤", "holds" if holds else "**does not hold**"
    return f"- {what}: {value:.3g}{unit} (target {sign} {limit:.4g}{unit}): {word}"

"""Draws the picture of a report: reviews and complaints a day, and their share, beside the week before.

No words in the picture, only numbers and dates, for the reason that chart.py gives.
"""

import io
from datetime import date
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

_ALL, _BAD, _BEFORE, _TEXT = "#8fa3bf", "#b3261e", "#5c6270", "#3b404a"


def draw(chart: dict[str, Any]) -> bytes:
    """A PNG of 1088 × 640 pixels (shown at half of that).

    chart: {week: [[day, reviews, complaints], …], before: the same}, both of seven days, oldest first.
    """
    week, before = chart["week"], chart["before"]
    figure = Figure(figsize=(5.44, 3.2), dpi=200, layout="tight", facecolor="white")
    FigureCanvasAgg(figure)
    counts, shares = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    x = range(len(week))
    counts.bar(x, [total for _, total, _ in week], width=0.62, color=_ALL)
    counts.bar(x, [bad for _, _, bad in week], width=0.62, color=_BAD)
    counts.plot(x, [total for _, total, _ in before], color=_BEFORE, linewidth=1, linestyle="--", drawstyle="steps-mid")
    counts.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    shares.plot(x, [_share(each) for each in before], color=_BEFORE, linewidth=1, linestyle="--")
    shares.plot(x, [_share(each) for each in week], color=_BAD, linewidth=1.5, marker="o", markersize=3.5)
    shares.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    shares.yaxis.set_major_locator(MaxNLocator(nbins=3))
    shares.set_xticks(x, [f"{date.fromisoformat(day):%m-%d}" for day, _, _ in week])
    for axes in (counts, shares):
        _quiet(axes)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _share(day: list[Any]) -> float:
    """Of complaints; a day without reviews has none."""
    _, total, bad = day
    return bad / total if total else float("nan")


def _quiet(axes: Axes) -> None:
    axes.set_ylim(bottom=0)
    axes.tick_params(labelsize=8.5, colors=_TEXT, length=0)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c9ccd2")

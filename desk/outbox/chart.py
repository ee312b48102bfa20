"""Draws the chart of an alert mail: negatives a day, the expected band, the window in alarm.

No words in the picture, only numbers and dates: mails are in two languages, and fonts for Korean are not everywhere.
"""

import io
from datetime import date
from math import ceil
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.alerting.detection import Day

_BAR, _ALARM, _BAND, _LINE, _SHADE, _TEXT = "#8fa3bf", "#b3261e", "#d5d9e0", "#5c6270", "#fdf1e3", "#3b404a"


def draw(chart: dict[str, Any]) -> bytes:
    """A PNG of 1088 × 400 pixels (shown at half of that). chart: {days, since, until} as the outbox keeps it."""
    days = [Day.model_validate(day) for day in chart["days"]]
    since, until = date.fromisoformat(chart["since"]), date.fromisoformat(chart["until"])
    x = range(len(days))
    alarm = [since <= day.date <= until for day in days]
    figure = Figure(figsize=(5.44, 2.0), dpi=200, layout="tight", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    if any(alarm):
        first, last = alarm.index(True), len(days) - 1 - alarm[::-1].index(True)
        axes.axvspan(first - 0.5, last + 0.5, color=_SHADE, linewidth=0)
    axes.fill_between(x, [day.low for day in days], [day.high for day in days], color=_BAND, step="mid", linewidth=0)
    axes.plot(x, [day.expected for day in days], color=_LINE, linewidth=1, drawstyle="steps-mid")
    colours = [_ALARM if hurts else _BAR for hurts in alarm]
    axes.bar(x, [day.negative for day in days], width=0.62, color=colours)
    axes.set_xlim(-0.8, len(days) - 0.2)
    axes.set_ylim(bottom=0)
    ticks = x[:: max(1, ceil(len(days) / 6))]
    axes.set_xticks(ticks, [f"{days[tick].date:%m-%d}" for tick in ticks])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.tick_params(labelsize=8.5, colors=_TEXT, length=0)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c9ccd2")
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()

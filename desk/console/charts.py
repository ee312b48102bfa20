"""Geometry of the charts; the template draws it as SVG whose colours come from the style sheet.

Server-side, so no script runs, and a reader without pictures gets the same numbers from the title of each bar.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from pipeline.alerting.detection import Day

WIDTH, HEIGHT = 720.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 6.0, 18.0, 30.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A day. inner: the part of it that is negative, for two-coloured bars."""

    x: float
    y: float
    width: float
    height: float
    title: str
    alarm: bool = False
    inner_y: float = 0.0
    inner_height: float = 0.0


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at a place of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template needs, in units of its view box."""

    bars: list[Bar]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    band: str = ""
    expected: str = ""
    windows: tuple[tuple[float, float], ...] = ()
    width: float = WIDTH
    height: float = HEIGHT
    bottom: float = HEIGHT - _BOTTOM
    left: float = _LEFT
    right: float = WIDTH - _RIGHT


def alert_chart(days: Sequence[Day], since: date, until: date) -> Chart | None:
    """Negatives a day, the expected band and the window in alarm. None without days."""
    return marked_chart(days, [(since, until)])


def marked_chart(days: Sequence[Day], alarms: Sequence[tuple[date, date]]) -> Chart | None:
    """The same with several windows in alarm, first and last day each."""
    if not days:
        return None
    top = _nice_top(max(max(day.negative, day.high) for day in days))
    step = (WIDTH - _LEFT - _RIGHT) / len(days)
    bars = []
    for number, day in enumerate(days):
        y = _y(day.negative, top)
        title = f"{day.date:%Y-%m-%d}: {day.negative} ({day.expected:.1f}; {day.low:.0f}–{day.high:.0f})"
        alarm = any(since <= day.date <= until for since, until in alarms)
        bars.append(Bar(_LEFT + (number + 0.16) * step, y, step * 0.68, HEIGHT - _BOTTOM - y, title, alarm))
    inside = [[number for number, day in enumerate(days) if since <= day.date <= until] for since, until in alarms]
    upper = _steps([day.high for day in days], step, top)
    lower = _steps([day.low for day in days], step, top)
    return Chart(
        bars,
        _date_ticks([day.date for day in days], step),
        _count_ticks(top),
        band=_points([*upper, *reversed(lower)]),
        expected=_points(_steps([day.expected for day in days], step, top)),
        windows=tuple((_LEFT + numbers[0] * step, len(numbers) * step) for numbers in inside if numbers),
    )


def trend_chart(counts: Iterable[tuple[date, int, int]], first: date | None, last: date) -> Chart | None:
    """Reviews a day, or a week where days would be too thin, with the negative part. None where nothing was counted.

    counts: (local day, all, negative). first None: the first day counted.
    """
    by_day = {day: (total, negative) for day, total, negative in counts}
    if not by_day:
        return None
    first = min(by_day) if first is None else first
    length = (last - first).days + 1
    days_a_bar = 1 if length <= 120 else 7 if length <= 800 else 28
    starts = [first + timedelta(days=offset) for offset in range(0, max(length, 1), days_a_bar)]
    sums = []
    for start in starts:
        within = [by_day.get(start + timedelta(days=offset), (0, 0)) for offset in range(days_a_bar)]
        sums.append((sum(total for total, _ in within), sum(negative for _, negative in within)))
    top = _nice_top(max(total for total, _ in sums))
    step = (WIDTH - _LEFT - _RIGHT) / len(starts)
    bars = []
    for number, (start, (total, negative)) in enumerate(zip(starts, sums, strict=True)):
        y, inner = _y(total, top), _y(negative, top)
        end = start + timedelta(days=days_a_bar - 1)
        span = f"{start:%Y-%m-%d}" if days_a_bar == 1 else f"{start:%Y-%m-%d} – {end:%m-%d}"
        floor = HEIGHT - _BOTTOM
        title = f"{span}: {total} ({negative})"
        x, width = _LEFT + (number + 0.12) * step, step * 0.76
        bars.append(Bar(x, y, width, floor - y, title, inner_y=inner, inner_height=floor - inner))
    return Chart(bars, _date_ticks(starts, step), _count_ticks(top))


def _y(value: float, top: float) -> float:
    floor = HEIGHT - _BOTTOM
    return floor - (floor - _TOP) * min(value, top) / top


def _nice_top(value: float) -> int:
    """The end of the axis: a round number of 4 steps."""
    step = max(1, ceil(value / 4))
    for round_step in (1, 2, 5, 10, 15, 20, 25, 50, 75, 100, 150, 200, 250, 500):
        if step <= round_step:
            return 4 * round_step
    magnitude: int = 10 ** (len(str(step)) - 1)
    return 4 * ceil(step / magnitude) * magnitude


def _count_ticks(top: int) -> list[Tick]:
    return [Tick(_y(value, top), str(value)) for value in range(0, top + 1, top // 4)]


def _date_ticks(days: Sequence[date], step: float) -> list[Tick]:
    every = max(1, ceil(len(days) / 7))
    form = "%m-%d" if (days[-1] - days[0]).days < 330 else "%Y-%m"
    return [Tick(_LEFT + (n + 0.5) * step, days[n].strftime(form)) for n in range(every // 2, len(days), every)]


def _steps(values: Sequence[float], step: float, top: float) -> list[tuple[float, float]]:
    corners = []
    for number, value in enumerate(values):
        corners += [(_LEFT + number * step, _y(value, top)), (_LEFT + (number + 1) * step, _y(value, top))]
    return corners


def _points(corners: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)

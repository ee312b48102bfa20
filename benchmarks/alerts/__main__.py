"""Measures all methods on all settings: `python -m benchmarks.alerts` prints the tables and writes figures and picture.

Seeds are fixed: every run finds the same. Five minutes on a core of its own, a quarter of an hour beside other work.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from benchmarks.alerts import elastalert
from benchmarks.alerts.methods import Alarms, ears_c2, limit, negative_binomial_tail, spike, three_sd
from benchmarks.alerts.score import Score, score
from benchmarks.alerts.settings import HELD_BACK, HELD_BACK_SEEDS, MADE_WITH, SEEDS
from benchmarks.alerts.simulate import Setting, World, simulate
from moksori.bench import machine
from pipeline.alerting.detect import CERTAINTY, backtest
from pipeline.alerting.series import SeriesSet

_ROOT: Final = Path(__file__).parents[2]
_PICTURE: Final = _ROOT / "docs/pictures/alert-detection.svg"
_OUT: Final = _ROOT / "benchmarks/out"
_LIMIT_ALPHA: Final = 2e-4
_CERTAINTIES: Final = (0.5, 0.6, 0.66, CERTAINTY, 0.78, 0.84, 0.9, 0.95)
_ALPHAS: Final = (1e-5, 3e-5, 1e-4, _LIMIT_ALPHA, 4e-4, 8e-4, 1.6e-3)

Method = Callable[[World], Alarms]


def ours(world: World, certainty: float = CERTAINTY) -> Alarms:
    """The detector's days in alarm."""
    names = [str(number) for number in range(len(world.total))]
    alarms = np.zeros(world.total.shape, bool)
    for day, finding in backtest(SeriesSet(names, date(2025, 1, 1), world.total, world.negative), certainty):
        alarms[finding.series, day] = True
    return alarms


def _timeframe(days: int) -> str:
    return "a day" if days == 1 else "a week"


ELASTALERT: Final[dict[str, Method]] = {
    **{
        f"spike × {height}, {_timeframe(days)}, at least {ref} and {cur}": (
            lambda world, rule=(days, height, ref, cur): elastalert.spike(world.negative, *rule)
        )
        for days, height, ref, cur in elastalert.SPIKES
    },
    **{
        f"frequency, {events} in {_timeframe(days)}": (
            lambda world, rule=(days, events): elastalert.frequency(world.negative, *rule)
        )
        for days, events in elastalert.FREQUENCIES
    },
    "frequency, twice the usual of a week": lambda world: elastalert.frequency(
        world.negative, 7, elastalert.twice_the_usual(world.negative, 7)
    ),
    **{
        f"percentage above {limit_}, {_timeframe(days)}, of at least {least}": (
            lambda world, rule=(days, limit_, least): elastalert.percentage_match(world.negative, world.total, *rule)
        )
        for days, limit_, least in elastalert.PERCENTAGES
    },
}
"""Rules of ElastAlert 2 in several settings."""
KNOWN: Final[dict[str, Method]] = {
    "spike rule, day against day × 3": lambda world: spike(world.negative, 1, 3),
    "spike rule, week against week × 2": lambda world: spike(world.negative, 7, 2),
    "EARS C2": lambda world: ears_c2(world.negative),
    "mean + 3 sd, 28 days": lambda world: three_sd(world.negative),
    "negative-binomial tail 1e-3": lambda world: negative_binomial_tail(world.negative),
}
METHODS: Final[dict[str, Method]] = {
    **KNOWN,
    **{f"ElastAlert 2: {name}": method for name, method in ELASTALERT.items()},
    "**moksori**": ours,
    "limit: a scan that is told the truth": lambda world: limit(world, _LIMIT_ALPHA),
}


def mean(scores: Sequence[Score]) -> Score:
    """Of each figure; settings and seeds count alike."""
    return Score(**{name: float(np.nanmean([vars(each)[name] for each in scores])) for name in vars(scores[0])})


def measured(
    methods: dict[str, Method], settings: Sequence[Setting], seeds: Sequence[int], series: int
) -> Iterator[tuple[Setting, int, str, Score]]:
    for place, setting in enumerate(settings):
        for seed in seeds:
            world = simulate(setting, series, 100 * seed + place)
            for name, method in methods.items():
                yield setting, seed, name, score(world, method(world))


def row(name: str, scores: Sequence[Score]) -> str:
    """A line of a table: means, and of detection and false days the lowest and highest too."""
    of, detected, false = mean(scores), [each.detected for each in scores], [each.false_days for each in scores]
    return (
        f"| {name} | {of.detected:.3f} ({min(detected):.2f}–{max(detected):.2f}) | {of.drifts:.2f} | {of.delay:.1f} "
        f"| {of.false_days:.2f} ({min(false):.2f}–{max(false):.2f}) | {100 * of.sale_days:.1f} % |"
    )


def draw(curves: dict[str, list[Score]], points: dict[str, Score], elastalert_: list[Score], file: Path) -> None:
    """Detected outbreaks against false alarms: curves over their threshold, points for what has none."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots()
    for name, scores in curves.items():
        axes.plot([each.false_days for each in scores], [each.detected for each in scores], marker=".", label=name)
    axes.plot(
        [of.false_days for of in elastalert_], [of.detected for of in elastalert_], "x", color="tab:red",
        label="ElastAlert 2, ten settings",
    )  # fmt: skip
    for name, of in points.items():
        axes.plot(of.false_days, of.detected, "o", color="0.4")
        side = "right" if of.false_days > 1 else "left"
        axes.annotate(name, (of.false_days, of.detected), (0, -13), textcoords="offset points", fontsize=8, ha=side)
    axes.set(xscale="log", xlabel="false-alarm days for each series and year", ylabel="share of outbreaks detected")
    axes.set(xlim=(0.02, 100), ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", frameon=False)
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--series", type=int, default=250, help="series of each setting and seed")
    arguments = parser.parse_args()
    sets = {"made with": (MADE_WITH, SEEDS), "held back": (HELD_BACK, HELD_BACK_SEEDS)}
    report: dict[str, Any] = {"series": arguments.series, "certainty": CERTAINTY, "machine": machine()}
    header = "| method | detected | drifts | after days | false days | sale days |\n|---|---|---|---|---|---|"
    points: dict[str, Score] = {}
    for title, (settings, seeds) in sets.items():
        results = list(measured(METHODS, settings, seeds, arguments.series))
        print(f"\n{title}: {len(settings)} settings, {len(seeds)} seeds\n\n{header}")
        for name in METHODS:
            of_method = [each for _, _, whose, each in results if whose == name]
            print(row(name, of_method))
            points[name] = mean(of_method)
        print(f"\n{title}, by setting: moksori, limit\n\n{header}")
        for setting in settings:
            for name in list(METHODS)[-2:]:
                of_both = [each for of, _, whose, each in results if of is setting and whose == name]
                print(row(f"{setting.name}: {name}", of_both))
        report[title] = [
            {"setting": setting.name, "seed": seed, "method": name.strip("*"), **vars(each)}
            for setting, seed, name, each in results
        ]
    certain: dict[str, Method] = {f"{c:g}": lambda world, c=c: ours(world, c) for c in _CERTAINTIES}  # type: ignore[misc]
    alphas: dict[str, Method] = {f"{a:g}": lambda world, a=a: limit(world, a) for a in _ALPHAS}  # type: ignore[misc]
    curves: dict[str, list[Score]] = {}
    for name, thresholds in {"moksori, over its certainty": certain, "limit, over its alpha": alphas}.items():
        results = list(measured(thresholds, HELD_BACK, HELD_BACK_SEEDS, arguments.series))
        curves[name] = [mean([each for _, _, whose, each in results if whose == at]) for at in thresholds]
        report[name] = [{"at": float(at), **vars(each)} for at, each in zip(thresholds, curves[name], strict=True)]
    elastalert_ = [points[f"ElastAlert 2: {name}"] for name in ELASTALERT]
    draw(curves, {name: points[name] for name in KNOWN}, elastalert_, _PICTURE)
    _OUT.mkdir(exist_ok=True)
    file = _OUT / f"alerts-{datetime.now(UTC):%Y-%m-%d}.json"
    file.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nwritten: {file.relative_to(_ROOT)}, {_PICTURE.relative_to(_ROOT)}")


if __name__ == "__main__":
    main()

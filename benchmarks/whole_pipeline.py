"""Measures a running installation: reviews a second from the raw topic until indexed and seen by the desk."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.installation import Installation
from benchmarks.material import reviews
from moksori.bench import Figure, Lab


def rates(lab: Lab, installation: Installation, name: str) -> Iterator[Figure]:
    """One worker of each stage, with everything loaded; the clock runs from the first message to the last commit.

    Then the processor time that a review takes in each stage, which other processes of the machine hardly change.
    """
    number = lab.size(2_500)
    installation.start_stages()
    installation.send(reviews(lab.size(500), "warm-up"))
    installation.finish()
    speed: list[float] = []
    cost: dict[str, list[float]] = {stage: [] for stage in installation.processes}
    for run in range(lab.runs):
        some = reviews(number, f"run-{run}")
        before = _seconds(installation)
        started = time.perf_counter()
        installation.send(some)
        installation.finish()
        speed.append(number / (time.perf_counter() - started))
        for stage, seconds in _seconds(installation).items():
            cost[stage].append(1000 * (seconds - before[stage]) / number)
    yield Figure(f"whole pipeline, {name}", "reviews/s", speed)
    for stage, values in cost.items():
        yield Figure(f"processor time of a review, {stage}", "ms", values)


def _seconds(installation: Installation) -> dict[str, float]:
    """Processor seconds that each process has used so far."""
    used = {}
    for stage, process in installation.processes.items():
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        used[stage] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used

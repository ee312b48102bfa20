"""Measures a running installation: reviews a second from the raw topic until indexed and seen by the desk."""

import time
from collections.abc import Iterator

from benchmarks.installation import Installation
from benchmarks.material import reviews
from moksori.bench import Figure, Lab


def rates(lab: Lab, installation: Installation, name: str) -> Iterator[Figure]:
    """One worker of each stage, with everything loaded; the clock runs from the first message to the last commit."""
    number = lab.size(4_000)
    installation.start_stages()
    installation.send(reviews(lab.size(500), "warm-up"))
    installation.finish()
    values = []
    for run in range(lab.runs):
        some = reviews(number, f"run-{run}")
        started = time.perf_counter()
        installation.send(some)
        installation.finish()
        values.append(number / (time.perf_counter() - started))
    yield Figure(f"whole pipeline, {name}", "reviews/s", values)

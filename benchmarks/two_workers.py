"""Two tag workers against one, on the four partitions of a topic."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from benchmarks.installation import Installation
from benchmarks.material import reviews
from benchmarks.servers import kafka
from benchmarks.side_by_side import in_turn
from moksori.bench import Figure, Lab, Server
from pipeline.stream import RAW

NEEDS: Final[tuple[Server, ...]] = ("kafka",)


def run(lab: Lab) -> Iterator[Figure]:
    """Each worker has one core, as a container with a limit has: by itself, one uses more, for Kiwi works ahead on a
    thread of its own. Both installations run all the time, with topics of their own; one has work at a time."""
    number, cores = lab.size(4_000), sorted(os.sched_getaffinity(0), reverse=True)
    with ExitStack() as stack:
        both = []
        for workers in (2, 1):
            url, folder = stack.enter_context(kafka(lab)), lab.folder / str(workers)
            installation = stack.enter_context(Installation(folder, url, f"sqlite:///{folder}/index.db"))
            for worker in range(workers):
                installation.start(f"tag {worker}", "worker", "tag", core=cores[worker % len(cores)])
            both.append(installation)
        for installation in both:  # until all have loaded their models and joined
            for _ in range(3):
                installation.send(reviews(lab.size(1_000)))
                installation.finish()
                time.sleep(2 if lab.share == 1 else 0.2)

        def rate(installation: Installation) -> float:
            installation.send(reviews(number))
            left, started = installation.stream.lag(RAW, "tag"), time.perf_counter()
            installation.finish()
            return left / (time.perf_counter() - started)

        two, one = both
        rates = in_turn(lab.runs, lambda: rate(two), lambda: rate(one))
        yield from rates.figures("two tag workers", "one", "reviews/s", 1.8, "a core each; Kafka shares them")

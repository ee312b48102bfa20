"""Memory of each process of an embedded installation after work."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.installation import Installation
from benchmarks.material import reviews
from moksori.bench import Figure, Lab, Server

NEEDS: Final[tuple[Server, ...]] = ()
_OTHERS: Final = {"alert": ("worker", "alert"), "crawl": ("worker", "crawl"), "console": ("desk", "serve")}


def run(lab: Lab) -> Iterator[Figure]:
    """The peak since the start of each process: what a memory limit must leave room for."""
    with Installation.embedded(lab.folder / "memory") as installation:
        installation.start_stages()
        for name, arguments in _OTHERS.items():
            installation.start(name, *arguments)
        for run in range(lab.runs):
            installation.send(reviews(lab.size(1_000), f"run-{run}"))
            installation.finish()
        time.sleep(5 if lab.share == 1 else 1)
        for name, process in installation.processes.items():
            yield Figure(f"memory, {name}", "MiB", [_peak_mib(process.pid)])


def _peak_mib(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))

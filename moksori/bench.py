"""Runs the benchmarks of the folder benchmarks/, and keeps their figures with the machine that they were taken on."""

import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, Protocol, cast

from pipeline.errors import SettingsError

FOLDER: Final = Path(__file__).parents[1] / "benchmarks"
Server = Literal["kafka", "elasticsearch"]
_SERVERS: Final[dict[Server, str]] = {
    "kafka": "MOKSORI_TEST_KAFKA",
    "elasticsearch": "MOKSORI_TEST_ELASTICSEARCH",
}
_VERSIONS: Final = ("kafka-python", "elasticsearch", "kiwipiepy", "spacy", "numpy", "scrapy", "pydantic")


@dataclass(frozen=True)
class Figure:
    """One measured thing: its values, one per run, and what they should be at least or at most, where that is set."""

    name: str
    unit: str
    values: list[float]
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def hit(self) -> bool | None:
        """Whether the median meets the aim; None where there is none."""
        if self.at_least is not None:
            return self.median >= self.at_least
        return None if self.at_most is None else self.median <= self.at_most

    @property
    def aim(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return "" if self.at_most is None else f"≤ {self.at_most:g}"

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "median": self.median, "lowest": min(self.values), "highest": max(self.values)} | {
            "hit": self.hit
        }


@dataclass(frozen=True)
class Lab:
    """Where and how much is measured. runs: of each side. share: of the full size, 1 for real figures."""

    folder: Path
    runs: int = 5
    share: float = 1.0
    servers: dict[Server, str] = field(default_factory=dict)

    def size(self, full: int) -> int:
        """How much of something to take: `full` in a real run, a handful in a trial."""
        return max(20, int(full * self.share))


class Benchmark(Protocol):
    """A file of benchmarks/: the servers that it needs, and what it measures."""

    NEEDS: tuple[Server, ...]

    def run(self, lab: Lab) -> Iterable[Figure]: ...


def names() -> tuple[str, ...]:
    """All benchmarks, in the order in which they run. Raises SettingsError where they are not there."""
    if not (FOLDER / "__init__.py").is_file():
        raise SettingsError(f"{FOLDER}: no benchmarks here; they are part of a checkout. Run `make bench` in one")
    if str(FOLDER.parent) not in sys.path:
        sys.path.insert(0, str(FOLDER.parent))
    return cast("tuple[str, ...]", importlib.import_module("benchmarks").ALL)


def load(name: str) -> Benchmark:
    """The benchmark of this name. Raises SettingsError."""
    if name not in names():
        raise SettingsError(f"no benchmark {name!r}. There are: {', '.join(names())}")
    return cast(Benchmark, importlib.import_module(f"benchmarks.{name}"))


def servers() -> dict[Server, str]:
    """The servers that `scripts/services up` told of."""
    return {name: os.environ[variable] for name, variable in _SERVERS.items() if os.environ.get(variable)}


def measure(
    wanted: Sequence[str], runs: int, share: float, begins: Callable[[str], None]
) -> Iterator[tuple[str, Figure]]:
    """Run benchmarks, all where none is wanted by name. Raises SettingsError, before any runs, for a missing server."""
    chosen = {name: load(name) for name in wanted or names()}
    running = servers()
    missing = {need for each in chosen.values() for need in each.NEEDS} - running.keys()
    if missing:
        raise SettingsError(f"no server: {', '.join(sorted(missing))}. Start them: eval $(scripts/services up)")
    for name, benchmark in chosen.items():
        begins(name)
        with tempfile.TemporaryDirectory(prefix="moksori-bench-") as folder:
            for figure in benchmark.run(Lab(Path(folder), runs, share, running)):
                yield name, figure


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "versions": {name: version(name) for name in _VERSIONS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def keep(report: dict[str, Any]) -> Path:
    """Write a report to benchmarks/out/, named by its time."""
    folder = FOLDER / "out"
    folder.mkdir(exist_ok=True)
    file = folder / f"{report['machine']['at'].replace(':', '')}.json"
    file.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return file

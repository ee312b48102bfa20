"""The whole pipeline on the embedded backends, in reviews a second."""

from collections.abc import Iterator
from typing import Final

from benchmarks.installation import Installation
from benchmarks.whole_pipeline import rates
from moksori.bench import Figure, Lab, Server

NEEDS: Final[tuple[Server, ...]] = ()


def run(lab: Lab) -> Iterator[Figure]:
    """All processes share this machine."""
    with Installation.embedded(lab.folder / "embedded") as installation:
        yield from rates(lab, installation, "embedded")

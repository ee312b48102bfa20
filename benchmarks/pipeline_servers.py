"""The whole pipeline on Kafka and Elasticsearch, in reviews a second."""

from collections.abc import Iterator
from typing import Final

from benchmarks.installation import Installation
from benchmarks.servers import elasticsearch, kafka
from benchmarks.whole_pipeline import rates
from moksori.bench import Figure, Lab, Server

NEEDS: Final[tuple[Server, ...]] = ("kafka", "elasticsearch")


def run(lab: Lab) -> Iterator[Figure]:
    """All processes share this machine, the servers too."""
    with (
        kafka(lab) as stream,
        elasticsearch(lab) as index,
        Installation(lab.folder / "servers", stream, index) as installation,
    ):
        yield from rates(lab, installation, "Kafka + Elasticsearch")

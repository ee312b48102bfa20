"""What the worker loop costs over tagging alone: reading, parsing, writing, acknowledging, committing."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.apart import on_one_core
from benchmarks.material import batches, reviews
from benchmarks.servers import kafka
from benchmarks.side_by_side import Rates, in_turn
from moksori.bench import Figure, Lab, Server
from moksori.stages import tag_stage
from moksori.tagging import BrandTagger
from pipeline.settings import Settings
from pipeline.stream import RAW, Record, open_stream
from pipeline.worker import Output, Progress, Worker

NEEDS: Final[tuple[Server, ...]] = ("kafka",)
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """On one core, for both streams."""
    number = lab.size(2_500)
    yield _figure("embedded", on_one_core(measure, lab.runs, number, f"sqlite:///{lab.folder}/stream.db", lab.folder))
    with kafka(lab) as url:
        yield _figure("Kafka", on_one_core(measure, lab.runs, number, url, lab.folder))


def _figure(stream: str, rates: Rates) -> Figure:
    percent = [100 * (bare / ours - 1) for ours, bare in zip(rates.ours, rates.bare, strict=True)]
    return Figure(f"worker over tagging, {stream}", "%", percent, at_most=25)


def measure(runs: int, number: int, url: str, folder: Path) -> Rates:
    """Ours: a worker from its first batch to its last commit. Bare: its tagger by itself, on the same reviews."""
    some, tagger = reviews(number), BrandTagger(Settings())
    stream, stage = open_stream(url), tag_stage(tagger)

    def ours() -> float:
        for each in some:
            stream.publish(RAW, each.id, each.to_bytes())
        stream.flush()
        begun: list[float] = []

        def work(records: Sequence[Record]) -> Output:
            begun.append(time.perf_counter())
            return stage.work(records)

        def progressed(progress: Progress) -> None:
            if progress.done >= number:
                worker.stop()

        worker = Worker(replace(stage, work=work), stream, folder, batch=_BATCH, on_progress=progressed)
        worker.run()
        return number / (time.perf_counter() - begun[0])

    def bare() -> float:
        started = time.perf_counter()
        for batch in batches(some, _BATCH):
            tagger.tag(batch)
        return number / (time.perf_counter() - started)

    rates = in_turn(runs, ours, bare)
    stream.close()
    return rates

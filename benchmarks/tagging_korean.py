"""Korean tagging against Kiwi's tokenisation alone, which it contains, on one core."""

import time
from collections.abc import Iterator
from typing import Final

from kiwipiepy import Kiwi

from benchmarks.apart import on_one_core
from benchmarks.material import batches, reviews
from benchmarks.side_by_side import Rates, in_turn
from moksori.bench import Figure, Lab, Server
from nlp.tagger import Input, Tagger

NEEDS: Final[tuple[Server, ...]] = ()
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """Both read the demo world's Korean texts, in a worker's batches."""
    rates = on_one_core(measure, lab.runs, lab.size(2_500))
    yield from rates.figures("Korean tagging", "bare Kiwi", "reviews/s", 0.5, "one core")


def measure(runs: int, number: int) -> Rates:
    """Each side warm, with its models loaded."""
    texts = [each.text for each in reviews(number, language="ko")]
    tagger, kiwi = Tagger.load(), Kiwi(num_workers=1)

    def ours() -> float:
        started = time.perf_counter()
        for batch in batches(texts, _BATCH):
            tagger.tag([Input(text) for text in batch])
        return number / (time.perf_counter() - started)

    def bare() -> float:
        started = time.perf_counter()
        for batch in batches(texts, _BATCH):
            list(kiwi.tokenize(batch))
        return number / (time.perf_counter() - started)

    return in_turn(runs, ours, bare)

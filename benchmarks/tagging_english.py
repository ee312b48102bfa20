"""English tagging against VADER's sentiment alone, on one core."""

import time
from collections.abc import Iterator
from typing import Final

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

from benchmarks.apart import on_one_core
from benchmarks.material import batches, reviews
from benchmarks.side_by_side import Rates, in_turn
from moksori.bench import Figure, Lab, Server
from nlp.tagger import Input, Tagger

NEEDS: Final[tuple[Server, ...]] = ()
_BATCH: Final = 256


def run(lab: Lab) -> Iterator[Figure]:
    """Both read the demo world's English texts, in a worker's batches."""
    rates = on_one_core(measure, lab.runs, lab.size(4_000))
    yield from rates.figures("English tagging", "bare VADER", "reviews/s", 0.5, "one core")


def measure(runs: int, number: int) -> Rates:
    """Each side warm, with its models loaded."""
    texts = [each.text for each in reviews(number, language="en")]
    tagger, vader = Tagger.load(), SentimentIntensityAnalyzer()

    def ours() -> float:
        started = time.perf_counter()
        for batch in batches(texts, _BATCH):
            tagger.tag([Input(text) for text in batch])
        return number / (time.perf_counter() - started)

    def bare() -> float:
        started = time.perf_counter()
        for text in texts:
            vader.polarity_scores(text)
        return number / (time.perf_counter() - started)

    return in_turn(runs, ours, bare)

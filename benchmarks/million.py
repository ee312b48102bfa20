"""The embedded index at a million reviews: filling it, and the questions that people and alerts ask of it."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.material import NOW, batches, varied_documents
from moksori.bench import Figure, Lab, Server
from pipeline.index import Index, open_index
from pipeline.index.query import Query

NEEDS: Final[tuple[Server, ...]] = ()
USABLE_S: Final = 2.0
"""A person waits so long for a page."""
ALERTS_S: Final = 10.0
"""A check for alerts runs in the background."""
_ALERTS: Final = "alert check: 120 days by source, product, theme"
_BATCH: Final = 1_000


def run(lab: Lab) -> Iterator[Figure]:
    """Fill a fresh file, then ask each question `runs` times; the first answer comes from a cold cache of SQLite's."""
    file, number = lab.folder / "index.db", lab.size(1_000_000)
    index = open_index(f"sqlite:///{file}")
    rates = []
    for batch in batches(varied_documents(number), _BATCH):
        started = time.perf_counter()
        index.put(batch)
        rates.append(len(batch) / (time.perf_counter() - started))
    yield Figure(f"filling to {number:,}, batch by batch", "reviews/s", rates)
    yield Figure("the last tenth of it", "reviews/s", rates[-max(1, len(rates) // 10) :])
    index.close()
    yield Figure("file", "MiB", [_size(file) / 2**20], note=f"{_size(file) / number:,.0f} bytes a review")
    index = open_index(f"sqlite:///{file}")
    for name, ask in questions(index).items():
        seconds = []
        for _ in range(lab.runs):
            started = time.perf_counter()
            ask()
            seconds.append(time.perf_counter() - started)
        yield Figure(name, "s", seconds, at_most=ALERTS_S if name == _ALERTS else USABLE_S)
    index.close()


def _size(file: Path) -> int:
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))


def questions(index: Index) -> dict[str, Callable[[], Any]]:
    """What the console, the command line and the alerts ask."""
    often = ((("배송",), ("delivery",)),)
    seldom = ((("w4711",),),)
    recent = NOW - timedelta(days=120)
    everything = Query(spam=False)
    complaints = everything.where(sentiment="negative", negative_themes="delivery")
    text = Query(terms=often, spam=False)
    zone = "Asia/Seoul"
    return {
        "page of the newest": lambda: index.search(everything),
        "page of a frequent word, newest": lambda: index.search(text),
        "page of a rare word": lambda: index.search(Query(terms=seldom)),
        "page of a word, product, theme, 30 days": lambda: index.search(
            text.where(product="product 7", negative_themes="delivery").between(NOW - timedelta(days=30), NOW)
        ),
        "page of complaints, most negative first": lambda: index.search(complaints, "most_negative"),
        "page of one product, rated low": lambda: index.search(
            everything.where(product="product 7").model_copy(update={"rating_max": 0.25})
        ),
        "count of all": lambda: index.count(everything),
        "count of a frequent word": lambda: index.count(text),
        "count of complaints": lambda: index.count(complaints),
        "facet of products": lambda: index.terms(everything, "product"),
        "facet of themes": lambda: index.terms(everything, "themes"),
        "facet of themes, frequent word": lambda: index.terms(text, "themes"),
        "facet of sources, 30 days": lambda: index.terms(everything.between(NOW - timedelta(days=30), NOW), "source"),
        "120 days by product": lambda: index.series(everything.between(recent, NOW), ("product",), "day", zone),
        "120 days of one product": lambda: index.series(
            everything.where(product="product 7").between(recent, NOW), (), "day", zone
        ),
        _ALERTS: lambda: index.series(
            everything.between(recent, NOW), ("source", "product", "negative_themes"), "day", zone
        ),
    }

"""What a thousand labels of a brand bring to the shipped pipelines, on goods of a kind that they know.

`python -m benchmarks.learning DATA` prints JSON lines. DATA is the folder of `moksori train DATA`. Every row is of the
tenth that nothing was trained on; of these some are learned here, and the rest is tested on.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from moksori.bench import machine
from nlp.adapt import Label, adapt
from nlp.brand_model import BrandModel
from nlp.corpora import examples, part_of
from nlp.evaluate import evaluate
from nlp.language import Pipeline
from nlp.tagger import Tagger
from nlp.themes import BASE

_BRANDS: Final[dict[str, tuple[Pipeline, tuple[str, ...], int]]] = {
    "Korean shop reviews": ("ko", ("shop",), 500),
    "English reviews of electronics": ("en", ("pros_cons", "huliu"), 1_000),
}
"""Language, sets, and how many labels are learned from."""


def main(data: Path) -> None:
    """Prints a line for the machine, then one a brand."""
    print(json.dumps(machine()))
    _learn(data, Tagger.load())


def _learn(data: Path, tagger: Tagger) -> None:
    for name, (language, sets, count) in _BRANDS.items():
        rows = sorted(_held_out(data, language, sets), key=lambda row: crc32(row["text"][::-1].encode()))
        learned, tested = rows[:count], rows[count:]
        tagger.set_brand_model(None)
        before = evaluate(tested, tagger)
        started = time.perf_counter()
        adapted = adapt(tagger, [_label(row) for row in learned])
        seconds = time.perf_counter() - started
        if adapted.tables is not None:
            tagger.set_brand_model(BrandModel("b1", adapted.tables))
        after = evaluate(tested, tagger)
        figures: dict[str, Any] = {
            "brand": name, "pipelines": tagger.version, "labels": len(learned), "tested": len(tested),
            "taken": adapted.tables is not None, "seconds": round(seconds, 1),
        }  # fmt: skip
        for when, found in (("before", before), ("after", after)):
            wanted = ("accuracy", "macro_f1", "themes_micro_f1")
            figures[when] = {key: round(value, 4) for key, value in found.summary.items() if key in wanted}
        print(json.dumps(figures, ensure_ascii=False), flush=True)


def _held_out(data: Path, language: Pipeline, sets: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for example in examples(data, language):
        if example.corpus in sets and example.sentiment and part_of(example.text) == "test":
            yield {**example.row, "lang": language}


def _label(row: dict[str, Any]) -> Label:
    about = None if row.get("themes") is None else {theme["theme"] for theme in row["themes"]}
    themes = {} if about is None else {name: name in about for name in BASE}
    return Label(row["text"], lang=row["lang"], sentiment=row["sentiment"], themes=themes)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

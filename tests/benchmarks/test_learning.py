"""The measurement of learning runs, at toy size; what it finds there says nothing."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.learning import _learn
from nlp.tagger import Tagger


@pytest.mark.slow
def test_a_line_a_brand_of_texts_that_training_never_saw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for language, name in (("ko", "shop"), ("en", "huliu")):
        file = tmp_path / language / f"{name}.jsonl.gz"
        file.parent.mkdir()
        with gzip.open(file, "wt", encoding="utf-8") as out:
            for number in range(16_000 if language == "en" else 8_000):
                row = {"text": f"{number} {name}", "sentiment": ("negative", "positive")[number % 2]}
                out.write(json.dumps(row) + "\n")
    _learn(tmp_path, Tagger.load())
    korean, english = map(json.loads, capsys.readouterr().out.splitlines())
    assert (korean["labels"], english["labels"]) == (500, 1000)
    for line in (korean, english):
        assert line["tested"] > 100
        assert line.keys() >= {"before", "after", "taken", "seconds"}

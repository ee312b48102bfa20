"""The shipped pipelines' scores on our own texts. Lower means a change made the tagger worse: mend it, or say why.

`python -m tests.nlp.test_regression` measures all files and writes pins.json anew; what got worse stands in its diff.
"""

import json
from pathlib import Path

import pytest

from nlp.evaluate import Evaluation, evaluate
from nlp.tagger import Tagger

CASES = Path(__file__).parent / "cases"
PINS = Path(__file__).parent / "pins.json"
TOLERANCE = 0.02
# What the demo and the alerts hang on must not fail once.
MUST = ("delivery", "communication", "service")

pinned: dict[str, dict[str, float]] = json.loads(PINS.read_text(encoding="utf-8"))
_measured: dict[str, Evaluation] = {}


def measured(name: str, tagger: Tagger) -> Evaluation:
    """How the tagger does on a file; once is enough."""
    if name not in _measured:
        lines = (CASES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        _measured[name] = evaluate(map(json.loads, lines), tagger)
    return _measured[name]


def figures(evaluation: Evaluation) -> dict[str, float]:
    """All that is pinned, higher is better: only what enough texts are labelled for."""
    found = evaluation.summary
    if (error := found.pop("calibration_error", None)) is not None:
        found["calibration"] = 1 - error
    for name, confusion in evaluation.labels.items():
        if name != "sentiment":
            found[f"{name}_macro_f1"] = confusion.macro_f1
    for name, count in evaluation.flags.items():
        if count.texts >= 10:
            found[f"{name}_f1"] = count.f1
    return {name: round(figure, 3) for name, figure in found.items()}


def test_every_file_is_pinned() -> None:
    assert sorted(pinned) == sorted(file.stem for file in CASES.glob("*.jsonl"))


@pytest.mark.parametrize("name", pinned)
def test_scores_do_not_drop(name: str, tagger: Tagger) -> None:
    found = figures(measured(name, tagger))
    assert found.keys() == pinned[name].keys()
    dropped = {
        figure: f"{least} → {found[figure]}"
        for figure, least in pinned[name].items()
        if found[figure] < least - TOLERANCE
    }
    assert dropped == {}


@pytest.mark.parametrize("name", ["ko", "en"])
def test_complaints_of_the_main_themes_are_all_found(name: str, tagger: Tagger) -> None:
    themes = measured(name, tagger).themes
    assert [theme for theme in MUST if themes[theme].missed] == []


@pytest.mark.parametrize("name", ["ko", "en"])
def test_what_cannot_wait_is_seen(name: str, tagger: Tagger) -> None:
    evaluation = measured(name, tagger)
    found = {**evaluation.flags, "urgency high": evaluation.labels["urgency"].counts["high"]}
    assert [kind for kind, count in found.items() if count.f1 < 1] == []


if __name__ == "__main__":
    loaded = Tagger.load()
    pins = {file.stem: figures(measured(file.stem, loaded)) for file in sorted(CASES.glob("*.jsonl"))}
    PINS.write_text(json.dumps(pins, indent=1) + "\n", encoding="utf-8")

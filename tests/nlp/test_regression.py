"""The shipped pipelines' scores on our own texts. Lower means a change made the tagger worse: mend it, or say why."""

import json
from pathlib import Path

import pytest

from nlp.evaluate import Evaluation, evaluate
from nlp.tagger import Tagger

CASES = Path(__file__).parent / "cases"
FLOORS = {
    "ko": {"accuracy": 0.9, "macro_f1": 0.8, "binary_accuracy": 0.95, "themes_micro_f1": 0.85, "theme_sentiment": 0.9},
    "en": {"accuracy": 0.9, "macro_f1": 0.85, "binary_accuracy": 0.95, "themes_micro_f1": 0.9, "theme_sentiment": 0.95},
}
# What the demo and the alerts hang on must not fail once.
MUST = ("delivery", "communication", "service")


@pytest.fixture(scope="module", params=["ko", "en"])
def scored(request: pytest.FixtureRequest, tagger: Tagger) -> tuple[str, Evaluation]:
    lines = (CASES / f"{request.param}.jsonl").read_text(encoding="utf-8").splitlines()
    return request.param, evaluate(map(json.loads, lines), tagger)


def test_scores_do_not_drop(scored: tuple[str, Evaluation]) -> None:
    language, evaluation = scored
    found = evaluation.to_dict()
    assert {name: found[name] for name, floor in FLOORS[language].items() if found[name] < floor} == {}, (
        evaluation.table()
    )


def test_complaints_of_the_main_themes_are_all_found(scored: tuple[str, Evaluation]) -> None:
    _, evaluation = scored
    assert [name for name in MUST if evaluation.themes[name].missed] == [], evaluation.table()


def test_what_cannot_wait_is_seen(scored: tuple[str, Evaluation]) -> None:
    _, evaluation = scored
    assert [name for name, count in evaluation.flags.items() if count.f1 < 1] == [], evaluation.table()

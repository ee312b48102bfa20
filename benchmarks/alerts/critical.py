"""Measures the critical rules of config/alerts.yaml on texts of our own: `python -m benchmarks.alerts.critical`.

dev: texts that the rules were made with. held: written when the rules were done, and nothing was changed after. Half
of them are harmless, and made to deceive: denials, idioms, other meanings.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from nlp.tagger import Input, Tagger
from pipeline.alerting.phrases import find, said
from pipeline.alerting.rules import CriticalRule, load_rules

_ROOT: Final = Path(__file__).parents[2]
_CASES: Final = _ROOT / "tests/pipeline/cases"
SETS: Final = ("dev", "held")
LANGUAGES: Final = ("ko", "en")


@dataclass(frozen=True)
class Case:
    """A text, and the rule that should tell it; None: it is harmless."""

    text: str
    rule: str | None


@dataclass(frozen=True)
class Measured:
    """recall: share of the critical texts that any rule told. precision: share of critical ones among those told."""

    recall: float
    precision: float


def cases(language: str, of_set: str) -> list[Case]:
    """The texts of a set."""
    lines = (_CASES / f"critical_{language}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Case(row["text"], row["rule"]) for row in rows if row["set"] == of_set]


def measure(texts: list[Case], told: Callable[[str], bool]) -> Measured:
    """told: whether any rule tells a text."""
    right = sum(told(case.text) for case in texts if case.rule)
    wrong = sum(told(case.text) for case in texts if not case.rule)
    return Measured(right / sum(case.rule is not None for case in texts), right / max(right + wrong, 1))


@cache
def rules() -> tuple[CriticalRule, ...]:
    """The critical rules of the example."""
    return load_rules(_ROOT / "config/alerts.yaml").critical


def by_words(text: str) -> bool:
    """Whether a rule finds words that are not denied."""
    return any(find((*rule.phrases.ko, *rule.phrases.en), text) for rule in rules())


def by_bare_words(text: str) -> bool:
    """The same without understanding denials."""
    return any(next(said((*rule.phrases.ko, *rule.phrases.en), text), None) for rule in rules())


def main() -> None:
    argparse.ArgumentParser(prog="python -m benchmarks.alerts.critical", description=__doc__).parse_args()
    tagger = Tagger.load()

    def with_tagger(text: str) -> bool:
        (tags,) = tagger.tag([Input(text)])
        return by_words(text) and tags.sentiment != "positive"

    ways = {"words alone": by_bare_words, "and denials": by_words, "and sentiment": with_tagger}
    print("| texts | what is looked at | recall | precision |\n| --- | --- | --- | --- |")
    for language in LANGUAGES:
        for of_set in SETS:
            texts = cases(language, of_set)
            for name, told in ways.items():
                got = measure(texts, told)
                print(f"| {language}, {of_set}, {len(texts)} | {name} | {got.recall:.2f} | {got.precision:.2f} |")


if __name__ == "__main__":
    main()

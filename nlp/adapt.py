"""Learns a brand's model from labelled texts: what must be added to the shipped scores, and only if that is better.

A multinomial logistic regression over the rows of the shipped table, with the shipped log odds as offset and a
Gaussian prior around zero: where labels are few or agree with the shipped model, next to nothing is added.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from nlp.brand_model import THEME, BrandModel
from nlp.compare import Comparison, compare
from nlp.features import ROWS, Rows, rows_of
from nlp.language import Pipeline
from nlp.pipelines import LANGUAGES
from nlp.reading import Reading
from nlp.scores import SENTIMENT, LinearScores
from nlp.sentiment import CLASSES
from nlp.tagger import Input, Tagger
from pipeline.errors import MoksoriError
from pipeline.models import Sentiment

EACH: Final = 10
"""Texts needed of each of two sentiments, and with and without a theme, for these to be learned."""
HELD_BACK: Final = 20
"""Texts needed in the part that is never learned from."""
_C: Final = 4.0  # variance of the prior; chosen on the tuning tenth of the public sets
_RAREST: Final = 127.0  # idf squared of a row that the shipped training never saw
_NEVER: Final = -1e3  # log odds
_STEPS: Final = {"maxiter": 100, "ftol": 1e-6}  # stops where a step gains next to nothing
Numbers = NDArray[np.float64]
Matrix = Any  # scipy.sparse has no types


class TooFewLabels(MoksoriError):
    """Nothing can be learned from so few labels, or from labels of one kind."""


@dataclass(frozen=True, slots=True)
class Label:
    """What someone says about a text. sentiment None: nothing. themes: whether it is about them; absent: not said.

    weight: how much it counts, above 0; 1 for a person who looked. by_stars: the sentiment is told by stars, which
    know no neutral: it is learned and judged as the one pole rather than the other.
    """

    text: str
    title: str = ""
    lang: str | None = None
    source: str | None = None
    sentiment: Sentiment | None = None
    themes: Mapping[str, bool] = field(default_factory=dict)
    weight: float = 1.0
    by_stars: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a language. learned: heads with their texts; comparison: None where nothing could be learned."""

    learned: dict[str, int]
    texts: int
    held_back: int
    comparison: Comparison | None = None

    @property
    def better(self) -> bool:
        """Whether the new table is taken."""
        return self.comparison is not None and self.comparison.better

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        compared = self.comparison.to_dict() if self.comparison else {}
        return {"learned": self.learned, "texts": self.texts, "held_back": self.held_back, **compared}


@dataclass(frozen=True, slots=True)
class Adapted:
    """The new model's tables, and a report a language. tables None: no language became better."""

    tables: dict[Pipeline, LinearScores] | None
    reports: dict[Pipeline, Report]


def adapt(
    tagger: Tagger,
    labels: Iterable[Label],
    in_use: BrandModel | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> Adapted:
    """Learns from the labels, each language by itself, and compares with the model in use on the part held back.

    A language that does not become better keeps the table in use. The tagger is left with the model in use.
    Raises TooFewLabels.
    """
    merged = merge(labels)
    tagger.set_brand_model(None)
    progress(f"reading {len(merged):,} labelled texts")
    read = tagger.read([_input(label) for label in merged])
    tables = dict(in_use.tables) if in_use else {}
    reports: dict[Pipeline, Report] = {}
    for language in LANGUAGES:
        mine = [(label, reading) for label, (name, reading) in zip(merged, read, strict=True) if name == language]
        held = [label for label, _ in mine if is_held_back(label.text)]
        lessons = [
            (label, reading)
            for label, reading in mine
            if reading.clauses and not reading.spam and not is_held_back(label.text)
        ]
        progress(f"{language}: learning from {len(lessons):,} texts")
        learned, table = _Teacher(tagger, language, lessons).table()
        comparison = None
        if learned and len(held) >= HELD_BACK:
            candidate = BrandModel("new", {**tables, language: table})
            inputs = [_input(label) for label in held]
            tagger.set_brand_model(in_use)
            now = tagger.tag(inputs)
            tagger.set_brand_model(candidate)
            comparison = compare(held, now, tagger.tag(inputs))
            if comparison.better:
                tables[language] = table
        reports[language] = Report(learned, len(lessons), len(held), comparison)
    tagger.set_brand_model(in_use)
    if all(report.comparison is None for report in reports.values()):
        raise TooFewLabels(_too_few(reports))
    better = any(report.better for report in reports.values())
    return Adapted(tables if better else None, reports)


def is_held_back(text: str) -> bool:
    """Whether a text is in the fifth that no brand's model ever learns from: by its own hash, so copies stay together.

    Another hash than that of the shipped training: its held-out texts fall into both parts here.
    """
    return blake2b(_normal(text).encode("utf-8", "replace"), digest_size=2).digest()[0] % 5 == 0


def merge(labels: Iterable[Label]) -> list[Label]:
    """One label a text, in an order of their own.

    Of several that speak of the same thing the heaviest are heard, of these the most; a draw says nothing.
    """
    by_text: dict[tuple[str, str], list[Label]] = {}
    for label in labels:
        by_text.setdefault((_normal(label.text), _normal(label.title)), []).append(label)
    merged = []
    for _, same in sorted(by_text.items()):
        first = min(same, key=lambda label: (label.text, label.title, label.lang or "", label.source or ""))
        moods = [((label.sentiment, label.by_stars), label.weight) for label in same if label.sentiment]
        sentiment, by_stars = _most(moods) or (None, False)
        names = sorted({name for label in same for name in label.themes})
        said = {
            name: _most([(each.themes[name], each.weight) for each in same if name in each.themes]) for name in names
        }
        themes = {name: value for name, value in said.items() if value is not None}
        if sentiment or themes:
            weight = max(label.weight for label in same)
            merged.append(Label(first.text, first.title, first.lang, first.source, sentiment, themes, weight, by_stars))
    return merged


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


def _most(votes: Sequence[tuple[Any, float]]) -> Any:
    if not votes:
        return None
    heaviest = max(weight for _, weight in votes)
    counted = Counter(value for value, weight in votes if weight == heaviest).most_common(2)
    return None if len(counted) == 2 and counted[0][1] == counted[1][1] else counted[0][0]


def _input(label: Label) -> Input:
    # No stars: they are often what the label was made of.
    return Input(label.text, label.title, lang=label.lang, source=label.source)


class _Teacher:
    """Fits the heads of one language. Only rows that two texts touch are learned: one alone teaches about no other."""

    def __init__(self, tagger: Tagger, language: Pipeline, lessons: Sequence[tuple[Label, Reading]]) -> None:
        self._lessons = lessons
        self._language = language
        self._themes = tagger.component(language, "themes")
        self._temperature = tagger.component(language, "sentiment").temperature
        squares = tagger.component(language, "scores").squares
        self._squares = np.where(squares > 0, squares, _RAREST).astype(np.float32)
        self._clauses = [
            [rows_of([clause], reading.text, language) for clause in reading.clauses] for _, reading in lessons
        ]
        self._texts = [np.concatenate(clauses) for clauses in self._clauses]
        seen = np.zeros(ROWS, np.int32)
        for rows in self._texts:
            seen[np.unique(rows)] += 1
        self._known = np.flatnonzero(seen >= 2)
        self._place = np.full(ROWS, -1)
        self._place[self._known] = np.arange(len(self._known))

    def table(self) -> tuple[dict[str, int], LinearScores]:
        """How many texts each head learned from, and the table; no heads where labels are too few."""
        learned: dict[str, int] = {}
        columns: list[tuple[str, Numbers, float]] = []
        moods = Counter(label.sentiment for label, _ in self._lessons if label.sentiment)
        if sum(count >= EACH for count in moods.values()) >= 2:
            learned["sentiment"] = moods.total()
            columns += self._sentiment()
        for theme in sorted({name for label, _ in self._lessons for name in label.themes}):
            said = Counter(label.themes[theme] for label, _ in self._lessons if theme in label.themes)
            if min(said[True], said[False]) >= EACH:
                learned[THEME + theme] = said.total()
                columns.append((THEME + theme, *self._theme(theme)))
        weights = np.zeros((ROWS, len(columns)), np.float32)
        idf = np.sqrt(self._squares[self._known])
        for number, (_, column, _) in enumerate(columns):
            weights[self._known, number] = column * idf
        table = LinearScores(self._language)
        bias = np.array([bias for *_, bias in columns], np.float32)
        table.set_table([label for label, *_ in columns], weights, bias, self._squares, kept=1.0)
        return learned, table

    def _sentiment(self) -> list[tuple[str, Numbers, float]]:
        mine = [(n, label, reading) for n, (label, reading) in enumerate(self._lessons) if label.sentiment]
        offset = np.log(np.maximum([reading.moods for *_, reading in mine], 1e-9))
        offset[[label.by_stars for _, label, _ in mine], CLASSES.index("neutral")] = _NEVER
        y = np.array([CLASSES.index(label.sentiment) for _, label, _ in mine if label.sentiment])
        weight = np.array([label.weight for _, label, _ in mine])
        found, bias = _fit(self._matrix([self._texts[n] for n, *_ in mine]), offset, y, weight)
        return [
            (name, found[:, n] * self._temperature, float(bias[n]) * self._temperature)
            for n, name in enumerate(SENTIMENT)
        ]

    def _theme(self, theme: str) -> tuple[Numbers, float]:
        """Learned twice: first a whole text stands for what is said in it, then the clause which that finds likeliest.

        In a text that is not about the theme, no clause is.
        """
        mine = [(n, label, reading) for n, (label, reading) in enumerate(self._lessons) if theme in label.themes]
        odds = {n: self._themes.log_odds(theme, reading) for n, _, reading in mine}
        no: list[tuple[Rows, float, float]] = []  # rows, offset, weight
        for n, label, _ in mine:
            if not label.themes[theme]:
                share = label.weight / len(odds[n])
                no += [(rows, each, share) for rows, each in zip(self._clauses[n], odds[n], strict=True)]
        about = [(n, label.weight) for n, label, _ in mine if label.themes[theme]]
        weights, _ = self._yes_no([(self._texts[n], max(odds[n]), weight) for n, weight in about], no)
        likeliest = []
        for n, weight in about:
            best = int(np.argmax(self._matrix(self._clauses[n]) @ weights + odds[n]))
            likeliest.append((self._clauses[n][best], odds[n][best], weight))
        return self._yes_no(likeliest, no)

    def _yes_no(
        self, yes: Sequence[tuple[Rows, float, float]], no: Sequence[tuple[Rows, float, float]]
    ) -> tuple[Numbers, float]:
        rows, odds, weight = zip(*yes, *no, strict=True)
        offset = np.stack([np.zeros(len(odds)), np.array(odds)], axis=1)
        y = np.array([1] * len(yes) + [0] * len(no))
        found, bias = _fit(self._matrix(rows), offset, y, np.array(weight))
        return found[:, 1] - found[:, 0], float(bias[1] - bias[0])

    def _matrix(self, some: Sequence[Rows]) -> Matrix:
        """The texts' tf-idf rows as the table will see them, the known columns only."""
        lengths = [math.sqrt(max(float(self._squares[rows].sum()), 1.0)) for rows in some]
        places = [(place := self._place[rows])[place >= 0] for rows in some]
        starts = np.cumsum([0, *map(len, places)])
        columns = np.concatenate(places)
        values = np.sqrt(self._squares[self._known])[columns] / np.repeat(lengths, np.diff(starts))
        matrix = csr_matrix((values, columns, starts), shape=(len(some), len(self._known)))
        matrix.sum_duplicates()
        return matrix


def _fit(rows: Matrix, offset: Numbers, y: NDArray[np.int64], weight: Numbers) -> tuple[Numbers, Numbers]:
    """Weights (columns, classes) and bias (classes,) that are most likely, the prior included."""
    texts, classes = offset.shape
    true = np.eye(classes)[y]
    transposed = rows.T.tocsr()

    def loss(flat: Numbers) -> tuple[float, Numbers]:
        weights, bias = flat[:-classes].reshape(-1, classes), flat[-classes:]
        odds = offset + rows @ weights + bias
        odds -= odds.max(axis=1, keepdims=True)
        log = odds - np.log(np.exp(odds).sum(axis=1, keepdims=True))
        slope = weight[:, np.newaxis] * (np.exp(log) - true)
        gradient = np.concatenate([(transposed @ slope).ravel(), slope.sum(axis=0)]) + flat / _C
        return float(-(weight * log[np.arange(texts), y]).sum() + flat @ flat / (2 * _C)), gradient

    size = rows.shape[1] * classes
    start = np.zeros(size + classes)
    found: Numbers = minimize(loss, start, jac=True, method="L-BFGS-B", options=_STEPS).x
    return found[:size].reshape(-1, classes), found[size:]


def _too_few(reports: Mapping[Pipeline, Report]) -> str:
    have = "; ".join(
        f"{language}: {report.texts} to learn from, {report.held_back} held back"
        for language, report in reports.items()
    )
    return (
        f"too few labels, or all of one kind ({have}). Needed in one language: {EACH} texts to learn from in each of"
        f" two sentiments, or {EACH} with and {EACH} without a theme; and {HELD_BACK} held back, which a fifth is:"
        f" about {5 * HELD_BACK} labelled texts"
    )

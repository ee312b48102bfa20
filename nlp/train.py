"""Trains both pipelines from a folder of labelled sets and the checked-in seeds, and saves them for `Tagger.load`."""

import json
import random
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from nlp import cascade, compose, corpora, encoder
from nlp.corpora import Example
from nlp.emotion import EMOTIONS
from nlp.evaluate import evaluate
from nlp.features import CHARACTER_ROWS, ROWS, Rows, rows_of
from nlp.korean import KoreanTokenizer
from nlp.language import Pipeline
from nlp.pipelines import LANGUAGES, VERSION, blank
from nlp.plain import Plain
from nlp.reading import reading_of
from nlp.scores import SENTIMENT, LinearScores
from nlp.sentiment import CLASSES, SentimentTagger
from nlp.tagger import Tagger
from nlp.themes import BASE

_MOST_OF_A_SET: Final = 120_000  # rows: more of one kind cost minutes and move the hold-outs by half a point
_COMPOSED: Final = 12_000
_SEED_WEIGHT: Final = 1.0
_THEMELESS: Final = 6_000  # texts of other kinds that show what no theme looks like
_WORD_WEIGHT: Final = 1.5  # how much a word or pair of words counts beside one character n-gram
_C_SENTIMENT: Final = 2.0
_C_THEMES: Final = 8.0
_C_EMOTION: Final = 0.7
_SEED: Final = 7
Matrix = Any  # scipy.sparse has no types


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What was trained on what, and how it does on texts that training never saw."""

    version: str
    examples: dict[str, dict[str, int]]
    scores: dict[str, dict[str, Any]]
    folders: dict[str, Path] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        folders = {name: str(folder) for name, folder in self.folders.items()}
        return {"version": self.version, "examples": self.examples, "scores": self.scores, "folders": folders}


def train(data_folder: Path, out: Path, progress: Callable[[str], None], *, sample: int | None = None) -> TrainReport:
    """Trains ko and en into out/ko and out/en.

    sample: at most so many rows of each set, for a quick trial. Raises SettingsError without data.
    """
    counts: dict[str, dict[str, int]] = {}
    scores: dict[str, dict[str, Any]] = {}
    folders: dict[str, Path] = {}
    for language in LANGUAGES:
        counts[language], scores[language] = _train_one(data_folder, out / language, language, progress, sample)
        folders[language] = out / language
    tagger = Tagger.load(out)
    for language in LANGUAGES:
        scores[language]["held_out_seeds"] = evaluate(compose.held_out_rows(language), tagger).to_dict()
    return TrainReport(VERSION, counts, scores, folders)


def _train_one(
    data: Path, out: Path, language: Pipeline, progress: Callable[[str], None], sample: int | None
) -> tuple[dict[str, int], dict[str, Any]]:
    found = _examples(data, language, sample)
    counts = {name: sum(example.corpus == name for example in found) for name in sorted({e.corpus for e in found})}
    progress(f"{language}: reading {len(found)} texts")
    nlp = blank(language)
    rows = list(_read(nlp, found, language))
    matrix, squares = _matrix(rows, [corpora.part_of(e.text) != "test" for e in found])
    progress(f"{language}: learning sentiment")
    labels, weights, bias = _learn(matrix, found, language, progress)
    table = nlp.get_pipe("scores")
    assert isinstance(table, LinearScores)
    idf = np.sqrt(squares)
    table.set_table(labels, weights * idf[:, np.newaxis], bias, squares)
    progress(f"{language}: asking the encoder about the texts that nobody learned from")
    odds = _Odds(language, matrix @ weights[:, :3] + bias[:3], _answers(found, language))
    tagger = nlp.get_pipe("sentiment")
    assert isinstance(tagger, SentimentTagger)
    tagger.temperature = _temperature(found, odds.both)
    report = _report(found, odds, tagger.temperature)
    progress(f"{language}: " + json.dumps(report, ensure_ascii=False))
    out.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(out)
    return counts, report


def _examples(data: Path, language: Pipeline, sample: int | None) -> list[Example]:
    rng = random.Random(_SEED)  # noqa: S311 (a fair sample, no secret)
    rows = [example for example in corpora.examples(data, language) if example.text.strip()]
    by_set: dict[str, list[Example]] = {}
    for example in rows:
        by_set.setdefault(example.corpus, []).append(example)
    most = _MOST_OF_A_SET if sample is None else sample
    rows = [example for some in by_set.values() for example in rng.sample(some, min(most, len(some)))]
    # What no theme looks like: films and forums.
    themeless = [n for n, e in enumerate(rows) if e.corpus in ("nsmc", "goemotions")]
    for number in rng.sample(themeless, min(_THEMELESS, len(themeless))):
        example = rows[number]
        rows[number] = Example(
            example.text,
            example.corpus,
            example.sentiment,
            example.emotion,
            frozenset(),
            example.weight,
            0.5,
            example.row,
        )
    seeds = compose.clauses(language, held_out=False)
    moods = Counter(clause.sentiment for clause in seeds)
    for clause in seeds:
        themes = frozenset({clause.theme} if clause.theme else ())
        # People write more kinds of blame than of praise; a mood must not win for having more seeds.
        weight = _SEED_WEIGHT * len(seeds) / (len(CLASSES) * moods[clause.sentiment])
        rows.append(Example(clause.text, "seeds", clause.sentiment, None, themes, weight, 1.5))
    for text in compose.composed(language, _COMPOSED if sample is None else sample):
        themes = frozenset(clause.theme for clause in text.clauses if clause.theme)
        rows.append(Example(text.text, "composed", text.sentiment, None, themes, _SEED_WEIGHT / 2, 0.7))
    return rows


def _read(nlp: Any, found: Sequence[Example], language: Pipeline) -> Iterator[Rows]:
    """Each text's rows in the linear table."""
    tokenizer = nlp.tokenizer
    clauses = nlp.get_pipe("clauses")
    texts = [_text(example) for example in found]
    docs = tokenizer.pipe(texts) if isinstance(tokenizer, KoreanTokenizer) else map(tokenizer, texts)
    for doc in docs:
        yield rows_of(reading_of(clauses(doc)).clauses, doc.text, language)


def _text(example: Example) -> str:
    return Plain(example.text[:2000]).text


def _matrix(rows: Sequence[Rows], known: Sequence[bool]) -> tuple[Matrix, NDArray[np.float32]]:
    """tf-idf rows of length 1, and each feature's idf squared. known: which rows may shape the idf."""
    starts = np.cumsum([0, *map(len, rows)])
    matrix = csr_matrix((np.ones(starts[-1], np.float32), np.concatenate(rows), starts), shape=(len(rows), ROWS))
    matrix.sum_duplicates()
    seen = np.bincount(matrix[np.flatnonzero(known)].indices, minlength=ROWS)
    idf = np.where(seen >= 2, np.log((1 + sum(known)) / (1 + seen)) + 1, 0).astype(np.float32)
    idf[CHARACTER_ROWS:] *= _WORD_WEIGHT
    # The table keeps squares in steps of a half up to 127: what is learned here must see what tagging will.
    squares = np.clip(np.round(idf**2 * 2) / 2, 0, 127).astype(np.float32)
    lengths = np.sqrt(np.maximum(matrix @ squares, 1.0))
    matrix.data *= np.sqrt(squares)[matrix.indices]
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr)).astype(np.float32)
    return matrix, squares


def _learn(
    matrix: Matrix, found: Sequence[Example], language: Pipeline, progress: Callable[[str], None]
) -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """All heads as one table: (labels, weights (ROWS, labels), bias)."""
    training = np.array([corpora.part_of(example.text) == "train" for example in found])
    parts = [
        _classes(
            matrix, [e.sentiment for e in found], CLASSES, training, np.array([e.weight for e in found]), _C_SENTIMENT
        )
    ]
    progress(f"{language}: learning emotions")
    emotions = _classes(matrix, [e.emotion for e in found], EMOTIONS, training, np.ones(len(found)), _C_EMOTION)
    parts.append(emotions)
    for theme in BASE:
        progress(f"{language}: learning theme {theme}")
        said = [None if e.themes is None else ("yes" if theme in e.themes else "no") for e in found]
        no_yes = _classes(matrix, said, ("no", "yes"), training, np.array([e.theme_weight for e in found]), _C_THEMES)
        parts.append((no_yes[0][:, 1:], no_yes[1][1:]))
    labels = [*SENTIMENT, *(f"emotion.{emotion}" for emotion in EMOTIONS), *(f"theme.{theme}" for theme in BASE)]
    return labels, np.concatenate([w for w, _ in parts], axis=1), np.concatenate([b for _, b in parts])


def _classes(
    matrix: Matrix,
    labels: Sequence[str | None],
    classes: Sequence[str],
    training: NDArray[np.bool_],
    weight: NDArray[np.float64],
    c: float,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (ROWS, classes) and bias of a logistic regression over the rows that have a label."""
    rows = np.flatnonzero(training & np.array([label is not None for label in labels]))
    y = np.array([classes.index(label) for number in rows if (label := labels[int(number)]) is not None])
    some = matrix[rows]
    # Only columns that occur: the solver's steps cost as much as the columns it sees.
    columns = np.flatnonzero(np.bincount(some.indices, weights=some.data != 0, minlength=ROWS))
    model = LogisticRegression(C=c, max_iter=60, tol=1e-3)
    with warnings.catch_warnings():
        # Stopping early is meant: the last steps cost the most and change nothing that the hold-outs show.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(some[:, columns], y, sample_weight=weight[rows])
    weights = np.zeros((ROWS, len(classes)), np.float32)
    bias = np.full(len(classes), -20.0, np.float32)
    if len(model.classes_) == 2:
        # Two classes are learned as one; a binary head is read alone, as log odds of its second.
        weights[columns, model.classes_[1]], bias[model.classes_[1]] = model.coef_[0], model.intercept_[0]
    else:
        weights[np.ix_(columns, model.classes_)], bias[model.classes_] = model.coef_.T, model.intercept_
    return weights, bias


def _answers(found: Sequence[Example], language: Pipeline) -> NDArray[np.float32]:
    """The encoder's log odds of the three sentiments, shape (texts, 3). Zeros for what the table learned from."""
    read = encoder.load(language)
    columns = [read.labels.index(label) for label in SENTIMENT]
    odds = np.zeros((len(found), len(columns)), np.float32)
    for row, example in enumerate(found):
        if example.sentiment is not None and corpora.part_of(example.text) != "train":
            odds[row] = read.read(_text(example), [])[-1, columns]
    return odds


@dataclass(frozen=True)
class _Odds:
    """Log odds of the three sentiments, shape (texts, 3)."""

    language: Pipeline
    table: NDArray[np.float32]
    encoder: NDArray[np.float32]

    @property
    def both(self) -> NDArray[np.float32]:
        return cascade.added(self.language, self.table, self.encoder)


def _temperature(found: Sequence[Example], odds: NDArray[np.float32]) -> float:
    """By which the scores must be divided for probabilities to come true, on the texts kept for tuning."""
    rows, y = _labelled(found, "tune")
    if len(rows) == 0:
        return 1.0
    logits = odds[rows]
    weight = np.array([found[number].weight for number in rows])

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-(weight * log[np.arange(len(y)), y]).sum())

    return min((round(0.4 + 0.05 * step, 2) for step in range(60)), key=loss)


def _report(found: Sequence[Example], odds: _Odds, temperature: float) -> dict[str, Any]:
    """Sentiment on the held-out tenth, set by set: three classes, and the two poles alone. Of the table, of the encoder
    and of both."""
    rows, y = _labelled(found, "test")
    corpus = np.array([found[number].corpus for number in rows])
    report: dict[str, Any] = {"temperature": temperature}
    for name in sorted(set(corpus.tolist())):
        here = corpus == name
        clear = here & (y != 1)
        report[name] = {"texts": int(here.sum())}
        for judge, logits in (("both", odds.both[rows]), ("table", odds.table[rows]), ("encoder", odds.encoder[rows])):
            poles = np.where(logits[:, 2] > logits[:, 0], 2, 0)
            report[name][judge] = {
                "accuracy": round(float((logits.argmax(axis=1) == y)[here].mean()), 4),
                "binary_accuracy": round(float((poles == y)[clear].mean()), 4) if clear.any() else None,
            }
    return report


def _labelled(found: Sequence[Example], part: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = [n for n, e in enumerate(found) if e.sentiment is not None and corpora.part_of(e.text) == part]
    y = [CLASSES.index(sentiment) for n in rows if (sentiment := found[n].sentiment) is not None]
    return np.array(rows, dtype=np.int64), np.array(y, dtype=np.int64)

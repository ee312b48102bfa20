"""The network: judges the same text the same way, keeps what it learned, and knows words by their neighbours."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import vectors
from nlp.convolution import WIDTH, ConvolutionScores, Weights
from nlp.learn_convolution import Head, learn
from nlp.reading import Clause, Unit

SIZE = vectors.load("en").table.shape[1]
FILTERS, LABELS = 6, 3


def weights(seed: int = 1) -> Weights:
    rng = np.random.default_rng(seed)
    return Weights(
        rng.normal(0, 0.1, (WIDTH, SIZE, FILTERS)).astype(np.float32),
        rng.normal(0, 0.1, FILTERS).astype(np.float32),
        rng.normal(0, 1, (2 * FILTERS, LABELS)).astype(np.float32),
        rng.normal(0, 1, LABELS).astype(np.float32),
    )


@pytest.fixture(scope="module")
def network() -> ConvolutionScores:
    made = ConvolutionScores("en")
    made.set_weights(("a", "b", "c"), weights())
    return made


def clause(*lemmas: str) -> Clause:
    return Clause(0, 1, [Unit(lemma, 0, 1) for lemma in lemmas])


def as_written(given: Weights, rows: list[int]) -> np.ndarray:
    """The same network in plain arithmetic, without rounding."""
    table = vectors.load("en").table.astype(np.float64) * vectors.SCALE
    padded = [0, *rows, 0]
    answers = np.array(
        [
            sum(table[padded[at + place]] @ given.filters[place] for place in range(WIDTH)) + given.filter_bias
            for at in range(len(rows))
        ]
    )
    answers = np.maximum(answers, 0)
    return np.concatenate([answers.max(axis=0), answers.mean(axis=0)]) @ given.output + given.output_bias


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=30))
def test_rounding_hardly_changes_an_answer(network: ConvolutionScores, rows: list[int]) -> None:
    assert network.of_rows(rows, [0])[-1] == pytest.approx(as_written(weights(), rows), abs=0.1)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5_000), min_size=1, max_size=8), min_size=1, max_size=6))
def test_a_text_is_judged_the_same_each_time_and_one_clause_is_the_text(
    network: ConvolutionScores, clauses: list[list[int]]
) -> None:
    rows = [row for each in clauses for row in each]
    starts = np.cumsum([0, *map(len, clauses)])[:-1].tolist()
    scores = network.of_rows(rows, starts)
    assert scores.shape == (len(clauses) + 1, LABELS)
    assert np.array_equal(scores, network.of_rows(rows, starts))
    assert np.array_equal(scores[-1], network.of_rows(rows, [0])[-1])
    if len(clauses) == 1:
        assert np.array_equal(scores[0], scores[1])


def test_words_without_a_vector_change_nothing_but_the_length(network: ConvolutionScores) -> None:
    unknown = network.of([clause("qzxv"), clause("wvxqz", "zzqqx")])
    assert np.array_equal(unknown[0], unknown[1])


def test_what_was_saved_judges_as_before(network: ConvolutionScores, tmp_path: Path) -> None:
    network.to_disk(tmp_path / "n")
    again = ConvolutionScores("ko").from_disk(tmp_path / "n")
    said = [clause("slow", "delivery"), clause("great", "shoe")]
    assert again.labels == ("a", "b", "c")
    assert np.array_equal(again.of(said), network.of(said))


def test_a_word_is_judged_like_its_neighbours_in_meaning() -> None:
    words = vectors.load("en")
    good, bad = ["great", "excellent", "lovely", "perfect"], ["awful", "terrible", "horrible", "useless"]
    texts = [np.array([words.row("the"), words.row(word)]) for word in (*good, *bad)] * 20
    target = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 4, np.float32)
    head = Head(True, np.tile(target, (20, 1)), np.ones(len(texts), np.float32))
    learned = learn(texts, words.table.astype(np.float32) * np.float32(vectors.SCALE), [head], lambda said: None)
    made = ConvolutionScores("en")
    made.set_weights(("good", "bad"), learned)
    for word, best in (("wonderful", 0), ("fantastic", 0), ("dreadful", 1), ("appalling", 1)):
        assert words.row(word) != vectors.UNKNOWN
        assert made.of([clause("the", word)])[-1].argmax() == best

"""Features: which rows of the weight table a clause touches. Training and tagging read text through here alone."""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nlp.reading import Clause

CHARACTER_ROWS: Final = 1 << 19
WORD_ROWS: Final = 1 << 18
ROWS: Final = CHARACTER_ROWS + WORD_ROWS
Rows = NDArray[np.uint32]

_LONGEST_GRAM: Final = {"ko": 5, "en": 5}
_SHORTEST_GRAM: Final = {"ko": 1, "en": 2}
_LONGEST_WORD: Final = 30
# ㅋㅋㅋㅋ, ㅠㅠㅠ, !!!!, soooo: two of a kind say as much as ten.
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_DIGITS: Final = re.compile(r"\d")
_NEGATORS: Final = frozenset({"not", "no", "never", "nothing", "without", "hardly", "cannot", "nor", "neither", "none"})
_NEGATED_SPAN: Final = 3


def words_of(text: str) -> list[str]:
    """Words as written, for character n-grams: lower case, repeats shortened, digits alike."""
    return _DIGITS.sub("0", _REPEATED.sub(r"\1\1", text.lower())).split()


def word_rows(word: str, language: str) -> list[int]:
    """The rows of the character n-grams of one word, its edges marked."""
    marked = f" {word[:_LONGEST_WORD]} "
    written = marked.encode()
    size = len(marked)
    # Where each character begins in UTF-8, so that n-grams are slices of one encoding.
    at = range(size + 1) if len(written) == size else [0, *accumulate(len(letter.encode()) for letter in marked)]
    return [
        crc32(written[at[start] : at[start + length]]) % CHARACTER_ROWS
        for length in range(_SHORTEST_GRAM[language], min(_LONGEST_GRAM[language], size) + 1)
        for start in range(size - length + 1)
    ]


def gram_row(gram: str) -> int:
    """The row of one word or n-gram of words."""
    return CHARACTER_ROWS + crc32(gram.encode()) % WORD_ROWS


def grams_of(clause: Clause, language: str) -> list[str]:
    """Lemmas alone and in pairs, and what stands under a negation or after a "but"."""
    lemmas = [unit.lemma if unit.lemma[:1].isalpha() or not unit.lemma.isdigit() else "0" for unit in clause.units]
    grams = [*lemmas, *map(" ".join, pairwise(lemmas))]
    if clause.contrast:
        grams.extend(["b:" + lemma for lemma in lemmas])
    if language == "ko":
        grams.extend(map(" ".join, zip(lemmas, lemmas[1:], lemmas[2:], strict=False)))
        return grams
    negated = 0
    for lemma in lemmas:
        if negated:
            grams.append("n:" + lemma)
            negated -= 1
        if lemma in _NEGATORS:
            negated = _NEGATED_SPAN
    return grams


def rows_of(clauses: Sequence[Clause], text: str, language: str) -> Rows:
    """All rows that some clauses touch, as often as they do: one training example."""
    rows: list[int] = []
    for clause in clauses:
        for word in words_of(text[clause.start : clause.end]):
            rows.extend(word_rows(word, language))
        rows.extend(map(gram_row, grams_of(clause, language)))
    return np.array(rows, dtype=np.uint32)

"""Word vectors: what words mean beside each other, so that a word that training never saw is not a stranger."""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nlp.language import Pipeline

_FOLDER: Final = Path(__file__).parent / "data" / "vectors"
UNKNOWN: Final = 0
SCALE: Final = 1 / 90
"""What one step of int8 stands for."""


class WordVectors:
    """Lemmas and their vectors. table: int8, shape (words + 1, size); row 0, all zeros, is every unknown word's."""

    def __init__(self, words: list[str], vectors: NDArray[np.int8]) -> None:
        self._rows = {word: row for row, word in enumerate(words, 1)}
        self.table = np.concatenate([np.zeros((1, vectors.shape[1]), np.int8), vectors])

    def row(self, lemma: str) -> int:
        """The row of a lemma, UNKNOWN for one without."""
        return self._rows.get(lemma, UNKNOWN)


@cache
def load(language: Pipeline) -> WordVectors:
    """The vectors that the project ships; docs/models.md says where they come from."""
    with np.load(_FOLDER / f"{language}.npz") as file:
        return WordVectors(file["words"].tobytes().decode().split("\n"), file["vectors"])

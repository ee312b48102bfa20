"""Encoder: a small transformer that reads a text and judges it, and each of its clauses.

The first layers of a sentence encoder, trained further on reviews by scripts/train-encoder, their matrices in seven
bits. docs/models.md says where they come from and what they learned.

The score of a stretch of text is the mean of what the encoder says of its pieces, so that a clause is judged by its own
pieces, read in the light of the others. A text is read by itself: its scores do not depend on its neighbours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from unicodedata import combining, normalize

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
import srsly  # type: ignore[import-untyped]
from sentencepiece import SentencePieceProcessor

from nlp.language import Pipeline
from nlp.reading import Scores

_FOLDER: Final = Path(__file__).parent / "data" / "encoder"
WINDOW: Final = 94
"""Pieces of text read together, as many as in training."""
_BEGIN: Final = 0
_END: Final = 2


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a word. clause: which it belongs to, -1 for none."""

    number: int
    clause: int


class Encoder:
    """labels: what the scores are about, in their order. Not safe for several threads at once."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        # One core a process, as everywhere: more workers use more cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            folder / "encoder.onnx", options, providers=["CPUExecutionProvider"]
        )
        self._pieces: Any = SentencePieceProcessor(model_file=str(folder / "pieces.model"))
        head = srsly.read_json(folder / "encoder.json")
        self.labels: tuple[str, ...] = tuple(head["labels"])
        self._uncased = bool(head["uncased"])

    def read(self, text: str, spans: Sequence[tuple[int, int]]) -> Scores:
        """Log odds, shape (spans + 1, labels): of each span, and of the whole text last.

        spans: begin and end in `text`, in order and apart from each other.
        """
        clauses = len(spans)
        sums = np.zeros((clauses + 1, len(self.labels)), np.float64)
        counts = np.zeros(clauses + 1)
        for window in _windows(self._split(text, spans)):
            length = len(window) + 2
            own = np.array([piece.clause for piece in window])
            inside = sorted({piece.clause for piece in window} - {-1})
            pool = np.zeros((len(inside) + 1, length), np.float32)
            for row, clause in enumerate(inside):
                pool[row, 1:-1] = own == clause
            pool[-1] = 1
            sizes = pool.sum(axis=1)
            numbers = np.array([_BEGIN, *(piece.number for piece in window), _END], np.int64)
            (odds,) = self._session.run(None, {"ids": numbers, "pool": pool / sizes[:, np.newaxis]})
            rows = [*inside, clauses]
            sums[rows] += odds * sizes[:, np.newaxis]
            counts[rows] += sizes
        whole = sums[-1] / max(counts[-1], 1)
        # A span without a piece of its own (a lone sign that begins a longer piece) is as the text.
        read = np.where(counts[:, np.newaxis] > 0, sums / np.maximum(counts, 1)[:, np.newaxis], whole)
        return np.asarray(read, np.float32)

    def _split(self, text: str, spans: Sequence[tuple[int, int]]) -> list[_Piece]:
        letters, places = written(text, self._uncased)
        found = self._pieces.encode(letters, return_type="offset_mapping")
        pieces: list[_Piece] = []
        clause = 0
        for number, (_, end) in zip(found["ids"], found["offsets"], strict=True):
            last = places[end - 1]  # a piece may begin with the blank before its word
            while clause < len(spans) and last >= spans[clause][1]:
                clause += 1
            inside = clause < len(spans) and last >= spans[clause][0]
            pieces.append(_Piece(number, clause if inside else -1))
        return pieces


def written(text: str, uncased: bool) -> tuple[str, list[int]]:
    """A text as the pieces want it, and for each character of the result where it was in the text.

    In NFKC, character by character. uncased: in small letters without accents, and with blanks around every sign, as
    BERT's words are (Devlin et al. 2019).
    """
    characters = [_written(character, uncased) for character in text]
    return "".join(characters), [place for place, each in enumerate(characters) for _ in each]


def _written(character: str, uncased: bool) -> str:
    if character.isspace():
        return " "
    if not uncased:
        return normalize("NFKC", character)
    bare = "".join(each for each in normalize("NFKD", character).lower() if not combining(each))
    return bare if bare.isalnum() else f" {bare} "


def _windows(pieces: Sequence[_Piece]) -> Iterator[Sequence[_Piece]]:
    """Windows that end between two clauses, where a clause is no longer than a window."""
    begin = 0
    while len(pieces) - begin > WINDOW:
        end = begin + WINDOW
        border = next((at for at in range(end, begin, -1) if pieces[at].clause != pieces[at - 1].clause), end)
        yield pieces[begin:border]
        begin = border
    yield pieces[begin:]


@cache
def load(language: Pipeline) -> Encoder:
    """The encoder that the project ships, once a process."""
    return Encoder(_FOLDER / language)

"""What is counted where guesses meet labels: findings, confusions, and how often the tagger was as right as sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Count:
    """Right, wrong and missed findings of one kind."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def texts(self) -> int:
        """How many there are to be found."""
        return self.right + self.missed

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.texts if self.texts else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0

    def to_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "texts": self.texts,
        }


def macro_f1(counts: Sequence[Count]) -> float | None:
    """Mean F1 of those kinds that occur. None where none does."""
    scores = [count.f1 for count in counts if count.texts]
    return sum(scores) / len(scores) if scores else None


def share(right: Sequence[bool]) -> float | None:
    """How many of them are true, 0 to 1. None of none."""
    return sum(right) / len(right) if right else None


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many texts of each label were guessed as which: cells[true][guessed], the labels in their order."""

    cells: dict[str, dict[str, int]]

    @classmethod
    def of(cls, pairs: Sequence[tuple[str, str]], labels: Sequence[str]) -> "Confusion":
        """pairs: (true, guessed), all of `labels`."""
        cells = {true: dict.fromkeys(labels, 0) for true in labels}
        for true, guessed in pairs:
            cells[true][guessed] += 1
        return cls(cells)

    @property
    def counts(self) -> dict[str, Count]:
        """The findings of each label."""
        return {
            label: Count(
                row[label],
                sum(other[label] for true, other in self.cells.items() if true != label),
                sum(row.values()) - row[label],
            )
            for label, row in self.cells.items()
        }

    @property
    def accuracy(self) -> float:
        total = sum(sum(row.values()) for row in self.cells.values())
        return sum(row[label] for label, row in self.cells.items()) / total if total else 0.0

    @property
    def macro_f1(self) -> float:
        """Over the labels that occur."""
        return macro_f1(list(self.counts.values())) or 0.0

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "accuracy": round(self.accuracy, 4),
            "macro_f1": round(self.macro_f1, 4),
            "labels": {label: count.to_dict() for label, count in self.counts.items()},
            "confusion": self.cells,
        }


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts about which the tagger was about equally sure. sure: their mean, 0.5 to 1. right: their share, 0 to 1."""

    sure: float
    right: float
    texts: int


def reliability(guesses: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Ten equal bins from 0.5 to 1, empty ones left out. guesses: how sure, and whether it was right."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in guesses:
        bins.setdefault(min(int((sure - 0.5) * 2 * _BINS), _BINS - 1), []).append((sure, right))
    return tuple(
        Bin(sum(sure for sure, _ in some) / len(some), sum(right for _, right in some) / len(some), len(some))
        for _, some in sorted(bins.items())
    )


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Mean distance between how sure and how often right, weighted by texts, 0 to 1. None without texts.

    Naeini, Cooper & Hauskrecht 2015, AAAI 29, 2901-2907.
    """
    texts = sum(each.texts for each in bins)
    return sum(abs(each.sure - each.right) * each.texts for each in bins) / texts if texts else None

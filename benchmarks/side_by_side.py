"""Measures two ways of the same work in turn, and tells their ratio."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from moksori.bench import Figure


@dataclass(frozen=True)
class Rates:
    """Work per second, one value per run: ours, and that of a bare counterpart measured right after it."""

    ours: list[float]
    bare: list[float]

    def figures(self, name: str, counterpart: str, unit: str, at_least: float, note: str = "") -> Iterator[Figure]:
        """The ratio with its aim, then both rates."""
        ratios = [ours / bare for ours, bare in zip(self.ours, self.bare, strict=True)]
        yield Figure(f"{name} / {counterpart}", "×", ratios, at_least=at_least, note=note)
        yield Figure(name, unit, self.ours)
        yield Figure(counterpart, unit, self.bare)


def in_turn(runs: int, ours: Callable[[], float], bare: Callable[[], float]) -> Rates:
    """A B A B …, after one of each that does not count. Each returns its rate; what it sets up is not in it.

    Neighbours on the machine slow both sides of a pair alike, so the ratio holds better than the rates.
    """
    ours(), bare()
    pairs = [(ours(), bare()) for _ in range(runs)]
    return Rates([pair[0] for pair in pairs], [pair[1] for pair in pairs])

"""Evidence: cuts a text into clauses, one thing said in each, so that findings can point at theirs."""

from collections.abc import Iterable, Sequence
from typing import Final

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import Clause, Reading, Unit, reading_of

_LONGEST: Final = 60  # units: a text without stops is cut here, so that no evidence is a whole page


def clauses_of(units: Sequence[Unit]) -> list[Clause]:
    """The clauses in order. Every unit is in exactly one."""
    clauses: list[Clause] = []
    current: list[Unit] = []
    contrast = False
    for unit in units:
        if unit.contrast and not unit.breaks and not current:
            contrast = True
        current.append(unit)
        if unit.breaks or len(current) >= _LONGEST:
            _close(clauses, current, contrast)
            contrast = unit.contrast and unit.breaks
            current = []
    if current:
        _close(clauses, current, contrast)
    return clauses


def _close(clauses: list[Clause], units: list[Unit], contrast: bool) -> None:
    if clauses and not any(unit.lemma[:1].isalnum() for unit in units):
        # Signs alone say nothing of their own; they belong to what they follow.
        clauses[-1].units.extend(units)
        clauses[-1].end = max(unit.end for unit in units)
        return
    clauses.append(Clause(units[0].start, max(unit.end for unit in units), list(units), contrast))


def joined(spans: Iterable[tuple[int, int]], gap: int = 2) -> list[tuple[int, int]]:
    """Spans in order, those joined that touch or are parted by at most `gap` characters."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start - result[-1][1] <= gap:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


@Language.component("moksori_clauses_v1")
def find_clauses(doc: Doc) -> Doc:
    """Fills `Reading.clauses`."""
    reading: Reading = reading_of(doc)
    reading.clauses = clauses_of(reading.units)
    return doc

"""An evaluation in plain text, for a terminal: one block a question, columns aligned."""

from collections.abc import Iterable, Mapping
from typing import Final

from nlp.evaluate import Evaluation
from nlp.evaluate_counts import Confusion, Count

_MANY: Final = 4  # labels beyond which a confusion is more than a glance takes in


def table(evaluation: Evaluation) -> str:
    """All but the mistakes, whose texts have no width."""
    lines = [f"texts {evaluation.texts}"]
    lines += [f"{name.replace('_', ' '):<20} {figure:.3f}" for name, figure in evaluation.summary.items()]
    for name, confusion in evaluation.labels.items():
        lines += ["", *_confusion(name, confusion)]
    counted = {**evaluation.themes, **({"all themes": evaluation.themes_micro} if evaluation.themes else {})}
    for kind, counts in (("theme", counted), ("finding", evaluation.flags)):
        if counts:
            lines += ["", *_counts(kind, counts)]
    if evaluation.bins:
        lines += ["", f"{'sure':<17}{'right':>10}{'texts':>10}"]
        lines += [f"{each.sure:<17.3f}{each.right:>10.3f}{each.texts:>10}" for each in evaluation.bins]
    for by, slices in evaluation.slices.items():
        lines += ["", f"{by:<17}{'texts':>10}{'accuracy':>10}{'macro f1':>10}{'themes f1':>10}"]
        for value, each in slices.items():
            figures = _figures((each.accuracy, each.macro_f1, each.themes_micro_f1))
            lines.append(f"{_cut(value):<17}{each.texts:>10}{figures}")
    return "\n".join(lines)


def _confusion(name: str, confusion: Confusion) -> Iterable[str]:
    if len(confusion.cells) <= _MANY:
        labels = list(confusion.cells)
        yield f"{name + ': true':<17}" + "".join(f"{label[:9]:>10}" for label in labels)
        for true, row in confusion.cells.items():
            if sum(row.values()):
                yield f"{_cut(true):<17}" + "".join(f"{row[label] or '·':>10}" for label in labels)
        yield ""
    yield f"{name} accuracy {confusion.accuracy:.3f}, macro F1 {confusion.macro_f1:.3f}"
    yield from _counts(name, confusion.counts)


def _counts(kind: str, counts: Mapping[str, Count]) -> Iterable[str]:
    yield f"{kind:<17}{'precision':>10}{'recall':>10}{'f1':>10}{'texts':>10}"
    for name, count in counts.items():
        if count.texts or count.wrong:
            yield f"{_cut(name):<17}{_figures((count.precision, count.recall, count.f1))}{count.texts:>10}"


def _figures(figures: Iterable[float | None]) -> str:
    return "".join(f"{'–':>10}" if figure is None else f"{figure:>10.3f}" for figure in figures)


def _cut(name: str) -> str:
    """Short enough for its column, and unable to steer the terminal."""
    return "".join(letter for letter in name if letter.isprintable())[:16]

"""Evaluations side by side as Markdown tables, a row a file: the figures of docs/models.md."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nlp.evaluate import Evaluation
from nlp.evaluate_counts import Count

_SENTIMENT: Final = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "binary_accuracy": "positive or negative",
    "calibration_error": "calibration error",
}
_THEMES: Final = {
    "themes_micro_f1": "micro-F1",
    "themes_macro_f1": "macro-F1",
    "theme_sentiment": "sentiment of themes",
    "evidence": "evidence",
}


def card(evaluations: Mapping[str, Evaluation], about: str) -> str:
    """evaluations: by the name of the file. about: one line on models, machine and time."""
    tables = {
        "Sentiment": _summaries(evaluations, _SENTIMENT),
        "Themes": _summaries(evaluations, _THEMES),
        "F1 of each theme": _by_name({name: each.themes for name, each in evaluations.items()}),
    }
    for question in ("emotion", "stage", "urgency", "language"):
        found = {name: _labels(each, question) for name, each in evaluations.items()}
        tables[f"{question.capitalize()}, F1 of each"] = _by_name(found)
    tables["Churn, spam, personal data"] = _flags(evaluations)
    return "\n\n".join([about, *(f"{title}:\n\n{table}" for title, table in tables.items() if table)])


def _summaries(evaluations: Mapping[str, Evaluation], columns: Mapping[str, str]) -> str:
    rows = [
        [name, f"{each.texts:,}", *(_figure(each.summary.get(column)) for column in columns)]
        for name, each in evaluations.items()
        if next(iter(columns)) in each.summary
    ]
    return _table(["file", "texts", *columns.values()], rows)


def _labels(evaluation: Evaluation, question: str) -> dict[str, Count | float]:
    confusion = evaluation.labels.get(question)
    if confusion is None:
        return {}
    counts = {label: count for label, count in confusion.counts.items() if count.texts}
    return {"accuracy": confusion.accuracy, "macro-F1": confusion.macro_f1, **counts}


def _by_name(parts: Mapping[str, Mapping[str, Count | float]]) -> str:
    """A column for each name that occurs in any file."""
    columns = list(dict.fromkeys(column for part in parts.values() for column in part))
    rows = []
    for name, part in parts.items():
        cells = [part.get(column) for column in columns]
        figures = [cell.f1 if isinstance(cell, Count) else cell for cell in cells]
        if part:
            rows.append([name, *map(_figure, figures)])
    return _table(["file", *columns], rows)


def _flags(evaluations: Mapping[str, Evaluation]) -> str:
    """Nothing to find, or nothing found, has no share."""
    rows = []
    for name, each in evaluations.items():
        for kind, count in each.flags.items():
            precision = count.precision if count.right + count.wrong else None
            recall, f1 = (count.recall, count.f1) if count.texts else (None, None)
            rows.append([name, kind, f"{count.texts:,}", f"{count.wrong:,}", *map(_figure, (precision, recall, f1))])
    return _table(["file", "finding", "there are", "false alarms", "precision", "recall", "F1"], rows)


def _figure(figure: float | None) -> str:
    return "–" if figure is None else f"{figure:.3f}".removeprefix("0") if figure < 1 else f"{figure:.3f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines]) if lines else ""

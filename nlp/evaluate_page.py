"""An evaluation as one page to look at: no script, no other file, any text in it harmless."""

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from nlp.evaluate import Evaluation, Mistake, Slice
from nlp.evaluate_counts import Bin, Confusion, Count

_LONGEST: Final = 400  # characters of a text that are shown
_PLOT: Final = 260  # side of the reliability plot, in its own units
_EDGE: Final = 40

# Characters that would turn the rest of a line round, or that a browser cannot show.
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_WORDS: Final = {
    "accuracy": "sentiment, accuracy",
    "macro_f1": "sentiment, macro F1",
    "binary_accuracy": "positive or negative, accuracy",
    "calibration_error": "calibration error (less is better)",
    "themes_micro_f1": "themes, micro-F1",
    "themes_macro_f1": "themes, macro F1",
    "theme_sentiment": "sentiment of found themes",
    "evidence": "evidence that touches the phrase",
}
_NAMES: Final = {"pii": "personal data"}

_STYLE: Final = """
:root { --ink: #1f2430; --soft: #5c6270; --line: #dfe3ea; --blue: 37, 99, 175; --red: 179, 38, 30; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: var(--ink); background: #fff;
  font: 16px/1.5 system-ui, "Apple SD Gothic Neo", "Noto Sans KR", "Malgun Gothic", sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .3rem 0; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; color: var(--soft); font-size: .85rem; }
th:first-child { text-align: left; }
tbody th { font-weight: 500; color: var(--ink); font-size: .95rem; }
.cells td { text-align: center; border: 2px solid #fff; min-width: 2.6rem; }
.bar div { width: 11rem; background: #eef1f6; border-radius: 2px; }
.bar span { display: block; height: .8rem; border-radius: 2px; background: rgb(var(--blue)); }
.wide + .wide { margin-top: 1rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 1rem 0 0; }
.figures div { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .7rem; }
.figures dt { font-size: .8rem; color: var(--soft); } .figures dd { margin: 0; font-size: 1.4rem; font-weight: 600; }
.mistakes { list-style: none; margin: 0; padding: 0; }
.mistakes li { border-left: 3px solid rgb(var(--red)); padding: .1rem 0 .1rem .7rem; margin: .6rem 0; }
.mistakes blockquote { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.mistakes p { font-size: .85rem; margin: 0; }
svg { max-width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--soft); }
@media (max-width: 40rem) {
  body { font-size: 15px; } h1 { font-size: 1.25rem; }
  th, td { padding: .25rem .3rem; font-size: .8rem; } tbody th { font-size: .85rem; }
  .bar div { width: 3.2rem; } .cells td { min-width: 1.8rem; }
}
"""


def page(evaluation: Evaluation, title: str, about: str) -> str:
    """HTML. about: one line on what was measured: models, machine, time."""
    parts = [f"<h1>{_safe(title)}</h1><p>{_safe(about)}</p><p>{evaluation.texts:,} texts</p>"]
    if figures := evaluation.summary.items():
        shown = "".join(f"<div><dt>{_WORDS[name]}</dt><dd>{figure:.3f}</dd></div>" for name, figure in figures)
        parts.append(f'<dl class="figures">{shown}</dl>')
    if evaluation.themes:
        counted = {**evaluation.themes, "all themes": evaluation.themes_micro}
        parts.append(f"<h2>Themes</h2>{_bars(counted)}")
    if evaluation.flags:
        flags = {_NAMES.get(name, name): count for name, count in evaluation.flags.items()}
        parts.append(f"<h2>Churn, spam, personal data</h2>{_bars(flags)}")
    for name, confusion in evaluation.labels.items():
        parts.append(f"<h2>{name.capitalize()}</h2>{_confusion(confusion)}{_bars(confusion.counts)}")
        if name == "sentiment" and evaluation.bins:
            parts.append(_reliability(evaluation.bins))
    if evaluation.slices:
        parts.append("<h2>Slices</h2>")
        parts += [f"<h3>By {_safe(by)}</h3>{_slices(slices)}" for by, slices in evaluation.slices.items()]
    if evaluation.mistakes:
        parts.append(f"<h2>Mistakes</h2><p>The surest first, ten of a kind.</p>{_mistakes(evaluation.mistakes)}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(parts) + "\n</body>\n"
        "</html>\n"
    )


def _safe(text: str) -> str:
    return escape(_UNSEEN.sub("", text if len(text) <= _LONGEST else text[:_LONGEST] + " …"))


def _table(head: Iterable[str], rows: Iterable[str], kind: str = "") -> str:
    first, *others = head
    cells = f"<th>{_safe(first)}</th>" + "".join(f'<th scope="col">{_safe(cell)}</th>' for cell in others)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{cells}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table></div>"
    )


def _bars(counts: Mapping[str, Count]) -> str:
    def row(name: str, count: Count) -> str:
        figures = "".join(f"<td>{figure:.3f}</td>" for figure in (count.f1, count.precision, count.recall))
        bar = f'<td class="bar"><div><span style="width: {100 * count.f1:.1f}%"></span></div></td>'
        return f'<tr><th scope="row">{_safe(name)}</th>{bar}{figures}<td>{count.texts:,}</td></tr>'

    rows = [row(name, count) for name, count in counts.items() if count.texts or count.wrong]
    return _table(("", "", "F1", "precision", "recall", "texts"), rows)


def _confusion(confusion: Confusion) -> str:
    guessed = [label for label in confusion.cells if any(row[label] for row in confusion.cells.values())]

    def row(true: str, cells: Mapping[str, int]) -> str:
        total = sum(cells.values())
        shown = "".join(_cell(cells[label], total, label == true) for label in guessed)
        return f'<tr><th scope="row">{_safe(true)}</th>{shown}</tr>'

    rows = [row(true, cells) for true, cells in confusion.cells.items() if any(cells.values())]
    return (
        f"<p>Accuracy {confusion.accuracy:.3f}, macro F1 {confusion.macro_f1:.3f}. Rows are true, columns guessed.</p>"
        + _table(("true ↓ guessed →", *guessed), rows, "cells")
    )


def _cell(texts: int, of: int, right: bool) -> str:
    part = texts / of
    colour = f"rgba(var(--{'blue' if right else 'red'}), {part:.2f})"
    ink = "#fff" if part > 0.55 else "inherit"
    return f'<td style="background: {colour}; color: {ink}">{texts or "·"}</td>'


def _reliability(bins: Iterable[Bin]) -> str:
    """How often right against how sure: dots on the diagonal are honest, below it too sure; larger dots, more texts."""
    bins = tuple(bins)
    most = max(each.texts for each in bins)

    def x(sure: float) -> float:
        return _EDGE + (sure - 0.5) * 2 * _PLOT

    def y(right: float) -> float:
        return 10 + (1 - right) * _PLOT

    grid = "".join(
        f'<text x="{_EDGE - 6}" y="{y(tick) + 4:.0f}" text-anchor="end">{tick:.2f}</text>'
        f'<line x1="{_EDGE}" x2="{_EDGE + _PLOT}" y1="{y(tick):.0f}" y2="{y(tick):.0f}" stroke="#dfe3ea"/>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    ) + "".join(
        f'<text x="{x(tick):.0f}" y="{y(0) + 16:.0f}" text-anchor="middle">{tick:.1f}</text>'
        for tick in (0.5, 0.6, 0.7, 0.8, 0.9, 1)
    )
    diagonal = f'<line x1="{x(0.5)}" y1="{y(0.5)}" x2="{x(1)}" y2="{y(1)}" stroke="#5c6270" stroke-dasharray="4 4"/>'
    dots = "".join(
        f'<circle cx="{x(each.sure):.1f}" cy="{y(each.right):.1f}" r="{3 + 9 * (each.texts / most) ** 0.5:.1f}"'
        f' fill="rgb(var(--blue))" fill-opacity=".75"><title>sure {each.sure:.2f}, right {each.right:.2f},'
        f" {each.texts:,} texts</title></circle>"
        for each in bins
    )
    width, height = _EDGE + _PLOT + 20, _PLOT + 50
    return (
        "<h3>As right as it is sure?</h3><p>Positive or negative: how often right (up) against how sure (right). On the"
        " broken line it is honest, below it too sure. Larger dots stand for more texts.</p>"
        f'<svg viewBox="0 0 {width} {height}" width="{width * 1.3:.0f}" role="img" aria-label="Reliability plot">'
        f'{grid}{diagonal}{dots}<text x="{x(0.75)}" y="{height - 6}" text-anchor="middle">how sure</text></svg>'
    )


def _slices(slices: Mapping[str, Slice]) -> str:
    def row(value: str, each: Slice) -> str:
        figures = (each.accuracy, each.macro_f1, each.themes_micro_f1)
        cells = "".join(f"<td>{'–' if figure is None else f'{figure:.3f}'}</td>" for figure in figures)
        return f'<tr><th scope="row">{_safe(value)}</th><td>{each.texts:,}</td>{cells}</tr>'

    rows = [row(value, each) for value, each in slices.items()]
    return _table(("", "texts", "accuracy", "macro F1", "themes F1"), rows)


def _mistakes(mistakes: Iterable[Mistake]) -> str:
    by_question: dict[str, list[Mistake]] = {}
    for mistake in mistakes:
        by_question.setdefault(mistake.question, []).append(mistake)

    def item(mistake: Mistake) -> str:
        sure = f" · {mistake.sure:.0%} sure" if mistake.sure is not None else ""
        return (
            f'<li><blockquote dir="auto">{_safe(mistake.text)}</blockquote>'
            f"<p>true: {_safe(mistake.true) or 'none'} · guessed: {_safe(mistake.guessed) or 'none'}{sure}</p></li>"
        )

    return "".join(
        f'<h3>{_NAMES.get(question, question).capitalize()}</h3><ul class="mistakes">{"".join(map(item, some))}</ul>'
        for question, some in by_question.items()
    )

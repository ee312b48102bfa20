"""Cuts a text where marked places begin and end; the template escapes each piece and wraps the marked ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text. themes: what it is evidence for; empty for unmarked text."""

    text: str
    themes: tuple[str, ...] = ()

    @property
    def marked(self) -> bool:
        """Is it evidence for anything?"""
        return bool(self.themes)


def marked(text: str, spans: Iterable[tuple[int, int]]) -> list[Segment]:
    """The text in pieces, those within [start, end) marked."""
    return segments(text, [("", span) for span in spans])


def segments(text: str, spans: Iterable[tuple[str, tuple[int, int]]]) -> list[Segment]:
    """The text in pieces; each knows the themes whose spans cover it. Joined, they are the text again.

    Spans may overlap; what lies outside the text is left out.
    """
    inside = [(theme, max(0, start), min(end, len(text))) for theme, (start, end) in spans]
    inside = [(theme, start, end) for theme, start, end in inside if start < end]
    cuts = sorted({0, len(text), *(start for _, start, _ in inside), *(end for *_, end in inside)})
    return [
        Segment(text[a:b], tuple(sorted({theme for theme, start, end in inside if start <= a and b <= end})))
        for a, b in pairwise(cuts)
    ]

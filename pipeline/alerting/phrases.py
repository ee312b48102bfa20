"""Finds words and phrases in a text as people write them into YAML, Korean or English, in linear time."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pipeline.alerting.negation import denied

_HANGUL = re.compile(r"[가-힣]")


def find(phrases: Sequence[str], text: str) -> tuple[int, int] | None:
    """The characters [start, end) of the first of these phrases that a text says and does not deny, else None.

    A phrase begins where a word does. An English one ends where a word does; a * stands for any rest of a word: `sue*`
    finds "sued" and "sues". A Korean one may go on with particles and endings. A blank is any blanks, and between
    Korean words none too: spacing varies. Case does not matter.
    """
    return next((span for span in said(phrases, text) if not denied(text, *span)), None)


def said(phrases: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """The characters [start, end) of each of these phrases, denied ones too."""
    if phrases:
        yield from (found.span() for found in _pattern(tuple(phrases)).finditer(text))


@lru_cache(maxsize=512)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(_one, phrases)) + ")", re.IGNORECASE)


def _one(phrase: str) -> str:
    words = unicodedata.normalize("NFC", phrase).split()
    korean = _HANGUL.search(phrase) is not None
    written = (r"\s*" if korean else r"\s+").join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    return written if korean else written + r"(?!\w)"

"""Makes any text fit for the tokenisers, and leads offsets back into the original."""

import re
from bisect import bisect_left
from typing import Final
from unicodedata import combining, is_normalized, normalize

# Lone surrogates cannot be encoded; control characters split or crash tokenisers. One character stands for one.
_UNFIT: Final = re.compile(
    r"[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]"
)


class Plain:
    """A text in NFC without unfit characters, and the way back: `original(offset)`."""

    __slots__ = ("_starts", "text")

    def __init__(self, text: str) -> None:
        text = _UNFIT.sub(" ", text)
        self._starts: list[int] | None = None
        if is_normalized("NFC", text):
            self.text = text
        else:
            self.text, self._starts = _compose(text)

    def original(self, offset: int) -> int:
        """The offset in the original text of an offset in `text`."""
        return offset if self._starts is None else self._starts[min(offset, len(self._starts) - 1)]

    def reduced(self, offset: int) -> int:
        """The offset in `text` of an offset in the original."""
        return offset if self._starts is None else bisect_left(self._starts, offset)


def _compose(text: str) -> tuple[str, list[int]]:
    """NFC cluster by cluster; for each character of the result (and its end) where its cluster began."""
    composed: list[str] = []
    starts: list[int] = []
    begin = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and _continues(text[at]) and at - begin < 64:
            continue
        cluster = normalize("NFC", text[begin:at])
        composed.append(cluster)
        starts.extend([begin] * len(cluster))
        begin = at
    starts.append(len(text))
    return "".join(composed), starts


def _continues(character: str) -> bool:
    return combining(character) != 0 or "\u1160" <= character <= "\u11ff"

"""Personal data in Korean and English texts: found by its form, its check digit and the words around it."""

import re
from collections.abc import Iterator
from typing import Final

from pipeline.personal_data.addresses import ADDRESSES
from pipeline.personal_data.contacts import EMAILS, PHONES
from pipeline.personal_data.numbers import ACCOUNTS, CARDS, IDENTITY
from pipeline.personal_data.rule import PLAIN, Rule

# In order of trust: a kind keeps what it took, the next looks at the rest.
_RULES: Final[tuple[Rule, ...]] = (*EMAILS, *IDENTITY, *CARDS, *ACCOUNTS, *PHONES, *ADDRESSES)
# Without any of these no rule holds: most reviews end here.
_MAY_HOLD: Final = re.compile(
    r"[@\d]|골뱅이|[공영][\s.,-]{0,2}일|\bdot\b|\b(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[ ,.-]{1,3}"
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b",
    re.IGNORECASE,
)


def find(text: str) -> list[tuple[str, int, int]]:
    """(kind, start, end) in order, without overlaps; in time that grows as the text does.

    Form is all it knows: a number of another kind in the same form is found too, unless the text names it otherwise
    ("order number ..."). Names are not found. Service numbers such as 1588-0000 or 0800 are left: they are nobody's.
    """
    plain = text.translate(PLAIN)
    if not _MAY_HOLD.search(plain):
        return []
    found: list[tuple[str, int, int]] = []
    taken = bytearray(len(plain))
    for rule in _RULES:
        for start, end in _spans(rule, plain):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append((rule.kind, start, end))
    return sorted(found, key=lambda each: each[1])


def _spans(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    hidden = "hide" if "hide" in rule.pattern.groupindex else 0
    for match in rule.pattern.finditer(text):
        if rule.holds is None or rule.holds(match):
            yield match.span(hidden)

"""What is told in a channel, in words, whatever the channel; and how words of strangers become harmless in it."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

QUOTES: Final = 3
QUOTE_CHARACTERS: Final = 300
_TURNED_INTO_SOMETHING = re.compile(r"@(?=\w)|\](?=\()|(?<=\w):(?=//)")
"""What chat programs make mentions and links of."""


@dataclass(frozen=True)
class News:
    """An alert that opened, got worse or was not acknowledged, in the channel's language.

    event: alert.opened, alert.worse, alert.escalated or alert.test. quotes: what customers say, cut short. open: the
    label of the link. data: the alert as programs read it.
    """

    event: str
    title: str
    numbers: str
    about: str
    severity: int
    link: str
    open: str
    quotes: list[str]
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of it as plain text."""
        said = "".join(f"\n“{quote}”" for quote in self.quotes)
        return f"{self.title}\n{self.numbers}\n{self.about}\n{said}\n\n{self.open}: {self.link}"


def harmless(text: str) -> str:
    """The same to the eye, but no mention of everyone and no link: a zero-width space breaks both."""
    return _TURNED_INTO_SOMETHING.sub(lambda found: found[0] + "\u200b", text)


def cut(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"

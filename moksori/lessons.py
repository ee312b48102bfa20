"""What a tagger of the brand can learn from: corrections and stars; and what is still to be corrected."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from desk.corrections.book import corrected, corrections
from desk.corrections.said import NO
from nlp.adapt import Label
from pipeline.index import MAX_PAGE, Index
from pipeline.index.document import IndexDocument
from pipeline.index.query import Query

STARS: Final = 5_000
"""At most so many of the newest reviews with stars are learned from."""
LOOKED_AT: Final = 5_000
"""At most so many of the newest reviews are looked at for what is worth a label."""
_STAR_WEIGHT: Final = 0.25  # customers give stars for much that their words do not say


def from_corrections() -> Iterator[Label]:
    """What people said. The desk must be configured. Raises Unavailable."""
    for said in corrections():
        themes = {name: mood != NO for name, mood in said.themes.items()}
        yield Label(said.text, said.title, said.lang or None, said.source or None, said.sentiment or None, themes)


def from_stars(index: Index) -> Iterator[Label]:
    """One or two stars say negative, four or five positive, three nothing. Raises Unavailable."""
    for found in islice(_newest(index, Query(rating_min=0, rating_max=1, spam=False)), STARS):
        if found.rating is not None and abs(found.rating - 0.5) >= 0.2:
            yield Label(
                found.text, found.title, found.lang or None, found.source,
                "positive" if found.rating > 0.5 else "negative", weight=_STAR_WEIGHT, by_stars=True,
            )  # fmt: skip


def not_corrected(index: Index, since: datetime) -> list[IndexDocument]:
    """The newest reviews since then that nobody has corrected, at most LOOKED_AT. Raises Unavailable."""
    newest = list(islice(_newest(index, Query(since=since, spam=False)), LOOKED_AT))
    done = corrected([found.id for found in newest])
    return [found for found in newest if found.id not in done]


def _newest(index: Index, query: Query) -> Iterator[IndexDocument]:
    """The reviews with words that fit, newest first."""
    after: str | None = None
    while True:
        page = index.search(query, limit=MAX_PAGE, after=after)
        yield from (found for found in page.documents if found.text or found.title)
        after = page.next
        if after is None:
            return

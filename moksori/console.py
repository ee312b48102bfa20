"""Gives the console what the desk may not import: the tagger's search and themes, the crawlers' health, the ledger."""

from typing import Any
from zoneinfo import ZoneInfo

from pipeline.settings import Settings


def wire(settings: Settings) -> None:
    """Set the console's hooks. Nothing heavy is loaded before a page asks for it."""
    from desk.console import search, wiring

    search.terms = _SearchTerms(settings)
    wiring.theme_names = lambda: theme_names(settings)
    wiring.health_rows = lambda: health_rows(settings)
    wiring.ledger_rows = lambda: ledger_rows(settings)


class _SearchTerms:
    """Search terms from the tagger, which is loaded at the first search."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tagger: Any = None

    def __call__(self, text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
        if not text.strip():
            return ()
        if self._tagger is None:
            from moksori.tagging import BrandTagger

            self._tagger = BrandTagger(self._settings)
        terms: tuple[tuple[tuple[str, ...], ...], ...] = self._tagger.search_terms(text)
        return terms


def theme_names(settings: Settings) -> tuple[str, ...]:
    """The five themes and the brand's own."""
    from moksori.tagging import themes_of

    return themes_of(settings).names()


def health_rows(settings: Settings) -> list[dict[str, Any]]:
    """How the latest collection of each source ended."""
    from crawlers.health import latest

    zone = ZoneInfo(settings.brand.timezone)
    return [
        {
            "source": each.source,
            "state": each.state,
            "last_try": each.ended_at.astimezone(zone),
            "found": each.found,
            "published": each.published,
            "edited": each.edited,
            "deleted": each.deleted,
            "refused": each.refused,
            "problem": each.reason,
        }
        for each in latest(settings.state_dir)
    ]


def ledger_rows(settings: Settings) -> list[dict[str, Any]]:
    """The ledger, brought up to date."""
    from pipeline.index import open_index
    from pipeline.ledger import audit
    from pipeline.stream import open_stream

    stream, index = open_stream(settings.stream_url), open_index(settings.index_url)
    try:
        account = audit(stream, index, settings.state_dir, settings.brand.timezone)
    finally:
        stream.close()
        index.close()
    return [{**vars(row), "balanced": row.pending == 0 or account.on_the_way > 0} for row in account.rows]

"""Which sources are due: when each was last collected, and how often it should be."""

from collections.abc import Sequence
from datetime import datetime

from crawlers.health import Collection
from crawlers.registry import Source


def due(sources: Sequence[Source], collections: Sequence[Collection], now: datetime) -> list[str]:
    """Names of the sources to collect now. A source that was never collected is due; one that pushes to us never is."""
    last = {each.source: each.started_at for each in collections}
    return [
        source.name
        for source in sources
        if source.enabled
        and source.kind != "webhook"
        and (source.name not in last or last[source.name] + source.every <= now)
    ]

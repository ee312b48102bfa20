"""The crawl scheduler: collects each source when it is due, one round after the other."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from crawlers.collect import collect
from crawlers.health import Collection, latest
from crawlers.registry import Source, load_sources
from pipeline.errors import Unavailable
from pipeline.metrics import HealthFile
from pipeline.settings import Settings
from pipeline.stream import open_stream

log = logging.getLogger(__name__)

_LOOK_EVERY_S: Final = 5


def due(sources: Sequence[Source], collections: Sequence[Collection], now: datetime) -> list[Source]:
    """The sources to collect now. One that was never collected is due; one that pushes to us never is."""
    last = {each.source: each.started_at for each in collections}
    return [
        source
        for source in sources
        if source.enabled
        and source.kind != "webhook"
        and (source.name not in last or last[source.name] + source.every <= now)
    ]


def due_now(settings: Settings) -> list[Source]:
    """The declared sources that are due. Raises SettingsError for a faulty sources.yaml."""
    file = settings.config_dir / "sources.yaml"
    sources = load_sources(file) if file.exists() else []
    return due(sources, latest(settings.state_dir), datetime.now(UTC))


class CrawlScheduler:
    """Collects until stop(); a collection that runs is finished first. sources.yaml is read again before each round."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._health = HealthFile(settings.state_dir, "crawl")

    def stop(self) -> None:
        """End run() after the collection in hand. Safe to call from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stop()."""
        stream = open_stream(self._settings.stream_url)
        try:
            while not self._stopping.is_set():
                for source in due_now(self._settings):
                    if self._stopping.is_set():
                        break
                    self._health.write(f"collecting {source.name}", always=True)
                    try:
                        (ended,) = collect(
                            [source], stream, self._settings.state_dir, progress=lambda name, count: self._alive(name)
                        )
                        log.info("%s: %s %s", source.name, ended.state, ended.reason)
                    except Unavailable as error:
                        log.warning("%s waits: %s", source.name, error)
                self._health.write("idle", always=True)
                self._stopping.wait(_LOOK_EVERY_S)
        finally:
            self._health.remove()
            stream.close()

    def _alive(self, source: str) -> None:
        self._health.write(f"collecting {source}")

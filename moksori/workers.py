"""Builds the worker of a stage from the settings and runs it in this process until a signal."""

import logging
import signal
from collections.abc import Callable
from typing import Literal, Protocol

from pipeline.errors import SettingsError
from pipeline.settings import Settings
from pipeline.worker import Progress, Worker

log = logging.getLogger(__name__)
Name = Literal["tag", "index", "desk", "alert", "crawl"]


class Stoppable(Protocol):
    """Something that runs until it is told to stop."""

    def run(self) -> None: ...
    def stop(self) -> None: ...


def build(name: Name, settings: Settings, on_progress: Callable[[Progress], None]) -> Stoppable:
    """The worker of a stage, ready to run. Raises SettingsError."""
    if name == "alert":
        from desk.setup import configure
        from moksori.alert_scheduler import AlertScheduler

        configure()
        return AlertScheduler(settings)
    if name == "crawl":
        from moksori.crawl_scheduler import CrawlScheduler

        return CrawlScheduler(settings)
    from pipeline.stream import open_stream

    if name == "tag":
        from moksori.stages import tag_stage
        from moksori.tagging import BrandTagger

        stage = tag_stage(BrandTagger(settings))
    elif name == "index":
        from moksori.stages import index_stage
        from pipeline.index import open_index

        stage = index_stage(open_index(settings.index_url))
    else:
        from desk.setup import configure
        from moksori.stages import desk_stage

        configure()
        stage = desk_stage()
    stream = open_stream(settings.stream_url)
    return Worker(stage, stream, settings.state_dir, batch=settings.worker.batch, on_progress=on_progress)


def run(name: Name, settings: Settings, on_progress: Callable[[Progress], None] = lambda progress: None) -> None:
    """Run a worker until SIGTERM or SIGINT, after the batch in hand. Metrics are served when a port is set."""
    if settings.worker.metrics_port:
        from prometheus_client import start_http_server

        try:
            start_http_server(settings.worker.metrics_port)
        except OSError as error:
            raise SettingsError(f"worker.metrics_port: {settings.worker.metrics_port}: {error.strerror}") from None
    worker = build(name, settings, on_progress)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()

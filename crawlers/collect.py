"""Runs the spiders of some sources in this process, and tells how each collection ended."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self

from filelock import FileLock, Timeout
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.resolver import CachingThreadedResolver
from scrapy.settings import Settings
from scrapy.utils.misc import load_object
from scrapy.utils.reactor import install_reactor

from crawlers.checkpoints import Checkpoints, now
from crawlers.found import Found, Gone, Refused
from crawlers.health import Collection, record
from crawlers.identity import author_key
from crawlers.publish import Origin, Publisher
from crawlers.registry import KINDS, MastodonSource, Source
from crawlers.settings import USER_AGENT, scrapy_settings
from crawlers.spiders.base import Before, SourceSpider
from pipeline.errors import SettingsError
from pipeline.stream import Stream

_log = logging.getLogger(__name__)
_REACTOR: Final = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
_LIMITS: Final = {"closespider_timeout": "limits.seconds", "closespider_pagecount": "limits.pages"}

Progress = Callable[[str, int], None]


class PublishPipeline:
    """Hands what a spider yields to the one who ordered the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        assert isinstance(crawler.spider, SourceSpider)
        self._take = crawler.spider.take

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_item(self, item: Found | Gone | Refused) -> Found | Gone | Refused:
        self._take(item)
        return item


class _Crawl:
    """One collection of one source, from its memory to its record."""

    def __init__(
        self, source: Source, publisher: Publisher, checkpoints: Checkpoints, since: datetime | None,
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.source = source
        self.origin = Origin(source.name, source.brand, source.review_kind, source.product, source.redact)
        self._publisher = publisher
        self._checkpoints = checkpoints
        self._since = since
        self._progress = progress
        self._started_at = now()

    def take(self, item: Found | Gone | Refused) -> None:
        match item:
            case Found():
                self._publisher.publish(item, self.origin)
            case Gone():
                self._publisher.delete(item, self.origin)
            case Refused():
                self._publisher.refuse(item, self.source.name)
        if self._progress:
            self._progress(self.source.name, self._publisher.tally.found)

    async def run(self) -> Collection:
        spider_class = load_object(KINDS[self.source.kind].replace(":", "."))
        settings = Settings(scrapy_settings(self.source, os.environ.get("MOKSORI_USER_AGENT", USER_AGENT)))
        crawler = Crawler(spider_class, settings)
        await AsyncCrawlerRunner(settings).crawl(crawler, self.source, self._before(), self.take, self._since)
        return self._end(crawler)

    def _before(self) -> Before:
        name = self.source.name
        recent = []
        if isinstance(self.source, MastodonSource):
            recent = self._checkpoints.recent(name, self._started_at - self.source.recheck)
        return Before(self._checkpoints.marks(name), self._checkpoints.yields(name), recent)

    def _end(self, crawler: Crawler) -> Collection:
        """Flush, then move the marks, then tell: in this order nothing is remembered that the stream has not got."""
        spider = crawler.spider
        assert isinstance(spider, SourceSpider)
        reason = crawler.stats.get_value("finish_reason")
        if reason != "finished":
            limit = _LIMITS.get(str(reason), str(reason))
            spider.cut_short = True
            spider.fault("partial", f"stopped before the end ({limit})")
        for error in _callback_errors(crawler):
            spider.fault("broken", error)
        spider.finish()
        tally = self._publisher.tally
        if tally.refused and tally.refused >= tally.found:
            spider.fault("broken", f"all {tally.refused} items were refused")
        self._publisher.flush()
        if self._since is None and not spider.cut_short:  # with --since a crawl has not seen all before its marks
            self._checkpoints.advance(self.source.name, spider.marks if spider.whole else {}, spider.yields)
        return Collection(
            source=self.source.name, state=spider.faults.state, reason=spider.faults.reason,
            fetched_pages=spider.fetched_pages, found=tally.found, published=tally.published,
            unchanged=tally.unchanged, edited=tally.edited, deleted=tally.deleted, refused=tally.refused,
            started_at=self._started_at, ended_at=now(),
        )  # fmt: skip


def _callback_errors(crawler: Crawler) -> list[str]:
    """Exceptions that a spider's own code raised: faults of ours, told as such."""
    prefix = "spider_exceptions/"
    names = [key.removeprefix(prefix) for key in crawler.stats.get_stats() if key.startswith(prefix)]
    return [f"the spider failed with {name}; run it with --debug" for name in names if name != "count"]


def collect(
    sources: Sequence[Source], stream: Stream, state_dir: Path, *, since: datetime | None = None,
    progress: Progress | None = None,
) -> list[Collection]:  # fmt: skip
    """Collect these sources now, and return how each ended, in their order. Sources that push to us are left out.

    since: only reviews of then or later, however far earlier collections came. progress: called with the source's
    name and how many reviews were found so far. Sources of one host are read one after another, others side by side.
    Waits while the stream is down.
    """
    pulled = [source for source in sources if source.kind in KINDS]
    if not pulled:
        return []
    key = author_key(state_dir)
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)  # the collection tells it, in our words

    async def one(source: Source) -> Collection:
        try:
            with FileLock(state_dir / f"{source.name}.lock", timeout=0), Checkpoints(state_dir) as checkpoints:
                crawl = _Crawl(source, Publisher(stream, checkpoints, key), checkpoints, since, progress)
                ended = await crawl.run()
                record(state_dir, ended)
                return ended
        except Timeout:
            moment = now()
            reason = "another process is collecting this source now"
            return Collection(source=source.name, state="partial", reason=reason, started_at=moment, ended_at=moment)

    async def in_turn(group: list[Source]) -> list[Collection]:
        return [await one(source) for source in group]

    async def side_by_side() -> list[Collection]:
        ended = await asyncio.gather(*(in_turn(group) for group in _by_host(pulled)))
        by_name = {collection.source: collection for group in ended for collection in group}
        return [by_name[source.name] for source in pulled]

    return _event_loop().run_until_complete(side_by_side())


def _by_host(sources: Sequence[Source]) -> list[list[Source]]:
    """Sources in groups that share no host."""
    groups: list[tuple[set[str], list[Source]]] = []
    for source in sources:
        hosts, members = set(source.hosts), [source]
        for group in [group for group in groups if group[0] & hosts]:
            groups.remove(group)
            hosts |= group[0]
            members = group[1] + members
        groups.append((hosts, members))
    return [members for _, members in groups]


def _event_loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process's Twisted reactor, started on first use.

    A reactor can be run once only. Its event loop can be run again and again, so that a process may collect as often
    as it likes: we start the reactor's services and drive the loop ourselves.
    """
    install_reactor(_REACTOR)
    from twisted.internet import reactor

    loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop
    if loop.is_running():
        raise SettingsError("collect() runs already in this process. Start another process to collect side by side")
    if not reactor.running:
        reactor.startRunning(installSignalHandlers=False)
        # Its threads look up host names. Nobody stops our reactor, so they must not keep the process alive.
        reactor.getThreadPool().threadFactory = partial(threading.Thread, daemon=True)
        CachingThreadedResolver(reactor, cache_size=10_000, timeout=30).install_on_reactor()
    return loop

"""What every spider shares: its source, what was known before, and telling how each request failed."""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawlers.addresses import PrivateAddress
from crawlers.found import Found, Gone, Refused
from crawlers.health import Faults, State
from crawlers.patience import AskedToWait
from crawlers.registry import Source

S = TypeVar("S", bound=Source)
Take = Callable[[Found | Gone | Refused], None]
_LOGIN_FORM: Final = re.compile(rb"<input[^>]{0,200}type\s*=\s*[\"']?password", re.IGNORECASE)
_LOGIN_PATH: Final = re.compile(r"/(login|log-in|signin|sign-in|auth|member/login)\b", re.IGNORECASE)


@dataclass(slots=True)
class Before:
    """What is remembered from earlier collections. recent: ids of reviews that are to be read again."""

    marks: Mapping[str, str] = field(default_factory=dict)
    yields: Mapping[str, int] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)


class SourceSpider(scrapy.Spider, ABC, Generic[S]):
    """A crawl of one source. It yields Found, Gone and Refused, notes faults, and sets marks for the next time.

    marks and yields count only when the crawl comes to its end and the stream has acknowledged everything.
    """

    name = "source"
    source: S

    def __init__(self, source: S, before: Before, take: Take, since: datetime | None = None) -> None:
        super().__init__(name=source.name)
        self.source = source
        self.before = before
        self.take = take
        self.since = since
        self.faults = Faults()
        self.marks: dict[str, str] = {}
        self.yields: dict[str, int] = {}
        self.fetched_pages = 0
        self._asked_pages = 0
        self.allowed_domains = sorted({host.split(":")[0] for host in source.hosts})
        self.whole = True  # False: something is missing, so marks must not move
        self.cut_short = False  # True: a limit ended it, so that counts say nothing

    @classmethod
    def from_crawler(cls, crawler: Crawler, *arguments: Any, **named: Any) -> Self:
        spider = super().from_crawler(crawler, *arguments, **named)
        crawler.signals.connect(spider.dropped, signal=signals.request_dropped)
        return spider

    def dropped(self, request: scrapy.Request) -> None:
        """Scrapy leaves out in silence what was asked for already. A redirect to where it came from is a circle."""
        if scrapy.Request(request.url).url in request.meta.get("redirect_urls", []):
            self.circle(request)

    def circle(self, request: scrapy.Request) -> None:
        self.fault("partial", f"{shown(request.meta.get('redirect_urls', [request.url])[0])} redirects in a circle")

    async def start(self) -> AsyncIterator[Any]:
        for request in self.first_requests():
            yield request

    @abstractmethod
    def first_requests(self) -> list[scrapy.Request]:
        """Where the crawl begins."""

    def finish(self) -> None:
        """Called once when the crawl is over, to compare what was read with what was to be expected."""

    def fault(self, state: State, reason: str) -> None:
        """Note what went wrong; from then on this crawl does not count as whole."""
        self.faults.add(state, reason)
        if state != "ok":
            self.whole = False

    def wanted(self, moment: datetime | None) -> bool:
        """Whether a review of this time is to be collected (--since)."""
        return self.since is None or moment is None or moment >= self.since

    def request(self, url: str, callback: Any, **arguments: Any) -> scrapy.Request | None:
        """A request, or None when the source's limit of pages is reached."""
        if self._asked_pages >= self.source.limits.pages:
            self.cut_short = True
            self.fault("partial", f"stopped after {self.source.limits.pages} pages (limits.pages)")
            return None
        self._asked_pages += 1
        return scrapy.Request(url, callback=callback, errback=self.failed, cb_kwargs=arguments)

    def page(self, response: Response) -> bool:
        """Count a page that came; False when it is a login page in disguise."""
        self.fetched_pages += 1
        if _LOGIN_PATH.search(urlsplit(response.url).path) or _LOGIN_FORM.search(response.body[:500_000]):
            self.fault("blocked", f"login wall at {shown(response.url)}")
            return False
        return True

    async def failed(self, failure: Failure) -> Any:
        """Errback of every request: sort the failure by who must act."""
        error: Any = failure.value
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy
        url = shown(request.url)
        if isinstance(error, HttpError):
            self.fetched_pages += 1
            self.http_error(error.response, request)
        elif isinstance(error, AskedToWait):
            self.fault("blocked", f"{error} at {url}")
        elif isinstance(error, PrivateAddress):
            self.fault("blocked", f"{error}. Set allow_private: true if that is meant")
        elif isinstance(error, IgnoreRequest) and "robots" in str(error):
            self.robots_refused(request, url)
        elif isinstance(error, IgnoreRequest) and "redirection" in str(error).lower():
            self.circle(request)
        else:
            reason = str(error).splitlines()[0][:150] if str(error) else type(error).__name__
            self.fault("partial" if self.fetched_pages else "broken", f"{url}: {reason}")

    def http_error(self, response: Response, request: scrapy.Request) -> None:
        """A status that is no success, after all retries."""
        url = shown(request.url)
        if response.status in (401, 403, 407, 429, 451):
            self.fault("blocked", f"HTTP {response.status} at {url}")
        elif response.status in (404, 410) and not self.is_first(request):
            self.faults.add("ok", f"HTTP {response.status} at {url}")
        else:
            self.fault("partial" if self.fetched_pages > 1 else "broken", f"HTTP {response.status} at {url}")

    def robots_refused(self, request: scrapy.Request, url: str) -> None:
        """robots.txt keeps us out: of the source when it is where we begin, else of a page that we then leave out."""
        if self.is_first(request):
            self.fault("blocked", f"robots.txt refuses {url}")
        else:
            self.faults.add("ok", f"left out by robots.txt: {url}")

    def is_first(self, request: scrapy.Request) -> bool:
        """Whether this is a request that the crawl began with."""
        return request.meta.get("redirect_urls", [request.url])[0] in {first.url for first in self.first_requests()}


def shown(url: str) -> str:
    """An address for messages: without what may be secret in it."""
    parts = urlsplit(url)
    host = parts.netloc.rsplit("@", 1)[-1]
    return urlunsplit((parts.scheme, host, parts.path, "", "")) + ("?…" if parts.query else "")

"""Sends failed requests again, and waits as long as the server asks, for all requests to that host."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response
from scrapy.http.headers import Headers
from scrapy.utils.misc import load_object

_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
_FIRST_WAIT_S: Final = 0.5


class AskedToWait(IgnoreRequest):
    """The server asks for a longer wait than the source's limits allow."""


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that these response headers (lower case) ask to wait; None where they do not say.

    Reads Retry-After (seconds or a date) and, when nothing is left, X-RateLimit-Reset (ISO 8601, seconds since 1970,
    or seconds from now).
    """
    if (after := headers.get("retry-after", "").strip()) and (seconds := _seconds_until(after, now)) is not None:
        return seconds
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        return _seconds_until(headers.get("x-ratelimit-reset", "").strip(), now)
    return None


def _seconds_until(value: str, now: datetime) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return _seconds_until_date(value, now)
    if not 0 <= number < 1e11:
        return None
    return number if number < 1e9 else max(0.0, number - now.timestamp())


def _seconds_until_date(value: str, now: datetime) -> float | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError, OverflowError):
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    return None


class Patience:
    """Retries with growing pauses; a pause that the server asks for holds back every request to its host."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._longest_wait = crawler.settings.getfloat("MOKSORI_LONGEST_WAIT")
        self._delay = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self._not_before: dict[str, float] = defaultdict(float)  # host -> time of the event loop
        self._errors = tuple(load_object(name) for name in crawler.settings.getlist("RETRY_EXCEPTIONS"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        while (wait := self._not_before[_host(request)] - loop.time()) > 0:
            await asyncio.sleep(wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        wait = asked_wait(_plain(response.headers), datetime.now(UTC))
        failed = response.status in _AGAIN
        if wait is not None and wait > self._longest_wait:
            if failed:
                raise AskedToWait(f"HTTP {response.status} asks to wait {wait:,.0f} s, more than limits.wait_s")
            wait = self._longest_wait
        if wait:
            self._hold(request, wait)
        if not failed:
            return response
        return await self._again(request, f"HTTP {response.status}", pause=wait is None) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, self._errors):
            return None
        return await self._again(request, type(exception).__name__, pause=True)

    def _hold(self, request: Request, seconds: float) -> None:
        until = asyncio.get_running_loop().time() + seconds
        self._not_before[_host(request)] = max(self._not_before[_host(request)], until)

    async def _again(self, request: Request, reason: str, *, pause: bool) -> Request | None:
        assert self._crawler.spider is not None
        retry = get_retry_request(request, spider=self._crawler.spider, reason=reason, give_up_log_level="DEBUG")
        if retry is not None and pause:
            # a source without delay is a local one: there is nobody to spare
            base = min(_FIRST_WAIT_S, self._delay)
            seconds = base * 2 ** request.meta.get("retry_times", 0)
            await asyncio.sleep(seconds * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, no secret)
        return retry


def _host(request: Request) -> str:
    return urlsplit(request.url).netloc


def _plain(headers: Headers) -> dict[str, str]:
    return {name.decode("latin-1").lower(): values[-1].decode("latin-1") for name, values in headers.items() if values}

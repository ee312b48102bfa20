"""Reads a shop: category pages lead to product pages, which carry paged schema.org reviews."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urldefrag, urljoin, urlsplit

from scrapy.http import HtmlResponse, Response

from crawlers.registry import ShopSource
from crawlers.schema_org import parse_reviews
from crawlers.spiders.base import SourceSpider, shown

_ENOUGH: Final = 5
"""Reviews that a page must have held before its shrinking means something."""


class ShopPages(SourceSpider[ShopSource]):
    """Reads all of it every time: what shops print has no order to rely on. What is known is not published again."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._product_link = re.compile(self.source.product_links)

    def first_requests(self) -> list[Any]:
        return [self.request(url, self.parse_list) for url in self.source.start]

    def parse_list(self, response: Response) -> Iterator[Any]:
        """A category page; a product page when the source names one as its start."""
        if not self.page(response) or not isinstance(response, HtmlResponse):
            return
        yield from self._reviews(response, urldefrag(response.url)[0])
        for link in self._links(response, "a"):
            if self._product_link.search(urlsplit(link).path):
                yield self.request(link, self.parse_product, product_url=link)
        for link in self._links(response, self.source.next_links):
            yield self.request(link, self.parse_list)

    def parse_product(self, response: Response, product_url: str) -> Iterator[Any]:
        """One page of a product's reviews."""
        if not self.page(response):
            return
        yield from self._reviews(response, product_url)
        if isinstance(response, HtmlResponse):
            for link in self._links(response, self.source.next_links):
                yield self.request(link, self.parse_product, product_url=product_url)

    def _reviews(self, response: Response, url: str) -> Iterator[Any]:
        page = parse_reviews(response.body, url, self.source.zone, getattr(response, "encoding", None))
        yield from page.refused
        yield from (found for found in page.reviews if self.wanted(found.created_at))
        if page.reviews:
            key = _key(url)
            self.yields[key] = self.yields.get(key, 0) + len(page.reviews)
        elif page.unreadable:
            self.fault("partial", f"structured data of {shown(response.url)} cannot be read")

    def _links(self, response: HtmlResponse, css: str) -> list[str]:
        hrefs = [element.attrib.get("href", "").strip() for element in response.css(css)]
        joined = [urldefrag(urljoin(response.url, href))[0] for href in hrefs if href]
        here = {urlsplit(response.url).netloc.lower(), *self.source.hosts}
        return list(dict.fromkeys(link for link in joined if urlsplit(link).netloc.lower() in here))

    def finish(self) -> None:
        """A page that shrank, and a shop without reviews, are faults: pages change, reviews seldom vanish.

        What a page is expected to hold sinks with each collection, so that a change that lasts is accepted in the end.
        """
        before, held = sum(self.before.yields.values()), sum(self.yields.values())
        if self.since is not None or self.cut_short:
            return
        if held == 0:
            text = f"where there were {before}" if before else "check `start` and `product_links`"
            self.fault("broken", f"{self.fetched_pages} pages and no review on them, {text}")
            return
        if held < before / 2:
            self.faults.add("broken", f"{held} reviews, where there were {before}")
        for key, expected in self.before.yields.items():
            if expected >= _ENOUGH and self.yields.get(key, 0) < expected / 2:
                self.faults.add("partial", f"{key} held {expected} reviews, now {self.yields.get(key, 0)}")
                self.yields[key] = max(self.yields.get(key, 0), int(expected * 0.8))


def _key(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")

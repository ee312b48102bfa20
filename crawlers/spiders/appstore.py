"""Reads the public review feed of an app on the App Store (JSON, and XML where the JSON comes empty)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree

from scrapy.http import Response

from crawlers.found import Found, Refused
from crawlers.registry import AppStoreSource
from crawlers.spiders.base import SourceSpider
from crawlers.times import read_time

LAST_PAGE: Final = 10
"""The feed ends there: 500 reviews of each app and country. Page 11 is an error."""
_ATOM: Final = "{http://www.w3.org/2005/Atom}"
_IM: Final = "{http://itunes.apple.com/rss}"


@dataclass(slots=True)
class FeedPage:
    """One page of a feed. entries counts what claims to be a review, also if it is refused."""

    reviews: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def entries(self) -> int:
        return len(self.reviews) + len(self.refused)


def parse_json(body: bytes, country: str) -> FeedPage:
    """The reviews of a JSON page. Raises ValueError when it is no such page.

    `entry` is absent with no review and an object with one; the first may describe the app, so what counts is a rating.
    """
    try:
        feed = json.loads(body.decode("utf-8-sig", "replace"))["feed"]
        entries = feed.get("entry", [])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("no review feed in JSON") from None
    page = FeedPage()
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict) or "im:rating" not in entry:
            continue
        values = {name: _label(entry, *path) for name, path in _PATHS.items()}
        _add(
            page, values, country, lambda entry=entry: json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace")
        )
    return page


_PATHS: Final = {
    "id": ("id",), "title": ("title",), "text": ("content",), "author": ("author", "name"), "rating": ("im:rating",),
    "version": ("im:version",), "updated": ("updated",),
}  # fmt: skip


def _label(entry: dict[str, Any], *path: str) -> str:
    value: Any = entry
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, list):  # two contents, as in the XML form: the first is plain text
        value = value[0] if value else None
    label = value.get("label") if isinstance(value, dict) else None
    return label if isinstance(label, str) else ""


def parse_xml(body: bytes, country: str) -> FeedPage:
    """The reviews of an XML page. Raises ValueError when it is no such page."""
    if b"<!DOCTYPE" in body[:2000] or b"<!ENTITY" in body:
        raise ValueError("the feed declares entities, which no feed needs")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError:
        raise ValueError("no review feed in XML") from None
    if root.tag != f"{_ATOM}feed":
        raise ValueError("no review feed in XML")
    page = FeedPage()
    for entry in root.iter(f"{_ATOM}entry"):
        if entry.find(f"{_IM}rating") is None:
            continue
        text = next((c for c in entry.iter(f"{_ATOM}content") if c.get("type", "text") == "text"), None)
        values = {
            "id": entry.findtext(f"{_ATOM}id", ""), "title": entry.findtext(f"{_ATOM}title", ""),
            "text": (text.text or "") if text is not None else "",
            "author": entry.findtext(f"{_ATOM}author/{_ATOM}name", ""), "rating": entry.findtext(f"{_IM}rating", ""),
            "version": entry.findtext(f"{_IM}version", ""), "updated": entry.findtext(f"{_ATOM}updated", ""),
        }  # fmt: skip
        _add(page, values, country, lambda entry=entry: ElementTree.tostring(entry))
    return page


def _add(page: FeedPage, values: dict[str, str], country: str, original: Any) -> None:
    try:
        page.reviews.append(_review(values, country))
    except ValueError as error:
        page.refused.append(Refused(str(error), original()))


def _review(values: dict[str, str], country: str) -> Found:
    if not values["id"]:
        raise ValueError("this entry has no id")
    rating = values["rating"]
    if rating not in ("1", "2", "3", "4", "5"):
        raise ValueError(f"rating {rating!r:.40} is not 1 to 5")
    updated = read_time(values["updated"], UTC)
    return Found(
        external_id=values["id"].rsplit("/", 1)[-1], title=values["title"], text=values["text"],
        author=values["author"] or None, rating=(int(rating) - 1) / 4, created_at=updated, edited_at=updated,
        product_version=values["version"] or None, location=country,
    )  # fmt: skip


class AppStoreFeed(SourceSpider[AppStoreSource]):
    """Reads page after page, newest first, until a whole page is older than what the last whole crawl saw."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._newest: dict[str, datetime] = {}

    def first_requests(self) -> list[Any]:
        return [self._page(country, 1) for country in self.source.countries]

    def _page(self, country: str, number: int, form: str = "json", attempt: int = 0) -> Any:
        url = (
            f"{self.source.base_url.rstrip('/')}/{country}/rss/customerreviews/page={number}/id={self.source.app_id}"
            f"/sortby=mostrecent/{form}"
        )
        request = self.request(url, self.parse_page, country=country, number=number, form=form, attempt=attempt)
        return request.replace(dont_filter=True) if request else None  # an empty page is asked for again

    def parse_page(self, response: Response, country: str, number: int, form: str, attempt: int) -> Iterator[Any]:
        if not self.page(response):
            return
        try:
            page = (parse_json if form == "json" else parse_xml)(response.body, country)
        except ValueError as error:
            self.fault("broken" if number == 1 else "partial", f"{country} page {number}: {error}")
            return
        yield from page.refused
        if not page.entries:
            yield self._after_empty(country, number, form, attempt)
            return
        yield from (found for found in page.reviews if self.wanted(found.created_at))
        self.yields[country] = self.yields.get(country, 0) + page.entries
        times = [found.created_at for found in page.reviews if found.created_at]
        if times:
            self._newest[country] = max(self._newest.get(country, times[0]), *times)
        if number < LAST_PAGE and not self._is_known(country, times):
            yield self._page(country, number + 1)

    def _after_empty(self, country: str, number: int, form: str, attempt: int) -> Any:
        """An empty page is no proof of the end: the JSON form comes empty now and then while the XML form is full."""
        if form == "json":
            return self._page(country, number, *(("json", 1) if attempt == 0 else ("xml", 0)))
        if number == 1 and self.before.yields.get(country):
            self.fault("broken", f"{country}: the feed is empty, where it held {self.before.yields[country]} reviews")
        return None

    def _is_known(self, country: str, times: list[datetime]) -> bool:
        """Whether a page holds nothing newer than the mark. A tie is read again: never missed."""
        if not times:
            return False
        if self.since is not None:
            return max(times) < self.since
        mark = self.before.marks.get(country)
        return mark is not None and max(times) < datetime.fromisoformat(mark)

    def finish(self) -> None:
        for country, newest in self._newest.items():
            mark = self.before.marks.get(country)
            if self.since is None and (mark is None or newest > datetime.fromisoformat(mark)):
                self.marks[country] = newest.isoformat()
        # Known how many a whole feed holds, not how many an update read.
        for country, count in self.before.yields.items():
            self.yields[country] = max(count, self.yields.get(country, 0))

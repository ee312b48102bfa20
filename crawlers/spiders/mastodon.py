"""Reads public posts with a hashtag from a Mastodon server, and looks at recent ones again for edits and deletions."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from scrapy.http import Request, Response
from w3lib.html import remove_tags

from crawlers.checkpoints import now
from crawlers.found import Found, Gone, Refused
from crawlers.registry import MastodonSource
from crawlers.spiders.base import SourceSpider
from crawlers.times import read_time
from pipeline.secret_references import read_secret

PAGE: Final = 40
"""Posts on one page, the most that servers give."""
RECHECKED: Final = 150
"""Recent posts that one collection reads again at most: half of what a server allows in five minutes."""
_LINK: Final = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="(next|prev)"')
_MENTION: Final = re.compile(
    r'<a\b[^>]{0,500}\bclass="[^"]{0,100}\bmention\b(?![^"]{0,100}\bhashtag)[^>]{0,500}>.{0,500}?</a>', re.DOTALL
)
_BREAK: Final = re.compile(r"<br\s*/?>|</p>\s*<p[^>]{0,100}>", re.IGNORECASE)


@dataclass(slots=True)
class Page:
    """A page of a timeline. ids: of all posts on it, also boosts and refused ones."""

    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def parse_page(body: bytes, server: str) -> Page:
    """The posts of a page, newest first. Raises ValueError when it is no such page."""
    try:
        statuses = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("no JSON") from None
    if not isinstance(statuses, list):
        raise ValueError("no list of posts")
    page = Page()
    for status in statuses:
        identifier = status.get("id") if isinstance(status, dict) else None
        if isinstance(identifier, str) and identifier:
            page.ids.append(identifier)
        try:
            if (found := parse_status(status, server)) is not None:
                page.found.append(found)
        except ValueError as error:
            page.refused.append(Refused(str(error), json.dumps(status, ensure_ascii=False).encode("utf-8", "replace")))
    return page


def parse_status(status: Any, server: str) -> Found | None:
    """One post; None for a boost, which says nothing of its own. Raises ValueError."""
    if not isinstance(status, dict) or not isinstance(status.get("id"), str) or not status["id"]:
        raise ValueError("a post without id")
    if status.get("reblog"):
        return None
    content, account = status.get("content"), status.get("account")
    if not isinstance(content, str):
        raise ValueError("a post without content")
    created_at = read_time(status.get("created_at"), UTC)
    if created_at is None:
        raise ValueError("a post without created_at")
    author = account.get("acct") if isinstance(account, dict) else None
    warning, language = status.get("spoiler_text"), status.get("language")
    return Found(
        external_id=status["id"], text=plain_text(content), title=warning if isinstance(warning, str) else "",
        author=author if isinstance(author, str) else None, created_at=created_at,
        edited_at=read_time(status.get("edited_at"), UTC) or created_at,
        lang=language if isinstance(language, str) else None,
        url=f"{server.rstrip('/')}/web/statuses/{quote(status['id'], safe='')}",  # the usual link names the author
    )  # fmt: skip


def plain_text(content: str) -> str:
    """A post's HTML as text. Other people's names are personal data: a mention becomes @…"""
    return html.unescape(remove_tags(_BREAK.sub("\n", _MENTION.sub("@…", content)))).strip()


def next_link(header: str, rel: str) -> str | None:
    """The address that a Link header gives for a direction."""
    return next((url for url, name in _LINK.findall(header) if name == rel), None)


def newer(one: str, other: str) -> str:
    """The later of two ids. They are opaque and of growing length: order by length, then as text."""
    return max(one, other, key=lambda identifier: (len(identifier), identifier))


class HashtagTimeline(SourceSpider[MastodonSource]):
    """The first time it walks back from the newest post to the end of `history`, later forward from the mark.

    Walking forward by min_id leaves no gap, however many posts came meanwhile.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._newest: dict[str, str] = dict(self.before.marks)
        self._oldest = self.since or now() - self.source.history
        self._headers = {"Authorization": f"Bearer {read_secret(self.source.token)}"} if self.source.token else {}
        self._server = self.source.server.rstrip("/")

    def first_requests(self) -> list[Any]:
        return [self._timeline(hashtag) for hashtag in self.source.hashtags]

    def _timeline(self, hashtag: str) -> Request | None:
        mark = self.before.marks.get(hashtag)
        forward = mark is not None and self.since is None
        query = urlencode({"limit": PAGE, **({"min_id": mark} if forward else {})})
        url = f"{self._server}/api/v1/timelines/tag/{quote(hashtag)}?{query}"
        return self._authorized(self.request(url, self.parse_timeline, hashtag=hashtag, forward=forward))

    def _authorized(self, request: Request | None) -> Request | None:
        return request.replace(headers=self._headers) if request else None

    def parse_timeline(self, response: Response, hashtag: str, forward: bool) -> Iterator[Any]:
        if not self.page(response):
            return
        try:
            page = parse_page(response.body, self._server)
        except ValueError as error:
            self.fault("broken", f"#{hashtag}: {error}")
            return
        yield from page.refused
        fresh = [found for found in page.found if found.created_at is None or found.created_at >= self._oldest]
        yield from (found for found in (page.found if forward else fresh) if self.wanted(found.created_at))
        for identifier in page.ids:
            self._newest[hashtag] = newer(self._newest.get(hashtag, ""), identifier)
        if not page.ids and hashtag not in self._newest:
            self.fault("partial", f"no post with #{hashtag}; is it written so, or does the server ask for a token?")
        if not page.ids or (not forward and page.found and not fresh):
            return
        header = (response.headers.get("Link") or b"").decode("latin-1")
        link = next_link(header, "prev" if forward else "next")
        if link is None:
            return
        if urlsplit(link).netloc != urlsplit(self._server).netloc:
            self.fault("broken", f"#{hashtag}: the next page lies on another server")  # it must not get our token
            return
        yield self._authorized(self.request(link, self.parse_timeline, hashtag=hashtag, forward=forward))

    async def start(self) -> Any:
        async for request in super().start():
            yield request
        for review_id in self.before.recent[::-1][:RECHECKED]:
            identifier = review_id.split(":", 1)[1]
            url = f"{self._server}/api/v1/statuses/{quote(identifier, safe='')}"
            request = self._authorized(self.request(url, self.parse_again, identifier=identifier))
            if request is not None:
                yield request.replace(meta={"handle_httpstatus_list": [404, 410]})

    def parse_again(self, response: Response, identifier: str) -> Iterator[Any]:
        """A recent post, looked at again."""
        self.fetched_pages += 1
        try:
            status = json.loads(response.body)
            if response.status in (404, 410):
                if not isinstance(status, dict) or "error" not in status:
                    raise ValueError("is answered by something that is not Mastodon")
                yield Gone(identifier)
            elif (found := parse_status(status, self._server)) is not None:
                yield found
        except (ValueError, RecursionError) as error:
            # A page of an error, a proxy or another program is no proof that a post is gone.
            self.fault("partial", f"post {identifier}: {error}")

    def finish(self) -> None:
        self.marks = self._newest

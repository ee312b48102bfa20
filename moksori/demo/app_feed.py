"""The review feed of the invented brand's app, in the shape that the App Store gives it: 10 pages of 50."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from moksori.demo.stage import Answer, Stage
from moksori.demo.world import Said

APP_ID: Final = "1500000001"
PAGE_SIZE: Final = 50
PAGES: Final = 10
_PATH: Final = re.compile(
    r"/([a-z]{2})/rss/customerreviews/page=(\d+)/id=(\d+)/sortby=(mostrecent|mosthelpful)/(json|xml)"
)
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")


class AppFeed:
    """Answers like the feed: an object instead of a list for one entry, no entry at all for none, 400 after page 10."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        match = _PATH.fullmatch(path)
        if match is None:
            return Answer(b"not found", status=404, content_type="text/plain")
        country, number, app_id, _, form = match[1], int(match[2]), match[3], match[4], match[5]
        if not 1 <= number <= PAGES:
            return Answer(b"CustomerReviews RSS page depth is limited to 10", 400, "text/plain")
        reviews = self._newest_first() if (app_id, country) == (APP_ID, "kr") else []
        shown = reviews[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        if form == "xml":
            return Answer(self._xml(shown).encode(), content_type="text/xml; charset=UTF-8")
        body = json.dumps({"feed": self._feed(shown, country, number, len(reviews))}, ensure_ascii=False)
        return Answer(body.encode(), content_type="text/javascript; charset=UTF-8")

    def _newest_first(self) -> list[Said]:
        """An edit moves a review to the top."""
        return sorted(self._stage.seen("app"), key=self._updated, reverse=True)[: PAGES * PAGE_SIZE]

    def _updated(self, one: Said) -> datetime:
        return self._stage.edited_at(one) or one.at

    def _feed(self, shown: list[Said], country: str, number: int, total: int) -> dict[str, Any]:
        last = max(1, min(PAGES, -(-total // PAGE_SIZE)))
        base = f"https://itunes.apple.com/{country}/rss/customerreviews"
        links = [
            {"attributes": {"rel": rel, "href": f"{base}/page={page}/id={APP_ID}/sortby=mostrecent/xml"}}
            for rel, page in (("self", number), ("first", 1), ("last", last), ("next", min(number + 1, last)))
        ]
        feed: dict[str, Any] = {"updated": {"label": self._stage.now.astimezone(_PACIFIC).isoformat()}, "link": links}
        entries = [self._entry(one) for one in shown]
        if entries:
            feed["entry"] = entries if len(entries) > 1 else entries[0]
        return feed

    def _entry(self, one: Said) -> dict[str, Any]:
        uri = f"https://itunes.apple.com/kr/reviews/id{one.number}"
        return {
            "id": {"label": str(11_000_000_000 + one.number)}, "title": {"label": one.title},
            "content": {"label": self._stage.text(one), "attributes": {"type": "text"}},
            "author": {"name": {"label": one.author}, "uri": {"label": uri}, "label": ""},
            "im:rating": {"label": str(one.stars)}, "im:version": {"label": one.app_version},
            "im:voteSum": {"label": "0"}, "im:voteCount": {"label": "0"},
            "updated": {"label": self._updated(one).astimezone(_PACIFIC).isoformat()},
            "im:contentType": {"attributes": {"term": "Application", "label": "Application"}},
        }  # fmt: skip

    def _xml(self, shown: list[Said]) -> str:
        entries = "".join(
            f"<entry><updated>{self._updated(one).astimezone(_PACIFIC).isoformat()}</updated>"
            f"<id>{11_000_000_000 + one.number}</id><title>{escape(one.title)}</title>"
            f'<content type="text">{escape(self._stage.text(one))}</content>'
            f"<im:rating>{one.stars}</im:rating><im:version>{one.app_version}</im:version>"
            f"<author><name>{escape(one.author)}</name></author></entry>"
            for one in shown
        )
        spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:im="http://itunes.apple.com/rss"'
        return f'<?xml version="1.0" encoding="utf-8"?><feed {spaces}>{entries}</feed>'

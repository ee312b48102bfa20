"""A Mastodon server that knows the posts about the invented brand: hashtag timeline, single posts, rate limit."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final
from urllib.parse import quote, unquote

from moksori.demo.stage import Answer, Stage
from moksori.demo.world import HASHTAG, Said

MAX_LIMIT: Final = 40
_ALLOWED: Final = 300
_WINDOW: Final = timedelta(minutes=5)


class SocialServer:
    """Answers like Mastodon: newest first inside a page, a Link header both ways, ISO times in the headers."""

    def __init__(self, stage: Stage, allowed: int = _ALLOWED, window: timedelta = _WINDOW) -> None:
        self._stage = stage
        self._allowed = allowed
        self._window = window
        self._lock = threading.Lock()
        self._reset = datetime.now(UTC) + window
        self._left = allowed

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        if path == "/robots.txt":
            return Answer(b"User-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n", content_type="text/plain")
        limits, exceeded = self._count()
        base = f"http://{headers.get('host', 'localhost')}"
        if exceeded:
            return _json({"error": "Too many requests"}, limits, 429)
        match path.strip("/").split("/"):
            case ["api", "v1", "timelines", "tag", tag] if unquote(tag) == HASHTAG:
                return self._timeline(query, base, limits)
            case ["api", "v1", "timelines", "tag", _]:
                return _json([], limits)
            case ["api", "v1", "statuses", identifier]:
                for one in self._stage.seen("social"):
                    if _id(one) == identifier:
                        return _json(self._status(one, base), limits)
        return _json({"error": "Record not found"}, limits, 404)

    def _count(self) -> tuple[list[tuple[str, str]], bool]:
        with self._lock:
            now = datetime.now(UTC)
            if now >= self._reset:
                self._reset, self._left = now + self._window, self._allowed
            exceeded = self._left == 0
            self._left = max(0, self._left - 1)
            return [
                ("X-RateLimit-Limit", str(self._allowed)),
                ("X-RateLimit-Remaining", str(self._left)),
                ("X-RateLimit-Reset", self._reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
            ], exceeded

    def _timeline(self, query: Mapping[str, str], base: str, limits: list[tuple[str, str]]) -> Answer:
        limit = min(MAX_LIMIT, int(query.get("limit", "20")))
        posts = self._stage.seen("social")
        if "min_id" in query:
            posts = [one for one in posts if int(_id(one)) > int(query["min_id"])][-limit:]
        else:
            older_than = int(query["max_id"]) if "max_id" in query else None
            posts = [one for one in posts if older_than is None or int(_id(one)) < older_than][:limit]
        headers = list(limits)
        if posts:
            url = f"{base}/api/v1/timelines/tag/{quote(HASHTAG)}?limit={limit}"
            links = (f'<{url}&max_id={_id(posts[-1])}>; rel="next"', f'<{url}&min_id={_id(posts[0])}>; rel="prev"')
            headers.append(("Link", ", ".join(links)))
        return _json([self._status(one, base) for one in posts], headers)

    def _status(self, one: Said, base: str) -> dict[str, Any]:
        edited = self._stage.edited_at(one)
        name = f"user{sum(one.author.encode())}"
        tag = f'<a href="{base}/tags/{quote(HASHTAG)}" class="mention hashtag" rel="tag">#<span>{HASHTAG}</span></a>'
        content = escape(self._stage.text(one)).replace(f"#{HASHTAG}", tag)
        return {
            "id": _id(one), "uri": f"{base}/users/{name}/statuses/{_id(one)}", "url": f"{base}/@{name}/{_id(one)}",
            "created_at": _iso(one.at), "edited_at": _iso(edited) if edited else None,
            "in_reply_to_id": None, "visibility": "public", "sensitive": False, "spoiler_text": "",
            "language": one.language, "content": f"<p>{content}</p>", "reblog": None,
            "tags": [{"name": HASHTAG, "url": f"{base}/tags/{quote(HASHTAG)}"}], "mentions": [],
            "account": {"id": name, "username": name, "acct": name, "display_name": one.author, "bot": False},
        }  # fmt: skip


def _id(one: Said) -> str:
    """As Mastodon makes them: milliseconds, and a number in the low 16 bits."""
    return str((int(one.at.timestamp() * 1000) << 16) + one.number % 65536)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: Any, headers: list[tuple[str, str]], status: int = 200) -> Answer:
    return Answer(json.dumps(value, ensure_ascii=False).encode(), status, "application/json; charset=utf-8", headers)

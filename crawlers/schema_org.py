"""Reads schema.org reviews out of a page, from JSON-LD or microdata, however broken."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final
from urllib.parse import urlsplit

from extruct.w3cmicrodata import MicrodataExtractor
from parsel import Selector
from w3lib.html import remove_tags

from crawlers.found import Found, Refused
from crawlers.times import read_time

_DEEPEST: Final = 40
_COMMENT: Final = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$"
)
_TRAILING_COMMA: Final = re.compile(r",(\s*[}\]])")
_BREAK: Final = re.compile(r"<br\s*/?>|</p>", re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"\s*(-?\d{1,4}(?:[.,]\d{1,4})?)\s*(?:/\s*(\d{1,4}(?:[.,]\d{1,4})?))?\s*(?:점|stars?)?\s*", re.ASCII
)


@dataclass(slots=True)
class ReviewPage:
    """What a page tells. unreadable: blocks of structured data that even the tolerant reader gives up on."""

    reviews: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class _About:
    name: str | None
    key: str


def parse_reviews(body: bytes, url: str, zone: tzinfo, encoding: str | None = None) -> ReviewPage:
    """The reviews of one page. url: of the product's first page, so that ids do not depend on paging.

    JSON-LD wins: where it has reviews, microdata says the same again.
    """
    page = ReviewPage()
    tree = Selector(body=body, encoding=encoding or "utf-8", type="html").root
    if tree is None:
        return page
    about = _About(None, urlsplit(url).path)
    for block in tree.xpath('//script[contains(@type, "ld+json")]'):
        try:
            data = read_json_ld(block.text or "")
        except ValueError:
            page.unreadable += 1
            continue
        _add_reviews(page, data, about, url, zone)
    if not page.reviews and not page.refused and b"itemscope" in body:
        for item in MicrodataExtractor(add_text_content=False).extract_items(tree, base_url=None):
            _add_reviews(page, _uniform(item, 0), about, url, zone)
    return page


def read_json_ld(text: str) -> Any:
    """JSON as pages have it: raw line ends in strings, comments around it, commas too many. Raises ValueError."""
    bare = _COMMENT.sub("", _COMMENT.sub("", text.strip().lstrip("\ufeff")))
    for attempt in (text, bare, _TRAILING_COMMA.sub(r"\1", bare), _TRAILING_COMMA.sub(r"\1", html.unescape(bare))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    raise ValueError("no JSON, also after mending")


def _uniform(item: Any, depth: int) -> Any:
    """Microdata in the shape of JSON-LD."""
    if depth > _DEEPEST:
        return None
    if isinstance(item, list):
        return [_uniform(one, depth + 1) for one in item]
    if not isinstance(item, dict):
        return item
    shaped = {name: _uniform(value, depth + 1) for name, value in item.get("properties", {}).items()}
    kinds = item.get("type", [])
    shaped["@type"] = [str(kind).rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds])]
    if "id" in item:
        shaped["@id"] = item["id"]
    return shaped


def _add_reviews(page: ReviewPage, data: Any, about: _About, url: str, zone: tzinfo) -> None:
    for node, whose in _walk(data, about, 0):
        try:
            page.reviews.append(_review(node, whose, url, zone))
        except ValueError as error:
            original = json.dumps(node, ensure_ascii=False, default=str).encode("utf-8", "replace")
            page.refused.append(Refused(str(error), original))


def _walk(node: Any, about: _About, depth: int) -> Iterator[tuple[dict[str, Any], _About]]:
    """All reviews below a node, each with what it is about."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for one in node:
            yield from _walk(one, about, depth + 1)
    elif isinstance(node, dict):
        kinds = _types(node)
        if any(kind.endswith("Review") for kind in kinds):
            reviewed = node.get("itemReviewed")
            yield node, _named(reviewed, about) if isinstance(reviewed, dict) else about
            return
        if "review" in node or "reviews" in node:
            about = _named(node, about)
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _walk(value, about, depth + 1)


def _types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type", [])
    return [
        kind.rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)
    ]


def _named(node: dict[str, Any], about: _About) -> _About:
    return _About(_text(node.get("name"))[:300] or about.name, _text(node.get("sku")) or about.key)


def _review(node: dict[str, Any], about: _About, url: str, zone: tzinfo) -> Found:
    text = _text(node.get("reviewBody")) or _text(node.get("description"))
    rating = read_rating(node.get("reviewRating"))
    title = _text(node.get("name")) or _text(node.get("headline"))
    if not text and not title and rating is None:
        raise ValueError("neither text nor rating")
    return Found(
        external_id=_identity(node, about), text=text, title=title, author=_author(node.get("author")), rating=rating,
        created_at=read_time(_text(node.get("datePublished")) or _text(node.get("dateCreated")), zone),
        edited_at=read_time(_text(node.get("dateModified")), zone), owner_reply_at=_reply(node.get("comment"), zone),
        url=url, lang=_text(node.get("inLanguage"))[:20] or None, product=about.name, scope=about.key,
    )  # fmt: skip


def _identity(node: dict[str, Any], about: _About) -> str | None:
    """The review's own id: of its @id, url or identifier what does not change with host, port or page number."""
    for name in ("@id", "identifier", "url"):
        value = _text(node.get(name))
        if not value or value.startswith("_:"):
            continue
        parts = urlsplit(value)
        if parts.fragment:
            return f"{about.key}#{parts.fragment}"
        if name == "identifier":
            return value
        if parts.query or parts.path.strip("/"):
            own = parts.path + (f"?{parts.query}" if parts.query else "")
            if name == "@id" or own != about.key:
                return own
    return None


def _text(value: Any) -> str:
    """Plain text of a value, whatever its shape."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value", value.get("name"))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = html.unescape(str(value))
    if "<" in text:
        text = html.unescape(remove_tags(_BREAK.sub("\n", text)))
    return text.strip()


def _author(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value.get("name") if isinstance(value, dict) else value)[:200] or None


def _reply(value: Any, zone: tzinfo) -> Any:
    comment = value[0] if isinstance(value, list) and value else value
    if not isinstance(comment, dict) or not isinstance(comment.get("author"), dict):
        return None
    if "Organization" not in _types(comment["author"]):
        return None
    return read_time(_text(comment.get("datePublished")) or _text(comment.get("dateCreated")), zone)


def read_rating(value: Any) -> float | None:
    """A rating as 0 to 1; None where there is none (absent, empty, or 0 on a scale that begins at 1).

    Understands numbers, "4", "4,5" and "4/5"; without bestRating and worstRating the scale is 1 to 5.
    Raises ValueError.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    scale = value if isinstance(value, dict) else {}
    said = _text(scale.get("ratingValue") if isinstance(value, dict) else value)
    if not said:
        return None
    match = _NUMBER.fullmatch(said)
    if match is None:
        raise ValueError(f"rating {said!r:.40} is no number")
    best = _number(match[2] or _text(scale.get("bestRating")) or "5")
    worst = _number(_text(scale.get("worstRating")) or "1")
    number = _number(match[1])
    if number == 0 < worst:
        return None
    if not worst <= number <= best or worst == best:
        raise ValueError(f"rating {number:g} is not on its scale of {worst:g} to {best:g}")
    return (number - worst) / (best - worst)


def _number(said: str) -> float:
    try:
        number = float(said.replace(",", "."))
    except ValueError:
        raise ValueError(f"rating {said!r:.40} is no number") from None
    if not abs(number) <= 10_000:
        raise ValueError(f"rating {said!r:.40} is no rating")
    return number

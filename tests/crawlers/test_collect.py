"""Whole collections against real sites: how each ends, and what it leaves behind."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.checkpoints import Checkpoints
from crawlers.collect import collect
from crawlers.health import Collection, latest
from crawlers.registry import AppStoreSource, Limits, MastodonSource, ShopSource, Source
from moksori.demo.stage import Answer
from pipeline.stream import Stream
from tests.crawlers.conftest import Published, Site

QUICK = Limits(delay_s=0, concurrency=4, retries=1)
Run = Callable[..., Collection]


def shop(site: Site, **given: Any) -> ShopSource:
    fields = {"name": "shop", "kind": "shop", "brand": "b", "start": [f"{site.url}/all"], "allow_private": True}
    return ShopSource(**{**fields, "limits": QUICK, **given})


def feed(site: Site, **given: Any) -> AppStoreSource:
    fields = {"name": "app", "kind": "appstore", "brand": "b", "app_id": "1", "base_url": site.url}
    return AppStoreSource(**{**fields, "allow_private": True, "limits": QUICK, **given})


def social(site: Site, **given: Any) -> MastodonSource:
    fields = {"name": "social", "kind": "mastodon", "brand": "b", "server": site.url, "hashtags": ["x"]}
    return MastodonSource(**{**fields, "allow_private": True, "limits": QUICK, **given})


@pytest.fixture
def run(stream: Stream, tmp_path: Path) -> Run:
    def collect_one(source: Source, since: datetime | None = None) -> Collection:
        (ended,) = collect([source], stream, tmp_path, since=since)
        return ended

    return collect_one


def product(*texts: str, more: str = "") -> str:
    reviews = [{"@type": "Review", "@id": f"#{text}", "reviewBody": text} for text in texts]
    data = json.dumps({"@type": "Product", "name": "P", "sku": "p", "review": reviews})
    return f'<script type="application/ld+json">{data}</script>{more}'


LINKS = '<a href="/products/1">1</a><a href="/products/2">2</a><a href="/about">us</a>'
LINKS += '<a href="//else.example/products/3">3</a>'
TEN = [f"review-{number}" for number in range(10)]


# Shops


def test_a_shop_is_read_through_its_pages_and_only_there(site: Site, run: Run, published: Published) -> None:
    site.page("/all", LINKS + '<a rel="next" href="/all?page=2">')
    site.page("/all?page=2", '<a href="/products/1">again</a>')
    site.page("/products/1", product("a", "b", more='<a rel=next href="/products/1?page=2">'))
    site.page("/products/1?page=2", product("b", "c"))
    site.page("/products/2", product("d"))
    ended = run(shop(site))
    assert (ended.state, ended.fetched_pages, ended.found, ended.published, ended.unchanged) == ("ok", 5, 5, 4, 1)
    assert sorted(review.text for review in published.reviews) == ["a", "b", "c", "d"]
    assert "/about" not in site.asked
    again = run(shop(site))
    assert (again.published, again.unchanged) == (0, 5)


def test_robots_txt_keeps_us_out_of_a_page_or_of_all(site: Site, run: Run) -> None:
    site.page("/all", LINKS)
    site.page("/products/1", product("a"))
    site.page("/products/2", product("b"))
    site.page("/robots.txt", "User-agent: *\nDisallow: /products/2", "User-agent: moksori\nDisallow: /")
    ended = run(shop(site))
    assert (ended.state, ended.found) == ("ok", 1)
    assert "left out by robots.txt" in ended.reason
    assert "/products/2" not in site.asked
    ended = run(shop(site))
    assert ended.state == "blocked"
    assert "robots.txt refuses" in ended.reason


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (Answer(b"", 403), "blocked", "HTTP 403"),
        (Answer(b"", 401), "blocked", "HTTP 401"),
        (Answer(b"", 429), "blocked", "HTTP 429"),
        (Answer(b"", 429, headers=[("Retry-After", "86400")]), "blocked", "asks to wait 86,400 s"),
        (Answer(b"", 500), "broken", "HTTP 500"),
        (Answer(b"", 404), "broken", "HTTP 404"),
        (Answer(b"<form><input type='password'>"), "blocked", "login wall"),
        (Answer(b"", 302, headers=[("Location", "/login?next=/all")]), "blocked", "login wall"),
        (Answer(b"", 302, headers=[("Location", "/all")]), "broken", "redirects in a circle"),
        (Answer(b"<h1>we are tidying up</h1>"), "broken", "no review on them"),
        (Answer(b"x" * 2000), "broken", "no review on them"),
    ],
)
def test_a_collection_that_yields_nothing_is_never_ok(
    site: Site, run: Run, tmp_path: Path, answer: Answer, state: str, reason: str
) -> None:
    site.page("/all", answer)
    site.page("/login", "<h1>Log in</h1>")
    ended = run(shop(site))
    assert ended.state == state
    assert reason in ended.reason
    assert latest(tmp_path) == [ended]


def test_a_page_too_big_is_not_read(site: Site, run: Run) -> None:
    site.page("/all", "x" * 5000)
    ended = run(shop(site, limits=QUICK.model_copy(update={"page_bytes": 1024})))
    assert ended.state == "broken"


def test_a_page_that_shrank_is_told_until_it_is_the_usual(site: Site, run: Run) -> None:
    site.page("/all", LINKS)
    site.page("/products/1", product(*TEN), product(*TEN[:2]))
    site.page("/products/2", product(*TEN))
    assert run(shop(site)).state == "ok"
    ended = run(shop(site))
    assert (ended.state, ended.reason) == ("partial", "/products/1 held 10 reviews, now 2")
    states = [run(shop(site)).state for _ in range(6)]
    assert states[0] == "partial"
    assert states[-1] == "ok"


def test_a_shop_that_lost_its_reviews_is_broken(site: Site, run: Run, tmp_path: Path) -> None:
    site.page("/all", LINKS)
    site.page("/products/1", product(*TEN), "<h1>new layout</h1>")
    site.page("/products/2", product(*TEN), "<h1>new layout</h1>")
    run(shop(site))
    ended = run(shop(site))
    assert (ended.state, ended.published) == ("broken", 0)
    assert "where there were 20" in ended.reason


def test_a_failed_page_is_asked_for_again_as_late_as_the_server_says(site: Site, run: Run) -> None:
    site.page("/all", Answer(b"", 503, headers=[("Retry-After", "0")]), product("a"))
    ended = run(shop(site))
    assert (ended.state, ended.published) == ("ok", 1)
    assert site.asked.count("/all") == 2


def test_limits_end_a_collection_as_partial(site: Site, run: Run) -> None:
    site.page("/all", LINKS + product("a"))
    site.page("/products/1", product("b"))
    site.page("/products/2", product("c"))
    ended = run(shop(site, limits=QUICK.model_copy(update={"pages": 2})))
    assert (ended.state, ended.fetched_pages) == ("partial", 2)
    assert "limits.pages" in ended.reason


def test_a_collection_ends_when_its_time_is_over(site: Site, run: Run) -> None:
    site.page("/all", LINKS + product("a"))
    site.page("/products/1", Answer(b"late", delay_s=1.5))
    ended = run(shop(site, limits=QUICK.model_copy(update={"seconds": 1})))
    assert (ended.state, ended.published) == ("partial", 1)
    assert "limits.seconds" in ended.reason


def test_private_addresses_are_refused_unless_allowed(site: Site, run: Run) -> None:
    site.page("/all", product("a"))
    ended = run(shop(site, allow_private=False))
    assert ended.state == "blocked"
    assert "127.0.0.1 is a private address. Set allow_private: true" in ended.reason
    assert site.asked == []
    by_name = site.url.replace("127.0.0.1", "localhost")
    assert run(shop(site, start=[f"{by_name}/all"], allow_private=False)).state == "blocked"
    assert site.asked == []


def test_since_leaves_older_reviews_and_the_marks_alone(site: Site, run: Run, tmp_path: Path) -> None:
    page_1(site, entries(3))
    ended = run(feed(site), since=datetime(2026, 11, 2, tzinfo=UTC))
    assert ended.published == 2
    assert Checkpoints(tmp_path).marks("app") == {}


# The App Store


def entries(count: int, first: int = 0, **changes: str) -> list[dict[str, Any]]:
    return [
        {
            "id": {"label": str(100 + number)}, "title": {"label": "t"}, "content": {"label": f"text {number}"},
            "author": {"name": {"label": "n"}}, "im:rating": {"label": "4"}, "im:version": {"label": "1.0"},
            "updated": {"label": (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number)).isoformat()},
        }
        for number in reversed(range(first, first + count))
    ]  # fmt: skip


def feed_path(number: int, form: str = "json") -> str:
    return f"/kr/rss/customerreviews/page={number}/id=1/sortby=mostrecent/{form}"


def feed_body(found: Any) -> str:
    return json.dumps({"feed": {"entry": found} if found else {}})


def page_1(site: Site, *pages: list[dict[str, Any]]) -> None:
    site.page(feed_path(1), *(feed_body(page) for page in pages))
    site.page(feed_path(2), feed_body([]))
    site.page(feed_path(2, "xml"), '<feed xmlns="http://www.w3.org/2005/Atom"></feed>')


def test_a_feed_is_read_until_it_is_known(site: Site, run: Run, tmp_path: Path) -> None:
    page_1(site, entries(5), entries(7))
    assert (run(feed(site)).published, Checkpoints(tmp_path).marks("app")) == (5, {"kr": "2026-11-05T00:00:00+00:00"})
    assert run(feed(site)).published == 2
    assert Checkpoints(tmp_path).marks("app") == {"kr": "2026-11-07T00:00:00+00:00"}


def test_an_empty_json_page_is_read_as_xml(site: Site, run: Run, published: Published) -> None:
    page_1(site, entries(1))
    site.page(
        feed_path(2, "xml"),
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:im="http://itunes.apple.com/rss"><entry><id>9</id>'
        "<updated>2026-10-01T00:00:00-07:00</updated><title>t</title><content type='text'>from xml</content>"
        "<im:rating>1</im:rating></entry></feed>",
    )
    site.page(feed_path(3), feed_body([]))
    site.page(feed_path(3, "xml"), '<feed xmlns="http://www.w3.org/2005/Atom"/>')
    assert run(feed(site)).state == "ok"
    assert [review.text for review in published.reviews] == ["text 0", "from xml"]


def test_a_feed_that_became_empty_is_broken_not_deleted(site: Site, run: Run, published: Published) -> None:
    page_1(site, entries(3), [])
    site.page(feed_path(1, "xml"), '<feed xmlns="http://www.w3.org/2005/Atom"/>')
    run(feed(site))
    ended = run(feed(site))
    assert (ended.state, published.gone) == ("broken", [])
    assert "where it held 3 reviews" in ended.reason


def test_a_crawl_that_is_cut_short_leaves_the_mark(site: Site, run: Run, tmp_path: Path, published: Published) -> None:
    page_1(site, entries(5, first=5))
    site.page(feed_path(2), Answer(b"", 500), Answer(b"", 500), feed_body(entries(5)))
    site.page(feed_path(3), feed_body([]))
    site.page(feed_path(3, "xml"), '<feed xmlns="http://www.w3.org/2005/Atom"/>')
    ended = run(feed(site))
    assert (ended.state, ended.published, Checkpoints(tmp_path).marks("app")) == ("partial", 5, {})
    ended = run(feed(site))  # the first page is known by now, and yet the second one is read
    assert (ended.state, ended.published, ended.unchanged) == ("ok", 5, 5)
    assert len({review.id for review in published.reviews}) == 10


# Mastodon


def post(number: int, text: str = "", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{number:04d}", "content": f"<p>{text or f'post {number}'}</p>", "account": {"acct": "someone"},
        "created_at": datetime.now(UTC).isoformat(), "edited_at": None, "language": "ko", **changes,
    }  # fmt: skip


TIMELINE = "/api/v1/timelines/tag/x"


def timeline(*posts: dict[str, Any], link: str = "", **headers: str) -> Answer:
    given = [("Link", link)] * bool(link) + [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer(json.dumps(posts).encode(), content_type="application/json", headers=given)


def test_posts_are_walked_back_once_and_forward_later(site: Site, run: Run, published: Published) -> None:
    site.page(
        f"{TIMELINE}?limit=40", timeline(post(3), post(2), link=f'<{site.url}{TIMELINE}?max_id=0002>; rel="next"')
    )
    site.page(f"{TIMELINE}?max_id=0002", timeline(post(1)))
    assert run(social(site)).published == 3
    site.page(
        f"{TIMELINE}?limit=40&min_id=0003", timeline(post(4), link=f'<{site.url}{TIMELINE}?min_id=0004>; rel="prev"')
    )
    site.page(f"{TIMELINE}?min_id=0004", timeline())
    for number in (1, 2, 3):
        site.page(f"/api/v1/statuses/{number:04d}", json.dumps(post(number)))
    ended = run(social(site))
    assert (ended.state, [review.id for review in published.reviews][-1]) == ("ok", "social:0004")


def test_edits_and_deletions_are_seen_when_posts_are_read_again(site: Site, run: Run, published: Published) -> None:
    one, two, three = post(1), post(2), post(3)
    site.page(TIMELINE, timeline(three, two, one), timeline())
    run(social(site))
    edited = {**one, "content": "<p>changed</p>", "edited_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    site.page("/api/v1/statuses/0001", json.dumps(edited))
    site.page("/api/v1/statuses/0002", Answer(b'{"error": "Record not found"}', 404))
    site.page("/api/v1/statuses/0003", Answer(b"<h1>nginx</h1>", 404))
    ended = run(social(site))
    assert (ended.edited, ended.deleted, ended.state) == (1, 1, "partial")
    assert "post 0003" in ended.reason
    assert [(gone.id, gone.reason) for gone in published.gone] == [("social:0002", "deleted")]
    assert published.reviews[-1].text == "changed"


def test_a_rate_limit_in_iso_time_is_waited_for(site: Site, run: Run) -> None:
    soon = (datetime.now(UTC) + timedelta(seconds=0.3)).isoformat()
    limited = Answer(b"{}", 429, headers=[("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", soon)])
    site.page(TIMELINE, limited, timeline(post(1)))
    ended = run(social(site))
    assert (ended.state, ended.published) == ("ok", 1)
    assert ended.ended_at >= datetime.fromisoformat(soon)


@pytest.mark.parametrize("body", [b"<html>login</html>", b'{"error": "x"}', b"[", b"[" * 50_000])
def test_an_answer_that_is_no_timeline_is_broken(site: Site, run: Run, body: bytes) -> None:
    site.page(TIMELINE, body)
    assert run(social(site)).state == "broken"


def test_a_link_to_another_server_is_not_followed(
    site: Site, open_site: Callable[[], Site], run: Run, tmp_path: Path
) -> None:
    other, token = open_site(), tmp_path / "token"
    token.write_text("secret")
    site.page(TIMELINE, timeline(post(1), link=f'<{other.url}{TIMELINE}?max_id=1>; rel="next"'))
    ended = run(social(site, token=f"file:{token}"))
    assert (ended.state, other.asked) == ("broken", [])


# Together


def test_one_source_that_fails_does_not_stop_the_others(
    site: Site, open_site: Callable[[], Site], stream: Stream, tmp_path: Path
) -> None:
    good = open_site()
    good.page("/all", product("a"))
    site.page("/all", Answer(b"", 403))
    ended = collect([shop(site, name="bad"), shop(good, name="good")], stream, tmp_path)
    assert [(one.source, one.state) for one in ended] == [("bad", "blocked"), ("good", "ok")]
    assert [one.source for one in latest(tmp_path)] == ["bad", "good"]

"""What spiders make of recorded answers. These were written by us, after the services' shapes."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.spiders.appstore import parse_json, parse_xml
from crawlers.spiders.mastodon import newer, next_link, parse_page, plain_text

ENTRY: dict[str, Any] = {
    "id": {"label": "11223344556"}, "title": {"label": "Good"}, "im:rating": {"label": "4"},
    "content": {"label": "Works well", "attributes": {"type": "text"}}, "im:version": {"label": "3.2.1"},
    "author": {"name": {"label": "nick"}, "uri": {"label": "https://itunes.apple.com/kr/reviews/id1"}, "label": ""},
    "updated": {"label": "2026-03-03T20:15:00-07:00"},
}  # fmt: skip
APP = {"id": {"label": "1"}, "title": {"label": "The app"}, "im:name": {"label": "The app"}}


def feed(**feed: Any) -> bytes:
    return json.dumps({"feed": feed}).encode()


def test_an_entry_of_the_app_store() -> None:
    (found,) = parse_json(feed(entry=[ENTRY]), "kr").reviews
    moment = datetime(2026, 3, 4, 3, 15, tzinfo=UTC)
    assert (found.external_id, found.title, found.text, found.author) == ("11223344556", "Good", "Works well", "nick")
    assert (found.rating, found.product_version, found.location) == (0.75, "3.2.1", "kr")
    assert (found.created_at, found.edited_at) == (moment, moment)


@pytest.mark.parametrize(
    ("entry", "count"), [(None, 0), ([], 0), (ENTRY, 1), ([APP, ENTRY], 1), ([ENTRY, ENTRY], 2), (APP, 0), (["x"], 0)]
)
def test_the_feed_is_a_list_an_object_or_nothing(entry: Any, count: int) -> None:
    body = feed(entry=entry) if entry is not None else feed()
    assert len(parse_json(body, "kr").reviews) == count
    assert len(parse_json(b"\xef\xbb\xbf" + body, "kr").reviews) == count


def test_an_entry_without_time_counts_and_one_without_id_is_refused() -> None:
    page = parse_json(
        feed(entry=[{**ENTRY, "updated": None}, {**ENTRY, "id": {}}, {**ENTRY, "im:rating": {"label": "6"}}]), "kr"
    )
    assert (len(page.reviews), page.reviews[0].created_at) == (1, None)
    assert [refused.reason for refused in page.refused] == ["this entry has no id", "rating '6' is not 1 to 5"]


XML = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:im="http://itunes.apple.com/rss">
<entry><id>1</id><title>The app</title></entry>
<entry><updated>2026-03-03T20:15:00-07:00</updated><id>11223344556</id><title>Good</title>
<content type="text">Works well</content><content type="html">&lt;b&gt;Works well&lt;/b&gt;</content>
<im:rating>4</im:rating><im:version>3.2.1</im:version><author><name>nick</name></author></entry></feed>"""


def test_the_xml_form_says_the_same() -> None:
    assert parse_xml(XML.encode(), "kr").reviews == parse_json(feed(entry=[ENTRY]), "kr").reviews


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"feed": 1}', b"<html>", b"[" * 50_000, b'{"feed": {"entry"'])
def test_another_page_is_no_feed(body: bytes) -> None:
    with pytest.raises(ValueError, match="no review feed"):
        parse_json(body, "kr")


@pytest.mark.parametrize("body", ["", "<html/>", "<feed/>", '<!DOCTYPE x [<!ENTITY a "b">]><feed/>'])
def test_another_page_is_no_xml_feed(body: str) -> None:
    with pytest.raises(ValueError, match="feed"):
        parse_xml(body.encode(), "kr")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_refused(body: bytes) -> None:
    for parse in (parse_json, parse_xml):
        with pytest.raises(ValueError):
            parse(body, "kr")


STATUS: dict[str, Any] = {
    "id": "115000000000000001", "created_at": "2026-03-03T04:38:32.123Z", "edited_at": None, "language": "ko",
    "content": '<p>hello <a href="u" class="mention hashtag" rel="tag">#<span>tag</span></a></p>'
    "<p>and<br />&lt;you&gt;</p>",
    "spoiler_text": "", "reblog": None, "account": {"acct": "x@a.example"}, "url": "https://a.example/@x/1",
}  # fmt: skip


def test_a_post() -> None:
    (found,) = parse_page(json.dumps([STATUS]).encode(), "https://m.example/").found
    assert (found.external_id, found.author, found.lang) == ("115000000000000001", "x@a.example", "ko")
    assert found.text == "hello #tag\nand\n<you>"
    assert found.url == "https://m.example/web/statuses/115000000000000001"
    assert found.created_at == found.edited_at == datetime(2026, 3, 3, 4, 38, 32, 123000, tzinfo=UTC)


def test_names_of_others_go_out_of_a_post() -> None:
    mention = '<span class="h-card"><a href="https://a.example/@kim" class="u-url mention">@<span>kim</span></a></span>'
    assert plain_text(f"<p>{mention} hello</p>") == "@… hello"


def test_boosts_say_nothing_and_broken_posts_are_refused() -> None:
    statuses = [
        {**STATUS, "reblog": STATUS},
        {**STATUS, "content": None},
        {**STATUS, "created_at": None},
        {"id": 5},
        "x",
    ]
    page = parse_page(json.dumps(statuses).encode(), "https://m.example")
    assert (page.found, len(page.refused), len(page.ids)) == ([], 4, 3)


def test_links_and_ids() -> None:
    header = '<https://m.example/a?max_id=1>; rel="next", <https://m.example/a?min_id=9>; rel="prev"'
    assert (next_link(header, "next"), next_link(header, "prev")) == (
        "https://m.example/a?max_id=1", "https://m.example/a?min_id=9",
    )  # fmt: skip
    assert next_link("", "next") is None
    assert (newer("9", "10"), newer("", "1"), newer("11", "12")) == ("10", "1", "12")

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.found import Found
from crawlers.schema_org import parse_reviews, read_json_ld, read_rating

SEOUL = ZoneInfo("Asia/Seoul")
URL = "https://shop.example/p/kettle"
KETTLE = {
    "@context": "https://schema.org", "@type": "Product", "name": "Kettle", "sku": "K-1",
    "aggregateRating": {"@type": "AggregateRating", "ratingValue": "4"},
    "review": [{
        "@type": "Review", "@id": "#r1", "author": {"@type": "Person", "name": "Lee"}, "datePublished": "2026-03-03",
        "dateModified": "2026-03-04", "name": "Fine", "reviewBody": "Boils &amp; sings<br>fast", "inLanguage": "en",
        "reviewRating": {"ratingValue": "4", "bestRating": "5", "worstRating": "1"},
        "comment": {"@type": "Comment", "text": "Thanks", "author": {"@type": "Organization", "name": "Brand"},
                    "datePublished": "2026-03-05T00:00:00Z"},
    }],
}  # fmt: skip


def page(*scripts: str) -> bytes:
    return "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts).encode()


def only(body: bytes) -> Found:
    (found,) = parse_reviews(body, URL, SEOUL).reviews
    return found


def test_a_whole_review() -> None:
    assert only(page(json.dumps(KETTLE))) == Found(
        external_id="K-1#r1", text="Boils & sings\nfast", title="Fine", author="Lee", rating=0.75,
        created_at=datetime(2026, 3, 2, 15, tzinfo=UTC), edited_at=datetime(2026, 3, 3, 15, tzinfo=UTC),
        owner_reply_at=datetime(2026, 3, 5, tzinfo=UTC), url=URL, lang="en", product="Kettle", scope="K-1",
    )  # fmt: skip


REVIEW = {"@type": "Review", "reviewBody": "good"}
PLACES = {
    "one, not a list": {"@type": "Product", "review": REVIEW},
    "graph": {"@graph": [{"@type": "WebPage"}, {"@type": "LocalBusiness", "review": [REVIEW]}]},
    "top level": REVIEW,
    "list of blocks": [{"@type": "BreadcrumbList"}, REVIEW],
    "item list": {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": REVIEW}]},
    "other kind of review": {"@type": ["CriticReview", "Review"], "reviewBody": "good"},
    "full type": {"@type": "http://schema.org/Review", "reviewBody": "good"},
}


@pytest.mark.parametrize("place", PLACES)
def test_reviews_are_found_wherever_they_sit(place: str) -> None:
    assert only(page(json.dumps(PLACES[place]))).text == "good"


BROKEN = {
    "comment": "<!-- %s -->", "comment of a script": "<!--\n%s\n//-->",
    "cdata": "//<![CDATA[\n%s\n//]]>", "mark": "\ufeff%s",
}  # fmt: skip


@pytest.mark.parametrize("wrapping", BROKEN)
def test_json_ld_in_wrappings(wrapping: str) -> None:
    assert only(page(BROKEN[wrapping] % json.dumps(REVIEW))).text == "good"


@pytest.mark.parametrize(
    "text",
    ['{"@type":"Review","reviewBody":"a\nb",}', '{"@type":"Review","reviewBody":"a\tb"}', "{&quot;a&quot;: [1,],}"],
)
def test_broken_json_is_mended(text: str) -> None:
    assert isinstance(read_json_ld(text), dict)


def test_what_cannot_be_mended_is_counted_and_the_rest_is_read() -> None:
    found = parse_reviews(page('{"@type": "Review", "reviewBody": ', json.dumps(REVIEW)), URL, SEOUL)
    assert (found.unreadable, len(found.reviews)) == (1, 1)


def test_microdata_is_read_where_json_ld_has_no_reviews() -> None:
    body = """<div itemscope itemtype="https://schema.org/Product"><b itemprop="name">Kettle</b>
    <div itemprop="review" itemscope itemtype="https://schema.org/Review" itemid="#r9"><i itemprop="author">Lee</i>
    <p itemprop="reviewBody">좋아요</p><time itemprop="datePublished" datetime="2026-03-03T00:00:00+09:00"></time>
    <span itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">
    <meta itemprop="ratingValue" content="4">
    <meta itemprop="bestRating" content="10"></span></div></div>""".encode()
    found = only(body)
    assert (found.external_id, found.text, found.author, found.product) == ("/p/kettle#r9", "좋아요", "Lee", "Kettle")
    assert found.rating == pytest.approx(3 / 9)
    assert only(page(json.dumps(REVIEW)) + body).text == "good"


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        ({"@id": "#r1"}, "/p/kettle#r1"),
        ({"@id": "https://cdn.example/p/kettle?page=2#r1"}, "/p/kettle#r1"),
        ({"@id": "https://shop.example/reviews/77"}, "/reviews/77"),
        ({"url": "https://shop.example/p/kettle"}, None),
        ({"identifier": "abc"}, "abc"),
        ({"@id": "_:b0"}, None),
        ({}, None),
    ],
)
def test_ids_do_not_depend_on_host_or_page(given_id: dict[str, str], expected: str | None) -> None:
    assert only(page(json.dumps({**REVIEW, **given_id}))).external_id == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None), ("", None), ({"ratingValue": 5}, 1.0), ({"ratingValue": "4,5"}, 0.875),
        ({"ratingValue": "4/5"}, 0.75), 
        ({"ratingValue": "0"}, None), ({"ratingValue": 80, "bestRating": 100, "worstRating": 0}, 0.8), ("3", 0.5),
        ({"ratingValue": "3점"}, 0.5),
    ],
)  # fmt: skip
def test_ratings(value: object, expected: float | None) -> None:
    assert read_rating(value) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    "value", ["good", {"ratingValue": 7}, {"ratingValue": 3, "bestRating": "x"}, {"ratingValue": -1}]
)
def test_a_rating_off_its_scale_refuses_the_review(value: object) -> None:
    found = parse_reviews(page(json.dumps({**REVIEW, "reviewRating": value})), URL, SEOUL)
    assert (found.reviews, len(found.refused)) == ([], 1)
    assert "rating" in found.refused[0].reason


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Review", "Product", "2026-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["@type", "@id", "review", "reviewBody", "author", "name", "reviewRating", "ratingValue", "comment"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_json_ld_ends_in_reviews_and_refusals(data: object) -> None:
    found = parse_reviews(page(json.dumps(data).replace("</", "<\\/")), URL, SEOUL)
    assert found.unreadable == 0


@given(st.binary(max_size=400))
def test_any_bytes_are_a_page(body: bytes) -> None:
    assert parse_reviews(b"<div itemscope itemtype='Review'>" + body, URL, SEOUL).unreadable == 0

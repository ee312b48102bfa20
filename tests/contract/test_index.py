"""What every index promises, on every backend. Searches are checked against a plain reading of the same documents."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.index import Index, open_index
from pipeline.index.document import IndexDocument
from pipeline.index.query import LIST_FIELDS, Field, Query, Sort, Term
from tests.conftest import NOW, document, unique


@pytest.fixture
def index(index_url: str) -> Iterator[Index]:
    index = open_index(index_url)
    index.setup()
    yield index
    index.close()


def put(index: Index, *documents: IndexDocument) -> list[str]:
    states = [outcome.state for outcome in index.put(documents)]
    index.refresh()
    return states


def ids(index: Index, query: Query, sort: Sort = "newest") -> list[str]:
    return [found.id for found in index.search(query, sort, limit=1000).documents]


# ---------------------------------------------------------------------------------------------------- writing


def test_what_is_put_comes_back_equal(index: Index) -> None:
    full = document(
        1,
        kind="post",
        product="주전자",
        product_version="3.2.0",
        location="서울",
        author_id="a1",
        rating=0.25,
        title="제목",
        text="배송이 늦어요 \U0001f622",
        tokens="배송 늦다 \U0001f622",
        url="https://shop.example/1",
        lang="ko",
        sentiment="negative",
        sentiment_score=-0.93,
        is_negative=1,
        themes=["delivery", "price"],
        negative_themes=["delivery"],
        theme_sentiment={"delivery": -0.97, "price": 0.5},
        stage="deliver",
        emotion="anger",
        urgency="high",
        churn_risk=0.8,
        is_spam=True,
        owner_reply_at=NOW,
        response_hours=0.5,
        model="ko-1",
        evidence={"delivery": [(0, 7)]},
    )
    assert put(index, full, document(2)) == ["stored", "stored"]
    assert index.get(["shop:1", "shop:2", "shop:3"]) == {"shop:1": full, "shop:2": document(2)}
    assert index.search(Query(), limit=10).documents == [full, document(2)]


def test_nothing_is_put_and_got_as_well(index: Index) -> None:
    """A batch of dead letters alone leaves nothing to store."""
    assert (index.put([]), index.get([]), index.versions([])) == ([], {}, {})


def test_a_put_document_is_got_without_a_refresh(index: Index) -> None:
    index.put([document(1, version=5)])
    assert index.get(["shop:1"])["shop:1"].version == 5


def test_the_newest_version_wins_whatever_the_order(index: Index) -> None:
    assert put(index, document(1, version=5, text="five")) == ["stored"]
    assert put(index, document(1, version=4, text="four")) == ["stale"]
    assert put(index, document(1, version=5, text="five again"), document(1, version=7, text="seven")) == ["stored"] * 2
    assert [found.text for found in index.search(Query()).documents] == ["seven"]


def test_one_odd_document_does_not_stop_the_others(index: Index) -> None:
    odd = document(2, themes=["a..b"], theme_sentiment={"a..b": 0.5})
    outcomes = index.put([document(1), odd, document(3)])
    index.refresh()
    assert [outcomes[0].state, outcomes[2].state] == ["stored", "stored"]
    # A backend may refuse the odd one, but then it says why.
    assert outcomes[1].state == "stored" or "a..b" in outcomes[1].reason
    assert {"shop:1", "shop:3"} <= set(ids(index, Query()))


def test_an_edit_leaves_nothing_of_the_old_text_to_be_found(index: Index) -> None:
    put(index, document(1, tokens="배송 늦다", themes=["delivery"], negative_themes=["delivery"]))
    put(index, document(1, version=2, tokens="품질 좋다", themes=["quality"]))
    assert ids(index, Query(terms=((("늦다",),),))) == []
    assert ids(index, Query(terms=((("품질",),),))) == ["shop:1"]
    assert index.count(Query().where(themes="delivery")) == 0
    assert index.terms(Query(), "negative_themes") == []


def test_a_tombstone_hides_a_review_and_outlives_a_replay(index: Index) -> None:
    put(index, document(1, tokens="secret", version=3))
    put(index, document(1, tokens="", text="", version=4, deleted=True))
    assert put(index, document(1, tokens="secret", version=3)) == ["stale"]
    assert index.count(Query()) == 0
    assert ids(index, Query(terms=((("secret",),),))) == []
    assert index.get(["shop:1"])["shop:1"].deleted


def test_swept_tombstones_are_gone_and_others_stay(index: Index) -> None:
    put(index, document(1, deleted=True), document(2, deleted=True, collected_at=NOW - timedelta(days=99)), document(3))
    assert index.sweep(NOW - timedelta(days=30)) == 1
    assert set(index.get(["shop:1", "shop:2", "shop:3"])) == {"shop:1", "shop:3"}


def test_the_desk_note_survives_a_replay_and_an_edit_but_not_a_deletion(index: Index) -> None:
    put(index, document(1))
    assert index.annotate("shop:1", "open")
    assert not index.annotate("shop:2", "open")
    put(index, document(1))
    put(index, document(1, version=2))
    assert index.get(["shop:1"])["shop:1"].case_status == "open"
    index.refresh()
    assert ids(index, Query().where(case_status="open")) == ["shop:1"]
    assert index.annotate("shop:1", None)
    assert index.get(["shop:1"])["shop:1"].case_status is None
    put(index, document(1, version=3, deleted=True))
    assert not index.annotate("shop:1", "open")


# ---------------------------------------------------------------------------------------------------- full text


def terms(*words: str) -> tuple[Term, ...]:
    return tuple((tuple(word.split()),) for word in words)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (terms("급여"), ["shop:1"]),
        (terms("비급여"), ["shop:2"]),
        (terms("에어팟"), ["shop:3"]),
        (terms("팟"), ["shop:6"]),
        (terms("c++"), ["shop:4"]),
        (terms("배송", "늦다"), ["shop:5"]),
        (terms("늦다", "배송"), ["shop:5"]),
        (terms("배송 늦다"), ["shop:5"]),
        (terms("늦다 배송"), []),
        (((("에어팟",), ("에어", "팟")),), ["shop:3", "shop:6"]),
        (terms('"'), ["shop:7"]),
        (terms("or", "not", "near"), ["shop:8"]),
        (terms("\U0001f622"), ["shop:9"]),
        (terms("résumé"), ["shop:10"]),
        (terms("resume"), []),
    ],
)
def test_full_text_finds_whole_tokens_only(index: Index, query: tuple[Term, ...], found: list[str]) -> None:
    texts = [
        "급여 항목",
        "비급여 항목",
        "에어팟 좋다",
        "c++ 책",
        "배송 늦다",
        "에어 팟",
        'a " b',
        "or not near *",
        "울다 \U0001f622",
    ]
    put(index, *(document(number, tokens=tokens) for number, tokens in enumerate([*texts, "résumé"], start=1)))
    assert ids(index, Query(terms=query)) == found


# ---------------------------------------------------------------------------------------------------- properties

WORDS = ["배송", "늦다", "품질", "delivery", "late", "c++"]
_documents = st.builds(
    document,
    st.integers(1, 30),
    source=st.sampled_from(["shop", "app"]),
    product=st.sampled_from([None, "kettle", "찻잔"]),
    lang=st.sampled_from(["ko", "en"]),
    sentiment=st.sampled_from(["positive", "neutral", "negative"]),
    sentiment_score=st.sampled_from([-1.0, -0.3, 0.0, 0.7]),
    is_negative=st.integers(0, 1),
    is_spam=st.booleans(),
    rating=st.sampled_from([None, 0.0, 0.5, 1.0]),
    themes=st.lists(st.sampled_from(["delivery", "price", "quality"]), unique=True).map(sorted),
    negative_themes=st.lists(st.sampled_from(["delivery", "price"]), unique=True).map(sorted),
    owner_reply_at=st.sampled_from([None, NOW]),
    tokens=st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
    created_at=st.integers(0, 40 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    deleted=st.sampled_from([False, False, False, True]),
)
_moments = st.none() | st.integers(0, 40 * 24).map(lambda hours: NOW - timedelta(hours=hours))
_phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(tuple)
_queries = st.builds(
    Query,
    terms=st.lists(st.lists(_phrases, min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    filters=st.fixed_dictionaries(
        {},
        optional={
            "source": st.just(("shop",)),
            "product": st.sampled_from([("kettle",), ("kettle", "찻잔")]),
            "sentiment": st.just(("negative", "neutral")),
            "themes": st.sampled_from([("delivery",), ("price", "quality")]),
            "negative_themes": st.just(("price",)),
        },
    ),
    rating_min=st.sampled_from([None, None, 0.5]),
    rating_max=st.sampled_from([None, None, 0.5]),
    since=_moments,
    until=_moments,
    answered=st.sampled_from([None, None, True, False]),
    spam=st.sampled_from([None, None, True, False]),
)
_ORDER = {
    "newest": lambda found: (-found.created_at.timestamp(), found.id.encode()),
    "oldest": lambda found: (found.created_at, found.id.encode()),
    "most_negative": lambda found: (found.sentiment_score, found.id.encode()),
}
ZONES = ["UTC", "Asia/Seoul", "America/New_York"]


def occurs(phrase: tuple[str, ...], tokens: list[str]) -> bool:
    return any(tuple(tokens[start : start + len(phrase)]) == phrase for start in range(len(tokens)))


def fits(found: IndexDocument, query: Query) -> bool:
    """The plain meaning of a query."""
    tokens = found.tokens.split()

    def values(field: Field) -> list[str]:
        value = getattr(found, field)
        return value if field in LIST_FIELDS else [value]

    return (
        not found.deleted
        and all(any(occurs(phrase, tokens) for phrase in term) for term in query.terms)
        and all(set(values(field)) & set(allowed) for field, allowed in query.filters.items())
        and (query.rating_min is None or (found.rating is not None and found.rating >= query.rating_min))
        and (query.rating_max is None or (found.rating is not None and found.rating <= query.rating_max))
        and (query.since is None or found.created_at >= query.since)
        and (query.until is None or found.created_at < query.until)
        and (query.answered is None or (found.owner_reply_at is not None) == query.answered)
        and (query.spam is None or found.is_spam == query.spam)
    )


def expected_series(documents: list[IndexDocument], by: list[Field], hours: bool, zone: str) -> dict[object, list[int]]:
    counted: dict[object, list[int]] = {}
    for found in documents:
        local = found.created_at.astimezone(ZoneInfo(zone)).replace(minute=0, second=0, microsecond=0)
        start = (local if hours else local.replace(hour=0)).astimezone(UTC)
        rows: list[tuple[str | None, ...]] = [()]
        for field in by:
            values = getattr(found, field)
            rows = [
                (*row, value) for row in rows for value in ((values or [None]) if field in LIST_FIELDS else [values])
            ]
        for row in rows:
            counts = counted.setdefault((row, start), [0, 0, 0])
            counts[0] += 1
            counts[1] += found.is_negative
            counts[2] += found.rating is not None
    return counted


def test_every_query_means_the_same_on_every_backend(index: Index) -> None:
    worlds = iter(range(10_000))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(
        st.lists(_documents, max_size=25),
        st.lists(_queries, min_size=3, max_size=6),
        st.sampled_from(ZONES),
        st.booleans(),
    )
    def check(documents: list[IndexDocument], queries: list[Query], zone: str, hours: bool) -> None:
        world = f"world-{next(worlds)}"
        documents = [found.model_copy(update={"id": f"{found.id}-{world}", "brand": world}) for found in documents]
        queries = [query.where(brand=world) for query in queries]
        newest = {found.id: found for found in documents}  # all of version 1: the last one put stands
        if documents:
            put(index, *documents)
        for query in queries:
            right = [found for found in newest.values() if fits(found, query)]
            assert index.count(query) == len(right)
            for sort, key in _ORDER.items():
                assert ids(index, query, sort) == [found.id for found in sorted(right, key=key)]  # type: ignore[arg-type]
            assert [found.id for found in index.export(query)] == [f.id for f in sorted(right, key=_ORDER["oldest"])]
            for field in ("product", "themes"):
                counts: Counter[str] = Counter()
                for found in right:
                    counts.update(found.themes if field == "themes" else [found.product] if found.product else [])
                expected = sorted(counts.items(), key=lambda item: (-item[1], item[0].encode()))
                assert [(term.value, term.total) for term in index.terms(query, field)] == expected  # type: ignore[arg-type]
            by: list[Field] = ["product", "negative_themes"]
            points = index.series(query, by, "hour" if hours else "day", zone)
            assert {(p.keys, p.start): [p.total, p.negative, p.rated] for p in points} == expected_series(
                right, by, hours, zone
            )

    check()


def test_pages_of_any_size_give_the_whole_list(index: Index) -> None:
    documents = [
        document(n, created_at=NOW - timedelta(minutes=n // 3), sentiment_score=-(n % 4) / 7) for n in range(1, 60)
    ]
    put(index, *documents)
    for sort in ("newest", "oldest", "most_negative"):
        whole = ids(index, Query(), sort)  # type: ignore[arg-type]
        for limit in (1, 7, 59, 60):
            seen: list[str] = []
            after = None
            while True:
                page = index.search(Query(), sort, limit, after)  # type: ignore[arg-type]
                assert page.total == 59
                seen += [found.id for found in page.documents]
                after = page.next
                if after is None:
                    break
            assert seen == whole


@pytest.mark.parametrize("cursor", ["", "7", "[1]", '["a", 1]', "not json", "null"])
def test_a_broken_cursor_is_refused(index: Index, cursor: str) -> None:
    put(index, document(1))
    with pytest.raises(ValueError, match="is no cursor"):
        index.search(Query(), after=cursor)


def test_days_follow_the_zone_over_a_change_to_summer_time(index: Index) -> None:
    # New York changed its clocks on 2026-03-08 at 07:00 UTC: that day has 23 hours.
    start = datetime(2026, 3, 7, 5, tzinfo=UTC)
    put(index, *(document(hour + 1, created_at=start + timedelta(hours=hour)) for hour in range(24 * 3)))
    days = index.series(Query(), timezone="America/New_York")
    assert [(point.start, point.total) for point in days] == [
        (datetime(2026, 3, 7, 5, tzinfo=UTC), 24),
        (datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        (datetime(2026, 3, 9, 4, tzinfo=UTC), 24),
        (datetime(2026, 3, 10, 4, tzinfo=UTC), 1),
    ]


def test_means_of_ratings_can_be_made_from_a_series(index: Index) -> None:
    put(index, document(1, rating=1.0), document(2, rating=0.5), document(3))
    (point,) = index.series(Query())
    assert (point.total, point.rated, point.rating_sum) == (3, 2, 1.5)


def test_an_unknown_url_says_what_to_write() -> None:
    with pytest.raises(SettingsError, match="Write sqlite:///var/index.db or http://host:9200"):
        open_index("mongodb://localhost")


def test_a_large_batch_is_cut_into_requests_that_the_server_takes(index: Index) -> None:
    texts = unique("long ") * 3000
    states = put(index, *(document(number, text=texts, tokens="long") for number in range(1, 200)))
    assert states == ["stored"] * 199
    assert index.count(Query()) == 199

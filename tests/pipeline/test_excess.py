"""Parts of an excess: they add up, do not depend on the order of reviews, and a usual share is never named."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.excess import Counted, Part, causes, interval, parts
from pipeline.index.query import Query
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import NOW, document

VALUES = st.sampled_from(["a", "b", "c", "d"])
COUNTS = st.dictionaries(VALUES, st.integers(0, 300))


def counted(now: dict[str, int], before: dict[str, int], others: dict[str, int]) -> Counted:
    return Counted(now, before, others, sum(now.values()), sum(before.values()), sum(others.values()))


@given(COUNTS, COUNTS, COUNTS, st.floats(0.1, 200))
def test_the_parts_of_a_field_add_up_to_the_whole_excess(
    now: dict[str, int], before: dict[str, int], others: dict[str, int], expected: float
) -> None:
    found = parts(counted(now, before, others), expected)
    if sum(now.values()) > expected and sum(before.values()):
        assert sum(part.share for part in found.values()) == pytest.approx(1, abs=1e-6)


@given(COUNTS, st.integers(1, 20), st.floats(0.01, 0.99))
def test_a_value_with_its_usual_share_is_never_named(before: dict[str, int], times: int, quiet: float) -> None:
    now = {value: times * count for value, count in before.items()}
    expected = quiet * sum(before.values())
    assert not any(part.explains for part in parts(counted(now, before, before), expected).values())


@given(COUNTS, COUNTS, st.floats(0.01, 100))
def test_a_value_that_has_as_much_of_the_other_reviews_is_never_named(
    now: dict[str, int], before: dict[str, int], expected: float
) -> None:
    assert not any(part.explains for part in parts(counted(now, before, now), expected).values())


@given(COUNTS, COUNTS, COUNTS, st.floats(0.1, 200))
def test_what_is_named_holds_half_and_more_than_usual(
    now: dict[str, int], before: dict[str, int], others: dict[str, int], expected: float
) -> None:
    named = [part for part in parts(counted(now, before, others), expected).values() if part.explains]
    assert all(part.share >= 0.5 and part.complaints / part.of > part.usual for part in named)
    assert all(part.likelihood > 0 for part in named)


@given(st.integers(0, 500), st.integers(0, 500))
def test_an_interval_holds_its_share(count: int, more: int) -> None:
    low, high = interval(count, count + more)
    assert 0 <= low <= high <= 1
    if count + more:
        assert low - 1e-9 <= count / (count + more) <= high + 1e-9


def test_a_new_version_is_named_and_one_that_all_have_is_not() -> None:
    new = Part(complaints=40, of=50, before=0, before_of=80, others=20, others_of=200, expected=10)
    assert new.explains
    assert new.share == 1.0
    everywhere = Part(complaints=48, of=50, before=0, before_of=80, others=190, others_of=200, expected=10)
    assert not everywhere.explains
    nobody_else = Part(complaints=40, of=50, before=0, before_of=0, others=0, others_of=0, expected=10)
    assert not nobody_else.explains


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SqliteIndex]:
    index = SqliteIndex(f"{tmp_path}/index.db")
    yield index
    index.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_reviews_does_not_matter(index: SqliteIndex, seed: int) -> None:
    late = {"sentiment": "negative", "is_negative": 1, "negative_themes": ["delivery"]}
    documents = [
        document(n, created_at=NOW - timedelta(days=n % 60), location=("Busan", "Seoul", None)[n % 3],
                 product_version="1.0", lang="ko", **(late if n % 7 == 0 else {}))
        for n in range(600)
    ]  # fmt: skip
    documents += [
        document(1000 + n, created_at=NOW - timedelta(hours=n), location="Busan" if n % 10 else "Seoul",
                 product_version="1.0", lang="ko", **late)
        for n in range(40)
    ]  # fmt: skip
    random.Random(seed).shuffle(documents)
    index.put(documents)
    since = NOW - timedelta(days=2)
    late_ones = Query().where(negative_themes="delivery")
    others = Query().where(sentiment="neutral").between(since, None)
    before = late_ones.between(since - timedelta(days=90), since)
    (cause,) = causes(index, late_ones.between(since, None), before, others, expected=3.0)
    assert (cause.field, cause.value, cause.observed) == ("location", "Busan", 38)
    assert 0.8 < cause.share < 1
    assert cause.usual == pytest.approx(1 / 3, abs=0.05)

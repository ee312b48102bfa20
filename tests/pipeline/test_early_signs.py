"""Early signs: told when clear and for the worse, silent on chance, and fair to reviews that are young."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.early_signs import signs
from pipeline.index.document import IndexDocument
from tests.conftest import NOW, document

SINCE = NOW - timedelta(days=7)


def reviews(count: int, first: int, days: int, **fields: Any) -> list[IndexDocument]:
    """Negative reviews over the days after (or before) the window begins; callables get the number of the review."""
    made = []
    for n in range(count):
        at = SINCE + timedelta(days=days * (n + 0.5) / count)
        values = {name: value(n) if callable(value) else value for name, value in fields.items()}
        defaults = {"sentiment": "negative", "author_id": f"{first}-{n}", "rating": 0.25 + 0.5 * (n % 2)}
        made.append(document(first + n, created_at=at, **{**defaults, **values}))
    return made


def told(now: Sequence[IndexDocument], before: Sequence[IndexDocument]) -> dict[str, tuple[float, float]]:
    found = signs(now, before, None, SINCE, 7, NOW - timedelta(days=1))
    assert all(each.low <= each.now - each.before <= each.high for each in found)
    return {each.name: (each.now, each.before) for each in found}


BEFORE = reviews(400, 1000, -90)


@pytest.mark.parametrize(
    ("name", "fields", "value"),
    [
        ("rating", {"rating": 0.0}, 0.0),
        ("leaving", {"churn_risk": lambda n: 0.8 * (n % 2)}, 0.5),
        ("again", {"author_id": lambda n: f"a{n % 8}"}, 1.0),
    ],
)
def test_a_clear_change_is_told_alone(name: str, fields: dict[str, Any], value: float) -> None:
    assert told(reviews(40, 0, 7), BEFORE) == {}
    found = told(reviews(40, 0, 7, **fields), BEFORE)
    assert set(found) == {name}
    assert found[name][0] == value


def test_answers_that_stay_away_are_told_and_young_reviews_do_not_count_as_unanswered() -> None:
    answered = {"response_hours": lambda n: 5.0 if n % 10 else None}
    before = reviews(400, 1000, -90, **answered)
    assert set(told(reviews(40, 0, 7), before)) == {"unanswered"}
    young = [
        document(n, created_at=NOW - timedelta(hours=1), sentiment="negative", rating=0.5, author_id=f"y{n}")
        for n in range(40)
    ]
    assert told(young, before) == {}


def test_what_gets_better_is_no_sign() -> None:
    assert told(reviews(40, 0, 7, rating=1.0), BEFORE) == {}


def test_few_reviews_say_nothing() -> None:
    assert told(reviews(9, 0, 7, rating=0.0, churn_risk=1.0, author_id="a"), BEFORE) == {}


@given(st.integers(0, 10_000))
def test_chance_is_seldom_a_sign(seed: int) -> None:
    """100 pairs of samples from the same customers: at 99 % intervals, one side, hardly any is told."""
    dice = random.Random(seed)
    fields = {
        "rating": lambda _: dice.choice([0, 0.25, 0.5, 0.75, 1]),
        "churn_risk": lambda _: dice.random() ** 3,
        "author_id": lambda _: f"a{dice.randrange(3000)}",
        "response_hours": lambda _: dice.choice([None, 5.0, 40.0]),
    }
    loud = sum(len(told(reviews(30, 0, 7, **fields), reviews(60, 1000, -14, **fields))) for _ in range(10))
    assert loud <= 4


@given(st.permutations(range(40)))
def test_order_does_not_matter(order: list[int]) -> None:
    now = reviews(40, 0, 7, rating=0.0, author_id=lambda n: f"a{n % 8}")
    assert told([now[n] for n in order], BEFORE) == told(now, BEFORE)

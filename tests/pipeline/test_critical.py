"""Critical reviews: which phrase is found where, and that all conditions of a rule must hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.critical import judge
from pipeline.alerting.phrases import find
from pipeline.alerting.rules import AlertRules, CriticalRule, TrendRule
from tests.conftest import tagged

ZONE = "Asia/Seoul"


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("lawyer", "My LAWYER will call", "LAWYER"),
        ("lawyer", "lawyers are busy", None),
        ("lawyer*", "lawyers are busy", "lawyers"),
        ("sue you", "I will sue\n you", "sue\n you"),
        ("sue you", "they pursue you", None),
        ("소송", "결국 소송합니다", "소송"),
        ("소송", "손소송", None),
        ("불이 났", "충전 중에 불이났어요", "불이났"),
        ("고소하겠", "맛이 고소하네요", None),
        ("a.c", "abc", None),
    ],
)
def test_where_a_phrase_is_found(phrase: str, text: str, found: str | None) -> None:
    span = find([phrase], text)
    assert (text[slice(*span)] if span else None) == found


@given(st.lists(st.text(min_size=2).filter(lambda phrase: phrase.strip(" *")), max_size=4), st.text())
def test_any_phrase_is_searched_for_in_any_text(phrases: list[str], text: str) -> None:
    span = find(phrases, text)
    assert span is None or 0 <= span[0] <= span[1] <= len(text)


def rule(**conditions: Any) -> AlertRules:
    return AlertRules(rules=(CriticalRule(name="r", kind="critical", **conditions),))


BURNS = {"phrases": {"en": ["burned"]}, "sentiment": ["negative"], "scope": {"sources": ["shop"]}}


def burned(tags: dict[str, Any] | None = None, **changes: Any) -> Any:
    fields: dict[str, Any] = {"text": "It burned my hand.", "author_id": "shop:1", "rating": 0.0, **changes}
    return tagged(7, tags={"sentiment": "negative", "urgency": "high", **(tags or {})}, **fields)


def test_what_is_told_of_a_critical_review() -> None:
    found = judge(burned(), rule(**BURNS), ZONE)
    assert found is not None
    assert (found.kind, found.rule, found.severity, found.observed) == ("critical", "r", 3, 1)
    assert found.key == "Haneul|shop|kettle|shop:7|critical"
    (quote,) = found.quotes
    assert quote.text[slice(quote.start, quote.end)] == "burned"


@pytest.mark.parametrize(
    "review",
    [
        burned({"spam": True}),
        burned({"sentiment": "positive"}),
        burned(source="forum"),
        burned(text="It is fine."),
    ],
)
def test_a_condition_that_does_not_hold_keeps_it_quiet(review: Any) -> None:
    assert judge(review, rule(**BURNS), ZONE) is None


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"authors": ["shop:1"]}, True),
        ({"authors": ["shop:2"]}, False),
        ({"urgency": ["high"]}, True),
        ({"urgency": ["medium"]}, False),
        ({"rating_at_most": 0.25}, True),
        ({"urgency": ["high"], "scope": {"products": ["pan"]}}, False),
        ({"urgency": ["high"], "scope": {"themes": ["delivery"]}}, False),
        ({"phrases": {"ko": ["화상"], "en": ["burned"]}}, True),
    ],
)
def test_each_condition_alone(conditions: dict[str, Any], fits: bool) -> None:
    assert (judge(burned(), rule(**conditions), ZONE) is not None) == fits


def test_a_review_without_rating_is_not_below_any() -> None:
    assert judge(burned(rating=None), rule(rating_at_most=1), ZONE) is None


def test_a_title_tells_it_too() -> None:
    found = judge(burned(title="Burned!", text="Bad."), rule(**BURNS), ZONE)
    assert found is not None
    assert found.quotes[0].start is None


def test_the_first_rule_that_fits_tells_it() -> None:
    quiet = CriticalRule(name="a", kind="critical", phrases={"en": ["nothing"]})  # type: ignore[arg-type]
    loud = [CriticalRule(name=name, kind="critical", urgency=("high",)) for name in ("b", "c")]
    found = judge(burned(), AlertRules(rules=(TrendRule(name="t", kind="trend"), quiet, *loud)), ZONE)
    assert found is not None
    assert found.rule == "b"

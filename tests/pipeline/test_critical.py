"""Critical reviews: which phrase is found where, and that all conditions of a rule must hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.alerts.critical import by_bare_words, by_words, cases, measure, rules
from pipeline.alerting.critical import judge
from pipeline.alerting.phrases import find, said
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


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("injur*", "Nobody was injured"),
        ("injur*", "luckily there were no injuries"),
        ("on fire", "it is not like the house is on fire"),
        ("catch fire", "It didn’t catch fire"),
        ("hospital*", "none of us was hospitalised"),
        ("electric shock", "Never any danger of electric shock"),
        ("lawyer", "I do not need a lawyer"),
        ("다쳤", "아무도 안 다쳤어요"),
        ("화재", "화재는 아니었고"),
        ("화재", "화재 위험은 없다고"),
        ("폭발", "폭발하지는 않겠죠"),
        ("연기가 나", "연기가 나지 않는 그릴"),
        ("이물질", "이물질은 없었지만"),
        ("감전", "감전 사고는 없었고"),
        ("소송", "소송까지 갈 일은 아니지만"),
        ("식중독", "식중독에 걸린 사람은 없었지만"),
        ("유리 조각", "유리 조각 하나 없이 왔어요"),
        ("해킹", "해킹당한 적은 없지만"),
        ("해킹", "해킹 방지 기능"),
    ],
)
def test_what_is_denied_is_not_found(phrase: str, text: str) -> None:
    assert next(said([phrase], text), None) is not None
    assert find([phrase], text) is None


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("caught fire", "Not only was it late, it caught fire"),
        ("caught fire", "not only caught fire but burned the desk"),
        ("caught fire", "I could not believe it caught fire"),
        ("caught fire", "No, it caught fire"),
        ("caught fire", "No wonder it caught fire"),
        ("electrocut*", "Nobody told me it could electrocute me"),
        ("injur*", "Nobody answers. My son was injured."),
        ("injur*", "never again! injured twice"),
        ("소송", "소송할 수밖에 없네요"),
        ("소송", "소송 아니면 환불"),
        ("소송", "소송 말고는 방법이 없어요"),
        ("화상을 입", "화상을 입었는데 안 바꿔줘요"),
        ("불이 났", "불이 났는데 사과도 없네요"),
        ("이물질", "이물질이 없을 줄 알았는데"),
        ("다쳤", "아이가 다쳤지 않습니까"),
        ("유출", "개인정보 유출 아닌가요?"),
        ("화재", "화재 위험이 없지 않아요"),
    ],
)
def test_what_only_looks_denied_is_found(phrase: str, text: str) -> None:
    assert find([phrase], text) is not None


def test_a_phrase_that_is_denied_once_and_said_once_is_found() -> None:
    text = "다친 사람은 없고 화재는 아니라더니 결국 화재였어요"
    span = find(["화재"], text)
    assert span is not None
    assert text[span[0] :] == "화재였어요"


@pytest.mark.parametrize(
    ("language", "of_set", "recall", "precision"),
    [("ko", "dev", 1.0, 0.95), ("ko", "held", 0.70, 0.77), ("en", "dev", 1.0, 0.9), ("en", "held", 0.70, 0.70)],
)
def test_the_example_finds_as_much_as_the_docs_say(language: str, of_set: str, recall: float, precision: float) -> None:
    texts = cases(language, of_set)
    assert 2 * sum(case.rule is None for case in texts) == len(texts)
    assert {case.rule for case in texts if case.rule} == {rule.name for rule in rules()}
    found = measure(texts, by_words)
    assert found.recall >= recall
    assert found.precision >= precision
    bare = measure(texts, by_bare_words)
    assert found.precision > bare.precision + 0.1
    assert found.recall == bare.recall


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

"""Distinctive phrases: what is new is found, what was always said is not, and order and copies change nothing."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.distinctive import distinctive
from pipeline.index.document import IndexDocument
from tests.conftest import document

USUAL = ["shipping be slow", "the price be high", "box be broken", "support do not answer", "colour be wrong"]


def said(texts: Sequence[str], first: int = 0) -> list[IndexDocument]:
    """Reviews whose words are their lemmas, each made different by a word of its own."""
    own = [f"{text} w{first + number}x" for number, text in enumerate(texts)]
    return [document(first + number, text=text, tokens=text) for number, text in enumerate(own)]


def phrases(now: Sequence[IndexDocument], before: Sequence[IndexDocument]) -> list[str]:
    return [each.text for each in distinctive(now, before, [])]


def test_a_new_trouble_is_told_in_the_words_of_customers() -> None:
    now = [
        document(n, text=f"배송이 {n}일 걸렸어요. 물류센터가 멈췄대요", tokens=f"배송 {n} 일 걸리다 물류 센터 멈추다")
        for n in range(30)
    ]
    before = [document(99 + n, text="배송이 느려요", tokens=f"배송 느리다 상자 {99 + n}호") for n in range(60)]
    told = distinctive(now, before, [])
    assert all(each.z >= 1.96 and each.reviews == 30 and each.before == 0 for each in told)
    assert [each.text for each in told] == ["걸렸어요", "멈췄대요", "물류센터"]


def test_a_pair_is_told_in_place_of_its_words() -> None:
    now = said([f"battery drain {each}" for each in USUAL * 6])
    before = said(USUAL * 12, 100)
    assert phrases(now, before)[0] == "battery drain"
    assert sum("battery" in each for each in phrases(now, before)) == 1


def test_a_verb_that_says_nothing_alone_is_not_told() -> None:
    now = [document(n, text=f"화면이 첫으로 가요 {n}", tokens=f"가다 w{n}x") for n in range(30)]
    before = said(USUAL * 12, 100)
    assert phrases(now, before) == []


@given(st.permutations(range(30)))
def test_neither_order_nor_usual_words_nor_copies_count(order: list[int]) -> None:
    before = said(USUAL * 12, 100)
    now = said(USUAL * 6)
    shuffled = [now[number] for number in order]
    assert phrases(shuffled, before) == []
    copied = document(999, text="buy elsewhere now", tokens="buy elsewhere now")
    assert phrases([*shuffled, *[copied] * 30], before) == []


@given(st.lists(st.text(max_size=40), max_size=8), st.lists(st.text(max_size=40), max_size=8))
def test_any_text_gives_at_most_five_phrases(now: list[str], before: list[str]) -> None:
    def made(texts: list[str], first: int) -> list[IndexDocument]:
        return [document(first + n, text=t, tokens=" ".join(t.lower().split())) for n, t in enumerate(texts)]

    told = distinctive(made(now * 4, 0), made(before, 100), made(before, 200))
    assert len(told) <= 5
    assert len({each.text for each in told}) == len(told)

"""What is worth a label: what the tagger doubts, and nothing twice."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.suggest import suggest
from nlp.tagger import Input, Tagger

_SURE = [
    "Terrible, it broke at once and I want my money back.",
    "I love it, works great!",
    "정말 최악이에요. 화가 납니다.",
]
_DOUBTED = ["The blue one, second shelf, next to the door.", "상자 두 개, 파란색이랑 빨간색."]


def doubt(tagger: Tagger, text: str) -> float:
    (only,) = suggest(tagger, [Input(text)], 1)
    return only.doubt


def test_the_most_doubted_comes_first(tagger: Tagger) -> None:
    texts = [*_SURE, *_DOUBTED]
    found = suggest(tagger, [Input(text) for text in texts], len(texts))
    assert texts[found[0].place] == max(texts, key=lambda text: doubt(tagger, text))
    assert all(0 <= each.doubt <= 1 for each in found)
    assert {each.place for each in found} == set(range(len(texts)))


def test_near_copies_come_once(tagger: Tagger) -> None:
    texts = [*_DOUBTED, *[_DOUBTED[0].lower() for _ in range(20)], _DOUBTED[0] + "!", *_SURE]
    found = [texts[each.place].lower().rstrip("!") for each in suggest(tagger, [Input(text) for text in texts], 20)]
    assert found.count(_DOUBTED[0].lower()) == 1
    assert len(found) == len(_DOUBTED) + len(_SURE)


def test_nothing_said_is_nothing_to_label(tagger: Tagger) -> None:
    assert suggest(tagger, [Input(""), Input("  ")], 5) == []
    assert suggest(tagger, [], 5) == []


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.sampled_from([*_SURE, *_DOUBTED, ""]), max_size=8), count=st.integers(1, 8))
def test_at_most_as_many_as_asked_each_once(tagger: Tagger, texts: list[str], count: int) -> None:
    places = [each.place for each in suggest(tagger, [Input(text) for text in texts], count)]
    assert len(places) <= count
    assert len(places) == len(set(places))
    assert all(texts[place] for place in places)

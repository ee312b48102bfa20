"""The encoder: reads any text, a clause in the light of its text, and long texts window by window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import encoder
from nlp.encoder import WINDOW, Encoder, written
from nlp.language import Pipeline
from nlp.pipelines import LANGUAGES


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Pipeline:
    return request.param


def mood(read: Encoder, text: str) -> str:
    columns = [read.labels.index(f"sentiment.{name}") for name in ("negative", "neutral", "positive")]
    return ("negative", "neutral", "positive")[int(read.read(text, [])[-1, columns].argmax())]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The lobby reeked of mould and the concierge shrugged.", "negative"),
        ("en", "Could not be happier with how these turned out", "positive"),
        ("en", "Do you ship to Norway?", "neutral"),
        ("ko", "로비에서 곰팡이 냄새가 진동하고 안내원은 어깨만 으쓱했어요", "negative"),
        ("ko", "기대 이상으로 마음에 들어서 하나 더 샀어요", "positive"),
        ("ko", "제주도까지 배송되나요?", "neutral"),
    ],
)
def test_moods_of_plain_texts(language: Pipeline, text: str, expected: str) -> None:
    assert mood(encoder.load(language), text) == expected


def test_a_clause_is_judged_by_its_own_pieces() -> None:
    text = "The screen is gorgeous but the courier threw it over the fence"
    at = text.index(" but")
    read = encoder.load("en")
    screen, courier, _ = read.read(text, [(0, at), (at + 1, len(text))])
    delivery, positive = read.labels.index("theme.delivery"), read.labels.index("sentiment.positive")
    assert courier[delivery] > screen[delivery] + 2
    assert screen[positive] > courier[positive] + 1


def test_the_whole_is_the_same_whatever_clauses_are_asked(language: Pipeline) -> None:
    read = encoder.load(language)
    text = "배송이 늦었어요. The box was wet. 그래도 맛있네요! " * 12
    spans = [(at, at + 10) for at in range(0, len(text) - 20, 20)]
    assert read.read(text, spans).shape == (len(spans) + 1, len(read.labels))
    # Windows may end elsewhere where clauses do, so the contexts differ a little; the text does not.
    assert np.allclose(read.read(text, [])[-1], read.read(text, spans)[-1], atol=1.0)


def test_a_repeated_reading_is_bit_for_bit_the_same(language: Pipeline) -> None:
    read = encoder.load(language)
    first = read.read("가방 끈이 끊어졌어요, strap broke", [(0, 11)])
    read.read("다른 글입니다", [])
    assert np.array_equal(first, read.read("가방 끈이 끊어졌어요, strap broke", [(0, 11)]))


def test_long_texts_are_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    read = encoder.load("en")
    lengths: list[int] = []
    session = read._session

    class Watching:
        def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            lengths.append(len(given["ids"]))
            found: list[np.ndarray] = session.run(outputs, given)
            return found

    monkeypatch.setattr(read, "_session", Watching())
    read.read("the food was cold. " * 200, [(at * 19, at * 19 + 18) for at in range(200)])
    assert max(lengths) <= WINDOW + 2
    assert sum(length - 2 for length in lengths) == 1000


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.lists(st.integers(0, 300), max_size=12, unique=True))
def test_any_text_has_finite_scores(text: str, borders: list[int]) -> None:
    text = text.encode("utf-8", "ignore").decode()
    edges = sorted(border for border in borders if border <= len(text))
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    for language in LANGUAGES:
        found = encoder.load(language).read(text, spans)
        assert found.shape[0] == len(spans) + 1
        assert np.isfinite(found).all()


@given(st.text(max_size=200), st.booleans())
def test_letters_lead_back_into_the_text(text: str, uncased: bool) -> None:
    letters, places = written(text, uncased)
    assert len(letters) == len(places)
    assert places == sorted(places)
    assert all(0 <= place < len(text) for place in places)


def test_letters_are_as_the_pieces_want_them() -> None:
    assert written("Café's ㅠ", uncased=False)[0] == "Café's ᅲ"
    assert written("Café's", uncased=True)[0] == "cafe ' s"

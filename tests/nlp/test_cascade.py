"""The cascade: plain praise passes without the encoder, all else is read by it."""

import numpy as np
import pytest

from nlp import encoder
from nlp.cascade import added
from nlp.pipelines import LANGUAGES
from nlp.tagger import Input, Tagger


@pytest.mark.parametrize(
    "text",
    [
        "정말 예쁘고 튼튼해요. 강추합니다!",
        "최고예요 너무 맘에 들어요",
        "Love it! Great quality, works perfectly, highly recommend.",
    ],
)
def test_plain_praise_costs_no_reading(tagger: Tagger, text: str) -> None:
    ((_, reading),) = tagger.read([Input(text)])
    assert reading.heard is None
    assert reading.sentiment == "positive"


@pytest.mark.parametrize(
    "text",
    [
        "배송이 일주일째 안 와요",
        "예쁘긴 한데 한 번 빨았더니 줄었어요",
        "The zip broke after two days",
        "Great, another update that logs me out. Love it.",
        "Best prices! Visit www.cheap-pills.example now",
        "",
    ],
)
def test_what_may_be_a_complaint_is_read(tagger: Tagger, text: str) -> None:
    ((language, reading),) = tagger.read([Input(text)])
    if text:
        assert reading.heard is not None
        assert set(reading.heard) == set(encoder.load(language).labels)
    else:
        assert reading.heard is None


def test_both_judges_are_added() -> None:
    table, read = np.array([1.0, -2.0], np.float32), np.array([0.5, 4.0], np.float32)
    for language in LANGUAGES:
        both = added(language, table, read)
        assert both.dtype == np.float32
        assert np.allclose(added(language, 2 * table, 2 * read), 2 * both)
        assert np.allclose(added(language, 0 * table, read), read)
        assert (np.sign(both - read) == np.sign(table)).all()


def test_tags_do_not_depend_on_neighbours(tagger: Tagger) -> None:
    texts = ["배송이 일주일째 안 와요", "Love it! Works perfectly.", "The zip broke", "최고예요", "환불 언제 돼요?"] * 3
    together = tagger.tag([Input(text) for text in texts])
    assert together == [tagger.tag([Input(text)])[0] for text in texts]

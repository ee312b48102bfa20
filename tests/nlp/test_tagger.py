"""The tagger's promises: any text, any batch, offsets into the text, errors that say what to type."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nlp.pipelines import VERSION
from nlp.tagger import ANALYSED, Input, Tagger
from nlp.themes import Theme, ThemesConfig
from pipeline.errors import SettingsError
from pipeline.models import Tags

SEEN = "늦어요|안|앱이|튕겨요|ㅠㅠ|값이\u3000|싸요!!|한글|delivery|late|n't|👍🏻|<b>crash|\n|010-1234-5678"
WORDS = st.sampled_from(SEEN.split("|"))
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=12).map(" ".join))
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PATIENT
@given(text=TEXTS, title=st.text(max_size=20), rating=st.none() | st.floats(0, 1))
@example(text="\ud800 배송 \udfff", title="\ud83d", rating=None)
@example(text="각 배송이 너무 늦어요", title="제목", rating=0.0)
@example(text="\u202e\u0000\ufeff🙂‍↔️\u0301\u0301", title="", rating=1.0)
@example(text="\r\n\t  \u2028", title=" ", rating=None)
def test_any_text_gives_tags_with_offsets_inside_it(
    tagger: Tagger, text: str, title: str, rating: float | None
) -> None:
    (tags,) = tagger.tag([Input(text, title=title, rating=rating)])
    spans = [span for theme in tags.themes for span in theme.evidence] + [(item.start, item.end) for item in tags.pii]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert Tags.model_validate(tags.model_dump()) == tags
    assert all(token == token.lower() and any(map(str.isalnum, token)) for token in tags.tokens)


@PATIENT
@given(texts=st.lists(TEXTS, min_size=1, max_size=8), size=st.integers(1, 8))
def test_tags_do_not_depend_on_the_batch(tagger: Tagger, texts: list[str], size: int) -> None:
    inputs = [Input(text) for text in texts]
    whole = tagger.tag(inputs)
    assert [tags for at in range(0, len(inputs), size) for tags in tagger.tag(inputs[at : at + size])] == whole


@pytest.mark.parametrize(
    "text",
    [
        "ㅋ" * 100_000,
        "배송이늦어요" * 15_000,
        "a" * 100_000,
        "<div onclick=x>" * 6_000,
        "0-" * 50_000,
        "a@" * 50_000,
        "1 " * 50_000,
        "강남대로 " * 20_000,
        "\u0301" * 100_000,
        "(" * 100_000,
    ],
    ids=lambda text: text[:8],
)
def test_a_page_of_anything_is_tagged_soon(tagger: Tagger, text: str) -> None:
    began = time.process_time()
    tagger.tag([Input(text)])
    assert time.process_time() - began < 5


def test_order_is_kept_across_languages(tagger: Tagger) -> None:
    texts = ["배송이 늦어요", "late delivery", "", "앱이 튕겨요", "🙂", "great app"]
    tags = tagger.tag([Input(text) for text in texts])
    assert [tag.lang for tag in tags] == ["ko", "en", "und", "ko", "und", "en"]
    assert [tag.model for tag in tags] == [f"{name}-{VERSION}" for name in ("ko", "en", "en", "ko", "en", "en")]
    assert tagger.tag([]) == []


def test_evidence_is_the_clause_in_the_original_text(tagger: Tagger) -> None:
    text = "디자인은 예쁜데 배송이 너무 늦어요 ㅠㅠ"
    (tags,) = tagger.tag([Input(text, title="별 두 개")])
    found = {theme.name: (theme.sentiment, [text[start:end] for start, end in theme.evidence]) for theme in tags.themes}
    assert found["delivery"] == ("negative", ["배송이 너무 늦어요 ㅠㅠ"])
    assert found["quality"] == ("positive", ["디자인은 예쁜데"])


def test_evidence_in_decomposed_hangul_still_points_into_the_original(tagger: Tagger) -> None:
    composed, decomposed = "좋아요. 배송이 늦어요", "좋아요. 배송이 늦어요"
    tags = tagger.tag([Input(composed), Input(decomposed)])
    first, second = (next(theme.evidence for theme in tag.themes if theme.name == "delivery") for tag in tags)
    assert [decomposed[start:end] for start, end in second] == ["배송이 늦어요"]
    assert [composed[start:end] for start, end in first] == ["배송이 늦어요"]
    assert tags[0].tokens == tags[1].tokens


def test_stars_decide_what_words_leave_open_but_not_what_themes_say(tagger: Tagger) -> None:
    text = "이번에 주문했습니다"
    low, high = tagger.tag([Input(text, rating=0.0), Input(text, rating=1.0)])
    assert (low.sentiment, high.sentiment) == ("negative", "positive")
    (tags,) = tagger.tag([Input("배송이 너무 늦고 박스도 다 찢어져서 왔어요", rating=1.0)])
    assert {theme.name: theme.sentiment for theme in tags.themes}["delivery"] == "negative"


def test_only_stars_still_give_a_sentiment(tagger: Tagger) -> None:
    low, middle, high = tagger.tag([Input("", rating=0.0), Input("", rating=0.5), Input("🙂", rating=1.0)])
    assert (low.sentiment, middle.sentiment, high.sentiment) == ("negative", "neutral", "positive")


def test_personal_data_beyond_the_analysed_part_is_found(tagger: Tagger) -> None:
    text = "가 " * ANALYSED + "010-1234-5678"
    (tags,) = tagger.tag([Input(text)])
    assert [(item.kind, text[item.start : item.end]) for item in tags.pii] == [("phone", "010-1234-5678")]


def test_a_theme_of_the_brand_is_found_by_its_seeds() -> None:
    theme = Theme.model_validate(
        {
            "name": "packaging",
            "labels": {"ko": "과대포장", "en": "Packaging"},
            "stage": "deliver",
            "seeds": {"ko": ["비닐 쓰레기가 너무 많아요"], "en": ["too much plastic"]},
            "patterns": {"en": {"negative": ["excessive packaging"]}},
        }
    )
    tagger = Tagger.load(themes=ThemesConfig(themes=(theme,)))
    tags = tagger.tag(
        [
            Input("뜯어보니 비닐 쓰레기가 정말 너무 많네요"),
            Input("Excessive packaging, really."),
            Input("way too much plastic"),
        ]
    )
    assert ["packaging" in {theme.name for theme in tag.themes} for tag in tags] == [True, True, True]


def test_a_missing_pipeline_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ko: no trained pipeline here.*moksori train DATA"):
        Tagger.load(tmp_path)


def test_a_pipeline_of_another_version_says_what_to_type(tmp_path: Path) -> None:
    import shutil

    from nlp.tagger import TRAINED

    shutil.copytree(TRAINED, tmp_path / "trained")
    meta = tmp_path / "trained" / "ko" / "meta.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | {"version": "2020.1.1"}))
    with pytest.raises(SettingsError, match=r"version 2020\.1\.1, expected .*moksori train DATA"):
        Tagger.load(tmp_path / "trained")

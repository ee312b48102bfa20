"""Tokens for search: dictionary forms, safe under negation, names whole; and what a person types finds them."""

from collections.abc import Iterator

import pytest

from nlp.tagger import Input, Tagger


def tokens(tagger: Tagger, text: str) -> list[str]:
    return tagger.tag([Input(text)])[0].tokens


def finds(tagger: Tagger, typed: str, text: str) -> bool:
    """As the index does: every term must occur, a term if one of its phrases does, a phrase as neighbours."""
    held = tokens(tagger, text)
    return all(
        any(tuple(held[at : at + len(phrase)]) == phrase for phrase in term for at in range(len(held)))
        for term in tagger.search_terms(typed)
    )


@pytest.fixture
def names(tagger: Tagger) -> Iterator[Tagger]:
    """The tagger; whatever names a test gives it are gone after it."""
    yield tagger
    tagger.set_names([])


@pytest.mark.parametrize(
    ("whole", "part"),
    [
        ("비급여", "급여"), ("미배송", "배송"), ("불친절", "친절"), ("부정확", "정확"), ("무응답", "응답"),
        ("미개봉", "개봉"), ("비추천", "추천"), ("유료", "무료"), ("불만족", "만족"), ("무소음", "소음"),
        ("오배송", "배송"), ("비대면", "대면"),
    ],
)  # fmt: skip
def test_a_word_and_its_opposite_do_not_find_each_other(tagger: Tagger, whole: str, part: str) -> None:
    assert finds(tagger, whole, f"이번에도 {whole} 이네요")
    assert not finds(tagger, part, f"이번에도 {whole} 이네요")
    assert not finds(tagger, whole, f"이번에도 {part} 이네요")


def test_english_prefixes_stay_glued(tagger: Tagger) -> None:
    assert "non-refundable" in tokens(tagger, "Tickets are non-refundable.")
    assert not finds(tagger, "refundable", "Tickets are non-refundable.")


def test_verbs_are_in_dictionary_form_and_particles_gone(tagger: Tagger) -> None:
    assert tokens(tagger, "배송이 너무 늦어요!!") == ["배송", "너무", "늦다"]
    assert tokens(tagger, "The parcels were delivered late.") == ["the", "parcel", "be", "deliver", "late"]
    assert "bluetooth" in tokens(tagger, "Bluetooth연결이 안됨")


@pytest.mark.parametrize(("typed", "text"), [
    ("늦음", "배송이 늦어서 짜증"), ("배송 지연", "배송이 계속 지연되네요"), ("deliveries", "my delivery is late"),
    ("crashing", "it crashes all the time"), ('"고객 센터"', "고객센터 전화 안받음"), ("환불은", "환불 해주세요"),
])  # fmt: skip
def test_any_form_finds_any_form(tagger: Tagger, typed: str, text: str) -> None:
    assert finds(tagger, typed, text)


def test_words_may_stand_apart_but_a_quoted_phrase_may_not(tagger: Tagger) -> None:
    assert finds(tagger, "late order", "the order came late")
    assert not finds(tagger, '"late order"', "the order came late")
    assert finds(tagger, '"late order"', "Another late order!")


def test_what_has_no_token_asks_for_nothing(tagger: Tagger) -> None:
    assert tagger.search_terms("") == tagger.search_terms("  !! ") == tagger.search_terms('""') == ()
    assert len(tagger.search_terms("배송 !!")) == 1


def test_names_stay_whole_at_once_and_old_documents_are_still_found(names: Tagger) -> None:
    text = "누리팟프로가 자꾸 끊겨요"
    before = tokens(names, text)
    names.set_names(["누리팟프로", "Galaxy Buds"])
    assert "누리팟프로" in tokens(names, text)
    assert "galaxybuds" in tokens(names, "My Galaxy Buds died")
    (term,) = names.search_terms("누리팟프로")
    assert ("누리팟프로",) in term
    assert any(tuple(before[at : at + len(phrase)]) == phrase for phrase in term for at in range(len(before)))
    assert len(names.search_terms("galaxy buds")) == 1


def test_a_short_name_is_not_found_inside_other_words(names: Tagger) -> None:
    names.set_names(["배민"])
    assert "배민" in tokens(names, "배민으로 시켰어요")
    assert "배민" not in tokens(names, "배민영 기사님 감사합니다")

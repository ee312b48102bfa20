"""The book of corrections: one a text, the newest word counts, nothing is forgotten but what must be."""

from datetime import timedelta

import pytest

from desk.corrections.book import Written, corrected, correction_of, corrections, forget, write
from desk.corrections.models import CorrectionEvent
from desk.corrections.said import Said
from moksori.lessons import from_corrections
from tests.desk.conftest import BOTH, NOW

LATE = Said(review_id="shop:1", text="늦어요", sentiment="negative", themes={"delivery": "negative", "price": "no"})
SO_SO = Said(text="그냥 그래요", sentiment="neutral", by="kim", at=NOW)


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_writing_twice_changes_nothing(database: str) -> None:
    assert write([LATE, SO_SO]) == Written(added=2)
    before = list(corrections())
    assert write([SO_SO, LATE]) == Written(unchanged=2)
    assert list(corrections()) == before
    assert CorrectionEvent.objects.count() == 2


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_the_newest_word_counts_and_the_old_one_stays_in_the_history(database: str) -> None:
    write([SO_SO])
    newer = SO_SO.model_copy(update={"sentiment": "negative", "by": "lee", "at": NOW + timedelta(hours=1)})
    assert write([newer]) == Written(changed=1)
    assert write([SO_SO]) == Written(unchanged=1)  # older
    assert [said.sentiment for said in corrections()] == ["negative"]
    assert list(CorrectionEvent.objects.values_list("by", "sentiment")) == [("kim", "neutral"), ("lee", "negative")]


def test_what_was_exported_can_be_imported_elsewhere(database: str) -> None:
    write([LATE, SO_SO])
    copies = list(corrections())
    forget(["shop:1"])
    assert write(copies) == Written(added=1, unchanged=1)
    assert list(corrections()) == copies


def test_a_review_that_is_gone_takes_its_correction_along(database: str) -> None:
    write([LATE, SO_SO])
    assert corrected(["shop:1", "shop:2"]) == {"shop:1"}
    assert forget(["shop:1", "shop:2"]) == 1
    assert correction_of("shop:1") is None
    assert [said.text for said in corrections()] == [SO_SO.text]


def test_the_tagger_learns_what_was_said_and_only_that(database: str) -> None:
    write([LATE])
    (label,) = from_corrections()
    assert (label.text, label.sentiment, label.themes) == ("늦어요", "negative", {"delivery": True, "price": False})
    assert label.weight == 1

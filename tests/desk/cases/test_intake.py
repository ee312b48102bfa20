"""Cases from the stream: one a review, whatever is delivered, how often and in which order."""

import random
import threading
from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.cases.counts import open_cases
from desk.cases.intake import Intake, take
from desk.cases.models import Case, CaseEvent, Note, Reply, Status, TakenReview
from pipeline.errors import Unavailable
from pipeline.models import TaggedReview, Tombstone
from tests.desk.conftest import BOTH, NOW, Cast, tagged


def tombstone(number: int = 1, version: int = 5, reason: str = "deleted") -> Tombstone:
    return Tombstone(id=f"shop:{number}", source="shop", version=version, at=NOW, reason=reason)  # type: ignore[arg-type]


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_a_negative_review_opens_one_case_however_often_it_comes(database: str) -> None:
    assert take([tagged(), tagged()]) == Intake(opened=1)
    assert take([tagged()]) == Intake()
    case = Case.objects.get()
    assert (case.review_id, case.product, case.status) == ("shop:1", "에어프라이어", Status.NEW)
    assert open_cases() == 1
    assert [event.kind for event in case.events.all()] == [CaseEvent.Kind.OPENED]


@pytest.mark.parametrize(
    "message",
    [
        tagged(sentiment="positive"),
        tagged(sentiment="neutral"),
        tagged(age_days=15),
        tagged().model_copy(update={"tags": tagged().tags.model_copy(update={"spam": True})}),
    ],
    ids=["positive", "neutral", "old backlog", "spam"],
)
def test_what_needs_no_answer_opens_no_case(database: str, message: TaggedReview) -> None:
    assert take([message]) == Intake()
    assert not Case.objects.exists()
    assert not TakenReview.objects.exists()


@pytest.mark.parametrize(("urgency", "hours"), [("high", 4), ("medium", 24), ("low", 72)])
def test_the_deadline_follows_the_urgency(database: str, urgency: str, hours: int) -> None:
    take([tagged(urgency=urgency)])
    case = Case.objects.get()
    assert case.due_at - case.opened_at == timedelta(hours=hours)


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_an_edit_updates_the_copy_and_an_older_version_does_not(database: str) -> None:
    take([tagged(version=2)])
    revision = Case.objects.get().revision
    assert take([tagged(version=3, text="그래도 너무 비싸요", rating=0.25)]) == Intake(updated=1)
    assert take([tagged(version=1, text="old")]) == Intake()
    case = Case.objects.get()
    assert case.text == "그래도 너무 비싸요"
    assert case.revision == revision + 1
    edited = case.events.get(kind=CaseEvent.Kind.REVIEW_EDITED)
    assert (edited.before, edited.after) == ("1 / 5", "2 / 5")


def test_an_edit_that_makes_it_urgent_moves_the_deadline_forward_only(database: str) -> None:
    take([tagged(urgency="medium")])
    before = Case.objects.get().due_at
    take([tagged(version=2, urgency="low")])
    assert Case.objects.get().due_at == before
    take([tagged(version=3, urgency="high")])
    assert Case.objects.get().due_at < before


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_a_tombstone_empties_and_closes_the_case(database: str, cast: Cast) -> None:
    take([tagged()])
    case = Case.objects.get()
    Note.objects.create(case=case, author=cast.lead, at=NOW, text="called them")
    Reply.objects.create(case=case, text="Dear customer", changed_at=NOW)
    assert take([tombstone()]) == Intake(closed=1)
    case.refresh_from_db()
    assert (case.text, case.title, case.author_id, case.url, case.themes) == ("", "", "", "", [])
    assert case.status == Status.GONE
    assert case.notes.exists()
    assert open_cases() == 0


def test_an_erasure_takes_notes_and_reply_too(database: str, cast: Cast) -> None:
    take([tagged()])
    case = Case.objects.get()
    Note.objects.create(case=case, author=cast.lead, at=NOW, text="her number is …")
    Reply.objects.create(case=case, text="Dear Ms …", changed_at=NOW)
    take([tombstone(reason="erased")])
    assert not case.notes.exists()
    assert not Reply.objects.exists()


@pytest.mark.parametrize("order", list(permutations(["v1", "v2", "gone"])))
def test_a_review_that_is_gone_stays_gone_in_every_order(database: str, order: tuple[str, ...]) -> None:
    messages = {"v1": tagged(version=1), "v2": tagged(version=2), "gone": tombstone(version=3)}
    for name in order:
        take([messages[name]])
    assert open_cases() == 0
    assert not Case.objects.exclude(text="").exists()


def test_a_newer_version_after_a_deletion_brings_the_case_back(database: str) -> None:
    take([tagged(version=1)])
    take([tombstone(version=2)])
    take([tagged(version=3, text="또 늦네요")])
    case = Case.objects.get()
    assert (case.status, case.text, case.closed_at) == (Status.NEW, "또 늦네요", None)


def test_hostile_fields_fit_the_table(database: str) -> None:
    take([tagged(product="a\x00b\n" + "x" * 290, url="javascript:alert(1)\x00", author_id="\x00a", text="\x00ok\x07")])
    case = Case.objects.get()
    assert "\x00" not in case.product + case.url + case.author_id + case.text


def test_an_outage_is_unavailable(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", "/nonexistent/folder/desk.db")
    with pytest.raises(Unavailable, match="database does not answer"):
        take([tagged()])


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_several_workers_with_the_same_reviews_open_each_once_and_never_deadlock(database: str) -> None:
    messages = [tagged(number, version=version) for number in range(40) for version in (1, 2)]
    messages += [tombstone(number, version=3) for number in range(0, 40, 4)]
    results: list[Intake] = []
    failures: list[Exception] = []

    def work(seed: int) -> None:
        shuffled = messages[:]
        random.Random(seed).shuffle(shuffled)
        try:
            for start in range(0, len(shuffled), 15):
                results.append(take(shuffled[start : start + 15]))
        except Exception as error:  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    opened = CaseEvent.objects.filter(kind=CaseEvent.Kind.OPENED)
    assert sum(result.opened for result in results) == Case.objects.count() == opened.count()
    assert open_cases() == 30
    assert set(Case.objects.exclude(status=Status.GONE).values_list("review_version", flat=True)) == {2}


_DELIVERIES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 5), st.sampled_from(["negative", "positive", "gone"])),
    max_size=12,
    unique_by=lambda delivery: delivery[:2],
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries=_DELIVERIES, seed=st.integers(0, 1000), cut=st.integers(1, 6))
def test_in_order_redelivery_changes_nothing(
    database: str, deliveries: list[tuple[int, int, str]], seed: int, cut: int
) -> None:
    messages: list[TaggedReview | Tombstone] = [
        tombstone(number, version)
        if what == "gone"
        else tagged(number, version=version, sentiment=what, text=f"{what} {version}")
        for number, version, what in sorted(deliveries, key=lambda delivery: delivery[1])
    ]

    def state() -> list[tuple[object, ...]]:
        return list(Case.objects.order_by("review_id").values_list("review_id", "text", "status", "review_version"))

    Case.objects.all().delete()
    TakenReview.objects.all().delete()
    take(messages[:cut])
    take(messages[cut:])
    once = state()
    again = random.Random(seed).sample(messages, len(messages))
    known = {id_ for id_, *_ in once} | set(TakenReview.objects.values_list("review_id", flat=True))
    take([message for message in again if message.id in known])
    assert state() == once

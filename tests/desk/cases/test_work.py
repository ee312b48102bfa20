"""Work on a case: who may, what it leaves behind, and that two people cannot overwrite each other."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from desk.cases import work
from desk.cases.intake import take
from desk.cases.models import Case, CaseEvent, Reply, Status
from pipeline.errors import MoksoriError, Unavailable
from pipeline.index import Index
from pipeline.index.document import from_tagged
from pipeline.models import Tombstone
from tests.desk.conftest import BOTH, NOW, Cast, tagged


@pytest.fixture
def case(database: str, cast: Cast, index: Index) -> Case:
    """A case that is nobody's, its review in the index."""
    index.put([from_tagged(tagged())])
    take([tagged()])
    return Case.objects.get()


def test_taking_a_case_begins_the_work_and_shows_it_in_the_index(case: Case, cast: Cast, index: Index) -> None:
    work.assign(case.pk, case.revision, cast.responder, cast.responder)
    case.refresh_from_db()
    assert (case.assignee, case.status) == (cast.responder, Status.WORKING)
    assert index.get(["shop:1"])["shop:1"].case_status == "working"
    assert [event.kind for event in case.events.all()] == ["opened", "assigned", "status"]


def test_closing_and_opening_again(case: Case, cast: Cast) -> None:
    work.set_status(case.pk, case.revision, "solved", cast.lead)
    case.refresh_from_db()
    assert case.closed_at is not None
    work.set_status(case.pk, case.revision, "working", cast.lead)
    case.refresh_from_db()
    assert (case.closed_at, case.status) == (None, Status.WORKING)


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_of_several_at_once_one_wins_and_the_rest_hear_of_it(case: Case, cast: Cast) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def draft(text: str) -> None:
        start.wait()
        try:
            work.draft_reply(case.pk, case.revision, text, cast.lead)
            outcomes.append("saved")
        except work.Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=draft, args=(f"text {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "saved"]
    assert CaseEvent.objects.filter(kind="drafted").count() == 1


def test_a_change_of_the_review_is_a_conflict_too(case: Case, cast: Cast) -> None:
    take([tagged(version=2, text="다른 내용")])
    with pytest.raises(work.Conflict):
        work.draft_reply(case.pk, case.revision, "sorry for the old thing", cast.lead)
    assert not Reply.objects.exists()


@pytest.mark.parametrize(
    ("who", "owner", "may"),
    [
        ("viewer", None, False),
        ("responder", None, True),
        ("responder", "responder", True),
        ("responder", "colleague", False),
        ("lead", "colleague", True),
        ("admin", "colleague", True),
    ],
)
def test_who_may_work_on_whose_case(case: Case, cast: Cast, who: str, owner: str | None, may: bool) -> None:
    Case.objects.update(assignee=getattr(cast, owner) if owner else None)
    user = getattr(cast, who)
    if may:
        work.set_status(case.pk, case.revision, "waiting", user)
        assert Case.objects.get().status == Status.WAITING
        return
    with pytest.raises(PermissionDenied):
        work.set_status(case.pk, case.revision, "waiting", user)
    assert Case.objects.get().revision == case.revision


def test_only_a_lead_hands_work_to_others_and_never_to_a_viewer(case: Case, cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        work.assign(case.pk, case.revision, cast.colleague, cast.responder)
    with pytest.raises(PermissionDenied):
        work.assign(case.pk, case.revision, cast.viewer, cast.lead)
    work.assign(case.pk, case.revision, cast.colleague, cast.lead)
    assert Case.objects.get().assignee == cast.colleague


def test_a_reply_is_drafted_approved_and_published_in_this_order(case: Case, cast: Cast) -> None:
    def revision() -> int:
        return Case.objects.get().revision

    with pytest.raises(MoksoriError):
        work.mark_published(case.pk, revision(), cast.lead)
    work.draft_reply(case.pk, revision(), "늦어서 죄송합니다", cast.responder)
    with pytest.raises(PermissionDenied):
        work.approve_reply(case.pk, revision(), cast.responder)
    work.approve_reply(case.pk, revision(), cast.lead)
    work.draft_reply(case.pk, revision(), "changed after approval", cast.responder)
    with pytest.raises(MoksoriError):
        work.mark_published(case.pk, revision(), cast.responder)
    work.approve_reply(case.pk, revision(), cast.lead)
    work.mark_published(case.pk, revision(), cast.responder)
    with pytest.raises(MoksoriError):
        work.draft_reply(case.pk, revision(), "too late", cast.responder)
    assert (Reply.objects.get().state, Case.objects.get().status) == ("published", Status.WAITING)


def test_notes_need_no_revision_and_a_right(case: Case, cast: Cast) -> None:
    work.add_note(case.pk, "one", cast.responder)
    work.add_note(case.pk, "two", cast.colleague)
    with pytest.raises(PermissionDenied):
        work.add_note(case.pk, "three", cast.viewer)
    assert case.notes.count() == 2


def test_the_deadline_moves_with_a_trace(case: Case, cast: Cast) -> None:
    work.move_deadline(case.pk, case.revision, NOW + timedelta(days=3), cast.lead)
    assert Case.objects.get().due_at == NOW + timedelta(days=3)
    assert case.events.get(kind="due").after == "2026-11-23 12:00+09:00"


def test_a_case_whose_review_is_gone_cannot_be_moved_on(case: Case, cast: Cast) -> None:
    take([Tombstone(id="shop:1", source="shop", version=9, at=NOW)])
    with pytest.raises(MoksoriError, match="gone"):
        work.set_status(case.pk, Case.objects.get().revision, "working", cast.lead)


def test_an_index_that_is_down_does_not_stop_the_work(case: Case, cast: Cast, monkeypatch) -> None:
    def down() -> Index:
        raise Unavailable("no index")

    monkeypatch.setattr("desk.cases.index_status.thread_index", down)
    work.set_status(case.pk, case.revision, "solved", cast.lead)
    assert Case.objects.get().status == Status.SOLVED

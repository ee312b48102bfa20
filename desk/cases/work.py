"""What people do with a case: each change checks who asks and which revision they saw, and leaves a line of history."""

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from desk.cases.index_status import show_status
from desk.cases.models import CHOSEN_BY_PEOPLE, OPEN, Case, CaseEvent, Note, Reply, Status
from pipeline.errors import MoksoriError


class Conflict(MoksoriError):
    """Someone else changed the case since it was read."""


def may_work_on(user: User, case: Case) -> bool:
    """A lead works on every case, a responder on their own and on those that are nobody's."""
    if user.has_perm("cases.lead_case"):
        return True
    return user.has_perm("cases.change_case") and case.assignee_id in (None, user.pk)


def assign(case_id: int, revision: int, assignee: User | None, by: User) -> None:
    """Give a case to someone. A responder takes a free one or gives back their own; a lead gives any to anyone."""
    if assignee not in (None, by) and not by.has_perm("cases.lead_case"):
        raise PermissionDenied
    if assignee and not assignee.has_perm("cases.change_case"):
        raise PermissionDenied

    def change(case: Case, now: datetime) -> None:
        before = case.assignee.username if case.assignee else ""
        case.assignee = assignee
        _record(case, by, now, CaseEvent.Kind.ASSIGNED, before, assignee.username if assignee else "")
        if assignee and case.status == Status.NEW:
            _set_status(case, Status.WORKING, by, now)

    _change(case_id, revision, by, change)


def set_status(case_id: int, revision: int, status: str, by: User) -> None:
    """Move a case on, close it or open it again."""
    if status not in CHOSEN_BY_PEOPLE:
        raise MoksoriError(f"{status!r} is no status that a person can choose")

    def change(case: Case, now: datetime) -> None:
        if case.status == Status.GONE:
            raise MoksoriError("the review of this case is gone")
        if case.status != status:
            _set_status(case, Status(status), by, now)

    _change(case_id, revision, by, change)


def move_deadline(case_id: int, revision: int, due_at: datetime, by: User) -> None:
    """Set another deadline."""

    def change(case: Case, now: datetime) -> None:
        before = timezone.localtime(case.due_at).isoformat(" ", "minutes")
        case.due_at = due_at
        _record(case, by, now, CaseEvent.Kind.DUE, before, timezone.localtime(due_at).isoformat(" ", "minutes"))

    _change(case_id, revision, by, change)


def add_note(case_id: int, text: str, by: User) -> None:
    """Write a note. Needs no revision: notes are added, they overwrite nothing."""
    if not by.has_perm("cases.change_case"):
        raise PermissionDenied
    with transaction.atomic():
        now = timezone.now()
        Note.objects.create(case_id=case_id, author=by, at=now, text=text)
        CaseEvent.objects.create(case_id=case_id, at=now, by=by, kind=CaseEvent.Kind.NOTED)


def draft_reply(case_id: int, revision: int, text: str, by: User) -> None:
    """Write or change the reply; an approval of the text before is void."""

    def change(case: Case, now: datetime) -> None:
        reply = _reply(case) or Reply(case=case)
        if reply.state == Reply.State.PUBLISHED:
            raise MoksoriError("the reply is published already")
        reply.text, reply.author, reply.changed_at = text, by, now
        reply.state, reply.approved_by = Reply.State.DRAFT, None
        reply.save()
        _record(case, by, now, CaseEvent.Kind.DRAFTED)

    _change(case_id, revision, by, change)


def approve_reply(case_id: int, revision: int, by: User) -> None:
    """A lead says that the reply, as they saw it, may go out."""
    if not by.has_perm("cases.lead_case"):
        raise PermissionDenied

    def change(case: Case, now: datetime) -> None:
        reply = _in_state(case, Reply.State.DRAFT)
        reply.state, reply.approved_by, reply.changed_at = Reply.State.APPROVED, by, now
        reply.save()
        _record(case, by, now, CaseEvent.Kind.APPROVED)

    _change(case_id, revision, by, change)


def mark_published(case_id: int, revision: int, by: User) -> None:
    """The approved reply stands at the source now."""

    def change(case: Case, now: datetime) -> None:
        reply = _in_state(case, Reply.State.APPROVED)
        reply.state, reply.changed_at, reply.published_at = Reply.State.PUBLISHED, now, now
        reply.save()
        _record(case, by, now, CaseEvent.Kind.PUBLISHED)
        if case.status in (Status.NEW, Status.WORKING):
            _set_status(case, Status.WAITING, by, now)

    _change(case_id, revision, by, change)


def _change(case_id: int, revision: int, by: User, change: Callable[[Case, datetime], None]) -> None:
    with transaction.atomic():
        # The conditional update takes the row's lock and settles who was first.
        if Case.objects.filter(pk=case_id, revision=revision).update(revision=revision + 1) != 1:
            raise Conflict(f"case {case_id} was changed by someone else")
        case = Case.objects.select_related("assignee").get(pk=case_id)
        if not may_work_on(by, case):
            raise PermissionDenied
        change(case, timezone.now())
        case.save()


def _set_status(case: Case, status: Status, by: User, now: datetime) -> None:
    before, case.status = case.status, status
    case.closed_at = None if status in OPEN else now
    _record(case, by, now, CaseEvent.Kind.STATUS, before, status)
    show_status(case)


def _record(case: Case, by: User, now: datetime, kind: CaseEvent.Kind, before: str = "", after: str = "") -> None:
    CaseEvent.objects.create(case=case, at=now, by=by, kind=kind, before=before, after=after)


def _reply(case: Case) -> Reply | None:
    return Reply.objects.filter(case=case).first()


def _in_state(case: Case, state: Reply.State) -> Reply:
    reply = _reply(case)
    if reply is None or reply.state != state:
        raise MoksoriError("the reply is not at this step")
    return reply

"""The case of an alert: opened with it, so that someone owns the trouble and not only its reviews."""

from datetime import datetime

from desk.alerts.models import Alert, Kind
from desk.cases.models import ANSWER_WITHIN, OPEN, Case, CaseEvent, Priority, Status


def open_case(alert: Alert, now: datetime) -> None:
    """Open the alert's case, unless it has one. A critical review's own case, where it has one, becomes urgent."""
    if alert.case_id is not None or _urged(alert, now):
        return
    priority = Priority(alert.severity)
    alert.case = Case.objects.create(
        source=alert.source,
        brand=alert.brand,
        product=alert.product,
        priority=priority,
        opened_at=now,
        due_at=now + ANSWER_WITHIN[priority],
    )
    CaseEvent.objects.create(case=alert.case, at=now, kind=CaseEvent.Kind.OPENED)
    alert.save()


def case_of_review(alert: Alert) -> Case | None:
    """The case of the review that a critical alert is about, where it has one."""
    if alert.kind != Kind.CRITICAL:
        return None
    return Case.objects.filter(review_id__in=[quote.id for quote in alert.quotes]).first()


def _urged(alert: Alert, now: datetime) -> bool:
    found = case_of_review(alert)
    if found is None:
        return False
    case = Case.objects.select_for_update().get(pk=found.pk)
    if case.status in OPEN and alert.severity > case.priority:
        case.priority = alert.severity
        case.due_at = min(case.due_at, now + ANSWER_WITHIN[Priority(alert.severity)])
        _save(case, now, CaseEvent.Kind.DUE, case.status)
    return True


def alert_is_over(alert: Alert, now: datetime) -> None:
    """Close the case if nobody has begun; where someone works, they decide."""
    case = _locked_case(alert)
    if case is None:
        return
    before = case.status
    if case.status == Status.NEW and case.assignee_id is None:
        case.status, case.closed_at = Status.SOLVED, now
    _save(case, now, CaseEvent.Kind.ALERT_OVER, before)


def alert_is_back(alert: Alert, now: datetime) -> None:
    """Open the case again, or a first one."""
    case = _locked_case(alert)
    if case is None:
        open_case(alert, now)
        return
    before = case.status
    if case.status not in OPEN:
        case.status, case.closed_at = Status.NEW, None
        case.priority = alert.severity
        case.due_at = now + ANSWER_WITHIN[Priority(alert.severity)]
    _save(case, now, CaseEvent.Kind.ALERT_BACK, before)


def _locked_case(alert: Alert) -> Case | None:
    if alert.case_id is None:
        return None
    return Case.objects.select_for_update().filter(pk=alert.case_id).first()


def _save(case: Case, now: datetime, kind: CaseEvent.Kind, before: str) -> None:
    case.revision += 1
    case.save()
    after = case.status if case.status != before else ""
    CaseEvent.objects.create(case=case, at=now, kind=kind, before=before if after else "", after=after)

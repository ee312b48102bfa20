"""Takes tagged reviews and tombstones from the stream into cases: at most one case a review, newest version wins.

Any redelivery, and any number of processes at once, end in the same cases. What makes it so:

1. Of several messages about one review only the newest of the batch is looked at.
2. All happens in one transaction. It first inserts the missing TakenReview rows, then locks all of them, both in the
   order of ids. Whoever waits for a lock holds only smaller ones: no deadlock.
3. A message not newer than the locked row's version is old news and changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from desk.cases.models import ANSWER_WITHIN, OPEN, Case, CaseEvent, Note, Priority, Reply, Status, TakenReview
from desk.database import outage_is_unavailable
from pipeline.models import TaggedReview, Tombstone, clean

BACKLOG_DAYS: Final = 14
"""A review that was older than this when it was collected opens no case: an import of years of history is no work."""

_PRIORITY: Final = {"high": Priority.HIGH, "medium": Priority.MEDIUM, "low": Priority.LOW}


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a batch: cases opened, cases whose copy of the review changed, cases closed by a tombstone."""

    opened: int = 0
    updated: int = 0
    closed: int = 0


def take(messages: Sequence[TaggedReview | Tombstone]) -> Intake:
    """Take a batch. Everything of it is durable on return. Raises Unavailable while the database is down."""
    newest = _newest(messages)
    if not newest:
        return Intake()
    with outage_is_unavailable(), transaction.atomic():
        return _take(newest, timezone.now())


def _version(message: TaggedReview | Tombstone) -> int:
    return message.version if isinstance(message, Tombstone) else message.review.version


def _newest(messages: Iterable[TaggedReview | Tombstone]) -> dict[str, TaggedReview | Tombstone]:
    """The newest message of each review; at equal versions a tombstone wins, else the later one."""
    newest: dict[str, TaggedReview | Tombstone] = {}
    for message in messages:
        seen = newest.get(message.id)
        rank = (_version(message), isinstance(message, Tombstone))
        if seen is None or rank >= (_version(seen), isinstance(seen, Tombstone)):
            newest[message.id] = message
    return newest


def _take(newest: Mapping[str, TaggedReview | Tombstone], now: datetime) -> Intake:
    wanted = [id_ for id_ in sorted(newest) if isinstance(message := newest[id_], Tombstone) or _worth_a_case(message)]
    TakenReview.objects.bulk_create([TakenReview(review_id=id_) for id_ in wanted], ignore_conflicts=True)
    locked = TakenReview.objects.select_for_update().filter(review_id__in=list(newest)).order_by("review_id")
    fresh = [taken for taken in locked if _is_news(newest[taken.review_id], taken)]
    # People lock one case at a time, and intake has the review's lock already: here too nobody waits in a circle.
    theirs = Case.objects.select_for_update().filter(review_id__in=[taken.review_id for taken in fresh])
    cases = {case.review_id: case for case in theirs.order_by("review_id")}
    opened = updated = closed = 0
    for taken in fresh:
        message, case = newest[taken.review_id], cases.get(taken.review_id)
        taken.version, taken.gone = _version(message), isinstance(message, Tombstone)
        taken.save(update_fields=["version", "gone"])
        if isinstance(message, Tombstone):
            closed += case is not None and _empty(case, message, now)
        elif case is not None:
            updated += _update(case, message, now)
        elif _worth_a_case(message):
            _open(message, now)
            opened += 1
    return Intake(opened, updated, closed)


def _worth_a_case(message: TaggedReview) -> bool:
    review, tags = message.review, message.tags
    age = review.collected_at - review.created_at
    return tags.sentiment == "negative" and not tags.spam and age <= timedelta(days=BACKLOG_DAYS)


def _is_news(message: TaggedReview | Tombstone, taken: TakenReview) -> bool:
    # A tombstone takes everything of its own version too, so it is news at an equal one.
    if isinstance(message, Tombstone) and not taken.gone:
        return message.version >= taken.version
    return _version(message) > taken.version


def _open(message: TaggedReview, now: datetime) -> None:
    priority = _PRIORITY[message.tags.urgency]
    case = Case(opened_at=now, due_at=now + ANSWER_WITHIN[priority], priority=priority)
    _copy(message, case)
    case.save()
    _record(case, now, CaseEvent.Kind.OPENED)


def _update(case: Case, message: TaggedReview, now: datetime) -> bool:
    if case.status == Status.GONE:
        return _worth_a_case(message) and _bring_back(case, message, now)
    before = _stars(case.rating)
    _copy(message, case)
    priority = _PRIORITY[message.tags.urgency]
    if case.status in OPEN and priority > case.priority:
        case.priority = priority
        case.due_at = min(case.due_at, now + ANSWER_WITHIN[priority])
    case.revision += 1
    case.save()
    _record(case, now, CaseEvent.Kind.REVIEW_EDITED, before, _stars(case.rating))
    return True


def _bring_back(case: Case, message: TaggedReview, now: datetime) -> bool:
    _copy(message, case)
    case.priority = _PRIORITY[message.tags.urgency]
    case.status, case.due_at, case.closed_at = Status.NEW, now + ANSWER_WITHIN[Priority(case.priority)], None
    case.revision += 1
    case.save()
    _record(case, now, CaseEvent.Kind.REVIEW_BACK)
    return True


def _stars(rating: float | None) -> str:
    return "" if rating is None else f"{1 + 4 * rating:.3g} / 5"


def _record(case: Case, now: datetime, kind: CaseEvent.Kind, before: str = "", after: str = "") -> None:
    CaseEvent.objects.create(case=case, at=now, kind=kind, before=before, after=after)


def _empty(case: Case, message: Tombstone, now: datetime) -> bool:
    """Remove the customer's words from the case, in replies and notes too if a person asked for it, and close it."""
    case.title = case.text = case.url = case.author_id = ""
    case.themes = []
    case.review_version = message.version
    before, case.status = case.status, Status.GONE
    case.closed_at = case.closed_at or now
    case.revision += 1
    case.save()
    if message.reason == "erased":
        Note.objects.filter(case=case).delete()
        Reply.objects.filter(case=case).delete()
    _record(case, now, CaseEvent.Kind.REVIEW_GONE, before, case.status)
    return True


def _copy(message: TaggedReview, case: Case) -> None:
    review, tags = message.review, message.tags
    case.review_id, case.review_version = review.id, review.version
    case.source, case.brand, case.product = review.source, clean(review.brand), clean(review.product or "")
    case.author_id, case.url, case.lang = clean(review.author_id or ""), clean(review.url or ""), tags.lang[:20]
    case.title, case.text, case.rating = review.title, review.text, review.rating
    case.created_at = review.created_at
    case.sentiment, case.emotion, case.stage = tags.sentiment, tags.emotion, tags.stage or ""
    case.themes = [theme.model_dump(mode="json") for theme in tags.themes]
    case.churn_risk = tags.churn_risk

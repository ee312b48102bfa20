"""Keeps corrections: one a text, the newest word counts, every word stays in the history."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from desk.corrections.models import Correction, CorrectionEvent
from desk.corrections.said import Said
from desk.database import outage_is_unavailable


@dataclass(frozen=True, slots=True)
class Written:
    """What became of some corrections. unchanged: the book said so already, or something newer."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


def write(many: Iterable[Said]) -> Written:
    """Write corrections, all or none. Raises Unavailable."""
    counts = {"added": 0, "changed": 0, "unchanged": 0}
    with outage_is_unavailable(), transaction.atomic():
        now = timezone.now()
        # In the order of keys: two writers cannot wait in a circle.
        for said in sorted(many, key=lambda each: each.key):
            counts[_write(said, said.at, now)] += 1
    return Written(**counts)


def _write(said: Said, at: datetime | None, now: datetime) -> str:
    known, new = Correction.objects.select_for_update().get_or_create(
        key=said.key, defaults={**_fields(said), "at": at or now}
    )
    if not new:
        same = all(getattr(known, name) == value for name, value in _fields(said).items() if name != "by")
        if same or (at is not None and at <= known.at):
            return "unchanged"
        for name, value in {**_fields(said), "at": at or now}.items():
            setattr(known, name, value)
        known.save()
    CorrectionEvent.objects.create(
        correction=known, sentiment=known.sentiment, themes=known.themes, by=known.by, at=known.at
    )
    return "added" if new else "changed"


def corrections() -> Iterator[Said]:
    """All corrections, in the order of their keys. Raises Unavailable."""
    with outage_is_unavailable():
        for known in Correction.objects.order_by("key").iterator():
            yield _said(known)


def correction_of(review_id: str) -> Said | None:
    """What was said about a review last."""
    known = Correction.objects.filter(key=review_id).first()
    return _said(known) if known else None


def history_of(review_id: str) -> list[CorrectionEvent]:
    """Who said what about a review, oldest first."""
    return list(CorrectionEvent.objects.filter(correction__key=review_id))


def corrected(review_ids: Sequence[str]) -> set[str]:
    """Which of these reviews have a correction. Raises Unavailable."""
    with outage_is_unavailable():
        known = set(Correction.objects.exclude(review_id="").values_list("key", flat=True))
    return known & set(review_ids)


def forget(review_ids: Sequence[str]) -> int:
    """Remove what was said about reviews that are gone, their words with it. Raises Unavailable."""
    if not review_ids:
        return 0
    with outage_is_unavailable():
        return Correction.objects.filter(review_id__in=review_ids).delete()[1].get("corrections.Correction", 0)


def _fields(said: Said) -> dict[str, object]:
    return said.model_dump(exclude={"at"})


def _said(known: Correction) -> Said:
    names = ("review_id", "text", "title", "lang", "source", "sentiment", "themes", "by", "at")
    return Said.model_validate({name: getattr(known, name) for name in names})

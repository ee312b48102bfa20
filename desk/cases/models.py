"""Cases and all that hangs on them: notes, replies, and the history that nobody can rewrite."""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Priority(models.IntegerChoices):
    """How soon a case must be answered; equals an alert's severity."""

    LOW = 1, _("low")
    MEDIUM = 2, _("medium")
    HIGH = 3, _("high")


ANSWER_WITHIN: Final = {
    Priority.HIGH: timedelta(hours=4),
    Priority.MEDIUM: timedelta(hours=24),
    Priority.LOW: timedelta(hours=72),
}


class Status(models.TextChoices):
    """Where the work stands."""

    NEW = "new", _("new")
    WORKING = "working", _("in work")
    WAITING = "waiting", _("waiting for the customer")
    SOLVED = "solved", _("solved")
    DISMISSED = "dismissed", _("dismissed")
    GONE = "gone", _("review is gone")


OPEN: Final = (Status.NEW, Status.WORKING, Status.WAITING)
CHOSEN_BY_PEOPLE: Final = (Status.NEW, Status.WORKING, Status.WAITING, Status.SOLVED, Status.DISMISSED)


class TakenReview(models.Model):
    """The newest version of a review that the desk has taken, and whether that one was its end.

    Intake locks this row before it touches the case, and keeps it for reviews that are gone, so that an older copy
    which arrives later cannot bring a review back.
    """

    review_id = models.CharField(max_length=512, unique=True)
    version = models.BigIntegerField(default=0)
    gone = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.review_id


class Case(models.Model):
    """A piece of work. About a review (then it holds a copy of it) or about an alert (then review_id is None).

    revision grows with every change; whoever changes a case names the revision they saw.
    themes: as in pipeline.models.Tags, a list of {name, sentiment, score, evidence}.
    """

    review_id = models.CharField(max_length=512, unique=True, null=True)
    review_version = models.BigIntegerField(default=0)
    source = models.CharField(max_length=64, blank=True)
    brand = models.CharField(max_length=200, blank=True)
    product = models.CharField(max_length=300, blank=True)
    author_id = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=1000, blank=True)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    lang = models.CharField(max_length=20, blank=True)
    rating = models.FloatField(null=True)
    created_at = models.DateTimeField(null=True)
    sentiment = models.CharField(max_length=10, blank=True)
    themes = models.JSONField(default=list)
    emotion = models.CharField(max_length=20, blank=True)
    stage = models.CharField(max_length=20, blank=True)
    churn_risk = models.FloatField(default=0)

    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.LOW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="cases"
    )
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1)

    class Meta:
        permissions = (("lead_case", "Can work on everyone's cases, assign them and approve replies"),)
        indexes: ClassVar = [
            models.Index(fields=["status", "due_at"]),
            models.Index(fields=["assignee", "status"]),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        """Is there still something to do?"""
        return self.status in OPEN


class Note(models.Model):
    """What colleagues tell each other about a case; never shown to customers, never changed."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    text = models.TextField(max_length=10_000)

    def __str__(self) -> str:
        return self.text[:50]


class Reply(models.Model):
    """The answer to the customer: drafted by a responder, approved by a lead, then published."""

    class State(models.TextChoices):
        """How far a reply is."""

        DRAFT = "draft", _("draft")
        APPROVED = "approved", _("approved")
        PUBLISHED = "published", _("published")

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="reply")
    text = models.TextField(max_length=10_000)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.text[:50]


class CaseEvent(models.Model):
    """One line of a case's history. by None: moksori itself. Holds no text of the review: erasing stays simple."""

    class Kind(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("opened")
        REVIEW_EDITED = "review_edited", _("the customer edited the review")
        REVIEW_GONE = "review_gone", _("the review was deleted; its text was removed here")
        REVIEW_BACK = "review_back", _("the review is back")
        ASSIGNED = "assigned", _("assigned")
        STATUS = "status", _("status changed")
        DUE = "due", _("deadline moved")
        NOTED = "noted", _("wrote a note")
        DRAFTED = "drafted", _("changed the reply")
        APPROVED = "approved", _("approved the reply")
        PUBLISHED = "published", _("published the reply")
        ALERT_OVER = "alert_over", _("the alert is over")
        ALERT_BACK = "alert_back", _("the alert is back")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=15, choices=Kind)
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind}"

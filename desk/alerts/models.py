"""Alerts, their history and the mutes."""

from datetime import timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from desk.cases.models import Case
from pipeline.alerting.detection import Day, Explanation, Quote


class State(models.TextChoices):
    """Where an alert is in its life."""

    OPEN = "open", _("open")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    MUTED = "muted", _("muted")
    RESOLVED = "resolved", _("resolved")


LIVE: Final = (State.OPEN, State.ACKNOWLEDGED, State.MUTED)
"""States of which a key may have one alert at a time."""


class Severity(models.IntegerChoices):
    """How bad it is."""

    NOTICE = 1, _("worth a look")
    SERIOUS = 2, _("serious")
    CRITICAL = 3, _("drop everything")


class Kind(models.TextChoices):
    """What kind of trouble; see pipeline.alerting.detection."""

    SURGE = "surge", _("sudden rise")
    DRIFT = "drift", _("slow rise")
    SILENCE = "silence", _("silence")
    CRITICAL = "critical", _("critical review")
    THRESHOLD = "threshold", _("many complaints")
    SHARE = "share", _("large share of complaints")
    FLATLINE = "flatline", _("few reviews")
    NEW_TERM = "new-term", _("new among complaints")
    RATING = "rating", _("falling ratings")
    REPLY_TIME = "reply-time", _("late answers")


class Alert(models.Model):
    """One trouble from its first sight to its end, with the evidence of the newest check.

    missed, missed_on: on how many days in a row checks no longer found it, and the last such day.
    rule: the rule of alerts.yaml that found it last.
    mailed_severity: the highest severity that mails were written for; 0: none yet.
    by_hand: resolved by a person, not because the trouble was over.
    """

    key = models.CharField(max_length=900)
    kind = models.CharField(max_length=10, choices=Kind)
    rule = models.CharField(max_length=64, blank=True)
    brand = models.CharField(max_length=200)
    source = models.CharField(max_length=64, blank=True)
    product = models.CharField(max_length=300, blank=True)
    theme = models.CharField(max_length=100, blank=True)
    version = models.CharField(max_length=100, blank=True)
    location = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=20, blank=True)
    since = models.DateField()
    until = models.DateField()
    observed = models.IntegerField()
    expected = models.FloatField()
    total = models.IntegerField()
    p_value = models.FloatField()
    severity = models.SmallIntegerField(choices=Severity)
    days_json = models.JSONField(default=list)
    quotes_json = models.JSONField(default=list)
    explanation_json = models.JSONField(null=True)

    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)
    by_hand = models.BooleanField(default=False)
    missed = models.SmallIntegerField(default=0)
    missed_on = models.DateField(null=True)
    mailed_severity = models.SmallIntegerField(default=0)
    case = models.OneToOneField(Case, on_delete=models.SET_NULL, null=True, related_name="alert")

    class Meta:
        permissions = (
            ("acknowledge_alert", "Can say that someone looks after an alert"),
            ("resolve_alert", "Can end an alert"),
            ("mute_alert", "Can silence alerts for some time"),
        )
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(state__in=["open", "acknowledged", "muted"]),
                name="one_live_alert_a_key",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "severity"]), models.Index(fields=["key", "resolved_at"])]

    def __str__(self) -> str:
        return f"#{self.pk} {self.key}"

    @property
    def is_live(self) -> bool:
        """Not resolved."""
        return self.state in LIVE

    @property
    def days(self) -> list[Day]:
        """The series for the chart, oldest first."""
        return [Day.model_validate(day) for day in self.days_json]

    @property
    def quotes(self) -> list[Quote]:
        """Reviews that show the trouble."""
        return [Quote.model_validate(quote) for quote in self.quotes_json]

    @property
    def explanation(self) -> Explanation | None:
        """What is special about a trend; None for other kinds."""
        return None if self.explanation_json is None else Explanation.model_validate(self.explanation_json)

    @property
    def has_counts(self) -> bool:
        """Whether it compares complaints with a number."""
        return self.kind not in (Kind.SILENCE, Kind.FLATLINE, Kind.CRITICAL, Kind.RATING, Kind.REPLY_TIME)

    @property
    def window_days(self) -> int:
        """Length of the window in alarm."""
        return (self.until - self.since + timedelta(days=1)).days


class AlertEvent(models.Model):
    """One line of an alert's history. by None: moksori itself."""

    class What(models.TextChoices):
        """What happened."""

        OPENED = "opened", _("opened")
        WORSE = "worse", _("got worse")
        MAILED = "mailed", _("mails written")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        MUTED = "muted", _("muted")
        UNMUTED = "unmuted", _("no longer muted")
        RESOLVED = "resolved", _("resolved")
        OVER = "over", _("over: two days without it")
        REOPENED = "reopened", _("came back")
        USEFUL = "useful", _("found useful")
        USELESS = "useless", _("found not useful")
        ESCALATED = "escalated", _("escalated: nobody had acknowledged it")
        RULE_GONE = "rule_gone", _("over: its rule is no longer there")

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    what = models.CharField(max_length=12, choices=What)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what}"


class Feedback(models.Model):
    """What somebody thinks of an alert, as they said last. It moves the threshold of the alert's rule."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="feedback")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    useful = models.BooleanField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["alert", "by"], name="one_opinion_an_alert_and_user")]

    def __str__(self) -> str:
        return f"#{self.alert_id} {'useful' if self.useful else 'not useful'}"


class Mute(models.Model):
    """No mails about these alerts until then.

    pattern: a key in which * stands for anything. rule: only alerts of this rule; "": of all. ended_at, ended_by: a
    person ended it before its time.
    """

    pattern = models.CharField(max_length=900)
    rule = models.CharField(max_length=64, blank=True)
    until = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.rule or self.pattern} until {self.until:%Y-%m-%d %H:%M}"

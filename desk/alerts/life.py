"""The life of an alert: what a check found opens, feeds and ends it; people acknowledge, mute and resolve it.

- A key has at most one live alert: a unique constraint, so two schedulers at once end in one alert and one mail.
- It ends by itself when checks on two different days in a row looked at its key and found nothing: a series that
  hovers around the threshold does not open and close with every check.
- If it comes back within a week it is the same alert, opened again, without a new mail unless it is worse.
- Resolved by a person, it stays closed while the window that they saw is still the one in alarm.
- A critical review is one alert for ever: it never ends by itself, and once resolved it does not come back.
- When its rule is no longer in alerts.yaml, and no other rule finds it, it ends: nobody looks at it any more.
- Each severity sends at most one mail a recipient. Mails are rows of the outbox, written in the same transaction.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from desk.alerts import evidence
from desk.alerts.case import alert_is_back, alert_is_over, open_case
from desk.alerts.mail import write_mails
from desk.alerts.models import LIVE, Alert, AlertEvent, Kind, Mute, State
from desk.alerts.posts import write_posts
from desk.database import outage_is_unavailable
from pipeline.alerting.detection import Detection
from pipeline.errors import MoksoriError, Unavailable
from pipeline.settings import settings

DAYS_TO_END: Final = 2
COMES_BACK_WITHIN: Final = timedelta(days=7)

What = AlertEvent.What
_Outcome = Literal["opened", "updated", "resolved", ""]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a check changed: alerts opened (or opened again), fed with new evidence, ended."""

    opened: int = 0
    updated: int = 0
    resolved: int = 0


def apply(detections: Sequence[Detection], checked: Collection[str], now: datetime) -> Changes:
    """Bring the alerts in line with a check. checked: the keys it looked at. Raises Unavailable.

    One transaction an alert: a kill in the middle leaves whole alerts, and the next check goes on.
    """
    found = {evidence.stored_key(detection.key): detection for detection in detections}
    with outage_is_unavailable():
        outcomes = [_found(key, found[key], now) for key in sorted(found)]
        looked_at = {evidence.stored_key(key) for key in checked}
        live = Alert.objects.filter(state__in=LIVE).order_by("key").values_list("pk", "key")
        outcomes += [_missed(pk, now) for pk, key in live if key in looked_at and key not in found]
        asleep = (
            Alert.objects.filter(state=State.MUTED, kind=Kind.CRITICAL).order_by("key").values_list("pk", flat=True)
        )
        outcomes += [_wake(pk, now) for pk in asleep]
    return Changes(outcomes.count("opened"), outcomes.count("updated"), outcomes.count("resolved"))


def end_without_rule(rules: Collection[str], now: datetime) -> int:
    """End live alerts whose rule is none of these. Returns how many. To be called after apply(): a renamed rule has
    taken over by then what it still finds. Critical alerts stay, for they are about a review, and wait for a person.
    """
    with outage_is_unavailable():
        left = Alert.objects.filter(state__in=LIVE).exclude(rule__in={"", *rules}).exclude(kind=Kind.CRITICAL)
        return sum(_end_without_rule(pk, rules, now) for pk in left.order_by("key").values_list("pk", flat=True))


def ack(alert_id: int, user: User | None) -> Alert:
    """Someone looks after it. user None: whoever runs the command line."""

    def change(alert: Alert, now: datetime) -> None:
        if alert.state in (State.RESOLVED, State.MUTED):
            raise MoksoriError(f"alert {alert.pk} is {alert.state}, only an open one can be acknowledged")
        if alert.state == State.OPEN:
            alert.state, alert.acknowledged_by = State.ACKNOWLEDGED, user
            _record(alert, What.ACKNOWLEDGED, now, user)

    return _by_person(alert_id, change)


def resolve(alert_id: int, user: User | None) -> Alert:
    """A person ends it. It stays closed while the same window is in alarm and gets no worse."""

    def change(alert: Alert, now: datetime) -> None:
        if alert.state != State.RESOLVED:
            _end(alert, now, by_hand=True)
            _record(alert, What.RESOLVED, now, user)

    return _by_person(alert_id, change)


def mute(key_pattern: str, until: datetime, user: User | None, rule: str = "") -> int:
    """No mails about keys that fit until then; * stands for anything. rule: only alerts of this rule.

    Returns how many live alerts that silences. After that time the next check opens what is still in alarm, and then
    the mail goes out.
    """
    now = timezone.now()
    if until <= now:
        raise MoksoriError("mute: until lies in the past")
    with outage_is_unavailable(), transaction.atomic():
        mute_ = Mute.objects.create(pattern=key_pattern[:900], rule=rule, until=until, by=user, at=now)
        live = Alert.objects.select_for_update().filter(state__in=(State.OPEN, State.ACKNOWLEDGED)).order_by("key")
        silenced = [alert for alert in live if _fits(mute_, alert.key, alert.rule)]
        for alert in silenced:
            alert.state = State.MUTED
            alert.save()
            _record(alert, What.MUTED, now, user, _day(until).isoformat())
    return len(silenced)


def unmute(alert_id: int, user: User | None) -> Alert:
    """End all mutes that fit an alert, whatever else they fit, and open it."""

    def change(alert: Alert, now: datetime) -> None:
        _end_mutes([each for each in _mutes(now) if _fits(each, alert.key, alert.rule)], now, user)
        if alert.state == State.MUTED:
            _open_again(alert, now, user)

    return _by_person(alert_id, change)


def end_mutes(key_pattern: str, user: User | None, rule: str = "") -> int:
    """End the mutes of this very pattern and rule. Returns how many; what is still in alarm opens at the next check."""
    now = timezone.now()
    with outage_is_unavailable(), transaction.atomic():
        return _end_mutes([each for each in _mutes(now) if (each.pattern, each.rule) == (key_pattern, rule)], now, user)


def _found(key: str, detection: Detection, now: datetime) -> _Outcome:
    for _ in range(3):
        try:
            with transaction.atomic():
                return _feed_or_open(key, detection, now)
        except IntegrityError:
            # Another scheduler opened it between our look and our insert: look again.
            continue
    raise Unavailable(f"alert {key}: others change it all the time")


def _feed_or_open(key: str, detection: Detection, now: datetime) -> _Outcome:
    muted = any(_fits(mute_, key, detection.rule) for mute_ in _mutes(now))
    of_key = Alert.objects.select_for_update().filter(key=key)
    live = of_key.filter(state__in=LIVE).first()
    if live is not None:
        return _feed(live, detection, muted, now)
    if detection.kind == "critical" and of_key.exists():
        return ""
    ended = (
        of_key.filter(state=State.RESOLVED, resolved_at__gte=now - COMES_BACK_WITHIN).order_by("-resolved_at").first()
    )
    if ended is not None:
        return _reopen(ended, detection, muted, now)
    alert = Alert(key=key, kind=detection.kind, opened_at=now, state=State.MUTED if muted else State.OPEN)
    evidence.put(detection, alert, now)
    alert.save(force_insert=True)
    _record(alert, What.OPENED, now)
    if not muted:
        open_case(alert, now)
    _mail_if_worse(alert, now)
    return "opened"


def _feed(alert: Alert, detection: Detection, muted: bool, now: datetime) -> _Outcome:
    if detection.until < alert.until:  # a check that began before the one we know of
        return ""
    severity = alert.severity
    evidence.put(detection, alert, now)
    alert.missed, alert.missed_on = 0, None
    if alert.severity > severity:
        _record(alert, What.WORSE, now, detail=f"{severity} → {alert.severity}")
    if muted and alert.state != State.MUTED:
        alert.state = State.MUTED
        _record(alert, What.MUTED, now)
    elif not muted and alert.state == State.MUTED:
        _open_again(alert, now)
    _mail_if_worse(alert, now)
    alert.save()
    return "updated"


def _open_again(alert: Alert, now: datetime, user: User | None = None) -> None:
    alert.state = State.OPEN
    _record(alert, What.UNMUTED, now, user)
    open_case(alert, now)
    _mail_if_worse(alert, now)


def _wake(pk: int, now: datetime) -> _Outcome:
    """Open a critical alert whose mute is over: no check finds it again."""
    with transaction.atomic():
        alert = Alert.objects.select_for_update().filter(pk=pk, state=State.MUTED).first()
        if alert is None or any(_fits(each, alert.key, alert.rule) for each in _mutes(now)):
            return ""
        _open_again(alert, now)
        alert.save()
        return "opened"


def _reopen(alert: Alert, detection: Detection, muted: bool, now: datetime) -> _Outcome:
    assert alert.resolved_at is not None
    worse = detection.severity > alert.severity
    if alert.by_hand and not worse and detection.since <= _day(alert.resolved_at):
        return ""
    evidence.put(detection, alert, now)
    alert.state = State.MUTED if muted else State.OPEN
    alert.resolved_at, alert.by_hand, alert.acknowledged_by = None, False, None
    alert.missed, alert.missed_on = 0, None
    _record(alert, What.REOPENED, now)
    if not muted:
        alert_is_back(alert, now)
    _mail_if_worse(alert, now)
    alert.save()
    return "opened"


def _missed(pk: int, now: datetime) -> _Outcome:
    with transaction.atomic():
        alert = Alert.objects.select_for_update().filter(pk=pk, state__in=LIVE).first()
        today = _day(now)
        if alert is None or alert.missed_on == today:
            return ""
        alert.missed, alert.missed_on, alert.checked_at = alert.missed + 1, today, now
        if alert.missed < DAYS_TO_END:
            alert.save()
            return ""
        _end(alert, now, by_hand=False)
        _record(alert, What.OVER, now)
        alert_is_over(alert, now)
        alert.save()
        return "resolved"


def _end_without_rule(pk: int, rules: Collection[str], now: datetime) -> bool:
    with transaction.atomic():
        alert = Alert.objects.select_for_update().filter(pk=pk, state__in=LIVE).first()
        if alert is None or alert.rule in rules:
            return False
        _end(alert, now, by_hand=False)
        _record(alert, What.RULE_GONE, now, detail=alert.rule)
        alert_is_over(alert, now)
        alert.save()
        return True


def _end(alert: Alert, now: datetime, by_hand: bool) -> None:
    alert.state, alert.resolved_at, alert.by_hand = State.RESOLVED, now, by_hand


def _mail_if_worse(alert: Alert, now: datetime) -> None:
    """Mails for a severity that none were written for. A muted alert's wait until it is no longer muted."""
    if alert.state == State.MUTED or alert.severity <= alert.mailed_severity:
        return
    written = write_mails(alert, now) + write_posts(alert, now)
    alert.mailed_severity = alert.severity
    alert.save()
    _record(alert, What.MAILED, now, detail=str(written))


def _by_person(alert_id: int, change: Callable[[Alert, datetime], None]) -> Alert:
    with outage_is_unavailable(), transaction.atomic():
        alert = Alert.objects.select_for_update().filter(pk=alert_id).first()
        if alert is None:
            raise MoksoriError(f"there is no alert {alert_id}. `moksori alerts list` shows all")
        change(alert, timezone.now())
        alert.save()
        return alert


def _record(alert: Alert, what: AlertEvent.What, now: datetime, by: User | None = None, detail: str = "") -> None:
    AlertEvent.objects.create(alert=alert, at=now, by=by, what=what, detail=detail)


def _mutes(now: datetime) -> list[Mute]:
    return list(Mute.objects.filter(until__gt=now, ended_at=None).order_by("pk"))


def _end_mutes(mutes: Sequence[Mute], now: datetime, user: User | None) -> int:
    return Mute.objects.filter(pk__in=[each.pk for each in mutes]).update(ended_at=now, ended_by=user)


def _fits(mute_: Mute, key: str, rule: str) -> bool:
    if mute_.rule and mute_.rule != rule:
        return False
    return re.fullmatch(".*".join(map(re.escape, mute_.pattern.split("*"))), key, re.DOTALL) is not None


def _day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(settings().brand.timezone)).date()

"""The rules as plain rows for the command line: how awake each is, whom it tells, what silences it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count

from desk.alerts.feedback import leanings
from desk.alerts.models import LIVE, Alert, Mute
from desk.database import outage_is_unavailable
from desk.outbox.off import turned_off
from pipeline.alerting.budget import certainties, to_expect
from pipeline.alerting.check import rule_series
from pipeline.alerting.rules import (
    AlertRules,
    FlatlineRule,
    NewTermRule,
    RatingRule,
    ReplyTimeRule,
    Rule,
    ShareRule,
    SilenceRule,
    ThresholdRule,
    TrendRule,
    alert_rules,
)
from pipeline.index import Index
from pipeline.settings import settings


def rule_rows(index: Index, now: datetime) -> list[dict[str, Any]]:
    """One for each rule, in the order of the file. Raises Unavailable, SettingsError."""
    rules = alert_rules(settings())
    lean = leanings()
    with outage_is_unavailable():
        live = dict(Alert.objects.filter(state__in=LIVE).values_list("rule").annotate(Count("pk")))
        mutes = dict(
            Mute.objects.filter(until__gt=now, ended_at=None)
            .exclude(rule="")
            .order_by("until")
            .values_list("rule", "until")
        )
        return [
            {
                "rule": rule.name,
                "kind": rule.kind,
                "watches": _watches(rule),
                "sensitivity": _sensitivity(rule, index, now, lean),
                "opinions": round(lean.get(rule.name, 1.0), 2),
                "live_alerts": live.get(rule.name, 0),
                "muted_until": mutes.get(rule.name),
                "recipients": _recipients(rule, rules),
                "channels": list(rule.channels),
                "escalates": _escalates(rule),
            }
            for rule in rules.rules
        ]


def _watches(rule: Rule) -> str:
    scope = ((name, values) for name, values in rule.scope if values)
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in scope) or "all"


def _sensitivity(rule: Rule, index: Index, now: datetime, lean: Mapping[str, float]) -> str:
    """What it takes, opinions counted in."""
    if isinstance(rule, TrendRule):
        zone = settings().brand.timezone
        scopes, series = rule_series(index, now.astimezone(ZoneInfo(zone)).date(), zone, rule)
        if not scopes:
            return "no series yet"
        certain = certainties(rule, scopes, series, lean.get(rule.name, 1.0))
        asked = " to ".join(dict.fromkeys((f"{certain.min():.2f}", f"{certain.max():.2f}")))
        rate = to_expect(certain, series)
        return f"certainty {asked}: about {rate:.2g} false alarms a month over {len(scopes)} series"
    if isinstance(rule, SilenceRule):
        return f"{rule.false_alarms_a_month:g} false alarms a month"
    if isinstance(rule, ThresholdRule):
        return f"at least {rule.at_least} complaints in {_days(rule.days)}"
    if isinstance(rule, ShareRule):
        return f"more than {rule.above:.0%} complaints in {_days(rule.days)}, at least {rule.minimum}"
    if isinstance(rule, FlatlineRule):
        return f"fewer than {rule.fewer_than} reviews in {_days(rule.days)}"
    if isinstance(rule, NewTermRule):
        return f"at least {rule.minimum} complaints in {_days(rule.days)}"
    if isinstance(rule, RatingRule):
        return f"{4 * rule.falls_by:.1g} stars of five less in {_days(rule.days)}, at least {rule.minimum} ratings"
    if isinstance(rule, ReplyTimeRule):
        return f"{rule.rises_by:.0%} more late answers in {_days(rule.days)}, at least {rule.minimum} complaints"
    return "each review that fits"


def _days(count: int) -> str:
    return "a day" if count == 1 else f"{count} days"


def _recipients(rule: Rule, rules: AlertRules) -> list[str]:
    """Readers of its mails, with what keeps single ones from them."""
    readers = settings().mail.recipients if rule.recipients is None else rule.recipients
    off = turned_off(readers)
    return [f"{each}{_instead(each, rules, each in off)}" for each in readers]


def _instead(reader: str, rules: AlertRules, off: bool) -> str:
    digest = rules.recipient(parseaddr(reader)[1]).digest
    if off:
        return " (turned mails off)"
    return f" ({digest} digest)" if digest else ""


def _escalates(rule: Rule) -> str:
    if rule.escalate is None:
        return ""
    told = (*rule.escalate.recipients, *rule.escalate.channels)
    return f"after {rule.escalate.after / timedelta(hours=1):g} h: {', '.join(told)}"

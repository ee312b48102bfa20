"""Who is told of an alert at once: those of its rule, without those who read digests or turned their mails off."""

from dataclasses import dataclass
from email.utils import parseaddr

from desk.alerts.models import Alert, Severity
from desk.outbox.off import turned_off
from pipeline.alerting.recipients import Escalation
from pipeline.alerting.rules import alert_rules
from pipeline.settings import settings


@dataclass(frozen=True)
class Audience:
    """recipients: of mails, each once. channels: their names. escalated: they are told because nobody acknowledged."""

    recipients: tuple[str, ...]
    channels: tuple[str, ...]
    escalated: bool = False


def recipients_of(alert: Alert) -> tuple[str, ...]:
    """All readers of mails of the alert's rule, else of the settings. A rule that is gone has none of its own."""
    rule = alert_rules(settings()).find(alert.rule)
    return tuple(settings().mail.recipients) if rule is None or rule.recipients is None else rule.recipients


def told_at_once(alert: Alert) -> Audience:
    """Those who get a message of their own. The worst, and a test (an alert without a number), wait for no digest."""
    rules = alert_rules(settings())
    rule = rules.find(alert.rule)
    waits = bool(alert.pk) and alert.severity < Severity.CRITICAL
    recipients = [
        each
        for each in _with_mails_on(recipients_of(alert))
        if not (waits and rules.recipient(parseaddr(each)[1]).digest)
    ]
    return Audience(tuple(recipients), rule.channels if rule else ())


def told_of_escalation(escalation: Escalation) -> Audience:
    """Those who are told when nobody acknowledged: at once, digest or not."""
    return Audience(_with_mails_on(escalation.recipients), escalation.channels, escalated=True)


def _with_mails_on(recipients: tuple[str, ...]) -> tuple[str, ...]:
    off = turned_off(recipients)
    return tuple(each for each in dict.fromkeys(recipients) if each not in off)

"""Shows the digest or report that somebody would get if their period ended now, and sends it where asked to."""

import base64
from datetime import datetime, timedelta

from desk.alerts.digest import Kind, compose, kinds
from desk.database import outage_is_unavailable
from desk.outbox import week_chart
from desk.outbox.deliver import deliver_due
from desk.outbox.models import OutboxMessage
from pipeline.alerting.rules import alert_rules
from pipeline.settings import settings


def preview(address: str, report: bool, now: datetime) -> OutboxMessage | None:
    """The mail, not saved; None where there is nothing to tell. Raises SettingsError, Unavailable.

    report: the report, whatever they wished; else what they wished, else a weekly digest.
    """
    reader = alert_rules(settings()).recipient(address)
    kind: Kind = "report" if report else next(kinds(reader), "weekly")
    with outage_is_unavailable():
        mail = compose(reader, kind, now - timedelta(days=1 if kind == "daily" else 7), now, now)
    if mail is not None:
        mail.dedupe_key = f"{mail.dedupe_key}-{int(now.timestamp())}"
        mail.next_try_at = now
    return mail


def page(mail: OutboxMessage) -> str:
    """Its HTML with the picture in it."""
    if mail.chart is None:
        return mail.html
    picture = base64.b64encode(week_chart.draw(mail.chart)).decode()
    return mail.html.replace("cid:chart", f"data:image/png;base64,{picture}")


def send_now(mail: OutboxMessage) -> str:
    """What became of it: its state, and why it is not sent. What else is due leaves too. Raises Unavailable."""
    with outage_is_unavailable():
        mail.save()
        deliver_due(mail.created_at)
        mail.refresh_from_db()
    return " ".join(f"{mail.state} {mail.error}".split())

"""The alert scheduler: checks the brand's series at intervals, feeds the alerts' lives, and delivers what is due."""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.alerting.check import check
from pipeline.alerting.counting import blind, check_counts
from pipeline.alerting.detection import Detection
from pipeline.alerting.new_terms import check_terms
from pipeline.alerting.rules import CountingRule, MeanRule, NewTermRule, TrendRule, alert_rules
from pipeline.alerting.watermark import watermark
from pipeline.alerting.worse import check_means
from pipeline.errors import SettingsError, Unavailable
from pipeline.index import open_index
from pipeline.metrics import HealthFile
from pipeline.settings import Settings

log = logging.getLogger(__name__)

_CHECK_EVERY_S: Final = 300
_DELIVER_EVERY_S: Final = 5
_LONGEST_WAIT_S: Final = 60
_SWEEP_AFTER: Final = timedelta(days=30)
"""Age of a deleted review's remains. Until then a tagged copy may still lie on the stream, and would bring it back."""


@dataclass(frozen=True)
class Checked:
    """What one check did: alerts opened, fed and ended; mails sent, and those that wait or were refused."""

    opened: int
    updated: int
    resolved: int
    sent: int
    failed: int


def check_now(settings: Settings, now: datetime | None = None) -> Checked:
    """Check all series once, write what changed, deliver. Safe beside another scheduler: a mail is sent once.

    The desk must be configured. Raises Unavailable when index or database cannot be reached.
    """
    from desk.alerts.digest import write_digests
    from desk.alerts.escalation import escalate_due
    from desk.alerts.feedback import leanings
    from desk.alerts.life import apply, end_without_rule
    from desk.outbox.deliver import deliver_due

    now = now or datetime.now(UTC)
    detections, checked = _look(settings, now, leanings())
    changes = apply(list(detections.values()), checked, now)
    ended = end_without_rule({rule.name for rule in alert_rules(settings).rules}, now)
    escalate_due(now)
    write_digests(now)
    delivered = deliver_due(now)
    return Checked(changes.opened, changes.updated, changes.resolved + ended, delivered.sent, delivered.failed)


def _look(settings: Settings, now: datetime, lean: dict[str, float]) -> tuple[dict[str, Detection], set[str]]:
    """What the rules tell, by key, and all keys that were looked at. Of two rules the first in the file tells it."""
    today = now.astimezone(ZoneInfo(settings.brand.timezone)).date()
    found: dict[str, Detection] = {}
    checked: set[str] = set()
    brand, zone = settings.brand.name, settings.brand.timezone
    index = open_index(settings.index_url)
    try:
        rules = alert_rules(settings).rules
        index.refresh()
        reported = watermark(index, now)
        others = [rule for rule in rules if isinstance(rule, CountingRule)]
        outcomes = [check_counts(index, brand, today, zone, rule, reported) for rule in others]
        outcomes += [check_terms(index, brand, today, zone, rule) for rule in rules if isinstance(rule, NewTermRule)]
        outcomes += [check_means(index, brand, today, zone, rule) for rule in rules if isinstance(rule, MeanRule)]
        silent = [each.source for told, _ in outcomes for each in told if each.kind == "silence" and each.source]
        away = sorted({*silent, *reported.late(zone)})
        unseen = blind(index, today, zone, away) if away else set()
        for rule in rules:
            if isinstance(rule, TrendRule):
                outcomes.append(check(index, brand, today, zone, rule, unseen, lean.get(rule.name, 1.0), reported))
        for detections, looked_at in outcomes:
            found = {**{each.key: each for each in detections}, **found}
            checked |= looked_at
    finally:
        index.close()
    return found, checked


class AlertScheduler:
    """Checks and delivers until stop()."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._health = HealthFile(settings.state_dir, "alert")

    def stop(self) -> None:
        """End run() soon. Safe to call from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stop(). Waits while a server is away or alerts.yaml is wrong; what is due comes after."""
        from desk.alerts.escalation import escalate_due
        from desk.outbox.deliver import deliver_due

        check_at, wait_s = 0.0, float(_DELIVER_EVERY_S)
        try:
            while not self._stopping.is_set():
                try:
                    # First, for neither needs the index, which may be away for long.
                    escalate_due(datetime.now(UTC))
                    deliver_due(datetime.now(UTC))
                    if time.monotonic() >= check_at:
                        check_now(self._settings)
                        self._sweep()
                        check_at = time.monotonic() + _CHECK_EVERY_S
                    wait_s = float(_DELIVER_EVERY_S)
                    self._health.write("working", always=True)
                except (Unavailable, SettingsError) as error:
                    wait_s = min(_LONGEST_WAIT_S, wait_s * 2)
                    log.warning("alert scheduler waits %.0f s: %s", wait_s, error)
                    self._health.write(f"waiting: {error}", always=True)
                self._stopping.wait(wait_s)
        finally:
            self._health.remove()

    def _sweep(self) -> None:
        index = open_index(self._settings.index_url)
        try:
            index.sweep(datetime.now(UTC) - _SWEEP_AFTER)
        finally:
            index.close()

"""What alerts.yaml says of people: how and when they are told by mail, and who is told when nobody acknowledges."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, model_validator

from pipeline.alerting.channels import Language, Part
from pipeline.alerting.quiet import Clock, QuietHours, Zone

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Every = Literal["daily", "weekly"]
_WEEKDAYS: Final[tuple[str, ...]] = Weekday.__args__  # type: ignore[attr-defined]
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: Any) -> Any:
    found = re.fullmatch(r"([1-9][0-9]{0,3})\s*([mhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("is no length of time. Write for example: 30m, 4h or 2d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


class Escalation(Part):
    """Who is told of an alert that nobody acknowledged for so long, if it is at least so severe."""

    after: Annotated[timedelta, BeforeValidator(_span)]
    recipients: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    severity: Literal[1, 2, 3] = 1

    @model_validator(mode="after")
    def _tells_somebody(self) -> "Escalation":
        if not (self.recipients or self.channels):
            raise ValueError("tells nobody. Write recipients or channels")
        return self


class Recipient(Part):
    """What somebody who gets mails wishes, by their address.

    language: absent, what they chose in the console, else the brand's. quiet: when nothing is told but the worst.
    digest: alerts come together in one mail a day or week, the worst at once all the same. report: the week in figures.
    at, weekday: when digest and report come. timezone: of all these times; absent, the brand's.
    """

    address: str
    language: Language | None = None
    quiet: QuietHours | None = None
    digest: Every | None = None
    report: Literal["weekly"] | None = None
    at: Clock = time(8)
    weekday: Weekday = "monday"
    timezone: Zone | None = None

    def quiet_after(self, moment: datetime, timezone: str) -> datetime:
        """The moment itself, or the end of the quiet hours that it lies in. timezone: the brand's."""
        return self.quiet.after(moment, self.timezone or timezone) if self.quiet else moment

    def last_period(self, every: Every, now: datetime, timezone: str) -> tuple[datetime, datetime]:
        """The newest whole day or week of this reader that is over, from `at` to `at`. timezone: the brand's."""
        local = now.astimezone(ZoneInfo(self.timezone or timezone))
        day = local.date() if local.time() >= self.at else local.date() - timedelta(days=1)
        if every == "weekly":
            day -= timedelta(days=(day.weekday() - _WEEKDAYS.index(self.weekday)) % 7)
        length = timedelta(days=7 if every == "weekly" else 1)
        return self.moment(day - length, timezone), self.moment(day, timezone)

    def moment(self, day: date, timezone: str) -> datetime:
        """When digest and report come on that day. timezone: the brand's."""
        return datetime.combine(day, self.at, ZoneInfo(self.timezone or timezone))

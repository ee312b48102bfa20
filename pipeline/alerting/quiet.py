"""Quiet hours: when somebody is not told, and when they are instead."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


def _clock(value: Any) -> Any:
    if isinstance(value, int):
        # YAML reads an unquoted 22:00 as a number of base 60.
        value = f"{value // 60:02}:{value % 60:02}"
    if not isinstance(value, str) or not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("is no time of day. Write for example: '22:00'")
    hour, minute = value.split(":")
    return time(int(hour), int(minute))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("no such time zone. Write for example: Asia/Seoul") from None
    return value


Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]


class QuietHours(BaseModel):
    """From one time of day until another, over midnight where that is earlier. timezone: absent, the brand's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Clock
    end: Clock
    timezone: Zone | None = None

    def after(self, moment: datetime, timezone: str) -> datetime:
        """The moment itself, or the end of the quiet hours that it lies in. timezone: where the rule names none."""
        zone = ZoneInfo(self.timezone or timezone)
        local = moment.astimezone(zone)
        for day in (local.date() - timedelta(days=1), local.date()):
            begin = datetime.combine(day, self.start, zone)
            end = datetime.combine(day + timedelta(days=self.end <= self.start), self.end, zone)
            if begin <= local < end:
                return end.astimezone(moment.tzinfo)
        return moment

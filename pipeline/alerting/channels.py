"""Channels of alerts.yaml: the places beside e-mail that a rule may tell, each with its address by reference."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

from pipeline.alerting.quiet import QuietHours
from pipeline.secret_references import SecretReference


def _name(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", value):
        raise ValueError("is no name. Use small letters, digits, - and _, for example: product-safety")
    return value


Name = Annotated[str, BeforeValidator(_name)]
Language = Literal["ko", "en"]


class Part(BaseModel):
    """A part of alerts.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Channel(Part):
    """What all channels share. url: a reference, for whoever knows the address may write there.

    language: of what is written; absent: the brand's. quiet: when nothing is told but the worst.
    """

    name: Name
    kind: str
    url: SecretReference
    language: Language | None = None
    quiet: QuietHours | None = None

    def quiet_after(self, moment: datetime, timezone: str) -> datetime:
        """The moment itself, or the end of the quiet hours that it lies in. timezone: the brand's."""
        return self.quiet.after(moment, timezone) if self.quiet else moment


class SlackChannel(Channel):
    """An incoming webhook of Slack, or of what is compatible with it."""

    kind: Literal["slack"]


class TeamsChannel(Channel):
    """A workflow of Microsoft Teams that posts cards sent to its address."""

    kind: Literal["teams"]


class KakaoWorkChannel(Channel):
    """An incoming webhook bot of KakaoWork."""

    kind: Literal["kakaowork"]


class WebhookChannel(Channel):
    """A program of your own that takes signed webhooks (Standard Webhooks). secret: whsec_ and Base64, by reference."""

    kind: Literal["webhook"]
    secret: SecretReference


CHANNELS: Final[Mapping[str, type[Channel]]] = {
    "slack": SlackChannel,
    "teams": TeamsChannel,
    "kakaowork": KakaoWorkChannel,
    "webhook": WebhookChannel,
}

"""What of the world can be seen at the moment, before and after it advances."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moksori.demo.world import Channel, Said, World


@dataclass(slots=True)
class Stage:
    """A world and the moment it is looked at. Sites show nothing that is said later than that."""

    world: World
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    advanced_at: datetime | None = None

    def advance(self) -> None:
        """Let edits, deletions and the newest posts become visible."""
        self.now = self.advanced_at = datetime.now(UTC)

    def seen(self, channel: Channel) -> list[Said]:
        """What one place shows now, newest first."""
        return [one for one in reversed(self.world.of(channel)) if self.is_seen(one)]

    def is_seen(self, one: Said) -> bool:
        return one.at <= self.now and not (one.gone if self.advanced_at else one.arrives)

    def text(self, one: Said) -> str:
        return one.later if one.later and self.advanced_at else one.text

    def edited_at(self, one: Said) -> datetime | None:
        return self.advanced_at if one.later else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answers to one request."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Iterable[tuple[str, str]] = ()
    delay_s: float = 0

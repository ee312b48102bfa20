"""How each collection ended: ok, partial, blocked or broken, with counts and the reason. Never a silent success."""

from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from crawlers.checkpoints import DATABASE, open_database
from pipeline.sqlite import transaction

State = Literal["ok", "partial", "blocked", "broken"]
_WORST_FIRST: Final[tuple[State, ...]] = ("blocked", "broken", "partial", "ok")
_KEPT: Final = 200
"""Collections remembered for each source."""


class Collection(BaseModel):
    """One collection of one source.

    ok: read to its end. partial: some pages are missing. blocked: the other side refuses us. broken: it answers, but
    not with what we know. found counts reviews seen, refused those that were none.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    state: State
    reason: str = ""
    fetched_pages: int = 0
    found: int = 0
    published: int = 0
    unchanged: int = 0
    edited: int = 0
    deleted: int = 0
    refused: int = 0
    started_at: datetime
    ended_at: datetime


class Faults:
    """What went wrong during one collection, so that its end can be told truly."""

    def __init__(self) -> None:
        self._reasons: dict[State, dict[str, int]] = {state: {} for state in _WORST_FIRST}

    def add(self, state: State, reason: str) -> None:
        """Note a fault. With state "ok" it is a remark that does not count against the collection."""
        reasons = self._reasons[state]
        if reason in reasons or len(reasons) < 50:
            reasons[reason] = reasons.get(reason, 0) + 1

    @property
    def state(self) -> State:
        return next((state for state in _WORST_FIRST if self._reasons[state]), "ok")

    @property
    def reason(self) -> str:
        """The worst faults first, in one line."""
        told = [
            f"{reason} ({count} times)" if count > 1 else reason
            for state in _WORST_FIRST
            for reason, count in self._reasons[state].items()
        ]
        more = f"; and {len(told) - 4} more" if len(told) > 4 else ""
        return "; ".join(told[:4]) + more


def record(state_dir: Path, collection: Collection) -> None:
    """Keep how a collection ended."""
    with closing(open_database(state_dir)) as db, transaction(db, state_dir / DATABASE):
        db.execute(
            "INSERT INTO collections(source, ended_at, said) VALUES (?, ?, ?)",
            (collection.source, collection.ended_at.isoformat(), collection.model_dump_json()),
        )
        db.execute(
            "DELETE FROM collections WHERE source = ? AND number <= (SELECT number FROM collections"
            " WHERE source = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (collection.source, collection.source, _KEPT),
        )


def latest(state_dir: Path) -> list[Collection]:
    """The last collection of every source ever collected, by name."""
    with closing(open_database(state_dir)) as db:
        rows = db.execute(
            "SELECT said FROM collections WHERE number IN (SELECT max(number) FROM collections GROUP BY source)"
            " ORDER BY source"
        ).fetchall()
    return [Collection.model_validate_json(row[0]) for row in rows]

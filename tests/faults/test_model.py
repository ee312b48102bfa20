"""Any order of collecting, editing, deleting, erasing, redelivery and crashes gives the index of a plain model."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from moksori.stages import index_stage, tag_stage
from pipeline.index.query import Query
from pipeline.index.sqlite import SqliteIndex
from pipeline.ledger import audit
from pipeline.models import ERASED, Tombstone
from pipeline.stream import DEAD, RAW, TAGGED
from pipeline.stream.sqlite import SqliteStream
from pipeline.worker import Output, Stage, dead_letter
from tests.conftest import NOW, review
from tests.faults.stages import PlainTagger

pytestmark = pytest.mark.faults

numbers = st.integers(1, 6)
versions = st.integers(1, 4)


class Pipeline(RuleBasedStateMachine):
    """The real stream, stages, index and ledger; the machine plays the workers, and lets them die between two steps."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="moksori-model-"))
        self.stream = SqliteStream(str(self.folder / "stream.db"))
        self.index = SqliteIndex(str(self.folder / "index.db"))
        self.stages: list[Stage] = [tag_stage(PlainTagger()), index_stage(self.index)]  # type: ignore[arg-type]
        self.newest: dict[str, tuple[int, str | None]] = {}  # id → (version, text or None when deleted)
        self.broken = 0

    def teardown(self) -> None:
        self.stream.close()
        self.index.close()
        shutil.rmtree(self.folder)

    def _say(self, id: str, version: int, text: str | None) -> None:
        known = self.newest.get(id)
        # One (id, version) has one content, as with a real source; the newest version stands.
        if known is None or version >= known[0]:
            self.newest[id] = (version, text)

    @rule(number=numbers, version=versions)
    def collect(self, number: int, version: int) -> None:
        text = f"text {number} version {version}"
        each = review(number, version=version * 2, text=text)
        self.stream.publish(RAW, each.id, each.to_bytes())
        self.stream.flush()
        self._say(each.id, each.version, text)

    @rule(number=numbers, version=versions)
    def delete(self, number: int, version: int) -> None:
        gone = Tombstone(id=f"shop:{number}", source="shop", version=version * 2 + 1, at=NOW)
        self.stream.publish(RAW, gone.id, gone.to_bytes())
        self.stream.flush()
        self._say(gone.id, gone.version, None)

    @rule(number=numbers)
    def erase(self, number: int) -> None:
        gone = Tombstone(id=f"shop:{number}", source="shop", version=ERASED, reason="erased", at=NOW)
        self.stream.publish(RAW, gone.id, gone.to_bytes())
        self.stream.flush()
        self._say(gone.id, ERASED, None)

    @rule()
    def collect_rubbish(self) -> None:
        self.stream.publish(RAW, "shop:rubbish", b'{"type": "review"')
        self.stream.flush()
        self.broken += 1

    @rule(stage=st.integers(0, 1), limit=st.integers(1, 5), dies=st.sampled_from(["never", "at work", "at commit"]))
    def work(self, stage: int, limit: int, dies: str) -> None:
        self._work(self.stages[stage], limit, dies)

    def _work(self, stage: Stage, limit: int, dies: str = "never") -> int:
        batch = self.stream.poll(stage.topic, stage.name, limit, 0)
        if not batch:
            return 0
        output: Output = stage.work(batch)
        if dies == "at work":
            self.stream.rejoin(stage.topic, stage.name)
            return 0
        for topic, key, value in output.messages:
            self.stream.publish(topic, key, value)
        for record, reason in output.poison:
            letter = dead_letter(stage.name, record, reason)
            self.stream.publish(DEAD, letter.identity, letter.to_bytes())
        self.stream.flush()
        if dies == "at commit":
            self.stream.rejoin(stage.topic, stage.name)
            return 0
        self.stream.commit(stage.name, batch)
        return len(batch)

    @rule(stage=st.integers(0, 1))
    def replay(self, stage: int) -> None:
        each = self.stages[stage]
        self.stream.rewind(each.topic, each.name, datetime(2000, 1, 1, tzinfo=UTC))

    @rule()
    def sweep(self) -> None:
        """Nothing here is old enough to be swept, but the erased must stay even when it is."""
        self.index.sweep(NOW - timedelta(days=30))

    @precondition(lambda self: self.newest)
    @rule()
    def settle(self) -> None:
        """All workers catch up: now index, ledger and model must agree."""
        for stage in self.stages:
            while self._work(stage, 100):
                pass
        shown = {found.id: (found.version, found.text) for found in self.index.export(Query())}
        assert shown == {id: said for id, said in self.newest.items() if said[1] is not None}
        self._commit_desk()
        account = audit(self.stream, self.index, self.folder, "Asia/Seoul")
        totals = account.totals()
        assert account.agrees, account.to_dict()
        assert totals["collected"] == len(self.newest) + self.broken
        assert totals["indexed"] == len(shown)
        assert totals["dead"] == self.broken
        assert totals["deleted"] == len(self.newest) - len(shown)

    def _commit_desk(self) -> None:
        while batch := self.stream.poll(TAGGED, "desk", 100, 0):
            self.stream.commit("desk", batch)

    @invariant()
    def nothing_newer_than_what_was_said_is_ever_shown(self) -> None:
        for found in self.index.export(Query()):
            assert found.version <= self.newest[found.id][0]


class TestPipeline(Pipeline.TestCase):  # type: ignore[misc]
    """Run by pytest."""

    settings = settings(max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))

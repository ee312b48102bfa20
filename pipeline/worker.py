"""The one loop of every stage: poll, work, publish, wait for the acknowledgement, commit.

The commit comes last. A worker killed at any line above it repeats work when it starts again; ids and versions make
that harmless. A server that is down or busy is waited for, without end; a record that can never work becomes a dead
letter; a full disk or a wrong setting stops the worker.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pipeline import metrics
from pipeline.errors import BadRecord, MoksoriError, Unavailable
from pipeline.models import DeadLetter
from pipeline.stream import DEAD, MAX_MESSAGE, Record, Stream

log = logging.getLogger(__name__)
T = TypeVar("T")

_FIRST_WAIT_S: Final = 0.2
_LONGEST_WAIT_S: Final = 30.0
_KEEP_ALIVE_S: Final = 3.0
_STANDS_STILL_S: Final = 60.0
_MEASURE_LAG_S: Final = 10.0


@dataclass
class Output:
    """What became of a batch: messages to publish as (topic, key, value), and poison as (record, reason)."""

    messages: list[tuple[str, str, bytes]] = field(default_factory=list)
    poison: list[tuple[Record, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Stage:
    """One step of a review's way: which topic it reads, and what it does with a batch.

    work: may raise Unavailable (the batch is tried again later); reports poison in its Output. It must be harmless to
    do twice. facts: what else its health should tell; a `problem` that is not empty is one.
    """

    name: Literal["tag", "index", "desk"]
    topic: str
    work: Callable[[Sequence[Record]], Output]
    facts: Callable[[], dict[str, Any]] = dict


@dataclass
class Progress:
    """Counts of one worker since its start."""

    done: int = 0
    dead: int = 0
    state: str = "starting"


class Worker:
    """Runs one stage on one stream until stop() is called. One per thread or process."""

    def __init__(
        self,
        stage: Stage,
        stream: Stream,
        state_dir: Path,
        *,
        batch: int = 256,
        on_progress: Callable[[Progress], None] = lambda progress: None,
    ) -> None:
        self._stage = stage
        self._stream = stream
        self._batch = batch
        self._health = metrics.HealthFile(state_dir, stage.name)
        self._on_progress = on_progress
        self._stopping = threading.Event()
        self._heard_at = time.monotonic()
        self._lag_when_heard = 0
        self._measured_at = time.monotonic()
        self.progress = Progress()

    def stop(self) -> None:
        """Finish the batch in hand, then end run(). Safe to call from a signal handler."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stop(). Raises what only an operator can mend (SettingsError, StorageFull)."""
        try:
            while not self._stopping.is_set():
                batch = self._patiently(self._poll)
                if batch is None:
                    break  # stopped while waiting for a server
                if batch:
                    self._do(batch)
                else:
                    self._watch()
                    self._report("idle")
                    self._measure_lag()
        finally:
            self._health.remove()

    def _poll(self) -> list[Record]:
        return self._stream.poll(self._stage.topic, self._stage.name, self._batch, wait_s=0.5)

    def _do(self, batch: Sequence[Record]) -> None:
        started = time.monotonic()
        output = self._patiently(lambda: self._work(batch))
        if output is None or self._patiently(lambda: self._deliver(output)) is None:
            return  # stopped: nothing is committed, the batch comes again
        if self._patiently(lambda: self._commit(batch)) is None:
            return
        name = self._stage.name
        self.progress.done += len(batch) - len(output.poison)
        self.progress.dead += len(output.poison)
        metrics.RECORDS.labels(name, "done").inc(len(batch) - len(output.poison))
        metrics.RECORDS.labels(name, "dead").inc(len(output.poison))
        metrics.BATCH_SECONDS.labels(name).observe(time.monotonic() - started)
        self._heard_at = time.monotonic()
        self._report("working")
        self._measure_lag()

    def _work(self, batch: Sequence[Record]) -> Output:
        try:
            return self._stage.work(batch)
        except MoksoriError:
            raise
        except Exception as error:
            # A fault of ours that some record brings out. Find it: the others must not wait for it.
            if len(batch) == 1:
                log.exception("%s fails on %s, which becomes a dead letter", self._stage.name, batch[0].key)
                return Output(poison=[(batch[0], f"{type(error).__name__}: {error}")])
            output = Output()
            for record in batch:
                alone = self._work([record])
                output.messages += alone.messages
                output.poison += alone.poison
            return output

    def _deliver(self, output: Output) -> bool:
        for topic, key, value in output.messages:
            self._stream.publish(topic, key, value)
        for record, reason in output.poison:
            letter = dead_letter(self._stage.name, record, reason)
            self._stream.publish(DEAD, letter.identity, letter.to_bytes())
            log.warning("dead letter at %s: %s: %s", self._stage.name, record.key, reason)
        self._stream.flush()
        return True

    def _commit(self, batch: Sequence[Record]) -> bool:
        self._stream.commit(self._stage.name, batch)
        return True

    def _patiently(self, action: Callable[[], T]) -> T | None:
        """Do it, again and again while the other side is away, staying in the group. None when stopped meanwhile."""
        tries = 0
        while True:
            try:
                return action()
            except Unavailable as error:
                wait_s = error.retry_after_s or min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries)
                wait_s *= random.uniform(0.75, 1.25)  # noqa: S311  several workers must not knock in step
                tries += 1
                metrics.RETRIES.labels(self._stage.name).inc()
                log.warning("%s waits %.1f s: %s", self._stage.name, wait_s, error)
                if not self._wait(wait_s, str(error)):
                    return None

    def _wait(self, wait_s: float, why: str) -> bool:
        end = time.monotonic() + wait_s
        while (left := end - time.monotonic()) > 0:
            self._report(f"waiting: {why}")
            if self._stopping.wait(min(left, _KEEP_ALIVE_S)):
                return False
            try:
                self._stream.keep_alive(self._stage.topic, self._stage.name)
            except Unavailable:
                continue  # the stream itself is what we wait for
        return True

    def _watch(self) -> None:
        """Leave and join again when there is work but none has come for long: a known fault of Kafka clients."""
        now = time.monotonic()
        if now - self._heard_at < _STANDS_STILL_S:
            return
        lag = self._patiently(lambda: self._stream.lag(self._stage.topic, self._stage.name)) or 0
        # Less lag than before: another worker of the group is at it.
        if lag and lag >= self._lag_when_heard > 0:
            log.warning("%s stands still with a lag of %d: joins again", self._stage.name, lag)
            metrics.REJOINS.labels(self._stage.name).inc()
            self._patiently(self._rejoin)
        self._heard_at, self._lag_when_heard = now, lag

    def _measure_lag(self) -> None:
        now = time.monotonic()
        if now - self._measured_at >= _MEASURE_LAG_S:
            self._measured_at = now
            lag = self._patiently(lambda: self._stream.lag(self._stage.topic, self._stage.name))
            if lag is not None:
                metrics.LAG.labels(self._stage.name).set(lag)

    def _rejoin(self) -> bool:
        self._stream.rejoin(self._stage.topic, self._stage.name)
        return True

    def _report(self, state: str) -> None:
        self.progress.state = state
        self._health.write(state, done=self.progress.done, dead=self.progress.dead, **self._stage.facts())
        self._on_progress(self.progress)


def dead_letter(stage: Literal["tag", "index", "desk"], record: Record, reason: str) -> DeadLetter:
    """A record that never works, with everything needed to send it again."""
    # An original near the stream's limit would not fit into the letter around it: keep its beginning, and say so.
    room = MAX_MESSAGE * 70 // 100
    original = record.value
    if len(original) > room:
        original, reason = original[:room], f"{reason} (original cut from {len(record.value):,} to {room:,} bytes)"
    return DeadLetter(
        stage=stage,
        reason=reason[:2000],
        original=original,
        key=record.key,
        source=record.key.split(":", 1)[0] if ":" in record.key else None,
        review_id=record.key if ":" in record.key else None,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        at=datetime.now(UTC),
    )


def parsed(records: Sequence[Record], parse: Callable[[bytes], T]) -> tuple[list[tuple[Record, T]], Output]:
    """The records that parse, with what they say, and an Output that holds the others as poison."""
    good: list[tuple[Record, T]] = []
    output = Output()
    for record in records:
        try:
            good.append((record, parse(record.value)))
        except BadRecord as error:
            output.poison.append((record, str(error)))
    return good, output

"""A whole moksori in processes of its own, to be killed and stopped at random, and the proof that nothing was lost."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.errors import Unavailable
from pipeline.index import Index, open_index
from pipeline.index.query import Query
from pipeline.ledger import STAGES, Ledger, audit
from pipeline.models import Review, Tombstone
from pipeline.stream import RAW, Stream, open_stream

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "scripts/services"
COMPLAINTS = (
    "배송이 너무 늦어요 아직도 안 왔어요",
    "The parcel never arrived and tracking has not moved",
    "포장이 터져서 왔어요",
)
PRAISE = ("아주 만족합니다 잘 쓰고 있어요", "Works great, very happy with it", "디자인이 예쁘고 튼튼해요")
BRAND = "Fault test"
TIMEZONE = "Asia/Seoul"
UNKNOWN = 10**9


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 120) -> None:
    """Look until the condition holds; fail with `what` after the time-out."""
    deadline = time.monotonic() + timeout_s
    pause = 0.02
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        time.sleep(pause)
        pause = min(0.3, pause * 1.5)


class System:
    """Worker processes over one stream and one index, with a state folder of their own."""

    def __init__(self, folder: Path, stream_url: str, index_url: str) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "MOKSORI_STATE_DIR": str(folder),
            "MOKSORI_CONFIG_DIR": str(ROOT / "config"),
            "MOKSORI_STREAM": stream_url,
            "MOKSORI_INDEX": index_url,
            "MOKSORI_BRAND__NAME": BRAND,
            "MOKSORI_WORKER__BATCH": "64",
        }
        self.stream: Stream = open_stream(stream_url)
        self.index: Index = open_index(index_url)
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.run("setup")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command, which must end well."""
        done = subprocess.run(
            [sys.executable, "-m", "moksori", *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"moksori {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done

    def start(self, name: str) -> None:
        """Start a worker, unless it runs."""
        running = self.workers.get(name)
        if running is not None and running.poll() is None:
            return
        with open(self.folder / f"{name}.log", "ab") as out:
            self.workers[name] = subprocess.Popen(
                [sys.executable, "-m", "moksori", "worker", name],
                env=self.environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def start_all(self) -> None:
        for name in ("tag", "index", "desk"):
            self.start(name)

    def send(self, name: str, what: signal.Signals) -> None:
        """Send a signal to a worker."""
        self.workers[name].send_signal(what)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait for the end."""
        self.workers[name].kill()
        self.workers[name].wait()

    def lag(self) -> int:
        """Records before all stages; UNKNOWN while the stream does not answer."""
        try:
            return sum(self.stream.lag(topic, group) for topic, group in STAGES)
        except Unavailable:
            return UNKNOWN

    def drain(self, timeout_s: float = 180) -> None:
        """Wait until every stage has done everything, starting workers that died."""

        def idle() -> bool:
            self.start_all()
            return self.lag() == 0

        wait_until(idle, f"every lag is 0; workers: {self.last_words()}", timeout_s)

    def last_words(self) -> dict[str, str]:
        logs = {file.stem: file.read_text(errors="replace") for file in self.folder.glob("*.log")}
        return {name: text[-300:] for name, text in logs.items()}

    def shown(self) -> dict[str, int]:
        """id → version of everything that the index shows."""
        self.index.refresh()
        return {found.id: found.version for found in self.index.export(Query())}

    def ledger(self) -> Ledger:
        return audit(self.stream, self.index, self.folder, TIMEZONE)

    def mails(self) -> list[Path]:
        return sorted((self.folder / "mail").glob("*.eml"))

    def stop(self) -> None:
        for process in self.workers.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.workers.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self.stream.close()
        self.index.close()


@contextmanager
def running(folder: Path, stream_url: str, index_url: str) -> Iterator[System]:
    """A system with all its workers, stopped at the end."""
    system = System(folder, stream_url, index_url)
    try:
        system.start_all()
        yield system
    finally:
        system.stop()


class Customers:
    """What is sent: reviews, edits and deletions from a seed, and what must be shown in the end."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = datetime.now(UTC)
        self.expected: dict[str, int] = {}
        self.sent: set[str] = set()

    def speak(self, stream: Stream, count: int) -> None:
        """Publish new reviews over 100 days, a breakdown of delivery in the last two, edits, doubles and deletions."""
        messages = [message for _ in range(count) for message in self._next()]

        def acknowledged() -> bool:
            try:
                for key, value in messages:
                    stream.publish(RAW, key, value)
                stream.flush()
            except Unavailable:
                return False
            return True

        wait_until(acknowledged, "the stream takes reviews")

    def _next(self) -> Iterator[tuple[str, bytes]]:
        number = len(self.sent)
        id = f"shop:{number}"
        broken = number % 5 == 0
        age = timedelta(hours=self.random.uniform(0, 40 if broken else 2400))
        complains = broken or self.random.random() < 0.08
        text = f"{self.random.choice(COMPLAINTS if complains else PRAISE)} {number}"
        self.sent.add(id)
        self.expected[id] = 1
        yield id, self._review(id, text, 1, age)
        if number % 7 == 0:
            self.expected[id] = 2
            yield id, self._review(id, f"{text}, edited", 2, age)
        if number % 11 == 0:
            yield id, self._review(id, text, 1, age)  # an old copy comes late
        if number % 13 == 0:
            del self.expected[id]
            yield id, Tombstone(id=id, source="shop", version=3, at=self.now).to_bytes()
        if number % 97 == 0:
            yield f"shop:broken-{number}", b"{not a review"

    def _review(self, id: str, text: str, version: int, age: timedelta) -> bytes:
        return Review(
            id=id, source="shop", brand=BRAND, product="kettle", text=text, created_at=self.now - age,
            collected_at=self.now, version=version,
        ).to_bytes()  # fmt: skip

    @property
    def broken(self) -> int:
        return len(range(0, len(self.sent), 97))


def prove(system: System, customers: Customers) -> dict[str, Any]:
    """Index + dead letters = sent, none twice, the newest version wins, the ledger agrees. Returns the totals."""
    shown = system.shown()
    assert shown == customers.expected
    account = system.ledger()
    assert account.agrees, account.to_dict()
    totals = account.totals()
    # A message that cannot be read has no id: sent again, it is counted again.
    assert totals["dead"] >= customers.broken
    assert totals["collected"] == len(customers.sent) + totals["dead"]
    assert totals["indexed"] == len(shown)
    assert totals["deleted"] == len(customers.sent) - len(shown)
    assert totals["pending"] == 0
    return totals


def services(command: str, name: str) -> None:
    """scripts/services kill|pause|resume|restart NAME."""
    subprocess.run([SERVICES, command, name], check=True, capture_output=True, timeout=120)

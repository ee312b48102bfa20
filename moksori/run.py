"""Everything on one machine: starts the workers, the crawls and the console as processes, and keeps them running."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from crawlers.registry import load_sources
from moksori.crawl_scheduler import due_now
from pipeline.errors import SettingsError, Unavailable
from pipeline.ledger import STAGES
from pipeline.settings import Settings, settings
from pipeline.stream import Stream, open_stream

log = logging.getLogger(__name__)

_STOP_WITHIN_S: Final = 30
_LONGEST_PAUSE_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.2
_METRICS_PORT: Final = "MOKSORI_WORKER__METRICS_PORT"
SETTINGS_EXIT: Final = 2
"""Exit code of a process that only the operator can help: it is not started again."""


@dataclass
class Child:
    """A process of ours that should always run."""

    name: str
    command: list[str]
    place: int
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    start_at: float = 0.0
    started_at: float = field(default=0.0)


def command(*arguments: str) -> list[str]:
    """The command line of moksori itself, in this very environment."""
    return [sys.executable, "-m", "moksori", *arguments]


class Supervisor:
    """Starts children, starts them again when they die (after a growing pause), and stops them together."""

    def __init__(self, children: Sequence[tuple[str, list[str]]], log_dir: Path) -> None:
        self._children = [Child(name, line, place=place) for place, (name, line) in enumerate(children)]
        self._log_dir = log_dir
        log_dir.mkdir(parents=True, exist_ok=True)

    def look(self) -> None:
        """Start what should run and does not. Raises MoksoriError when a child says that its settings are wrong."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None:
                code = child.process.poll()
                if code is None:
                    if now - child.started_at > _LONGEST_PAUSE_S:
                        child.failures = 0
                    continue
                child.process = None
                if code == SETTINGS_EXIT:
                    raise SettingsError(f"{child.name} cannot run:\n{self._last_words(child)}")
                child.failures += 1
                pause_s = min(_LONGEST_PAUSE_S, 0.5 * 2**child.failures)
                child.start_at = now + pause_s
                log.warning("%s ended with %s; starts again in %.0f s", child.name, code, pause_s)
            if now >= child.start_at:
                child.started_at = now
                child.process = self._spawn(child)

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        with open(self._log_dir / f"{child.name}.log", "ab") as out:
            # A session of its own: Ctrl-C reaches us alone, and we stop the children in order.
            return subprocess.Popen(
                child.command,
                env=self._environment(child),
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def _environment(self, child: Child) -> dict[str, str]:
        """Ours, with a metrics port of its own where metrics are wanted."""
        first = settings().worker.metrics_port
        return {**os.environ, _METRICS_PORT: str(first + child.place)} if first else dict(os.environ)

    def _last_words(self, child: Child) -> str:
        lines = (self._log_dir / f"{child.name}.log").read_text(errors="replace").splitlines()
        return (
            "\n".join(line.removeprefix("error: ") for line in lines[-5:] if line.startswith("error: "))
            or "see its log"
        )

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to those that do not end in time."""
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_WITHIN_S
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def lags(stream: Stream) -> dict[str, int]:
    """How much each stage has before it."""
    return {group: stream.lag(topic, group) for topic, group in STAGES}


def workers() -> list[tuple[str, list[str]]]:
    """The stages that must run for a review to arrive."""
    return [(group, command("worker", group)) for _, group in STAGES]


def work_until_idle(settings: Settings, on_lags: Callable[[dict[str, int]], None]) -> None:
    """Collect what is due, work until every lag is 0, then stop all workers.

    Raises MoksoriError when a worker cannot run.
    """
    supervisor = Supervisor(workers(), settings.state_dir / "logs")
    stream = open_stream(settings.stream_url)
    crawl = _start_crawl(settings)
    try:
        while True:
            supervisor.look()
            # Asked before the lags: what the crawl sends at its end is seen by them.
            crawling = crawl is not None and crawl.poll() is None
            waiting = lags(stream)
            on_lags(waiting)
            if not crawling and not any(waiting.values()):
                return
            time.sleep(_LOOK_EVERY_S)
    finally:
        if crawl is not None and crawl.poll() is None:
            crawl.terminate()
            crawl.wait(_STOP_WITHIN_S)
        supervisor.stop()
        stream.close()


def _start_crawl(settings: Settings) -> subprocess.Popen[bytes] | None:
    names = [source.name for source in due_now(settings)]
    if not names:
        return None
    with open(settings.state_dir / "logs" / "crawl.log", "ab") as out:
        return subprocess.Popen(
            command("crawl", *names), stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True
        )


def run_all(settings: Settings, on_lags: Callable[[dict[str, int]], None]) -> None:
    """Everything until SIGTERM or SIGINT: workers, schedulers of alerts and crawls, webhook listener, console."""
    children = [*workers(), *((name, command("worker", name)) for name in ("alert", "crawl"))]
    children.append(("console", command("desk", "serve")))
    file = settings.config_dir / "sources.yaml"
    if file.exists() and any(source.kind == "webhook" and source.enabled for source in load_sources(file)):
        children.append(("listen", command("listen")))
    supervisor = Supervisor(children, settings.state_dir / "logs")
    stream = open_stream(settings.stream_url)
    stopping: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))
    try:
        while not stopping:
            supervisor.look()
            try:
                on_lags(lags(stream))
            except Unavailable as error:  # the workers wait for it themselves
                log.warning("%s", error)
            time.sleep(1)
    finally:
        supervisor.stop()
        stream.close()

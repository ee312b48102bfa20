"""What an operator watches: Prometheus metrics of the workers, and a health file per worker."""

import json
import os
import platform
import time
from pathlib import Path
from typing import Any, Final

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter("moksori_records_total", "Records that a stage is done with", ["stage", "outcome"])
BATCH_SECONDS = Histogram(
    "moksori_batch_seconds", "Time from poll to commit of a batch", ["stage"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30)
)
RETRIES = Counter("moksori_retries_total", "Waits for a server that was down or busy", ["stage"])
REJOINS = Counter("moksori_rejoins_total", "Times a reader that stood still left and joined again", ["stage"])
LAG = Gauge("moksori_lag", "Records that a stage has not committed yet", ["stage"])

STALE_AFTER_S: Final = 90
"""A worker whose health file is older than this hangs or is gone."""


class HealthFile:
    """{state_dir}/health/{stage}-{host}-{pid}.json: what a worker does, renewed while it lives, removed at its end."""

    def __init__(self, state_dir: Path, stage: str) -> None:
        folder = state_dir / "health"
        folder.mkdir(parents=True, exist_ok=True)
        # Containers share the folder, and each of them has a process 1.
        self._host = platform.node()
        self._path = folder / f"{stage}-{self._host}-{os.getpid()}.json"
        self._stage = stage
        self._written = 0.0

    def write(self, state: str, *, always: bool = False, **facts: Any) -> None:
        """Note the state ("working", "idle", "waiting: why"); at most once a second unless `always`."""
        now = time.time()
        if not always and now - self._written < 1:
            return
        self._written = now
        scratch = self._path.with_suffix(".tmp")
        scratch.write_text(
            json.dumps(
                {"stage": self._stage, "host": self._host, "pid": os.getpid(), "at": now, "state": state, **facts}
            )
        )
        scratch.replace(self._path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


def read_health(state_dir: Path) -> list[dict[str, Any]]:
    """The health of all workers that share the state folder, with `alive`: it was heard of within STALE_AFTER_S."""
    found = []
    for file in sorted((state_dir / "health").glob("*.json")):
        try:
            health = json.loads(file.read_text())
        except (OSError, ValueError):
            continue  # removed or replaced at this moment
        found.append({**health, "alive": time.time() - health["at"] < STALE_AFTER_S})
    return found

"""A moksori of its own in a temporary folder, with its workers as real processes."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from moksori.bench import FOLDER
from moksori.run import command
from pipeline.ledger import STAGES
from pipeline.models import Review
from pipeline.settings import Settings
from pipeline.stream import RAW, Stream, open_stream

_PATIENCE_S = 600


class Installation:
    """Workers over one stream and one index. Everything ends with the block."""

    def __init__(self, folder: Path, stream_url: str, index_url: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.environment = {
            **os.environ, "MOKSORI_STATE_DIR": str(folder), "MOKSORI_CONFIG_DIR": str(FOLDER.parent / "config"),
            "MOKSORI_STREAM": stream_url, "MOKSORI_INDEX": index_url, "MOKSORI_CONSOLE__PORT": "8699",
        }  # fmt: skip
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stages = [stage for stage in STAGES if stage[1] == "tag"]
        subprocess.run(command("setup"), env=self.environment, check=True, capture_output=True)
        self.stream: Stream = open_stream(stream_url)

    @classmethod
    def embedded(cls, folder: Path) -> Self:
        settings = Settings(state_dir=folder)
        return cls(folder, settings.stream_url, settings.index_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait(60)

    def start(self, name: str, *arguments: str, core: int | None = None) -> None:
        """Start a process of moksori under a name; on one core, where that is given."""
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                command(*arguments), env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        if core is not None:
            os.sched_setaffinity(self.processes[name].pid, {core})

    def start_stages(self) -> None:
        """One worker of each stage that a review passes."""
        self._stages = list(STAGES)
        for _, stage in STAGES:
            self.start(stage, "worker", stage)

    def send(self, reviews: Sequence[Review]) -> None:
        """Publish reviews, acknowledged."""
        for each in reviews:
            self.stream.publish(RAW, each.id, each.to_bytes())
        self.stream.flush()

    def finish(self) -> None:
        """Return when the stages have nothing left to do."""
        deadline = time.monotonic() + _PATIENCE_S
        while any(self.stream.lag(topic, group) for topic, group in self._stages):
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended: {(self.folder / f'{name}.log').read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"not done within {_PATIENCE_S} s")
            time.sleep(0.05)

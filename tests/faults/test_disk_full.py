"""A full disk: a clear stop in one line, nothing lost, and all goes on when there is room again."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import StorageFull
from pipeline.index.query import Query
from pipeline.stream import TAGGED
from pipeline.stream.sqlite import SqliteStream
from tests.faults.harness import ROOT, System, wait_until
from tests.faults.stages import send

pytestmark = pytest.mark.faults

LIMIT = 400_000
"""Bytes that a file may have: the kernel refuses more, as on a full disk."""


def test_a_worker_stops_clearly_and_goes_on_later(tmp_path: Path) -> None:
    system = System(tmp_path, f"sqlite:///{tmp_path}/stream.db", f"sqlite:///{tmp_path}/index.db")
    send(system.stream, range(1, 2001))
    done = subprocess.run(
        [sys.executable, "-m", "moksori", "worker", "index"],
        env=system.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT)),
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert ".db: no space left" in line
    assert "free space and start again" in line
    assert system.stream.lag(TAGGED, "index") > 0
    system.start("index")
    wait_until(lambda: system.stream.lag(TAGGED, "index") == 0, "all is indexed", 60)
    assert system.index.count(Query()) == 2000
    system.stop()


def test_a_stream_without_room_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    stream = SqliteStream(f"{tmp_path}/stream.db")
    send(stream, range(1, 51))
    (pages,) = stream._db.execute("PRAGMA page_count").fetchone()
    stream._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFull, match="free space and start again"):
        send(stream, range(51, 500))
    assert stream.lag(TAGGED, "index") == 50
    stream._db.execute("PRAGMA max_page_count = 1000000")
    send(stream, range(51, 500))
    assert stream.lag(TAGGED, "index") == 499
    stream.close()

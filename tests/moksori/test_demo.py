"""The demo from its command: killed workers, other backends and a second run change neither counts nor alerts."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import unique
from tests.faults.harness import ROOT, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(400)]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOKSORI_")}
    environment |= {"MOKSORI_STATE_DIR": str(folder), "MOKSORI_CONFIG_DIR": str(ROOT / "config")}
    return subprocess.Popen(
        [sys.executable, "-m", "moksori", "demo", "--no-serve", "--json", *arguments],
        env=environment, cwd=folder.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    found: dict[str, Any] = json.loads(out)
    return found


def stock(found: dict[str, Any]) -> dict[str, Any]:
    """What must be the same however the demo ran."""
    alerts = [{k: each[k] for k in ("key", "observed", "expected", "since", "kind")} for each in found["alerts"]]
    return {"alerts": alerts, **{name: found[name] for name in ("collected", "published", "reviews", "cases")}}


def kill_a_worker(folder: Path, stage: str) -> None:
    """SIGKILL the worker of a stage as soon as one works."""
    killed = set()

    def done() -> bool:
        for file in (folder / "health").glob(f"{stage}-*.json"):
            try:
                health = json.loads(file.read_text())
                os.kill(health["pid"], signal.SIGKILL)
            except (OSError, ValueError):
                continue
            killed.add(health["pid"])
        return bool(killed)

    wait_until(done, f"a {stage} worker runs", 120)


def test_killed_workers_and_a_second_run_change_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    process = start(folder)
    for stage in ("desk", "index", "tag"):
        kill_a_worker(folder, stage)
    first = report(process)
    kinds = {(each["kind"], each["theme"]) for each in first["alerts"]}
    assert ("surge", "delivery") in kinds
    assert any(kind == "drift" for kind, _ in kinds)
    assert len(first["emails"]) == len(first["alerts"])
    assert first["dead"] == 0
    # Killed between publishing and committing, a worker repeats a batch: more messages, never fewer.
    assert first["published"] <= first["tagged"]
    surge = next(each for each in first["alerts"] if each["kind"] == "surge")
    mail = next(file.read_text() for file in (folder / "mail").glob("*.eml") if "=?" in file.read_text())
    assert surge["product"]
    assert "multipart/" in mail

    second = report(start(folder))
    assert second["emails"] == []
    assert second["published"] == 0
    assert stock(second) | {"collected": 0, "published": 0} == stock(first) | {"collected": 0, "published": 0}


@pytest.mark.kafka
@pytest.mark.elasticsearch
def test_kafka_and_elasticsearch_give_the_same(tmp_path: Path, kafka_hosts: str, elasticsearch_url: str) -> None:
    embedded = report(start(tmp_path / "embedded"))
    name = unique("demo")
    servers = ("--stream", f"kafka://{kafka_hosts}/{name}", "--index", f"{elasticsearch_url}/{name}")
    assert stock(report(start(tmp_path / "servers", *servers))) == stock(embedded)

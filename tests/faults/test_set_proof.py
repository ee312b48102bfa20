"""Set proof: workers, broker and index are killed and frozen at random points; nothing is lost, nothing shown twice."""

import json
import os
import random
import signal
import time
from pathlib import Path
from threading import Timer

import pytest

from tests.conftest import unique
from tests.faults.harness import Customers, System, prove, running, services, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1500)]

SEED = int(os.environ.get("MOKSORI_FAULT_SEED", "20261124"))
SECONDS = float(os.environ.get("MOKSORI_FAULT_SECONDS", "12"))
"""How long faults go on; `make soak` sets 20 minutes."""
LEAST = 4
"""Faults, however long they take."""
FROZEN = 5.0
"""Seconds that a frozen worker stays so at most."""


def alerts_once(system: System) -> None:
    """The breakdown raises alerts, and however often they are checked, each is mailed once."""
    system.run("alerts", "check")
    alerts = [json.loads(line) for line in system.run("alerts", "list", "--json").stdout.splitlines()]
    first = {mail.name: mail.read_bytes() for mail in system.mails()}
    assert alerts
    assert len(first) == len(alerts)
    system.run("alerts", "check")
    system.run("alerts", "check")
    assert {mail.name: mail.read_bytes() for mail in system.mails()} == first


def at_work(system: System, name: str) -> None:
    """Wait until a worker has come to work: one killed while it starts proves nothing."""
    before, process = system.lag(), system.workers[name]
    wait_until(lambda: system.lag() != before or process.poll() is not None or system.lag() == 0, f"{name} works", 60)


def torment(system: System, customers: Customers, chance: random.Random, servers: tuple[str, ...] = ()) -> None:
    """Send reviews, and kill or freeze something between any two batches."""
    faults = ["kill", "freeze", *servers, "kill"]
    chance.shuffle(faults)
    done: list[str] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(done) < LEAST:
        customers.speak(system.stream, chance.randint(10, 80))
        name = chance.choice(["index", "desk", "index", "desk", "tag"])
        what = faults[len(done) % len(faults)]
        system.start_all()
        at_work(system, name)
        if what == "kill":
            system.kill(name)
        elif what == "freeze":
            system.send(name, signal.SIGSTOP)
            # Frozen in the middle of a write it holds SQLite's lock: then nobody speaks until it goes on.
            wakes = Timer(FROZEN, system.send, (name, signal.SIGCONT))
            wakes.start()
            customers.speak(system.stream, 20)
            wakes.cancel()
            system.send(name, signal.SIGCONT)
        elif what == "elasticsearch":
            services("pause", what)
            system.kill("index")
            system.start("index")
            services("resume", what)
        else:
            services("kill", what)
            services("restart", what)
        done.append(f"{what} {name}" if what in ("kill", "freeze") else what)
    print("faults:", ", ".join(done))  # shown by pytest when the proof fails


def test_embedded(tmp_path: Path) -> None:
    customers = Customers(SEED)
    with running(tmp_path, f"sqlite:///{tmp_path}/stream.db", f"sqlite:///{tmp_path}/index.db") as system:
        customers.speak(system.stream, 300)
        torment(system, customers, random.Random(SEED))
        system.drain()
        prove(system, customers)
        alerts_once(system)


@pytest.mark.kafka
@pytest.mark.elasticsearch
def test_on_kafka_and_elasticsearch(tmp_path: Path, kafka_hosts: str, elasticsearch_url: str) -> None:
    customers = Customers(SEED + 1)
    with running(
        tmp_path, f"kafka://{kafka_hosts}/{unique('fault')}", f"{elasticsearch_url}/{unique('fault')}"
    ) as system:
        customers.speak(system.stream, 300)
        torment(system, customers, random.Random(SEED + 1), ("elasticsearch", "kafka-0"))
        system.drain()
        totals = prove(system, customers)
        alerts_once(system)

        # A full replay from the start changes nothing.
        before = system.shown()
        system.kill("tag")
        system.run("replay", "--since", "2000-01-01")
        system.drain()
        assert system.shown() == before
        assert system.ledger().totals() == totals

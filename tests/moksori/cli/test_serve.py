"""The console that `moksori desk serve` starts shows ledger and sources, and searches by dictionary forms."""

import pytest

import desk.serve
from desk.console import search, wiring
from tests.moksori.cli.conftest import Run


class Idle:
    """A server that nobody asks anything."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def run(self) -> None:
        self.done.append("run")

    def close(self) -> None:
        self.done.append("close")


def test_the_console_is_wired_to_what_the_desk_may_not_import(moksori: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    server, asked = Idle(), []
    monkeypatch.setattr(desk.serve, "open_server", lambda host, port: asked.append((host, port)) or server)
    for module, name in ((wiring, "ledger_rows"), (wiring, "health_rows"), (search, "terms")):
        monkeypatch.setattr(module, name, None)
    told = moksori("desk", "serve", "--port", "8699")
    assert told.code == 0
    assert told.err == "The console: http://127.0.0.1:8699  (Ctrl-C stops it)\n"
    assert asked == [(None, 8699)]
    assert server.done == ["run", "close"]
    assert wiring.ledger_rows
    assert wiring.health_rows
    assert search.terms

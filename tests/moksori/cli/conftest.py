"""Runs moksori as a user does: in a process of its own, or where that is not the point, in this one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import settings

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def complaints(self) -> list[str]:
        return self.err.splitlines()


def environment(state: Path, **variables: str) -> dict[str, str]:
    """The variables of an installation with this state folder, without those of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MOKSORI_", "DJANGO_"))}
    return {**ours, "MOKSORI_STATE_DIR": str(state), "MOKSORI_CONFIG_DIR": str(ROOT / "config"), **variables}


def start(*arguments: str, env: dict[str, str], program: list[str] | None = None) -> "subprocess.Popen[str]":
    """Start moksori in a process of its own, in an empty folder so that no file of the project is found by chance."""
    state = Path(env["MOKSORI_STATE_DIR"])
    folder = next(parent for parent in (state, *state.parents) if parent.is_dir())
    command = [*(program or [sys.executable, "-m", "moksori"]), *arguments]
    return subprocess.Popen(
        command, env=env, cwd=folder, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: "subprocess.Popen[str]") -> Ended:
    """Wait for a process that start() started."""
    out, err = process.communicate(timeout=120)
    return Ended(process.returncode, out, err)


Run = Callable[..., Ended]


@pytest.fixture
def moksori(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Iterator[Run]:
    """Run a command in this process, with its own state folder: quick, for what needs neither Django nor tagger."""
    before = dict(os.environ)
    for name, value in environment(tmp_path / "var").items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()

    def run(*arguments: str, **variables: str) -> Ended:
        from moksori.cli import main

        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        monkeypatch.setattr(sys, "argv", ["moksori", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, said.out, said.err)

    yield run
    for name in os.environ.keys() - before.keys():  # what a command set for the processes that it starts
        del os.environ[name]
    settings.cache_clear()

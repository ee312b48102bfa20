"""Runs moksori as a user does: in a process of its own, or where that is not the point, in this one."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from pipeline.settings import settings
from tests.moksori.conftest import Load

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


def call(env: dict[str, str], *arguments: str) -> Ended:
    """Run a command in this process: quick, and the same to the eye. Not for what sets Django up."""
    from moksori.cli import main

    out, err = StringIO(), StringIO()
    code: object = None
    with (
        patch.dict(os.environ, env, clear=True),
        patch.object(sys, "argv", ["moksori", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        settings.cache_clear()
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    settings.cache_clear()
    return Ended(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())


Run = Callable[..., Ended]


@pytest.fixture
def moksori(tmp_path: Path) -> Run:
    """Run a command in this process, in an installation of its own; keywords are variables."""

    def run(*arguments: str, **variables: str) -> Ended:
        return call(environment(tmp_path / "var", **variables), *arguments)

    return run


@pytest.fixture
def tagging(moksori: Run, pipelines_once: Load) -> Run:
    """As moksori, for commands that tag."""
    return moksori

"""A desk from nothing: tables, key, users, server; each in a process of its own, as the command line does it."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from desk.secret import secret_key
from pipeline.errors import SettingsError
from pipeline.settings import Settings

pytestmark = pytest.mark.slow


def moksori(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOKSORI_")}
    environment |= {"MOKSORI_STATE_DIR": str(folder), "MOKSORI_CONFIG": ""}
    command = [sys.executable, "-m", "moksori", *words]
    return subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)


def test_from_nothing_to_a_user_and_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert moksori(tmp_path / "new", "desk", "migrate").returncode == 0
    made = moksori(tmp_path / "new", "desk", "createuser", "kim", "--password-file", "-", given="a kettle of tea\n")
    assert made.returncode == 0, made.stderr
    weak = moksori(tmp_path / "new", "desk", "createuser", "lee", "--password-file", "-", given="tea\n")
    assert weak.returncode == 1
    listed = moksori(tmp_path / "new", "alerts", "list", "--json")
    assert (listed.returncode, listed.stdout.strip()) == (0, "")


def test_without_tables_the_command_to_run_is_named(tmp_path: Path) -> None:
    result = moksori(tmp_path, "alerts", "list")
    assert result.returncode == 1
    assert "moksori desk migrate" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_named_with_a_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = moksori(tmp_path, "desk", "serve", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"error: port {port} is in use by another program. Choose another: ")


def test_the_key_is_made_once_kept_and_private(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "state")
    first = secret_key(settings)
    assert len(first) > 50
    assert secret_key(settings) == first
    assert stat.S_IMODE((tmp_path / "state/secret.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["secret.key"]


def test_a_state_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="MOKSORI_CONSOLE__SECRET_KEY"):
        secret_key(Settings(state_dir=tmp_path / "file"))


def test_mutes_from_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert moksori(folder, "desk", "migrate").returncode == 0
    refused = moksori(folder, "alerts", "mute")
    assert (refused.returncode, "--rule" in refused.stderr) == (2, True)
    unknown = moksori(folder, "alerts", "mute", "--rule", "nothing")
    assert (unknown.returncode, "no such rule" in unknown.stderr) == (2, True)
    assert moksori(folder, "alerts", "mute", "--rule", "trends", "--days", "2").returncode == 0
    listed = moksori(folder, "alerts", "mutes", "--json")
    assert '"rule": "trends", "pattern": "*"' in listed.stdout
    ended = moksori(folder, "alerts", "unmute", "--rule", "trends")
    assert ended.stderr.startswith("1 mutes ended")
    assert moksori(folder, "alerts", "mutes", "--json").stdout == ""

"""Every command says what it does, and shows an example."""

from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from moksori import __version__
from moksori.cli import app
from tests.test_docs import COMMANDS, walk

GROUPS = sorted({path.rpartition(" ")[0] for path in COMMANDS} - {"moksori"})


def ask(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200", "TERM": "dumb"}, prog_name="moksori")


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_an_example_of_this_command(path: str) -> None:
    answer = ask(*path.split()[1:], "--help")
    assert answer.exit_code == 0
    assert any(word in answer.output for word in ("Example:", "Examples:"))
    assert path in answer.output.partition("Example")[2]


@pytest.mark.parametrize("path", COMMANDS)
def test_an_unknown_option_is_named(path: str) -> None:
    answer = ask(*path.split()[1:], "--surely-not")
    assert answer.exit_code == 2
    assert "--surely-not" in answer.output


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_lists_its_commands(group: str) -> None:
    answer = ask(*group.split()[1:])
    for path in COMMANDS:
        if path.startswith(f"{group} "):
            assert path.rpartition(" ")[2] in answer.output


def test_the_version() -> None:
    assert ask("--version").output.strip() == f"moksori {__version__}"


def test_what_can_be_listed_can_be_listed_as_json() -> None:
    asked = {path for path, command in walk(get_command(app)) if any("--json" in each.opts for each in command.params)}
    assert asked >= {path for path in COMMANDS if path.endswith((" list", " health", " check"))}

"""docker-compose.yml fits the real compose schema, is pinned and bounded, and asks only for commands that exist."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from moksori.cli import app, commands
from pipeline.index.elasticsearch import ElasticsearchIndex

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("moksori")}
ONE_SHOT = {"setup", "kibana-user", "kibana-import"}
each_service = pytest.mark.parametrize("name", SERVICES)


def test_it_fits_the_compose_schema() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@each_service
def test_images_are_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?", tag), "no version, or a moving one"


def test_elasticsearch_and_kibana_are_of_one_version_and_not_older_than_the_client() -> None:
    import elasticsearch

    assert ElasticsearchIndex
    stack = {SERVICES[name]["image"].rpartition(":")[2] for name in ("elasticsearch", "kibana", "kibana-user")}
    (version,) = stack
    server = tuple(map(int, version.split(".")[:2]))
    assert elasticsearch.VERSION[:2] <= server


@each_service
def test_memory_is_bounded_and_restarts_are_right(name: str) -> None:
    assert re.fullmatch(r"\d+[mg]", SERVICES[name]["mem_limit"])
    assert SERVICES[name]["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
def test_what_runs_has_a_health_check(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(check)


@each_service
def test_ports_are_published_on_the_loopback_address_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_no_two_services_publish_one_port() -> None:
    ports = [port.split(":")[1] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == len(set(ports))


@each_service
def test_dependencies_exist_and_wait_for_what_they_can(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how["condition"] == wanted
        assert other in SERVICES


def test_start_order_has_no_circle() -> None:
    def before(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path, name))
        for other in SERVICES[name].get("depends_on", {}):
            before(other, (*path, name))

    for name in SERVICES:
        before(name, ())


def ask(words: list[str]) -> None:
    """Fails unless our command line knows these words: commands, arguments and options."""
    assert commands
    command: Any = get_command(app)
    context: Any = None
    rest = list(words)
    while rest and hasattr(command, "commands"):
        word = rest.pop(0)
        assert word in command.commands, f"no command {' '.join(words)}"
        command = command.commands[word]
        context = command.context_class(command, info_name=word, parent=context)
    command.parse_args(context, rest)


@pytest.mark.parametrize("name", OURS)
def test_our_commands_exist(name: str) -> None:
    ask(OURS[name]["command"])
    test = OURS[name].get("healthcheck", {}).get("test", [])
    if "moksori" in test:
        ask(test[test.index("moksori") + 1 :])


def test_secrets_come_from_the_environment_and_are_named_in_the_example() -> None:
    text = FILE.read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{([A-Z_]+)", text))
    example = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
    assert named == example
    for line in re.findall(r"^\s+\w*(?:PASSWORD|SECRET|KEY\w*):.*$", text, re.M):
        assert re.search(r"\$\{[A-Z_]+:\?", line), f"a secret with a default: {line.strip()}"


def test_every_setting_variable_is_one_of_ours() -> None:
    from pipeline.settings import Settings

    for name, service in OURS.items():
        for variable in service["environment"]:
            if variable.startswith("MOKSORI_"):
                first, _, second = variable.removeprefix("MOKSORI_").lower().partition("__")
                assert first in Settings.model_fields, f"{name}: {variable}"
                if second:
                    assert second in Settings.model_fields[first].annotation.model_fields, f"{name}: {variable}"  # type: ignore[union-attr]


def test_volumes_are_declared() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in COMPOSE["volumes"]

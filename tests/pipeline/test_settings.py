"""Settings: variables win, secrets come from files, mistakes are named with what to write instead."""

from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("MOKSORI_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_without_anything_all_lies_in_var() -> None:
    found = load_settings()
    assert (found.stream_url, found.index_url) == ("sqlite:///var/stream.db", "sqlite:///var/index.db")
    assert found.console.url == "http://127.0.0.1:8600"


def test_the_consoles_address_follows_its_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOKSORI_CONSOLE__PORT", "8700")
    assert load_settings().console.url == "http://127.0.0.1:8700"
    monkeypatch.setenv("MOKSORI_CONSOLE__HOST", "0.0.0.0")
    assert load_settings().console.url == "http://localhost:8700"
    monkeypatch.setenv("MOKSORI_CONSOLE__URL", "https://voice.example")
    assert load_settings().console.url == "https://voice.example"


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "moksori.yaml"
    file.write_text("brand: {name: Haneul}\nstream: kafka://one:9092\n")
    monkeypatch.setenv("MOKSORI_STREAM", "kafka://two:9092")
    found = load_settings(file)
    assert (found.brand.name, found.stream) == ("Haneul", "kafka://two:9092")


def test_a_secret_comes_from_a_file_and_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    monkeypatch.setenv("MOKSORI_INDEX", "http://elastic@es:9200")
    monkeypatch.setenv("MOKSORI_INDEX_PASSWORD_FILE", str(tmp_path / "secret"))
    found = load_settings()
    assert found.index_url == "http://elastic:hunter2@es:9200"
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("consoel:\n  port: 1\n", "moksori.yaml:1: consoel: unknown setting. Known here: brand"),
        (
            "brand:\n  timezone: Mars\n",
            "moksori.yaml:2: brand.timezone: no such time zone. Write for example: Asia/Seoul",
        ),
        ("console:\n  port: many\n", "moksori.yaml:2: console.port: .*found 'many'"),
        ("- a\n", "moksori.yaml:1: expected a mapping"),
        ("a: [\n", "moksori.yaml:2: not YAML"),
    ],
)
def test_faults_are_named_by_line(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "moksori.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=fault):
        load_settings(file)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "moksori.yaml"
    file.write_text("consoel: 1\nworker:\n  batch: 0\n")
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    assert len(str(told.value).splitlines()) == 2


def test_a_misspelled_variable_is_named_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOKSORI_STREAMM", "kafka://two:9092")
    with pytest.raises(SettingsError, match="MOKSORI_STREAMM: no such setting. Did you mean MOKSORI_STREAM?"):
        load_settings()


def test_the_settings_file_can_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("brand: {name: Haneul}\n")
    monkeypatch.setenv("MOKSORI_CONFIG", str(tmp_path / "mine.yaml"))
    assert load_settings().brand.name == "Haneul"


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOKSORI_CONSOLE__PORT", "many")
    with pytest.raises(SettingsError, match="MOKSORI_CONSOLE__PORT: "):
        load_settings()

"""The database's URL, its settings, and what an outage becomes."""

import sqlite3
from typing import Any

import pytest
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from pydantic import SecretStr

from desk.database import django_database, outage_is_unavailable, translated
from pipeline.errors import MoksoriError, SettingsError, Unavailable
from tests.desk.conftest import BOTH


def test_postgresql_from_a_url() -> None:
    made = django_database("postgresql://de%40sk:a%2Fb@db.example:6543/moksori?sslmode=require")
    wanted: dict[str, Any] = {
        "USER": "de@sk", "PASSWORD": "a/b", "HOST": "db.example", "PORT": "6543", "NAME": "moksori",
    }  # fmt: skip
    assert {name: made[name] for name in wanted} == wanted
    assert made["OPTIONS"]["sslmode"] == "require"


def test_a_password_of_its_own_wins() -> None:
    assert django_database("postgresql://desk:old@db/moksori", SecretStr("new"))["PASSWORD"] == "new"


@pytest.mark.parametrize("url", ["mysql://db/x", "postgresql://db", "sqlite://relative.db", "desk.db"])
def test_another_url_is_refused_with_examples(url: str) -> None:
    with pytest.raises(SettingsError, match="sqlite:///var/desk.db"):
        django_database(url)


def test_sqlite_waits_writes_ahead_and_survives_a_power_cut(database: str) -> None:
    with connection.cursor() as cursor:
        pragmas = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")}
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}
    other = sqlite3.connect(database.removeprefix("sqlite:///"), timeout=0)
    # The lock is taken when the block begins, not at its first write.
    with transaction.atomic(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.close()


@pytest.mark.parametrize("error", [OperationalError("server closed the connection\nmore"), InterfaceError("closed")])
def test_an_outage_is_unavailable_in_one_line(error: Exception) -> None:
    made = translated(error)
    assert isinstance(made, Unavailable)
    assert "\n" not in str(made)


@pytest.mark.parametrize("error", [OperationalError("no such table: cases_case"), ProgrammingError("does not exist")])
def test_missing_tables_name_the_command(error: Exception) -> None:
    made = translated(error)
    assert not isinstance(made, Unavailable)
    assert "moksori desk migrate" in str(made)


def test_after_an_outage_the_next_call_connects_anew(database: str) -> None:
    with pytest.raises(MoksoriError), outage_is_unavailable(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM nothing")
    assert connection.connection is None
    with outage_is_unavailable(), connection.cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_the_migrations_say_what_the_models_say(database: str) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    call_command("check", fail_level="WARNING", verbosity=0)
    assert connection.introspection.table_names()

"""The desk on a real database that commits: SQLite always, PostgreSQL where a test asks for both."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test import Client, override_settings

from desk.accounts.roles import ROLES
from desk.database import django_database
from desk.index import _opened
from pipeline.alerting.detection import Day, Detection, Quote
from pipeline.index import Index
from pipeline.models import Review, TaggedReview, Tags, Theme
from pipeline.settings import Settings, settings
from tests.conftest import server

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
"""For pytest.mark.parametrize("database", BOTH, indirect=True)."""

_KEPT = {"contenttypes.contenttype", "auth.permission", "auth.group"}


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The URL of an empty, migrated database of a kind; made at its first use."""
    made: dict[str, str] = {}

    def url(kind: str) -> str:
        if kind not in made:
            made[kind] = (
                f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.db" if kind == "sqlite" else _new_postgresql()
            )
            _use(made[kind])
            call_command("migrate", interactive=False, verbosity=0)
        return made[kind]

    return url


def _new_postgresql() -> str:
    address = server("MOKSORI_TEST_POSTGRESQL")
    name = f"desk_test_{os.getpid()}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))


def _use(url: str) -> None:
    connections.close_all()
    wanted = django_database(url)
    configured = connections.settings["default"]
    configured.update(connections.configure_settings({"default": wanted})["default"])
    if getattr(connections._connections, "default", None) is not None:
        del connections["default"]


@pytest.fixture
def database(
    request: pytest.FixtureRequest,
    databases: Callable[[str], str],
    django_db_blocker: Any,
    installation: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty desk database whose commits are real; its URL."""
    with django_db_blocker.unblock():
        url = databases(getattr(request, "param", "sqlite"))
        _use(url)
        monkeypatch.setenv("MOKSORI_DATABASE", url)
        yield url
        _use(url)
        _empty()
        connections.close_all()


def _empty() -> None:
    connection.close()
    tables = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.label_lower not in _KEPT
    ]
    tables.remove(Group.permissions.through._meta.db_table)
    with connection.constraint_checks_disabled(), transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        else:
            for table in tables:
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute("DELETE FROM sqlite_sequence")


@pytest.fixture(autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashing is slow on purpose; that Django does it right is not under test here."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of this test alone: its own state folder and index."""
    monkeypatch.setenv("MOKSORI_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("MOKSORI_CONFIG", "")
    monkeypatch.setenv("MOKSORI_CONSOLE__SECRET_KEY", django_settings.SECRET_KEY)
    settings.cache_clear()
    yield settings()
    settings.cache_clear()
    if _opened.index is not None:
        _opened.index.close()
        _opened.index = None


@pytest.fixture
def change_settings(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Set variables like MAIL__URL for this test."""

    def change(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(f"MOKSORI_{name}", value)
        settings.cache_clear()
        return settings()

    return change


@pytest.fixture
def index(installation: Settings) -> Index:
    """The installation's real index."""
    from desk.index import thread_index

    return thread_index()


@dataclass
class Cast:
    """The same people in every test: one a role, and a second responder."""

    viewer: User
    responder: User
    colleague: User
    lead: User
    admin: User

    def client(self, role: str) -> Client:
        """A browser in which they are logged in."""
        client = Client()
        client.force_login(getattr(self, role))
        return client


@pytest.fixture
def cast(database: str) -> Cast:
    """The users."""
    people = {}
    for name in (*ROLES, "colleague"):
        user = User.objects.create(username=name)
        user.groups.add(Group.objects.get(name="responder" if name == "colleague" else name))
        people[name] = user
    return Cast(**people)


def tagged(
    number: int = 1,
    text: str = "배송이 너무 늦어요. 2주나 걸렸습니다.",
    version: int = 1,
    sentiment: str = "negative",
    urgency: str = "low",
    age_days: float = 0.5,
    **review: Any,
) -> TaggedReview:
    """A review as the tagger hands it on."""
    fields = {
        "id": f"shop:{number}", "source": "shop", "brand": "Haneul", "product": "에어프라이어", "rating": 0.0,
        "created_at": NOW - timedelta(days=age_days), "collected_at": NOW, "author_id": "a1",
        "url": "https://shop.example/r/1", **review,
    }  # fmt: skip
    score = {"negative": -0.9, "neutral": 0.0, "positive": 0.9}[sentiment]
    themes = [Theme(name="delivery", sentiment=sentiment, score=0.9, evidence=[(0, 8)])]  # type: ignore[arg-type]
    return TaggedReview(
        review=Review(text=text, version=version, **fields),
        tags=Tags(
            lang="ko", sentiment=sentiment, sentiment_score=score, themes=themes, urgency=urgency,  # type: ignore[arg-type]
            emotion="anger", tokens=text.replace(".", " ").split(), model="ko-test",
        ),
    )  # fmt: skip


def detection(
    key: str = "Haneul||에어프라이어|delivery|surge", severity: int = 2, until: datetime = NOW, **changes: Any
) -> Detection:
    """A trend as the detector hands it on: 30 quiet days, then three loud ones."""
    last = until.date()
    days = [
        Day(
            date=last - timedelta(days=offset),
            total=20,
            negative=12 if offset < 3 else offset % 3,
            expected=1.4,
            low=0,
            high=4,
        )
        for offset in reversed(range(33))
    ]
    quotes = [Quote(id="shop:1", text="배송이 너무 늦어요.", created_at=until, rating=0.0, start=0, end=8)]
    fields: dict[str, Any] = {
        "key": key, "kind": "surge", "brand": "Haneul", "product": "에어프라이어", "theme": "delivery",
        "since": last - timedelta(days=2), "until": last, "observed": 36, "expected": 4.2, "total": 60,
        "p_value": 1e-12, "severity": severity, "days": days, "quotes": quotes, **changes,
    }  # fmt: skip
    return Detection(**fields)

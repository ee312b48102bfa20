"""Every page and every button, for every role: who gets in, who is told no, who is sent to the login."""

import pytest
from django.test import Client
from django.urls import get_resolver, reverse

from desk.accounts.roles import ROLES
from desk.alerts.life import apply
from desk.alerts.models import Alert
from desk.cases.intake import take
from desk.cases.models import Case
from desk.outbox.models import OutboxMessage
from pipeline.index import Index
from pipeline.index.document import from_tagged
from tests.desk.conftest import NOW, Cast, detection, tagged

ROLE_NAMES = list(ROLES)
PUBLIC = {"login", "logout", "language", "mails-off"}
LEAST_ROLE = {
    **dict.fromkeys(
        ["home", "alerts", "alert", "cases", "case", "reviews", "review", "themes", "theme", "sources", "ledger"],
        "viewer",
    ),
    **dict.fromkeys(
        ["alert-acknowledge", "alert-rate", "case-assign", "case-status", "case-deadline", "case-note", "case-reply",
         "case-publish", "mails", "mail", "mail-html", "correct"],
        "responder",
    ),
    **dict.fromkeys(["alert-resolve", "alert-mute", "alert-unmute", "case-approve"], "lead"),
    "mail-again": "admin",
}  # fmt: skip
BUTTONS = {name for name in LEAST_ROLE if "-" in name and name != "mail-html"}


@pytest.fixture
def world(database: str, cast: Cast, index: Index) -> Cast:
    """A review and its case, an alert with its case, a mail."""
    index.put([from_tagged(tagged())])
    take([tagged()])
    apply([detection()], [], NOW)
    return cast


def address(name: str) -> str:
    if name == "review":
        return reverse("review", args=["shop:1"])
    if name == "correct":
        return reverse("correct", args=["shop:1"])
    if name == "theme":
        return reverse("theme", args=["delivery"])
    first = {"alert": Alert, "case": Case, "mail": OutboxMessage}
    model = first.get(name.split("-")[0])
    return reverse(name, args=[model.objects.earliest("pk").pk] if model else [])


def test_every_address_has_a_role() -> None:
    names = {pattern.name for pattern in get_resolver().url_patterns}
    assert names == LEAST_ROLE.keys() | PUBLIC


@pytest.mark.parametrize("name", sorted(LEAST_ROLE))
def test_a_role_gets_what_it_may(world: Cast, name: str) -> None:
    path = address(name)
    for role in ROLE_NAMES:
        client = world.client(role)
        status = (client.post(path) if name in BUTTONS else client.get(path)).status_code
        # A form without its fields, or of what another role has done, is refused for that, not for the role.
        allowed = (403,) if ROLE_NAMES.index(role) < ROLE_NAMES.index(LEAST_ROLE[name]) else (200, 302, 400, 409)
        assert status in allowed, role


@pytest.mark.parametrize("name", sorted(LEAST_ROLE))
def test_a_stranger_is_sent_to_the_login(world: Cast, name: str) -> None:
    response = Client().post(address(name)) if name in BUTTONS else Client().get(address(name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login?next=")


@pytest.mark.parametrize("name", sorted(BUTTONS))
def test_a_button_works_only_from_our_own_page(world: Cast, name: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.admin)
    assert client.post(address(name)).status_code == 403
    assert client.get(address(name)).status_code == 405

"""Logging in, guessing, roles, and the language that stays."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from desk.accounts import throttle
from desk.accounts.models import LoginTry, Preference
from desk.setup import create_user
from pipeline.errors import MoksoriError, SettingsError
from tests.desk.conftest import BOTH, NOW, Cast

GOOD = {"username": "kim", "password": "a kettle full of tea"}


@pytest.fixture
def kim(database: str) -> User:
    create_user(GOOD["username"], GOOD["password"], "responder", "kim@example.com")
    return User.objects.get()


@pytest.mark.parametrize("database", BOTH, indirect=True)
def test_the_right_password_opens_the_console(kim: User) -> None:
    client = Client()
    response = client.post("/login?next=/cases", {**GOOD, "next": "/cases"})
    assert response.headers["Location"] == "/cases"
    assert client.get("/cases").status_code == 200
    cookie = client.cookies["moksori_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_wrong_one_does_not_say_which_half_was_wrong(kim: User) -> None:
    answers = [
        Client().post("/login", {"username": name, "password": "wrong"}).text.split("<h1>")[1].replace(name, "")
        for name in ("kim", "nobody")
    ]
    assert answers[0].split("csrf")[0] == answers[1].split("csrf")[0]


def test_after_five_guesses_even_the_right_password_waits(kim: User) -> None:
    client = Client()
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        assert client.post("/login", {**GOOD, "password": "wrong"}).status_code == 200
    refused = client.post("/login", GOOD)
    assert refused.status_code == 429
    assert "15분" in refused.text
    elsewhere = Client(REMOTE_ADDR="10.0.0.9").post("/login", GOOD)
    assert elsewhere.status_code == 302


@pytest.mark.parametrize("spelling", ["KIM", "kim"])
def test_other_spellings_of_a_name_are_no_way_around(kim: User, spelling: str) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS):
        Client().post("/login", {"username": spelling, "password": "wrong"})
    assert Client().post("/login", GOOD).status_code == 429


def test_success_forgets_earlier_guesses(kim: User) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS - 1):
        Client().post("/login", {**GOOD, "password": "wrong"})
    assert Client().post("/login", GOOD).status_code == 302
    assert not LoginTry.objects.exists()


def test_one_address_cannot_try_many_names(database: str) -> None:
    allowed = [throttle.try_allowed(f"user{n}", "10.0.0.1", NOW) for n in range(throttle.PER_ADDRESS + 1)]
    assert allowed == [True] * throttle.PER_ADDRESS + [False]


def test_many_addresses_cannot_try_one_name(database: str) -> None:
    allowed = [throttle.try_allowed("kim", f"10.0.0.{n}", NOW) for n in range(throttle.PER_NAME + 1)]
    assert allowed == [True] * throttle.PER_NAME + [False]


def test_guesses_are_forgotten_after_the_window(database: str) -> None:
    for _ in range(throttle.PER_NAME_AND_ADDRESS + 1):
        throttle.try_allowed("kim", "10.0.0.1", NOW)
    assert throttle.try_allowed("kim", "10.0.0.1", NOW + throttle.WINDOW + timedelta(seconds=1))


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_neither_login_nor_language_sends_anyone_elsewhere(kim: User, target: str) -> None:
    assert Client().post("/login", {**GOOD, "next": target}).headers["Location"] == "/"
    assert Client().post("/language", {"language": "en", "next": target}).headers["Location"] == "/"


def test_the_language_is_remembered_for_browser_and_mails(cast: Cast) -> None:
    client = cast.client("viewer")
    client.post("/language", {"language": "en", "next": "/cases"})
    assert "What hurts now" in client.get("/").text
    assert Preference.objects.get().language == "en"
    assert client.post("/language", {"language": "xx"}).status_code == 302
    assert Preference.objects.get().language == "en"


def test_log_out_needs_a_click_and_works(cast: Cast) -> None:
    client = cast.client("viewer")
    assert client.get("/logout").status_code == 405
    client.post("/logout")
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("password", ["short", "1234567890123", "password1234"[:8], "qwertyuiop"])
def test_a_weak_password_is_refused(database: str, password: str) -> None:
    with pytest.raises(MoksoriError):
        create_user("kim", password, "viewer")
    assert not User.objects.exists()


def test_an_unknown_role_is_refused_with_the_known_ones(database: str) -> None:
    with pytest.raises(SettingsError, match="viewer, responder, lead, admin"):
        create_user("kim", GOOD["password"], "boss")


def test_making_a_user_again_changes_password_and_role(kim: User) -> None:
    create_user("kim", "another long secret", "lead")
    kim.refresh_from_db()
    assert kim.check_password("another long secret")
    assert kim.has_perm("cases.lead_case")
    assert kim.email == "kim@example.com"

"""Makes the desk ready: Django for any process, its tables, its users."""

import os
from pathlib import Path

import django
from django.conf import settings as django_settings

from pipeline.errors import MoksoriError, SettingsError


def configure() -> None:
    """Set Django up with our settings. May be called often."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")
    django.setup()


def migrate() -> None:
    """Bring the tables up to date. Raises Unavailable."""
    configure()
    from django.core.management import call_command

    from desk.database import outage_is_unavailable

    database = django_settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        folder = Path(database["NAME"]).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"{folder}: cannot make this folder: {error.strerror}") from None
    with outage_is_unavailable():
        call_command("migrate", interactive=False, verbosity=0)


def create_user(name: str, password: str, role: str, email: str = "") -> None:
    """Make a user of the console, or give an existing one this password and role.

    role: viewer, responder, lead or admin. email: mails to this address are in the language the user chose.
    Raises MoksoriError where the password is too weak, SettingsError for an unknown role.
    """
    configure()
    from django.contrib.auth.models import Group, User
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from desk.accounts.roles import ROLES
    from desk.database import outage_is_unavailable

    if role not in ROLES:
        raise SettingsError(f"role: {role!r} is none of {', '.join(ROLES)}")
    user = User(username=name, email=email)
    try:
        user.username_validator(name)
        validate_password(password, user)
    except ValidationError as error:
        raise MoksoriError(" ".join(error.messages)) from None
    with outage_is_unavailable(), transaction.atomic():
        user, _ = User.objects.get_or_create(username=name)
        user.set_password(password)
        user.email = email or user.email
        user.is_active = True
        user.save()
        user.groups.set([Group.objects.get(name=role)])

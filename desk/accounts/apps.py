"""Registers the app, and keeps the roles in step with the code after every migration."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def _write_roles(**_: Any) -> None:
    from desk.accounts.roles import write_roles

    write_roles()


class AccountsConfig(AppConfig):
    """Users of the console."""

    name = "desk.accounts"
    label = "accounts"

    def ready(self) -> None:
        post_migrate.connect(_write_roles, sender=self)

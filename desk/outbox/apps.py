"""Registers the app."""

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """See the package's docstring."""

    name = "desk.outbox"
    label = "outbox"

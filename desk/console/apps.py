"""Registers the app."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """See the package's docstring."""

    name = "desk.console"
    label = "console"

"""Registers the app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """See the package's docstring."""

    name = "desk.cases"
    label = "cases"

"""Registers the app."""

from django.apps import AppConfig


class CorrectionsConfig(AppConfig):
    """See the package's docstring."""

    name = "desk.corrections"
    label = "corrections"

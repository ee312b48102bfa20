"""Registers the app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """See the package's docstring."""

    name = "desk.alerts"
    label = "alerts"

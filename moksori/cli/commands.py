"""Registers every command by importing its file."""

from moksori.cli import alerts, bench, collect, demo, desk, doctor, kibana, learn, ledger, run, search, tag, themes  # noqa: F401

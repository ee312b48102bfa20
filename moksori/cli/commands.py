"""Registers every command by importing its file."""

from moksori.cli import desk, ledger, run, search, tag  # noqa: F401

"""Registers every command by importing its file."""

from moksori.cli import desk  # noqa: F401

"""Registers every command by importing its file."""

"""Mails that must arrive, and arrive once."""

"""Watches the counts: makes series from the index, finds negative trends in them, and gathers the evidence."""

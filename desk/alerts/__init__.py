"""Alerts: what the detector found, and what people did about it."""

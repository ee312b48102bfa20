"""One module per kind of site or API; what they share is in base.py."""

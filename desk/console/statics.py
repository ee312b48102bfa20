"""Static files named with a hash of their content, so that browsers may keep them for a week."""

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class VersionedStatics(StaticFilesStorage):
    """Adds ?v=… to the address; the file itself stays where it is."""

    def url(self, name: str | None) -> str:
        """The address of a static file."""
        return f"{super().url(name)}?v={_version(name or '')}"


@cache
def _version(name: str) -> str:
    found = finders.find(name)
    return hashlib.sha256(Path(str(found)).read_bytes()).hexdigest()[:12] if found else "none"

"""The shipped pipelines are loaded once for all tests that tag: Kiwi alone takes seconds."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from spacy.language import Language

import nlp.tagger

Load = Callable[[Path], Language]


@pytest.fixture(scope="session")
def _one_load() -> Load:
    return cache(nlp.tagger._load)


@pytest.fixture
def pipelines_once(monkeypatch: pytest.MonkeyPatch, _one_load: Load) -> Load:
    """Taggers of this test are quick to make. A new one takes themes and names away from those before it."""
    monkeypatch.setattr(nlp.tagger, "_load", _one_load)
    return _one_load

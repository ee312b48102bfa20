"""The shipped tagger, loaded once: Kiwi alone takes seconds."""

import pytest

from nlp.tagger import Tagger


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    return Tagger.load()

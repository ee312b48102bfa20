"""Reads the word lists and patterns under nlp/data."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

DATA: Final = Path(__file__).parent / "data"


@cache
def read(name: str) -> dict[str, Any]:
    """The mapping in nlp/data/{name}.yaml. It is part of the program, so a fault in it is a bug."""
    data = yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(data, dict), f"{name}.yaml is not a mapping"
    return data


def korean_words() -> list[tuple[str, str]]:
    """Words of reviews that Kiwi does not know, with their part of speech."""
    return [(word, tag) for tag, words in read("korean_words").items() for word in words.split()]

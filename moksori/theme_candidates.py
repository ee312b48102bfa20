"""Candidate themes of an installation: found in its index, kept between two commands, written into themes.yaml."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError

from moksori.tagging import themes_of
from nlp.discover import Candidate, Complaint, discover
from nlp.themes import ThemesConfig
from pipeline.errors import MoksoriError, SettingsError
from pipeline.index import Index
from pipeline.index.query import Query
from pipeline.models import first_fault
from pipeline.settings import Settings

FEWEST: Final = 20
"""Complaints of one language that say anything at all."""
_LABELLED: Final = 2  # words of a label
_KEY: Final = re.compile(r"^themes:", re.M)
_ITEM: Final = re.compile(r"^( *)- +name:", re.M)


_KEPT: Final = "theme-candidates.json"


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate under the name that `accept` takes: its language and its place in it, such as ko1."""

    id: str
    language: str
    candidate: Candidate

    @property
    def name(self) -> str:
        """For people."""
        return " · ".join(self.candidate.lemmas)


_FOUND: Final = TypeAdapter(list[Found])


def find(index: Index, since: datetime, until: datetime, count: int) -> tuple[list[Found], dict[str, int]]:
    """At most `count` candidates, most reviews first, and how many complaints of each language no theme explains."""
    complaints: dict[str, list[Complaint]] = {}
    explained: dict[str, Counter[str]] = {}
    query = Query(filters={"sentiment": ("negative",)}, since=since, until=until, spam=False)
    for document in index.export(query):
        # Lemmas are those of the pipeline that read it, whatever the language of the text.
        language = document.model.partition("-")[0]
        lemmas = document.tokens.split()
        if document.negative_themes:
            explained.setdefault(language, Counter()).update(set(lemmas))
        else:
            complaint = Complaint(document.id, tuple(lemmas), document.created_at)
            complaints.setdefault(language, []).append(complaint)
    middle = since + (until - since) / 2
    found = [
        Found(f"{language}{number}", language, candidate)
        for language, some in sorted(complaints.items())
        if len(some) >= FEWEST
        for number, candidate in enumerate(discover(some, explained.get(language, {}), middle, count), 1)
    ]
    found.sort(key=lambda each: -len(each.candidate.reviews))
    return found[:count], {language: len(some) for language, some in sorted(complaints.items())}


def keep(state_dir: Path, found: list[Found]) -> None:
    """Remembers what was found, instead of what was found before. Ids and single words only, no text of a review."""
    state_dir.mkdir(parents=True, exist_ok=True)
    (state_dir / _KEPT).write_bytes(_FOUND.dump_json(found, indent=1))


def kept(state_dir: Path, id: str) -> Found:
    """A candidate of the last discovery. Raises MoksoriError where there is none of that id."""
    try:
        found = _FOUND.validate_json((state_dir / _KEPT).read_bytes())
    except (FileNotFoundError, ValidationError):
        raise MoksoriError("nothing has been discovered here. Run `moksori themes discover`") from None
    for each in found:
        if each.id == id:
            return each
    ids = ", ".join(each.id for each in found) or "none"
    raise MoksoriError(f"there is no candidate {id!r}. The last discovery has: {ids}")


def accept(settings: Settings, found: Found, name: str) -> Path:
    """Appends the theme to themes.yaml; its comments stay. Raises SettingsError where it would not load."""
    file = settings.config_dir / "themes.yaml"
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    known = themes_of(settings).themes
    item = _ITEM.search(before)
    block = _block(found, name, item.group(1) if item else "  ")
    added = ("" if before.endswith("\n") or not before else "\n") + ("" if item else "themes:\n") + block
    by_hand = SettingsError(f"{file}: nothing can be added at its end. Add by hand:\n{block}")
    try:
        config = ThemesConfig.model_validate(yaml.safe_load(before + added))
    except ValidationError as error:
        raise SettingsError(f"{file}: {first_fault(error)}") from None
    except yaml.YAMLError:
        raise by_hand from None
    if config.themes[:-1] != known or (not item and _KEY.search(before)):
        raise by_hand
    try:
        with file.open("a", encoding="utf-8") as end:
            end.write(added)
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}. Add by hand:\n{block}") from None
    return file


def _block(found: Found, name: str, indent: str) -> str:
    """The theme as YAML. Quoted: no, on and null are words too."""
    label = " ".join(found.candidate.lemmas[:_LABELLED])
    english = name.replace("_", " ").capitalize()
    labels = {"ko": label if found.language == "ko" else english, "en": english}
    lines = [
        f"- name: {name}",
        f"  labels: {_quoted(labels)}",
        "  patterns:",
        f"    {found.language}: {_quoted({'any': list(found.candidate.patterns)})}",
    ]
    return "".join(f"{indent}{line}\n" for line in lines)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

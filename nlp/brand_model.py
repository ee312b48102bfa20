"""A brand's model: a table of scores for each language, added to what the shipped pipelines say."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from spacy.language import Language
from spacy.tokens import Doc

from nlp.language import Pipeline
from nlp.reading import reading_of
from nlp.scores import SENTIMENT, LinearScores
from pipeline.errors import SettingsError

THEME: Final = "theme."


@dataclass(frozen=True, slots=True)
class BrandModel:
    """What a brand's people taught. version: as it is told behind the pipeline's own, for example "b3"."""

    version: str
    tables: Mapping[Pipeline, LinearScores]

    def to_disk(self, folder: Path) -> None:
        """Writes a folder a language."""
        for language, table in self.tables.items():
            table.to_disk(folder / language)

    @classmethod
    def from_disk(cls, version: str, folder: Path, languages: list[Pipeline]) -> "BrandModel":
        """Reads what `to_disk` wrote. Raises SettingsError for what is broken."""
        try:
            return cls(version, {name: LinearScores(name).from_disk(folder / name) for name in languages})
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise SettingsError(f"{folder}: this model cannot be read: {str(error).splitlines()[0]}") from error


class BrandScores:
    """Adds a table to the scores of a pipeline: to the sentiment of text and clauses, and to `Clause.learned`."""

    def __init__(self, table: LinearScores, pipeline: Language) -> None:
        self._table = table
        shipped = cast(LinearScores, pipeline.get_pipe("scores"))
        self._sentiment = shipped.columns(SENTIMENT) if SENTIMENT[0] in table.labels else []
        self._ours = table.columns(SENTIMENT) if self._sentiment else []
        self._themes = [(n, label.removeprefix(THEME)) for n, label in enumerate(table.labels) if THEME in label]

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if not reading.clauses or reading.scores is None:
            return doc
        added, added_to_all = self._table.of(reading.clauses, reading.text)
        for clause, more in zip(reading.clauses, added, strict=True):
            if self._sentiment and clause.scores is not None:
                clause.scores = clause.scores.copy()
                clause.scores[self._sentiment] += more[self._ours]
            clause.learned = {theme: float(more[column]) for column, theme in self._themes}
        if self._sentiment:
            reading.scores = reading.scores.copy()
            reading.scores[self._sentiment] += added_to_all[self._ours]
        return doc

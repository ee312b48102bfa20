"""The tagger with what is the brand's own: themes, names and its model, as they are now."""

import logging
from collections.abc import Sequence
from pathlib import Path

from moksori.models import Models
from nlp.names import NamesConfig
from nlp.tagger import Input, Tagger
from nlp.themes import ThemesConfig
from pipeline.errors import SettingsError
from pipeline.models import Review, Tags
from pipeline.settings import Settings
from pipeline.yaml_config import load_yaml

log = logging.getLogger(__name__)


class BrandTagger:
    """Tags with the brand's themes, names and model as they are now: from the next batch on, without a restart.

    problem: why a model that was put to use does not tag; empty where it does.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names_file = settings.config_dir / "names.yaml"
        self._names_seen = _changed_at(self._names_file)
        self._names = self._read_names()
        self._themes_seen = _changed_at(_themes_file(settings))
        self.tagger = Tagger.load(themes=themes_of(settings), names=self._names)
        self.models = Models(settings.state_dir, self.tagger.pipeline_versions())
        self._used = ""
        self.problem = ""
        self._look_for_changes()

    def tag(self, reviews: Sequence[Review]) -> list[Tags]:
        """Tags of reviews, in their order."""
        self._look_for_changes()
        inputs = [Input(each.text, each.title, each.rating, each.lang, each.source) for each in reviews]
        return self.tagger.tag(inputs)

    def search_terms(self, text: str) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """What a person typed, as Query.terms."""
        self._look_for_changes()
        return self.tagger.search_terms(text)

    def _read_names(self) -> list[str]:
        config = load_yaml(self._names_file, NamesConfig) if self._names_file.exists() else NamesConfig()
        return [self._settings.brand.name, *config.all_names()]

    def _look_for_changes(self) -> None:
        self._look_at_themes()
        self._look_at_model()
        self._look_at_names()

    def _look_at_themes(self) -> None:
        changed_at = _changed_at(_themes_file(self._settings))
        if changed_at == self._themes_seen:
            return
        self._themes_seen = changed_at
        try:
            # Loaded anew, since themes are woven into the pipelines: a theme taken out of the file must leave them too.
            self.tagger = Tagger.load(themes=themes_of(self._settings), names=self._names)
        except SettingsError as error:
            # Someone is in the middle of an edit: the themes of before stay good.
            log.error("themes not read again: %s", error)
        else:
            self._used = ""  # the brand's model is not in the new tagger yet

    def _look_at_model(self) -> None:
        if (used := self.models.used()) != self._used:
            self._used = used
            model, self.problem = self.models.newest_good()
            if self.problem:
                log.error("%s goes on: %s", model.version if model else "the shipped model", self.problem)
            self.tagger.set_brand_model(model)

    def _look_at_names(self) -> None:
        changed_at = _changed_at(self._names_file)
        if changed_at == self._names_seen:
            return
        self._names_seen = changed_at
        try:
            self._names = self._read_names()
        except SettingsError as error:
            log.error("names not read again: %s", error)
        self.tagger.set_names(self._names)


def themes_of(settings: Settings) -> ThemesConfig:
    """The brand's themes.yaml; the five where there is none. Raises SettingsError."""
    file = _themes_file(settings)
    return load_yaml(file, ThemesConfig) if file.exists() else ThemesConfig()


def _themes_file(settings: Settings) -> Path:
    return settings.config_dir / "themes.yaml"


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0

"""The tagger: reads reviews in any language with the closer of the two pipelines and says what they say."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from nlp import language, pii
from nlp.brand_model import BrandModel, BrandScores
from nlp.english import EnglishTokenizer
from nlp.korean import KoreanTokenizer
from nlp.language import Pipeline
from nlp.names import NameFinder
from nlp.patterns import Pattern, PatternFinder, from_phrase, parse_all
from nlp.pipelines import LANGUAGES, REGISTERED, VERSION
from nlp.plain import Plain
from nlp.query import Term, terms_of
from nlp.reading import Found, Reading, reading_of
from nlp.scores import LinearScores
from nlp.stage import StageTagger
from nlp.themes import ThemesConfig, ThemeTagger
from pipeline.errors import SettingsError
from pipeline.models import PersonalData, Tags, Theme

TRAINED: Final = Path(__file__).parent / "trained"
ANALYSED: Final = 10_000
"""Characters of a text that are tokenised and judged. Personal data is looked for in all of it."""
_TITLE: Final = 500
_MOST_TOKENS: Final = 4_000
_LONGEST_TOKEN: Final = 100
_AT_ONCE: Final = 256
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Input:
    """A review as far as the tagger needs it. rating: 0 (worst) to 1 (best)."""

    text: str
    title: str = ""
    rating: float | None = None
    lang: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An input with its text ready for a pipeline: title, line end, text. shift: where the text begins."""

    given: Input
    plain: Plain
    shift: int
    lang: str
    pipeline: Pipeline


class Tagger:
    """Both pipelines, the brand's themes and names. Not safe for several threads at once."""

    def __init__(
        self, pipelines: dict[Pipeline, Language], *, themes: ThemesConfig | None = None, names: Sequence[str] = ()
    ) -> None:
        self._pipelines = pipelines
        self._tokenizers = {name: _tokenizer(nlp) for name, nlp in pipelines.items()}
        self.set_brand_model(None)
        self._set_themes(themes or ThemesConfig())
        self.set_names(names)

    @classmethod
    def load(
        cls, trained: Path | None = None, *, themes: ThemesConfig | None = None, names: Sequence[str] = ()
    ) -> "Tagger":
        """The shipped pipelines, or those in the folder `trained`.

        Raises SettingsError when one is missing, cannot be read or belongs to another version of the program.
        """
        folder = trained or TRAINED
        return cls({name: _load(folder / name) for name in LANGUAGES}, themes=themes, names=names)

    def set_names(self, names: Sequence[str]) -> None:
        """Brand and product names that stay whole; takes effect at the next call."""
        finder = NameFinder(names)
        for tokenizer in self._tokenizers.values():
            tokenizer.names = finder

    def set_brand_model(self, model: BrandModel | None) -> None:
        """What a brand's people taught is added to the scores, from the next call on; None: nothing is."""
        tables = model.tables if model else {}
        self.models = {name: f"{name}-{version}" for name, version in self.pipeline_versions().items()}
        self.models |= {name: f"{self.models[name]}+{model.version}" for name in tables if model}
        self._steps = {name: _steps(nlp, tables.get(name)) for name, nlp in self._pipelines.items()}

    def pipeline_versions(self) -> dict[Pipeline, str]:
        """The version of each shipped pipeline."""
        return {name: str(nlp.meta["version"]) for name, nlp in self._pipelines.items()}

    @property
    def version(self) -> str:
        """Which models tag, for people."""
        return " ".join(self.models.values())

    def component(self, pipeline: Pipeline, name: str) -> Any:
        """A component of a pipeline, for training beside it."""
        return self._pipelines[pipeline].get_pipe(name)

    def tag(self, inputs: Sequence[Input]) -> list[Tags]:
        """Tags in the order of the inputs. Never raises for any text; a text's tags do not depend on its neighbours."""
        return self._all(inputs, self._tags)

    def read(self, inputs: Sequence[Input]) -> list[tuple[Pipeline, Reading]]:
        """What the components know of each input, and which pipeline read it, in the order of the inputs."""
        return self._all(inputs, lambda prepared, reading: (prepared.pipeline, reading))

    def _all(self, inputs: Sequence[Input], made: Callable[[_Prepared, Reading], T]) -> list[T]:
        result: dict[int, T] = {}
        prepared = [_prepare(given) for given in inputs]
        for name in LANGUAGES:
            places = [place for place, each in enumerate(prepared) if each.pipeline == name]
            for begin in range(0, len(places), _AT_ONCE):
                some = places[begin : begin + _AT_ONCE]
                readings = self._read(name, [prepared[place] for place in some])
                for place, reading in zip(some, readings, strict=True):
                    result[place] = made(prepared[place], reading)
        return [result[place] for place in range(len(inputs))]

    def search_terms(self, text: str) -> tuple[Term, ...]:
        """What a person typed as `Query.terms` for the index: each word a term, "quoted words" one phrase."""
        typed = Plain(text[:_TITLE]).text
        return terms_of(typed, self._tokenizers[language.pipeline_for(typed, language.detect(typed, "en"))])

    def _read(self, name: Pipeline, prepared: Sequence[_Prepared]) -> Iterable[Reading]:
        docs = self._tokenizers[name].pipe(each.plain.text for each in prepared)
        for each, doc in zip(prepared, docs, strict=True):
            reading_of(doc).rating = each.given.rating
            for component in self._steps[name]:
                doc = component(doc)
            yield reading_of(doc)

    def _tags(self, prepared: _Prepared, reading: Reading) -> Tags:
        return Tags(
            lang=prepared.lang,
            sentiment=reading.sentiment,
            sentiment_score=reading.sentiment_score,
            themes=[_theme(found, prepared) for found in reading.themes],
            stage=reading.stage,
            emotion=reading.emotion,
            urgency=reading.urgency,
            churn_risk=reading.churn_risk,
            spam=reading.spam,
            pii=_personal_data(prepared, reading),
            tokens=[token for token in reading.tokens() if len(token) <= _LONGEST_TOKEN][:_MOST_TOKENS],
            model=self.models[prepared.pipeline],
        )

    def _set_themes(self, config: ThemesConfig) -> None:
        names = config.names()
        for name, nlp in self._pipelines.items():
            tokenizer = self._tokenizers[name]
            own: list[Pattern] = []
            for theme in config.themes:
                written = theme.patterns.ko if name == "ko" else theme.patterns.en
                own.extend(parse_all({theme.name: written.model_dump()}, name))
                phrases = theme.seeds.ko if name == "ko" else theme.seeds.en
                for phrase in phrases:
                    pattern = from_phrase(reading_of(tokenizer(phrase)).units, theme.name, name)
                    own.extend([pattern] if pattern else [])
            for _, component in nlp.pipeline:
                if isinstance(component, PatternFinder):
                    component.add(own)
                elif isinstance(component, ThemeTagger):
                    component.names = names
                elif isinstance(component, StageTagger):
                    component.of_theme.update({theme.name: theme.stage for theme in config.themes if theme.stage})


def _load(folder: Path) -> Language:
    assert REGISTERED
    if not (folder / "meta.json").is_file():
        raise SettingsError(
            f"{folder}: no trained pipeline here. Train one with `moksori train DATA`, or reinstall moksori"
        )
    try:
        nlp = spacy.load(folder)
    except (OSError, ValueError, KeyError) as error:
        raise SettingsError(
            f"{folder}: the pipeline cannot be loaded ({str(error).splitlines()[0]}). Run `moksori train DATA`"
        ) from error
    if nlp.meta["version"] != VERSION:
        raise SettingsError(
            f"{folder}: pipeline version {nlp.meta['version']}, expected {VERSION}. Run `moksori train DATA`"
        )
    return nlp


def _steps(nlp: Language, table: LinearScores | None) -> list[Callable[[Doc], Doc]]:
    steps: list[Callable[[Doc], Doc]] = []
    for name, component in nlp.pipeline:
        if name == "sentiment" and table is not None:
            steps.append(BrandScores(table, nlp))  # after all scores, before the first that reads them
        steps.append(component)
    return steps


def _tokenizer(nlp: Language) -> KoreanTokenizer | EnglishTokenizer:
    tokenizer = nlp.tokenizer
    assert isinstance(tokenizer, KoreanTokenizer | EnglishTokenizer)
    return tokenizer


def _prepare(given: Input) -> _Prepared:
    title = given.title[:_TITLE].strip()
    head = f"{title}\n" if title else ""
    whole = head + given.text[:ANALYSED]
    lang = language.detect(whole, given.lang)
    return _Prepared(given, Plain(whole), len(head), lang, language.pipeline_for(whole, lang))


def _theme(found: Found, prepared: _Prepared) -> Theme:
    """Evidence as offsets into the original text; what the title says has none."""
    spans = [span for start, end in found.evidence if (span := _in_text(prepared, start, end))]
    return Theme(name=found.name, sentiment=found.sentiment, score=found.score, evidence=spans)


def _personal_data(prepared: _Prepared, reading: Reading) -> list[PersonalData]:
    text = prepared.given.text
    if len(text) > ANALYSED:
        return [PersonalData(kind=kind, start=start, end=end) for kind, start, end in pii.find(text)]
    spans = [(kind, _in_text(prepared, start, end)) for kind, start, end in reading.pii]
    return [PersonalData(kind=kind, start=span[0], end=span[1]) for kind, span in spans if span]


def _in_text(prepared: _Prepared, start: int, end: int) -> tuple[int, int] | None:
    """A span of what was analysed as offsets into the original text. None for what the title says."""
    begin = max(prepared.plain.original(start) - prepared.shift, 0)
    stop = min(prepared.plain.original(end) - prepared.shift, len(prepared.given.text))
    return (begin, stop) if begin < stop else None

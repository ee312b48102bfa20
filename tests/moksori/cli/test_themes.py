"""A theme that customers speak of is discovered in the index, accepted, and found from then on."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nlp.tagger import Input, Tagger
from pipeline.index import open_index
from pipeline.index.document import from_tagged
from pipeline.models import Review, TaggedReview
from tests.moksori.cli.conftest import ROOT, Ended, Run
from tests.moksori.conftest import Load
from tests.nlp.test_discover import HIDDEN, noise

NOW = datetime.now(UTC)


@pytest.fixture
def shipped(pipelines_once: Load) -> Tagger:
    return Tagger.load()


def fill(url: str, texts: list[str], tagger: Tagger) -> None:
    """An index of complaints that no theme explains, the oldest first, over the last 60 days."""
    documents = []
    for number, (text, tags) in enumerate(zip(texts, tagger.tag([Input(text) for text in texts]), strict=True)):
        review = Review(
            id=f"shop:{number}", source="shop", brand="Haneul", text=text, version=1, collected_at=NOW,
            created_at=NOW - timedelta(days=60 - 60 * number / len(texts)),
        )  # fmt: skip
        complaint = tags.model_copy(update={"sentiment": "negative", "themes": [], "spam": False})
        documents.append(from_tagged(TaggedReview(review=review, tags=complaint)))
    index = open_index(url)
    index.setup()
    index.put(documents)
    index.close()


def config(folder: Path) -> Path:
    """A copy of the shipped themes, to be written to."""
    (folder / "config").mkdir()
    return Path(shutil.copy(ROOT / "config" / "themes.yaml", folder / "config"))


Themes = Callable[..., Ended]


@pytest.fixture
def themes(tagging: Run, tmp_path: Path, index_url: str) -> Themes:
    """Run `moksori themes` on an index of either kind."""

    def run(*arguments: str) -> Ended:
        return tagging("themes", *arguments, MOKSORI_CONFIG_DIR=str(tmp_path / "config"), MOKSORI_INDEX=index_url)

    return run


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_theme_is_discovered_accepted_and_found(
    language: str, themes: Themes, tagging: Run, tmp_path: Path, index_url: str, shipped: Tagger
) -> None:
    file = config(tmp_path)
    before = file.read_text(encoding="utf-8")
    fill(index_url, noise(language, 48) + HIDDEN[language], shipped)
    told = themes("discover", "--json")
    assert told.code == 0
    (row,) = map(json.loads, told.lines)
    assert row["candidate"] == f"{language}1"
    assert row["first_half"] == 0
    assert row["reviews"] == row["last_half"] >= 11
    assert {sample["text"] for sample in row["samples"]} <= set(HIDDEN[language])
    assert told.complaints == [f"{language}: 1 candidates in 60 negative reviews that fit no theme"]

    told = themes("accept", f"{language}1", "--name", "over_packaging")
    assert told.code == 0
    after = file.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert '"en": "Over packaging"' in after
    found = [int(word) for word in told.err.replace(",", "").split() if word.isdigit()]
    assert found[0] >= 0.8 * found[1] > 8

    (again,) = tagging(
        "tag", str(one_line(tmp_path, HIDDEN[language][0])), MOKSORI_CONFIG_DIR=str(tmp_path / "config")
    ).lines
    assert "over_packaging" in [theme["name"] for theme in json.loads(again)["tags"]["themes"]]

    told = themes("accept", f"{language}1", "--name", "over_packaging")
    assert told.code == 2
    assert "named twice" in told.err
    assert file.read_text(encoding="utf-8") == after


def one_line(folder: Path, text: str) -> Path:
    file = folder / "line.jsonl"
    file.write_text(json.dumps({"text": text}), encoding="utf-8")
    return file


def test_the_table_shows_growth_and_examples(themes: Themes, tmp_path: Path, index_url: str, shipped: Tagger) -> None:
    config(tmp_path)
    fill(index_url, HIDDEN["en"] + noise("en", 48), shipped)
    told = themes("discover", "--since", "61d")
    assert told.code == 0
    assert told.lines[0].split()[:3] == ["candidate", "words", "reviews"]
    assert "packaging · plastic" in told.out or "plastic · packaging" in told.out


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "no negative review without a theme in this time"),
        (noise("ko", 12), "ko: 0 candidates in 12 negative reviews that fit no theme; at least 20 are needed"),
        (noise("ko", 60), "ko: 0 candidates in 60 negative reviews that fit no theme"),
    ],
)
def test_few_or_none_are_told(
    texts: list[str], said: str, themes: Themes, tmp_path: Path, index_url: str, shipped: Tagger
) -> None:
    config(tmp_path)
    fill(index_url, texts, shipped)
    told = themes("discover")
    assert (told.code, told.out, told.complaints) == (0, "", [said])
    told = themes("accept", "ko1", "--name", "any")
    assert told.code == 1
    assert "there is no candidate 'ko1'. The last discovery has: none" in told.err


def test_before_any_discovery_there_is_nothing_to_accept(themes: Themes) -> None:
    told = themes("accept", "ko1", "--name", "any")
    assert (told.code, told.out) == (1, "")
    assert "moksori themes discover" in told.err


def test_times_that_are_none(themes: Themes) -> None:
    assert themes("discover", "--since", "1d", "--until", "2d").code == 2

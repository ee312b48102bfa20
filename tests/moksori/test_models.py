"""Versions of a brand's model: chosen, gone back from; a broken one is refused, and the one before tags."""

import itertools
import json
import os
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from moksori.models import SHIPPED, Models
from moksori.stages import tag_stage
from moksori.tagging import BrandTagger
from nlp.features import ROWS
from nlp.scores import SENTIMENT, LinearScores
from pipeline.errors import MoksoriError, SettingsError
from pipeline.metrics import read_health
from pipeline.settings import Settings
from pipeline.stream import RAW, TAGGED
from pipeline.stream.sqlite import SqliteStream
from pipeline.worker import Worker
from tests.conftest import review
from tests.moksori.conftest import Load

PIPELINES = {"ko": "1", "en": "1"}


def table(bias: float = 50.0) -> LinearScores:
    """Finds everything positive, or with a bias below 0 negative."""
    made = LinearScores("en")
    shape = (ROWS, 3)
    made.set_table(
        SENTIMENT, np.zeros(shape, np.float32), np.array([-bias, 0, bias], np.float32), np.ones(ROWS, np.float32)
    )
    return made


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path, PIPELINES)  # type: ignore[arg-type]


def test_versions_are_numbered_used_and_gone_back_from(models: Models) -> None:
    assert models.newest_good() == (None, "")
    first, second = models.add({"en": table()}, {}), models.add({"en": table()}, {})
    assert (first, second) == ("b1", "b2")
    assert models.newest_good() == (None, "")  # added is not used
    models.use(first)
    models.use(second)
    models.use(second)
    model, problem = models.newest_good()
    assert model is not None
    assert (model.version, problem) == ("b2", "")
    assert [row["state"] for row in models.rows()] == ["", "", "in use"]
    assert [models.rollback(), models.rollback()] == ["b1", SHIPPED]
    with pytest.raises(MoksoriError, match="nothing to go back to"):
        models.rollback()


def test_the_shipped_pipelines_alone_can_be_chosen(models: Models) -> None:
    models.use(models.add({"en": table()}, {}))
    models.use(SHIPPED)
    assert models.newest_good() == (None, "")
    assert models.rollback() == "b1"


def test_what_is_not_there_cannot_be_used(models: Models) -> None:
    models.add({"en": table()}, {})
    for name in ("b7", "current", "../b1", ""):
        with pytest.raises(MoksoriError, match="b1, shipped"):
            models.use(name)


@pytest.mark.parametrize("damage", ["cut", "missing", "no facts", "other facts", "other pipeline"])
def test_a_broken_version_is_refused_and_the_one_before_goes_on(models: Models, tmp_path: Path, damage: str) -> None:
    for _ in range(2):
        models.use(models.add({"en": table()}, {}))
    folder = tmp_path / "models/b2"
    if damage == "cut":
        file = folder / "en/scores.npz"
        file.write_bytes(file.read_bytes()[:-10])
    elif damage == "missing":
        (folder / "en/labels.json").unlink()
    elif damage == "no facts":
        (folder / "model.json").unlink()
    elif damage == "other facts":
        (folder / "model.json").write_text("[]")
    else:
        facts = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps({**facts, "pipelines": {"en": "0"}}))
    model, problem = models.newest_good()
    assert model is not None
    assert model.version == "b1"
    assert "b2" in problem
    assert models.rows()[-1]["state"].startswith("broken")
    with pytest.raises(SettingsError):
        models.use("b2")


def test_two_trainings_at_once_make_two_versions(models: Models, tmp_path: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(Models(tmp_path, PIPELINES).add({"en": table()}, {})))  # type: ignore[arg-type]
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == ["b1", "b2", "b3", "b4"]
    assert not list((tmp_path / "models").glob(".b*"))


class History(RuleBasedStateMachine):
    """Against a list: what was put to use last, tags."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._models = Models(Path(self._folder.name), PIPELINES)  # type: ignore[arg-type]
        self._small = LinearScores("en")
        for _ in range(2):
            self._models.add({"en": self._small}, {})
        self._used: list[str] = []

    def _check(self) -> None:
        model, problem = self._models.newest_good()
        expected = self._used[-1] if self._used else SHIPPED
        assert (model.version if model else SHIPPED, problem) == (expected, "")

    @rule(which=st.sampled_from(["b1", "b2", SHIPPED]))
    def use(self, which: str) -> None:
        self._models.use(which)
        if self._used[-1:] != [which]:
            self._used.append(which)
        self._check()

    @precondition(lambda self: self._used)
    @rule()
    def rollback(self) -> None:
        self._models.rollback()
        self._used.pop()
        self._check()

    def teardown(self) -> None:
        self._folder.cleanup()


History.TestCase.settings = hypothesis_settings(max_examples=10, stateful_step_count=8, deadline=None)
TestHistory = History.TestCase


# ---------------------------------------------------------------------------------------------------- without a restart


@pytest.fixture
def installation(tmp_path: Path, pipelines_once: Load) -> Settings:
    return Settings(state_dir=tmp_path, config_dir=tmp_path)


def test_the_next_batch_is_tagged_by_what_was_put_to_use(installation: Settings) -> None:
    tagger, other = BrandTagger(installation), BrandTagger(installation)
    said = review(1, text="It broke at once, terrible.", lang="en")

    def tagged() -> tuple[str, str]:
        (here,), (there,) = tagger.tag([said]), other.tag([said])
        assert here == there  # as two processes that share the folder
        return here.sentiment, here.model.rpartition("+")[2]

    shipped = tagged()
    assert shipped[0] == "negative"
    models = tagger.models
    models.use(models.add({"en": table()}, {}))
    assert tagged() == ("positive", "b1")
    models.use(models.add({"en": table(-50)}, {}))
    assert tagged() == ("negative", "b2")
    models.rollback()
    assert tagged() == ("positive", "b1")
    models.use(SHIPPED)
    assert tagged() == shipped


def test_themes_are_read_again_and_the_brand_s_model_stays(
    installation: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    file = installation.config_dir / "themes.yaml"
    tagger = BrandTagger(installation)
    models = tagger.models
    models.use(models.add({"en": table()}, {}))

    changes = itertools.count(1)

    def tagged(themes: str | None) -> tuple[bool, str]:
        if themes is not None:
            file.write_text(themes, encoding="utf-8")
            os.utime(file, ns=(0, next(changes)))  # two writes may fall into one tick of the clock
        (tags,) = tagger.tag([review(1, text="The vertical zebra hums all night.", lang="en")])
        return "hum" in [theme.name for theme in tags.themes], tags.model.rpartition("+")[2]

    hum = "themes:\n- name: hum\n  labels: {ko: 소리, en: Hum}\n  patterns: {en: {negative: [zebra]}}\n"
    assert tagged(None) == (False, "b1")
    assert tagged(hum) == (True, "b1")
    assert tagged(hum + "- name:") == (True, "b1")
    assert "themes not read again" in caplog.text
    assert "themes.yaml" in caplog.text
    assert tagged("themes: []\n") == (False, "b1")


def test_a_broken_version_is_told_in_the_worker_s_health(installation: Settings) -> None:
    tagger = BrandTagger(installation)
    models = tagger.models
    for _ in range(2):
        models.use(models.add({"en": table()}, {}))
    (installation.state_dir / "models/b2/en/scores.npz").write_bytes(b"")
    stream = SqliteStream(str(installation.state_dir / "stream.db"))
    stream.setup()
    stream.publish(RAW, "shop:1", review(1, text="It broke.", lang="en").to_bytes())
    stream.flush()
    seen: list[dict[str, object]] = []

    def once(_: object) -> None:
        seen.extend(read_health(installation.state_dir))
        worker.stop()

    worker = Worker(tag_stage(tagger), stream, installation.state_dir, on_progress=once)
    worker.run()
    (health,) = seen
    assert "b2" in str(health["problem"])
    assert str(health["model"]).endswith("+b1")
    (record,) = stream.read(TAGGED, {}, 10)
    assert json.loads(record.value)["tags"]["model"].endswith("+b1")
    stream.close()

"""A candidate is written so that themes.yaml goes on to load, or not at all."""

from pathlib import Path

import pytest

from moksori.tagging import themes_of
from moksori.theme_candidates import Found, accept, keep, kept
from nlp.discover import Candidate
from pipeline.errors import MoksoriError, SettingsError
from pipeline.settings import Settings

FOUND = Found(
    "ko1", "ko", Candidate(("포장", "비닐", "쓰레기"), ("포장", "비닐 쓰레기", "no"), ("a:1",), 0, 1, ("a:1",))
)


def installation(folder: Path, themes: str | None) -> Settings:
    if themes is not None:
        (folder / "themes.yaml").write_text(themes, encoding="utf-8")
    return Settings(config_dir=folder, state_dir=folder / "var")


@pytest.mark.parametrize(
    "before",
    [
        None,
        "",
        "# ours\n",
        "themes:\n- name: noise\n  labels: {ko: 소음, en: Noise}\n  seeds: {en: [too loud]}",
        "themes:\n    - name: noise\n      labels: {ko: 소음, en: Noise}\n      seeds: {en: [loud]}\n\n#   - more\n",
    ],
)
def test_a_theme_is_added_at_the_end_and_comments_stay(before: str | None, tmp_path: Path) -> None:
    chosen = installation(tmp_path, before)
    file = accept(chosen, FOUND, "packaging")
    assert file.read_text(encoding="utf-8").startswith(before or "themes:\n")
    theme = themes_of(chosen).themes[-1]
    assert (theme.name, theme.labels.ko, theme.labels.en) == ("packaging", "포장 비닐", "Packaging")
    assert theme.patterns.ko.any == ("포장", "비닐 쓰레기", "no")


@pytest.mark.parametrize(
    ("before", "name", "said"),
    [
        ("", "Packaging", "name"),
        ("", "no: x", "name"),
        ("themes:\n  - name: packaging\n    labels: {ko: 가, en: A}\n    seeds: {en: [a]}\n", "packaging", "twice"),
        ("themes: []\n", "packaging", "by hand"),
        ("themes: [{name: n, labels: {ko: 가, en: A}, seeds: {en: [a]}}]\n", "packaging", "by hand"),
    ],
)
def test_what_would_not_load_is_not_written(before: str, name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=said):
        accept(installation(tmp_path, before), FOUND, name)
    assert (tmp_path / "themes.yaml").read_text(encoding="utf-8") == before


def test_what_was_found_is_kept_until_the_next_discovery(tmp_path: Path) -> None:
    keep(tmp_path / "var", [FOUND])
    assert kept(tmp_path / "var", "ko1") == FOUND
    keep(tmp_path / "var", [])
    with pytest.raises(MoksoriError, match="no candidate 'ko1'"):
        kept(tmp_path / "var", "ko1")

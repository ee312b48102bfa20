from datetime import timedelta
from pathlib import Path

import pytest

from crawlers.check import check_source
from crawlers.registry import KINDS, LISTENERS, MODELS, AppStoreSource, load_sources
from pipeline.errors import SettingsError
from pipeline.secret_references import read_secret

DOCS = Path(__file__).parents[2] / "docs" / "sources.md"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_source_takes_the_brand_of_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path, "brand: 새벽\nsources:\n- {name: a, kind: appstore, app_id: 15, every: 15m}\n"
        "- {name: b, kind: appstore, app_id: '16', brand: other}\n",
    )  # fmt: skip
    first, second = load_sources(path)
    assert isinstance(first, AppStoreSource)
    assert (first.brand, first.app_id, first.every, second.brand) == ("새벽", "15", timedelta(minutes=15), "other")


FAULTS = {
    "sources: [1]": ":1: sources: expected",
    "sources: {}": ":1: sources: expected a list",
    "sorces: []": ":1: sorces: unknown setting. Known here: brand, sources",
    "sources:\n- {name: a}": ":2: kind: missing. Write one of: appstore, mastodon, shop, webhook",
    "sources:\n- name: a\n  kind: appstor": ":3: kind: no such kind 'appstor'. Write one of",
    "sources:\n- name: A B\n  kind: appstore\n  app_id: 1\n  brand: b": ":2: name: is no name",
    "sources:\n- name: a\n  kind: appstore\n  brand: b": ":2: app_id: missing. Write: the number in",
    "sources:\n- name: a\n  kind: appstore\n  brand: b\n  app_id: 1\n  every: fast": ":6: every: is no duration",
    "sources:\n- name: a\n  kind: shop\n  brand: b\n  start: [shop.example]": ":5: start.0: is no web address",
    "sources:\n- name: a\n  kind: shop\n  brand: b\n  start: ['http://u:p@h/']": ":5: start.0: is no web address",
    "sources:\n- name: a\n  kind: shop\n  brand: b\n  start: ['http://h/']\n  product_links: '('":
        ":6: product_links: is no",
    "sources:\n- name: a\n  kind: shop\n  brand: b\n  start: ['http://h/']\n  limits: {delay: 1}":
        ":6: limits.delay: unknown",
    "brand: b\nsources:\n- {name: a, kind: appstore, app_id: 1}\n- {name: a, kind: appstore, app_id: 2}":
        ":4: name: 'a' is taken by line 3",
}  # fmt: skip


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_by_line_with_what_to_write(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as told:
        load_sources(path)
    assert f"{path}{FAULTS[text]}" in str(told.value)


@pytest.mark.parametrize("given", ["[whsec_c2VjcmV0]", "whsec_c2VjcmV0", "[{x: whsec_c2VjcmV0}]"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, given: str) -> None:
    path = write(tmp_path, f"brand: b\nsources:\n- name: a\n  kind: webhook\n  secrets: {given}\n  colour: red")
    with pytest.raises(SettingsError, match=r":5: secrets: secrets do not stand in this file") as told:
        load_sources(path)
    assert "c2VjcmV0" not in str(told.value)


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "one")
    (tmp_path / "hook").write_text("two\n")
    assert (read_secret("env:HOOK"), read_secret(f"file:{tmp_path}/hook")) == ("one", "two")
    for missing in ("env:NO_SUCH_HOOK", f"file:{tmp_path}/none"):
        with pytest.raises(SettingsError, match=missing.split(":")[0]):
            read_secret(missing)


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_loads_and_its_example_in_the_docs_is_valid(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEWS_HOOK", "whsec_c2VjcmV0c2VjcmV0c2VjcmV0")
    section = DOCS.read_text(encoding="utf-8").split(f"### `{kind}`")[1]
    example = section.split("```yaml\n")[1].split("```")[0]
    (source,) = load_sources(write(tmp_path, example))
    assert source.kind == kind
    assert check_source(source) is None


def test_each_kind_is_pulled_or_pushed() -> None:
    assert set(MODELS) == set(KINDS) | set(LISTENERS)


def test_the_file_that_comes_with_moksori_is_valid() -> None:
    assert load_sources(Path(__file__).parents[2] / "config" / "sources.yaml") == []

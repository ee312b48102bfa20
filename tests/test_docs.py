"""The docs name all there is: commands, settings, metrics, stages, kinds, dependencies; their links work.

`python -m tests.test_docs` writes the table of settings in docs/operating.md anew.
"""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from typer.main import get_command

from crawlers.registry import KINDS, LISTENERS
from moksori.cli import app, commands
from nlp.names import NamesConfig
from nlp.themes import ThemesConfig
from pipeline import metrics
from pipeline.index.document import IndexDocument
from pipeline.models import DeadLetter
from pipeline.settings import Settings, load_settings
from pipeline.yaml_config import load_yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OPERATING = DOCS / "operating.md"
HOW = (DOCS / "how-it-works.md").read_text(encoding="utf-8")
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
FILES = [ROOT / name for name in TRACKED.split("\0") if name and (ROOT / name).is_file()]
PAGES = [file for file in FILES if file.suffix == ".md"]


def by_name(file: Path) -> str:
    return str(file.relative_to(ROOT))


# ------------------------------------------------------------------------------------------------------ commands


def walk(command: Any, path: str = "moksori") -> Iterator[tuple[str, Any]]:
    """Every command of the program, groups left out."""
    if hasattr(command, "commands"):
        for name, each in command.commands.items():
            yield from walk(each, f"{path} {name}")
    else:
        yield path, command


assert commands  # registers them
COMMANDS = dict(walk(get_command(app)))
SECTIONS = dict(
    re.findall(r"^## (moksori [^\n]+)\n(.*?)(?=^## |\Z)", (DOCS / "cli.md").read_text("utf-8"), re.M | re.S)
)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_is_documented_with_its_help_an_example_and_all_its_options(path: str) -> None:
    command = COMMANDS[path]
    assert path in SECTIONS, f"docs/cli.md has no section '## {path}'"
    section = SECTIONS[path]
    help_ = " ".join((command.help or "").split("\n\n")[0].split())
    assert help_
    assert help_ in " ".join(section.split()), "the help has changed"
    (example,) = re.findall(r"^```\n(.*?)^```", section, re.M | re.S)
    assert path in example
    for parameter in command.params:
        if parameter.param_type_name == "option" and parameter.name != "help":
            for flag in (*parameter.opts, *parameter.secondary_opts):
                assert f"`{flag}`" in section, flag


ELSEWHERE = {"--json", "--until-idle"}
"""Options that the section of another command may speak of."""


@pytest.mark.parametrize("path", SECTIONS)
def test_what_is_documented_exists(path: str) -> None:
    section, command = SECTIONS[path], COMMANDS[path]
    known = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", section)) <= known | ELSEWHERE


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_commands_in_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S):
        for words in re.findall(r"(?:^|&& |\| )moksori ([a-z]+(?: [a-z]+)?)", line, re.M):
            first, _, second = words.partition(" ")
            assert {f"moksori {first}", f"moksori {first} {second}"} & COMMANDS.keys(), words
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, re.M):
        assert target in targets, f"make {target}"


def test_readme_shows_the_two_commands_and_a_picture() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "```\nmake demo\nmake test\n```" in text
    (picture,) = re.findall(r"!\[[^\]]+\]\((docs/pictures/[^)]+\.png)\)", text)
    assert (ROOT / picture).stat().st_size < 250_000


# ------------------------------------------------------------------------------------------------------ settings


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every single setting with its dotted name."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


SETTINGS = dict(leaves(Settings))


def _default(field: Any) -> str:
    if field.default is None or field.default == "":
        return ""
    value = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return f"`{value}`".replace("'", "")


def settings_table() -> str:
    """The table in docs/operating.md, made of the settings' own descriptions."""
    rows = ["| setting | variable | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in SETTINGS.items():
        variable = f"MOKSORI_{name.replace('.', '__').upper()}"
        secret = " (secret)" if SecretStr in get_args(field.annotation) else ""
        rows.append(f"| `{name}` | `{variable}` | {_default(field)} | {field.description}{secret} |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    """The page with the table between its marks."""
    begin, end = page.index("-->", page.index("<!-- settings:")) + 3, page.index("<!-- end of settings -->")
    return f"{page[:begin]}\n\n{settings_table()}\n\n{page[end:]}"


def test_the_table_of_settings_is_up_to_date() -> None:
    page = OPERATING.read_text(encoding="utf-8")
    assert page == with_table(page), "run: python -m tests.test_docs"


def uncommented() -> str:
    """config/moksori.yaml with every setting active."""
    text = (ROOT / "config/moksori.yaml").read_text(encoding="utf-8")
    return re.sub(r"^#(?! \S)", "", text, flags=re.M)


def test_the_example_changes_nothing_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _without_variables(monkeypatch)
    assert load_settings(ROOT / "config/moksori.yaml") == Settings()


def test_the_example_holds_every_setting_with_its_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _without_variables(monkeypatch)
    file = tmp_path / "moksori.yaml"
    file.write_text(uncommented(), encoding="utf-8")
    loaded, default = load_settings(file), Settings()
    urls = {name: getattr(default, f"{name}_url") for name in ("stream", "index", "database")}
    assert loaded.model_dump() == {**default.model_dump(), **urls}
    keys = re.findall(r"^ *([a-z_]+):", uncommented(), re.M)
    sections = [name for name in Settings.model_fields if name not in SETTINGS]
    assert sorted(keys) == sorted([*(name.rpartition(".")[2] for name in SETTINGS), *sections])


def _without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("MOKSORI_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(("name", "model"), [("themes.yaml", ThemesConfig), ("names.yaml", NamesConfig)])
def test_the_other_examples_load(name: str, model: type[BaseModel]) -> None:
    load_yaml(ROOT / "config" / name, model)


# ------------------------------------------------------------------------- metrics, stages, fields, kinds, dependencies


METRICS = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric._name)
def test_a_metric_is_documented_with_its_labels(metric: Any) -> None:
    (row,) = re.findall(rf"^\| `{metric._name}(?:_total)?` .*$", OPERATING.read_text("utf-8"), re.M)
    for label in metric._labelnames:
        assert f"`{label}`" in row


@pytest.mark.parametrize("stage", get_args(DeadLetter.model_fields["stage"].annotation))
def test_a_stage_of_dead_letters_is_documented(stage: str) -> None:
    section = HOW[HOW.index("## Dead letters") :]
    assert re.search(rf"^\| `{stage}` \|", section, re.M)


@pytest.mark.parametrize("field", IndexDocument.model_fields)
def test_a_field_of_the_index_is_documented(field: str) -> None:
    section = HOW[HOW.index("## The index document") : HOW.index("## Alerts")]
    assert re.search(rf"^\| [^|]*`{field}`[^|]*\|", section, re.M)


@pytest.mark.parametrize("kind", [*KINDS, *LISTENERS])
def test_a_kind_of_source_is_documented_with_an_example(kind: str) -> None:
    text = (DOCS / "sources.md").read_text(encoding="utf-8")
    section = text[text.index(f"### `{kind}`") :]
    assert f"kind: {kind}" in section


def dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return [re.match(r"[\w.-]+", each)[0] for each in wanted]  # type: ignore[index]


@pytest.mark.parametrize("name", dependencies())
def test_a_dependency_has_its_reason_and_licence(name: str) -> None:
    rows = re.findall(rf"^\| `{re.escape(name)}` \| (.+) \| (.+) \|$", (DOCS / "decisions.md").read_text("utf-8"), re.M)
    assert len(rows) == 1, f"docs/decisions.md needs a row for {name}: why, and its licence"


# ------------------------------------------------------------------------------------------------ links, foreign paths


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), target


def anchors(file: Path) -> set[str]:
    """Headings as GitHub writes them into links."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in map(by_name, PAGES) if name != "README.md" and f"({name})" not in text]
    assert missing == [], "link it from the table at the end of README.md"


_FOREIGN = re.compile(r"(?<![\w.~*-])/(?:work|root|home/\w+|Users/\w+)(?:/|\b)(?!\w)|(?<![\w.-])shar" + r"ed/")


def test_no_path_of_a_builder_s_machine() -> None:
    found = {}
    for file in FILES:
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # no text
        if paths := _FOREIGN.findall(text):
            found[by_name(file)] = paths
    assert found == {}


if __name__ == "__main__":
    OPERATING.write_text(with_table(OPERATING.read_text(encoding="utf-8")), encoding="utf-8")

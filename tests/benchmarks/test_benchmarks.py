"""Every benchmark runs, at toy size; how fast it is, is no matter here."""

from pathlib import Path

import pytest

from moksori import bench
from pipeline.errors import SettingsError

SERVERS = {"kafka": pytest.mark.kafka, "elasticsearch": pytest.mark.elasticsearch}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[SERVERS[need] for need in bench.load(name).NEEDS]) for name in bench.names()]
)
def test_a_benchmark_yields_figures(name: str, tmp_path: Path) -> None:
    figures = list(bench.load(name).run(bench.Lab(tmp_path, runs=1, share=0.0001, servers=bench.servers())))
    assert figures
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert figure.values
        assert figure.unit


def test_every_file_with_a_run_is_listed() -> None:
    files = {file.stem for file in bench.FOLDER.glob("*.py") if "def run(lab: Lab)" in file.read_text()}
    assert files == set(bench.names())


def test_a_missing_server_is_told_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOKSORI_TEST_KAFKA", raising=False)
    begun: list[str] = []
    with pytest.raises(SettingsError, match="kafka"):
        list(bench.measure(["tagging_korean", "produce"], 1, 0.0001, begun.append))
    assert begun == []


def test_an_unknown_name_is_told_with_those_that_are_there() -> None:
    with pytest.raises(SettingsError, match="tagging_korean"):
        bench.load("speed")


@pytest.mark.parametrize(
    ("figure", "hit"),
    [
        (bench.Figure("a", "×", [0.7, 0.9, 1.1], at_least=0.8), True),
        (bench.Figure("a", "×", [0.7, 0.7, 1.1], at_least=0.8), False),
        (bench.Figure("a", "%", [10, 20, 90], at_most=25), True),
        (bench.Figure("a", "%", [10, 26, 90], at_most=25), False),
        (bench.Figure("a", "MiB", [100]), None),
    ],
)
def test_the_median_decides(figure: bench.Figure, hit: bool | None) -> None:
    assert figure.hit is hit

"""Commands that need neither tagger nor Django: backtest, sources, health of a worker, several refused rows."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.index.sqlite import SqliteIndex
from pipeline.metrics import HealthFile
from tests.conftest import document
from tests.moksori.cli.conftest import Run

FIRST = date(2026, 1, 1)


def counts_file(path: Path) -> Path:
    """120 days of two products; one breaks down on the last three days, the other only sells more."""
    chance = random.Random(7)
    lines = ["series,date,total,negative"]
    for day in range(120):
        broken, busy = day >= 117, 3 if day >= 117 else 1
        when = FIRST + timedelta(days=day)
        lines.append(f"kettle,{when},20,{12 if broken else chance.randint(0, 2)}")
        lines.append(f"mug,{when},{20 * busy},{sum(chance.randint(0, 2) for _ in range(busy))}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_backtest_writes_a_line_for_each_day_in_alarm(moksori: Run, tmp_path: Path) -> None:
    out = tmp_path / "alarms.jsonl"
    told = moksori("alerts", "backtest", "--counts", str(counts_file(tmp_path / "counts.csv")), "--out", str(out))
    assert told.code == 0
    assert told.out == ""
    alarms = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(alarm["series"], alarm["date"]) for alarm in alarms] == [
        ("kettle", str(FIRST + timedelta(days=day))) for day in (117, 118, 119)
    ]
    for alarm in alarms:
        assert list(alarm) == ["series", "date", "kind", "observed", "expected", "p_value", "window_days"]
        assert alarm["kind"] == "surge"
        assert alarm["observed"] > alarm["expected"] > 0
        assert 0 <= alarm["p_value"] < 0.001
        assert 1 <= alarm["window_days"] <= 7


def test_a_day_of_a_backtest_does_not_see_the_future(moksori: Run, tmp_path: Path) -> None:
    whole = counts_file(tmp_path / "counts.csv")
    cut = tmp_path / "cut.csv"
    cut.write_text("".join(line for line in whole.open() if f"{FIRST + timedelta(days=119)}" not in line))
    found = []
    for counts in (whole, cut):
        moksori("alerts", "backtest", "--counts", str(counts), "--out", str(tmp_path / "out"))
        found.append((tmp_path / "out").read_text().splitlines())
    assert found[1] == found[0][: len(found[1])] != []


def test_a_backtest_asks_for_a_rule_or_a_file(moksori: Run) -> None:
    assert moksori("alerts", "backtest").code == 2
    told = moksori("alerts", "backtest", "--rule", "loud")
    assert (told.code, "no such rule" in told.err) == (2, True)


def test_a_rule_is_replayed_over_what_is_indexed(moksori: Run, tmp_path: Path) -> None:
    index = SqliteIndex(f"{tmp_path}/var/index.db")
    now = datetime.now(UTC)
    said = {"text": "It burned my hand.", "sentiment": "negative", "model": "m"}
    yesterday = now - timedelta(days=1)
    index.put([document(number, created_at=yesterday, collected_at=now, **said) for number in range(3)])
    index.close()
    told = moksori("alerts", "backtest", "--rule", "safety", "--json")
    assert told.code == 0, told.err
    assert [json.loads(line)["where"] for line in told.lines] == ["shop:0", "shop:1", "shop:2"]
    assert "3 alerts of rule safety in 30 days" in told.err
    assert moksori("alerts", "backtest", "--rule", "trends").out == ""


SOURCES = """
brand: Haneul
sources:
  - name: shop
    kind: shop
    start: [https://shop.example/all]
    every: 6h
  - name: live
    kind: webhook
    secrets: [env:NO_SUCH_SECRET]
    mapping: {text: message}
"""


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "sources.yaml").write_text(SOURCES)
    return {"MOKSORI_CONFIG_DIR": str(folder)}


def test_sources_are_listed(moksori: Run, config: dict[str, str]) -> None:
    told = moksori("sources", "list", "--json", **config)
    assert told.code == 0
    assert [json.loads(line) for line in told.lines] == [
        {"name": "shop", "kind": "shop", "brand": "Haneul", "product": None, "every": "6h", "enabled": True},
        {"name": "live", "kind": "webhook", "brand": "Haneul", "product": None, "every": "1h", "enabled": True},
    ]
    assert "shop" in moksori("sources", "list", **config).out


def test_sources_are_checked_without_asking_a_site(moksori: Run, config: dict[str, str]) -> None:
    told = moksori("sources", "check", "--json", **config)
    shop, live = map(json.loads, told.lines)
    assert told.code == 2
    assert shop["fault"] is None
    assert "NO_SUCH_SECRET" in live["fault"]
    assert moksori("sources", "check", NO_SUCH_SECRET="whsec_c2VjcmV0LW9mLTI0LWJ5dGVzIQ==", **config).code == 0


def test_a_faulty_declaration_names_its_line(moksori: Run, config: dict[str, str]) -> None:
    (Path(config["MOKSORI_CONFIG_DIR"]) / "sources.yaml").write_text(SOURCES.replace("kind: shop", "kind: shopp"))
    told = moksori("sources", "list", **config)
    assert told.code == 2
    assert len(told.complaints) == 1
    assert "sources.yaml:5: " in told.err
    assert "shopp" in told.err


def test_sources_that_were_never_collected_have_no_health(moksori: Run, config: dict[str, str]) -> None:
    told = moksori("sources", "health", "--json", **config)
    assert (told.code, told.out) == (0, "")


def test_the_health_check_of_a_container_asks_for_one_worker(moksori: Run, tmp_path: Path) -> None:
    assert moksori("doctor", "--worker", "tag").code == 1
    HealthFile(tmp_path / "var", "tag").write("working", always=True)
    assert moksori("doctor", "--worker", "tag").code == 0
    assert moksori("doctor", "--worker", "index").code == 1


def test_an_erasure_wants_one_author_or_reviews(moksori: Run) -> None:
    assert moksori("erase").code == 2
    assert moksori("erase", "--author", "a", "--review", "shop:1").code == 2
    assert moksori("erase", "--author", "shop:nobody").code == 1


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_dead_letters_are_named_or_all(moksori: Run, command: str) -> None:
    assert moksori("dead", command).code == 2
    assert moksori("dead", command, "--all", "x").code == 2
    told = moksori("dead", command, "no-such-letter")
    assert told.code == 2
    assert "no-such-letter" in told.err


def test_every_refused_row_is_a_dead_letter_of_its_own(moksori: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"text": "good"}\nno JSON\n{"text": 5}\n{"title": ""}\n')
    assert moksori("import", str(file), "--source", "s").code == 1
    letters = [json.loads(line) for line in moksori("dead", "list", "--json").lines]
    assert [letter["line"] for letter in letters] == [2, 3, 4]
    assert json.loads(moksori("ledger", "--json").out)["totals"]["refused"] == 3


def test_hostile_text_cannot_steer_the_terminal(moksori: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad\x1b[31m.jsonl"
    file.write_text('{"text": 5, "id": "\\u001b[2J[bold]"}\n')
    told = moksori("import", str(file), "--source", "s")
    assert "\x1b" not in told.err + told.out + moksori("dead", "list").out
    assert "\x1b" not in moksori("import", str(tmp_path / "no\x1b[31m.csv"), "--source", "s").err

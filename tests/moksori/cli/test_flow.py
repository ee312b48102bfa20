"""The life of some reviews on the command line: import, run, search, ledger, dead letters, replay, erase."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.stream import RAW, open_stream
from tests.moksori.cli.conftest import Ended, Run, call, end, environment, start

pytestmark = pytest.mark.slow

ROWS = [
    ("1", "배송이 너무 늦어요. 일주일째 안 와요", 1, "kim", "2026-11-02T09:00:00+09:00"),
    ("2", "The parcel never arrived, terrible delivery", 1, "lee", "2026-11-03"),
    ("3", "아주 만족합니다. 예쁘고 튼튼해요", 5, "kim", "2026-11-04"),
    ("4", "It works, nothing special", 3, "park", "2026-11-05"),
]
POISON = b"this is no message"


@dataclass
class Flow:
    """An installation, and how each step of its life ended."""

    env: dict[str, str]
    steps: dict[str, Ended]

    def step(self, name: str, *arguments: str) -> None:
        """Workers are processes; what only reads and writes stream and index is quicker in this one."""
        apart = arguments[0] == "run"
        self.steps[name] = end(start(*arguments, env=self.env)) if apart else call(self.env, *arguments)


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Import with a bad line, poison on the stream, work; then retry, replay and erase, and work again."""
    folder = tmp_path_factory.mktemp("flow")
    names = ("id", "text", "rating", "author", "created_at")
    lines = [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in ROWS]
    (folder / "reviews.jsonl").write_text("\n".join([*lines[:2], '{"id": "x", "rating": 9', *lines[2:]]) + "\n")
    flow = Flow(environment(folder / "var"), {})
    file, step = str(folder / "reviews.jsonl"), flow.step
    step("import", "import", file, "--source", "shop", "--json")
    step("import again", "import", file, "--source", "shop", "--json")
    step("ledger before", "ledger", "--json")
    stream = open_stream(f"sqlite:///{folder}/var/stream.db")
    stream.publish(RAW, "shop:poison", POISON)
    stream.flush()
    stream.close()
    step("run", "run", "--until-idle", "--json")
    step("dead", "dead", "list", "--json")
    step("ledger", "ledger", "--json")
    step("found", "search", "--source", "shop", "--json")
    letters = {letter["stage"]: letter["id"] for letter in map(json.loads, flow.steps["dead"].lines)}
    step("retry refused", "dead", "retry", letters["collect"])
    step("retry", "dead", "retry", letters["tag"])
    step("replay", "replay", "--since", "1d")
    author = next(row["author_id"] for row in map(json.loads, flow.steps["found"].lines) if row["id"] == "shop:1")
    step("erase", "erase", "--author", author)
    step("run again", "run", "--until-idle", "--json")
    step("dead again", "dead", "list", "--json")
    step("drop", "dead", "drop", "--all")
    step("dead at last", "dead", "list")
    step("ledger at last", "ledger", "--json")
    return flow


def rows(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.lines]


def test_an_import_counts_its_rows_and_names_the_bad_line(flow: Flow) -> None:
    told = flow.steps["import"]
    assert told.code == 1
    (counts,) = rows(told)
    assert {name: counts[name] for name in ("rows", "published", "unchanged", "refused")} == {
        "rows": 5, "published": 4, "unchanged": 0, "refused": 1,
    }  # fmt: skip
    (line,) = told.complaints
    assert "reviews.jsonl:3: refused: not JSON" in line


def test_importing_again_changes_nothing(flow: Flow) -> None:
    (counts,) = rows(flow.steps["import again"])
    assert (counts["published"], counts["unchanged"], counts["refused"]) == (0, 4, 1)
    (before,) = rows(flow.steps["ledger before"])
    assert before["totals"] == {"collected": 5, "indexed": 0, "refused": 1, "dead": 0, "deleted": 0, "pending": 4}
    assert before["on_the_way"] == 4
    assert before["agrees"]


def test_the_run_ends_when_nothing_is_left(flow: Flow) -> None:
    told = flow.steps["run"]
    assert told.code == 0
    assert rows(told)[0].keys() == {"opened", "updated", "resolved", "sent", "failed", "seconds"}
    (ledger,) = rows(flow.steps["ledger"])
    assert ledger["totals"] == {"collected": 6, "indexed": 4, "refused": 1, "dead": 1, "deleted": 0, "pending": 0}
    assert ledger["on_the_way"] == ledger["missing"] == 0
    assert flow.steps["ledger"].code == 0


def test_what_was_found_is_newest_first_and_tagged(flow: Flow) -> None:
    found = rows(flow.steps["found"])
    assert [row["id"] for row in found] == ["shop:4", "shop:3", "shop:2", "shop:1"]
    assert [row["sentiment"] for row in found[1:]] == ["positive", "negative", "negative"]
    assert found[3]["created_at"].startswith("2026-11-02T00:00:00")
    assert "kim" not in json.dumps(found)


def test_dead_letters_say_what_and_why(flow: Flow) -> None:
    refused, poison = sorted(rows(flow.steps["dead"]), key=lambda letter: letter["stage"])
    assert (refused["stage"], refused["line"], refused["source"]) == ("collect", 3, "shop")
    assert (poison["stage"], poison["bytes"]) == ("tag", len(POISON))
    assert "original" not in poison


def test_only_what_was_a_message_can_be_retried(flow: Flow) -> None:
    assert "mend the row and import it again" in " ".join(flow.steps["retry refused"].err.split())
    assert flow.steps["retry"].err.strip() == "1 sent again"
    again = [letter["stage"] for letter in rows(flow.steps["dead again"])]
    # The cause was not mended: dead is what was sent again, and the replay found the old one too.
    assert sorted(again) == ["collect", "tag", "tag"]


def test_a_replay_shows_nothing_twice_and_an_erasure_stays(flow: Flow) -> None:
    assert flow.steps["replay"].code == flow.steps["run again"].code == 0
    assert "will be read again" in flow.steps["replay"].err
    assert "2 reviews are being erased" in flow.steps["erase"].err
    (ledger,) = rows(flow.steps["ledger at last"])
    totals = ledger["totals"]
    assert (totals["indexed"], totals["deleted"], totals["refused"], totals["pending"]) == (2, 2, 1, 0)
    assert ledger["agrees"]


def test_what_was_dropped_waits_no_more(flow: Flow) -> None:
    assert flow.steps["drop"].err.strip() == "3 dropped"
    assert flow.steps["dead at last"].out == ""
    assert flow.steps["dead at last"].err.strip() == "no dead letters"


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ("", 2),
        ("--source shop", 2),
        ("--source other", 0),
        ("--sentiment negative", 1),
        ("--since 2026-11-04", 1),
        ("--until 2026-11-04", 1),
        ("--since 2026-11-03 --until 2026-11-06", 2),
        ("--rating 0", 1),
        ("--rating 0.4-0.6", 1),
        ("--rating 0-1", 2),
        ("--unanswered", 2),
        ("--answered", 0),
    ],
)
def test_search_counts_what_is_left(flow: Flow, arguments: str, count: int) -> None:
    told = call(flow.env, "search", *arguments.split(), "--count")
    assert (told.code, told.out) == (0, f"{count}\n"), told
    assert rows(call(flow.env, "search", *arguments.split(), "--count", "--json")) == [{"count": count}]


@pytest.mark.parametrize("arguments", ["--since soon", "--rating 7", "--rating 0.9-0.1"])
def test_search_says_how_to_ask(flow: Flow, arguments: str) -> None:
    told = call(flow.env, "search", *arguments.split())
    assert told.code == 2
    assert told.out == ""
    assert arguments.split()[1] in told.err


def test_words_are_searched_by_their_dictionary_form(flow: Flow, tagging: Run) -> None:
    told = tagging("search", "arrive", "--json", **flow.env)
    assert [row["id"] for row in rows(told)] == ["shop:2"]
    assert told.err == ""
    assert rows(tagging("search", '"delivery terrible"', "--json", **flow.env)) == []


def test_doctor_finds_it_in_order(flow: Flow) -> None:
    told = end(start("doctor", "--json", env=flow.env))
    states = {finding["check"]: finding["state"] for finding in rows(told)}
    assert told.code == 0, told.out
    assert states["stream"] == states["index"] == states["models"] == "ok"
    assert states["desk"] == states["sources"] == states["workers"] == "warning"
    assert all(finding["remedy"] for finding in rows(told) if finding["state"] != "ok")

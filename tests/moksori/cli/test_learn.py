"""The learning loop on the command line: correct, train, tag, go back, suggest, tag again."""

import json
from pathlib import Path

import pytest

from tests.moksori.cli.conftest import Ended, Run, end, environment, start

THINGS = ("kettle", "lamp", "chair", "blanket", "cable", "mixer", "fan", "desk", "heater", "toaster")


def labels(count: int = 200) -> str:
    rows = []
    for number in range(count):
        mood, words = (("negative", "a florp"), ("positive", "zindy"))[number % 2]
        rows.append(
            {"text": f"My {THINGS[number // 2 % 10]} number {number} is {words}.", "lang": "en", "sentiment": mood}
        )
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.slow
def test_the_loop(tmp_path: Path) -> None:
    env = environment(tmp_path / "var")

    def moksori(*arguments: str) -> Ended:
        return end(start(*arguments, env=env))

    def tagged() -> tuple[str, str]:
        (line,) = moksori("tag", str(one)).lines
        tags = json.loads(line)["tags"]
        return tags["sentiment"], tags["model"]

    file, one, reviews = tmp_path / "labels.jsonl", tmp_path / "one.jsonl", tmp_path / "reviews.jsonl"
    file.write_text(labels() + '{"text": "good"}\n')
    one.write_text('{"text": "My bicycle is zindy."}\n')
    reviews.write_text('{"id": "1", "text": "My bicycle is zindy."}\n{"id": "2", "text": "Blue, for the door."}\n')

    assert moksori("setup").code == 0
    refused = moksori("train", "--brand")
    assert (refused.code, refused.out) == (1, "")
    assert "about 100 labelled texts" in refused.err

    first = moksori("corrections", "import", str(file), "--by", "kim", "--json")
    assert first.code == 1
    assert "line 201: " in first.err
    assert json.loads(first.out) == {"added": 200, "changed": 0, "unchanged": 0, "refused": 1}
    exported = moksori("corrections", "export")
    assert {json.loads(line)["by"] for line in exported.lines} == {"kim"}

    assert moksori("import", str(reviews), "--source", "shop").code == 0
    assert moksori("run", "--until-idle").code == 0
    shipped = tagged()
    trained = moksori("train", "--brand")
    assert trained.code == 0, trained.err
    assert json.loads(trained.out)["version"] == "b1"
    assert tagged() == ("positive", f"{shipped[1]}+b1")
    again = moksori("train", "--brand")
    assert again.code == 1
    assert "not better than b1, which goes on" in again.err
    assert json.loads(again.out)["version"] is None

    (link,) = [
        json.loads(line)["link"]
        for line in moksori("label", "suggest", "--since", "2026-01-01", "--json").lines
        if "Blue" in line
    ]
    assert link.endswith("/corrections/shop:2")
    counts = json.loads(moksori("retag", "--since", "1d", "--json").out)
    assert (counts["read"], counts["sent"]) == (2, 2)
    assert moksori("run", "--until-idle").code == 0
    found = [json.loads(line) for line in moksori("search", "--source", "shop", "--json").lines]
    assert {document["model"] for document in found} == {f"{shipped[1]}+b1"}

    assert moksori("models", "rollback").code == 0
    assert tagged() == shipped
    states = {row["version"]: row["state"] for row in map(json.loads, moksori("models", "list", "--json").lines)}
    assert states == {"shipped": "in use", "b1": ""}


def test_without_models_there_is_nothing_to_choose(moksori: Run) -> None:
    assert "in use" in moksori("models", "list").out
    for words in (("use", "b1"), ("rollback",)):
        told = moksori("models", *words)
        assert (told.code, len(told.complaints)) == (1, 1)


def test_training_wants_to_know_which(moksori: Run) -> None:
    for words in ((), ("--brand", "folder"), ("--brand", "--out", "folder")):
        told = moksori("train", *words)
        assert told.code == 2
        assert "--brand" in told.err

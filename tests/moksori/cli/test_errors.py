"""What goes wrong is told in one line that says what to do; a stack trace only on request."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.moksori.cli.conftest import Ended, Run, end, environment, start

WITHOUT_MODELS = """
import pathlib, sys
import nlp.tagger
nlp.tagger.TRAINED = pathlib.Path("no-models")
from moksori.cli import main
main()
"""


@dataclass(frozen=True)
class Fault:
    """A command that cannot do its work. says: a pattern for its one line."""

    command: str
    says: str
    code: int = 1
    env: dict[str, str] = field(default_factory=dict)
    yaml: str = ""
    models: bool = True


KAFKA = {"MOKSORI_STREAM": "kafka://127.0.0.1:1"}
INDEX = {"MOKSORI_INDEX": "http://127.0.0.1:1"}
POSTGRESQL = {"MOKSORI_DATABASE": "postgresql://someone:hidden@127.0.0.1:1/desk"}
READ_ONLY = {"MOKSORI_STATE_DIR": "FILE/var"}
STREAM, SOLR = {"MOKSORI_STREAM": "amqp://x"}, {"MOKSORI_INDEX": "solr://x"}
FAULTS = {
    "Kafka is down": Fault("setup", r"no answer from the stream at kafka://127.0.0.1:1 ", env=KAFKA),
    "port in use, console": Fault(
        "desk serve --port PORT", r"port \d+ is in use .*MOKSORI_CONSOLE__PORT=\d+.*console: port:"
    ),
    "port in use, demo": Fault("demo", r"port \d+ is in use", env={"MOKSORI_CONSOLE__PORT": "PORT"}),
    "no models, tag": Fault("tag reviews.jsonl", r"no-models/\w\w: no .* pipeline.*moksori train", 2, models=False),
    "read-only, console": Fault("alerts list", r"/var/secret.key: cannot keep .*Make state_dir writable", 2, READ_ONLY),
    "Elasticsearch is down": Fault("search --count", r"no answer from the index at http://127.0.0.1:1/rev", env=INDEX),
    "PostgreSQL is down": Fault("alerts list", r"the desk's database does not answer: .*refused", env=POSTGRESQL),
    "no such database": Fault("alerts list", r"database: .*postgresql://", 2, {"MOKSORI_DATABASE": "mysql://x"}),
    "no tables": Fault("alerts list", r"the desk's tables are missing.*moksori desk migrate"),
}
"""In processes of their own: they load Django or the tagger, or their libraries have something to say too."""

QUICK_FAULTS = {
    "read-only, search": Fault("search --count", r"/var/index.db: cannot be written .*set state_dir", 2, READ_ONLY),
    "read-only, ledger": Fault("ledger", r"/var/stream.db: cannot be written .*set state_dir", 2, READ_ONLY),
    "read-only, import": Fault("import reviews.jsonl --source s", r"/var/stream.db: cannot be wr", 2, READ_ONLY),
    "wrong value": Fault(
        "ledger", r"moksori.yaml:3: brand.timezone: no such time zone.*Asia/Seoul.*found 'Mars/Base'", 2,
        yaml="brand:\n  name: x\n  timezone: Mars/Base\n",
    ),
    "unknown setting": Fault(
        "ledger", r"moksori.yaml:2: streem: unknown setting. Known here: .*stream", 2, yaml="\nstreem: x\n"
    ),
    "no YAML": Fault("ledger", r"moksori.yaml:\d: not YAML", 2, yaml="brand: [\n"),
    "no such settings file": Fault("ledger", r"nowhere.yaml: no such file", 2, {"MOKSORI_CONFIG": "nowhere.yaml"}),
    "wrong variable": Fault("ledger", r"MOKSORI_WORKER__BATCH: .*integer", 2, {"MOKSORI_WORKER__BATCH": "many"}),
    "unknown variable": Fault("ledger", r"MOKSORI_WORKER__BATHC: ", 2, {"MOKSORI_WORKER__BATHC": "5"}),
    "no secret file": Fault(
        "ledger", r"MOKSORI_INDEX_PASSWORD_FILE: gone: cannot be read", 2, {"MOKSORI_INDEX_PASSWORD_FILE": "gone"}
    ),
    "no such stream": Fault("ledger", r"stream: 'amqp://x' is no stream. Write .*kafka://", 2, STREAM),
    "no such index": Fault("search --count", r"index: 'solr://x' is no index. Write .*http://", 2, SOLR),
    "no sources": Fault("crawl", r"sources.yaml: no source to crawl.*docs/sources.md", 2),
    "no such source": Fault("crawl shoop", r"sources.yaml: no source named shoop. Declared: none", 2),
    "nothing to listen for": Fault("listen", r"sources.yaml: no source of kind webhook", 2),
    "no file to import": Fault("import nowhere.csv --source s", r"nowhere.csv", 2),
    "no name of a source": Fault("import reviews.jsonl --source Ünïque", r"Use small letters, digits", 2),
    "no counts": Fault("alerts backtest --counts reviews.jsonl --out o", r"reviews.jsonl:1: no column date, ", 2),
}  # fmt: skip


DOCTOR = "doctor"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Ended]]:
    """How all of them ended; they run side by side, since most wait rather than work."""
    folder = tmp_path_factory.mktemp("errors")
    (folder / "file").touch()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        words = {"PORT": str(taken.getsockname()[1]), "FILE": str(folder / "file")}
        running: dict[str, subprocess.Popen[str]] = {}
        results: dict[str, Ended] = {}
        doctor = Fault("doctor --json", "", env=STREAM)
        for number, (name, fault) in enumerate([*FAULTS.items(), (DOCTOR, doctor)]):
            running[name] = _start(fault, folder / str(number), words)
            if (
                len(running) >= 4
            ):  # not more at once than a small machine bears, but Kafka's 10 s pass beside the others
                first = next(each for each in running if "Kafka" not in each)
                results[first] = end(running.pop(first))
        results |= {name: end(process) for name, process in running.items()}
        yield results


def _start(fault: Fault, folder: Path, words: dict[str, str]) -> "subprocess.Popen[str]":
    folder.mkdir()
    (folder / "reviews.jsonl").write_text('{"text": "good"}\n')
    env = environment(folder, **{name: words.get(value, value) for name, value in fault.env.items()})
    env["MOKSORI_STATE_DIR"] = env["MOKSORI_STATE_DIR"].replace("FILE", words["FILE"])
    program = None if fault.models else [sys.executable, "-c", WITHOUT_MODELS]
    return start(*(words.get(word, word) for word in fault.command.split()), env=env, program=program)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_that_says_what_to_do(name: str, ended: dict[str, Ended]) -> None:
    _check(FAULTS[name], ended[name])


@pytest.mark.parametrize("name", QUICK_FAULTS)
def test_a_fault_of_settings_or_arguments_too(
    name: str, moksori: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = QUICK_FAULTS[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").touch()
    (tmp_path / "reviews.jsonl").write_text('{"text": "good"}\n')
    variables = dict(fault.env)
    if fault.yaml:
        (tmp_path / "moksori.yaml").write_text(fault.yaml)
        variables["MOKSORI_CONFIG"] = "moksori.yaml"
    _check(fault, moksori(*fault.command.split(), **variables))


def _check(fault: Fault, told: Ended) -> None:
    assert told.code == fault.code, told
    assert len(told.complaints) == 1, told.err
    assert re.search(fault.says, told.err), told.err
    assert told.err.startswith("error: ")
    assert told.out == ""
    assert "hidden" not in told.err  # the password


def test_every_fault_of_a_file_is_told_a_line_each(moksori: Run, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("brand:\n  timezone: Mars/Base\nworker:\n  batch: many\nstreem: x\n")
    told = moksori("--config", str(file), "ledger")
    assert told.code == 2
    assert re.findall(r"^error: \S+bad.yaml:(\d): ([\w.]+): ", told.err, re.M) == [
        ("2", "brand.timezone"), ("4", "worker.batch"), ("5", "streem"),
    ]  # fmt: skip


@pytest.mark.slow
def test_doctor_fails_where_something_must_be_mended(ended: dict[str, Ended]) -> None:
    told = ended[DOCTOR]
    findings = {finding["check"]: finding for finding in map(json.loads, told.lines)}
    assert told.code == 1
    assert told.err == ""
    assert (findings["stream"]["state"], findings["desk"]["state"]) == ("error", "error")
    assert findings["desk"]["remedy"] == "moksori desk migrate"


@pytest.mark.slow
def test_the_stack_trace_comes_on_request(tmp_path: Path) -> None:
    told = end(start("--debug", "ledger", env=environment(tmp_path, **STREAM)))
    assert told.code != 0
    assert "Traceback (most recent call last)" in told.err
    assert "open_stream" in told.err

"""A real stream, and real sites on this machine whose answers a test writes itself."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from moksori.demo.servers import serve_site
from moksori.demo.stage import Answer
from pipeline.models import DeadLetter, Review, Tombstone, parse_dead_letter, parse_message
from pipeline.stream import DEAD, RAW, Stream
from pipeline.stream.sqlite import SqliteStream


@dataclass
class Site:
    """Answers each path with the next of its answers, the last one again and again; 404 where there is none."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        whole = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
        answers = self.answers.get(whole) or self.answers.get(path) or [Answer(b"not here", 404)]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def page(self, path: str, *bodies: str | bytes | Answer) -> None:
        """What a path answers, in turn."""
        self.answers[path] = [
            body if isinstance(body, Answer) else Answer(body.encode() if isinstance(body, str) else body)
            for body in bodies
        ]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    with serve_site(made, made.asked) as made.url:
        yield made


@pytest.fixture
def open_site() -> Iterator[Callable[[], Site]]:
    """Further sites, each a host of its own."""
    with ExitStack() as stack:

        def make() -> Site:
            made = Site()
            made.url = stack.enter_context(serve_site(made, made.asked))
            return made

        yield make


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[Stream]:
    opened = SqliteStream(str(tmp_path / "stream.db"))
    opened.setup()
    yield opened
    opened.close()


@dataclass
class Published:
    """What lies in the stream."""

    stream: Stream

    @property
    def messages(self) -> list[Review | Tombstone]:
        found = [parse_message(record.value) for record in self.stream.read(RAW, {}, 100_000)]
        return [message for message in found if isinstance(message, Review | Tombstone)]

    @property
    def reviews(self) -> list[Review]:
        return [message for message in self.messages if isinstance(message, Review)]

    @property
    def gone(self) -> list[Tombstone]:
        return [message for message in self.messages if isinstance(message, Tombstone)]

    @property
    def dead(self) -> list[DeadLetter]:
        return [parse_dead_letter(record.value) for record in self.stream.read(DEAD, {}, 100_000)]


@pytest.fixture
def published(stream: Stream) -> Published:
    return Published(stream)

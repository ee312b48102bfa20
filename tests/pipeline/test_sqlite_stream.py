"""The embedded stream's own upkeep: what is superseded and read by all is forgotten, an erased text with it."""

from pathlib import Path

from pipeline.stream import RAW
from pipeline.stream.sqlite import SqliteStream


def values(stream: SqliteStream) -> list[bytes]:
    return [record.value for record in stream.read(RAW, {}, 100)]


def test_superseded_messages_go_once_every_group_has_read_them(tmp_path: Path) -> None:
    path = tmp_path / "stream.db"
    stream = SqliteStream(str(path))
    for value in (b"secret text", b"tombstone"):
        stream.publish(RAW, "shop:1", value)
    stream.publish(RAW, "shop:2", b"other")
    stream.flush()
    stream.setup()
    assert len(values(stream)) == 3, "nobody has read it yet"
    batch = stream.poll(RAW, "tag", 10, 0)
    stream.commit("tag", batch[:1])
    stream.commit("second", batch)
    stream.setup()
    assert values(stream) == [b"tombstone", b"other"]
    assert [record.value for record in stream.poll(RAW, "third", 10, 0)] == [b"tombstone", b"other"]
    assert stream.lag(RAW, "tag") == 2
    stream.close()
    assert b"secret text" not in path.read_bytes()

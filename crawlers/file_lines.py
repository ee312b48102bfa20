"""Reads the lines of a file with bounded memory: unpacks it, finds its encoding, and survives what is damaged."""

import codecs
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAX_LINE: Final = 4 * 2**20
"""Bytes of one line, and of one CSV row over several lines; a longer one is refused, and its first bytes are kept."""
_KEPT: Final = 64 * 1024
_CHUNK: Final = 256 * 1024
_SAMPLE: Final = 512 * 1024


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line or row that could not be read."""

    line: int
    reason: str
    raw: bytes


def unpacked(path: Path) -> Iterator[bytes]:
    """The bytes of the file, unpacked. Raises ValueError where a gzip ends too early or is damaged."""
    with path.open("rb") as file:
        if path.suffix.lower() != ".gz":
            while chunk := file.read(_CHUNK):
                yield chunk
            return
        unpacker = zlib.decompressobj(31)
        packed = b""
        begun = False
        while packed or (packed := file.read(_CHUNK)):
            try:
                out = unpacker.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise ValueError(f"the gzip is damaged: {error}") from None
            begun = True
            if out:
                yield out
            packed = unpacker.unconsumed_tail
            if unpacker.eof:  # a file may be several gzips, one after the other
                packed = unpacker.unused_data.lstrip(b"\0") or file.read(_CHUNK)
                unpacker, begun = zlib.decompressobj(31), False
        if begun and not unpacker.eof:
            raise ValueError("the gzip is cut off")


def _plain_chunks(path: Path) -> Iterator[bytes]:
    """The same in UTF-8 where the file begins with a UTF-16 mark, and without any mark."""
    chunks = unpacked(path)
    first = next(chunks, b"")
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        yield decoder.decode(first).encode("utf-8", "replace")
        for chunk in chunks:
            yield decoder.decode(chunk).encode("utf-8", "replace")
        return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from chunks


def read_lines(path: Path) -> Iterator[tuple[int, bytes | BadRow]]:
    """Lines with their numbers and ends; one that is too long, and a damaged rest, as BadRow."""
    number, held, too_long = 1, b"", False
    try:
        for chunk in _plain_chunks(path):
            pieces = (held + chunk).split(b"\n")
            held = pieces.pop()
            for piece in pieces:
                if too_long or len(piece) > MAX_LINE:
                    yield number, BadRow(number, f"the line is longer than {MAX_LINE:,} bytes", piece[:_KEPT])
                else:
                    yield number, piece + b"\n"
                number, too_long = number + 1, False
            if len(held) > MAX_LINE:
                held, too_long = held[:_KEPT], True
    except ValueError as error:
        yield number, BadRow(number, f"the file ends here: {error}", held[:_KEPT])
        return
    except OSError as error:
        yield number, BadRow(number, f"the file cannot be read on: {error.strerror}", held[:_KEPT])
        return
    if too_long:
        yield number, BadRow(number, f"the line is longer than {MAX_LINE:,} bytes", held[:_KEPT])
    elif held:
        yield number, held


def find_encoding(path: Path) -> str:
    """utf-8, or cp949 (which holds EUC-KR) where more lines of the beginning read as that."""
    sample = b""
    try:
        for chunk in _plain_chunks(path):
            sample += chunk
            if len(sample) > _SAMPLE:
                break
    except (ValueError, OSError):
        pass  # what is damaged is told when the lines are read
    lines = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    return (
        "cp949"
        if sum(_reads(line, "cp949") for line in lines) > sum(_reads(line, "utf-8") for line in lines)
        else "utf-8"
    )


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def decode(line: bytes, encoding: str) -> str:
    """The text of a line. Raises ValueError when it is none in this encoding, or binary data."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        name = "UTF-8" if encoding == "utf-8" else "cp949"
        raise ValueError(f"not text in {name}, as the rest of the file") from None
    if "\0" in text:
        raise ValueError("binary data, no text")
    return text

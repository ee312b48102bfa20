"""What a brand's labels teach: what they say and no more, in any order, and never something that is not better."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.adapt import Adapted, Label, TooFewLabels, adapt, is_held_back, merge
from nlp.brand_model import BrandModel
from nlp.compare import compare
from nlp.tagger import Input, Tagger
from nlp.themes import ThemesConfig
from pipeline.errors import SettingsError
from pipeline.models import Sentiment, Tags

_SMELL = ThemesConfig.model_validate(
    {"themes": [{"name": "smell", "labels": {"ko": "냄새", "en": "smell"}, "seeds": {"en": ["smells bad"]}}]}
)
_THINGS = ("kettle", "lamp", "chair", "blanket", "cable", "mixer", "fan", "desk", "heater", "toaster")
_PLACES = ("kitchen", "office", "garage", "bedroom", "studio", "hall", "attic", "cabin", "shop", "school")
_VERDICTS: dict[Sentiment, tuple[str, ...]] = {
    "negative": ("a real florp", "another florp", "what a florp"),
    "positive": ("zindy as ever", "so zindy", "zindy again"),
}


def brand_words(count: int = 240) -> list[Label]:
    """A brand whose customers say florp and zindy: words that no pipeline knows."""
    dice = random.Random(3)
    labels = []
    for number in range(count):
        mood: Sentiment = "negative" if number % 2 else "positive"
        text = f"The {dice.choice(_THINGS)} {number} in my {dice.choice(_PLACES)} is {dice.choice(_VERDICTS[mood])}."
        labels.append(Label(text, lang="en", sentiment=mood))
    return labels


@pytest.fixture(scope="module")
def own() -> Tagger:
    """A tagger that these tests may change, with a theme of the brand."""
    return Tagger.load(themes=_SMELL)


@pytest.fixture(scope="module")
def taught(own: Tagger) -> Adapted:
    return adapt(own, brand_words())


def tags_with(tagger: Tagger, adapted: Adapted, *texts: str) -> list[Tags]:
    assert adapted.tables is not None
    tagger.set_brand_model(BrandModel("b1", adapted.tables))
    found = tagger.tag([Input(text, lang="en") for text in texts])
    tagger.set_brand_model(None)
    return found


def test_words_of_the_brand_are_learned_and_named_in_the_model(own: Tagger, taught: Adapted) -> None:
    bad, good = tags_with(own, taught, "My bicycle is a florp.", "My bicycle is zindy.")
    assert (bad.sentiment, good.sentiment) == ("negative", "positive")
    assert bad.model.endswith("+b1")
    report = taught.reports["en"]
    assert report.better
    assert report.held_back == sum(is_held_back(label.text) for label in brand_words())
    assert report.comparison is not None
    assert (
        report.comparison.heads["sentiment"]["accuracy_after"] > report.comparison.heads["sentiment"]["accuracy_before"]
    )


def test_without_the_model_all_is_as_it_was(own: Tagger, taught: Adapted) -> None:
    inputs = [Input("My bicycle is a florp, but delivery was quick."), Input("배송이 늦었어요")]
    before = own.tag(inputs)
    tags_with(own, taught, "anything")
    assert own.tag(inputs) == before
    versions = own.pipeline_versions()
    assert [tags.model for tags in before] == [f"en-{versions['en']}", f"ko-{versions['ko']}"]


def test_the_other_way_round_turns_the_words(own: Tagger, taught: Adapted) -> None:
    turned: dict[Sentiment | None, Sentiment] = {"negative": "positive", "positive": "negative"}
    flipped = [Label(label.text, lang="en", sentiment=turned[label.sentiment]) for label in brand_words()]
    text = "My bicycle is a florp."
    (now,) = tags_with(own, taught, text)
    (other,) = tags_with(own, adapt(own, flipped), text)
    assert now.sentiment_score < 0 < other.sentiment_score


def test_order_and_copies_do_not_matter(own: Tagger, taught: Adapted) -> None:
    labels = [*brand_words(), *brand_words()]
    random.Random(5).shuffle(labels)
    again = adapt(own, labels)
    assert again.tables is not None
    assert taught.tables is not None
    assert again.reports == taught.reports
    for name in ("_weights", "_bias", "_steps", "_squares"):
        np.testing.assert_array_equal(getattr(again.tables["en"], name), getattr(taught.tables["en"], name))


def test_labels_that_say_what_the_tagger_says_bring_nothing(own: Tagger) -> None:
    texts = [f"{label.text} {said}" for label in brand_words() for said in ("I like it.",)]
    said = own.tag([Input(text, lang="en") for text in texts])
    # One of another mind, for two sentiments must be there.
    labels = [Label(text, lang="en", sentiment=tags.sentiment) for text, tags in zip(texts, said, strict=True)]
    labels += [Label(f"Awful, it broke after {n} days.", lang="en", sentiment="negative") for n in range(40)]
    assert adapt(own, labels).tables is None


def test_it_must_beat_the_model_in_use(own: Tagger, taught: Adapted) -> None:
    assert taught.tables is not None
    again = adapt(own, brand_words(), BrandModel("b1", taught.tables))
    assert again.tables is None
    assert own.models["en"].endswith("+b1")  # the model in use is left in use
    own.set_brand_model(None)


@pytest.mark.parametrize(
    "labels",
    [
        [],
        brand_words(30),
        [label for label in brand_words(400) if label.sentiment == "positive"],
        [Label(label.text, lang="en", themes={"price": False}) for label in brand_words()],
    ],
    ids=["none", "few", "one sentiment", "no text about the theme"],
)
def test_too_few_or_of_one_kind_are_refused_with_the_number_that_is_needed(own: Tagger, labels: list[Label]) -> None:
    with pytest.raises(TooFewLabels, match="10 texts to learn from in each of two sentiments.*100 labelled texts"):
        adapt(own, labels)


def test_a_theme_of_the_brand_s_own_is_learned(own: Tagger) -> None:
    labels = [
        Label(f"The {thing} for the {place} reeks of glue.", lang="en", themes={"smell": True, "delivery": False})
        for thing in _THINGS
        for place in _PLACES
    ] + [
        Label(f"The {thing} for the {place} is a van toy.", lang="en", themes={"smell": False, "delivery": False})
        for thing in _THINGS
        for place in _PLACES
    ]
    adapted = adapt(own, labels)
    assert set(adapted.reports["en"].learned) == {"theme.smell"}  # no text is about delivery
    bad, toy = tags_with(own, adapted, "Nice colour. It reeks of glue.", "A nice van toy.")
    (smell,) = [theme for theme in bad.themes if theme.name == "smell"]
    assert "reeks" in "Nice colour. It reeks of glue."[slice(*smell.evidence[0])]
    assert "smell" not in [theme.name for theme in toy.themes]


def test_a_pattern_that_misleads_is_unlearned(own: Tagger) -> None:
    said = [
        Label(f"The {thing} for the {place} {words}.", lang="en", themes={"smell": about})
        for words, about in (("smells bad", False), ("reeks", True))
        for thing in _THINGS
        for place in _PLACES
    ]
    text = "This bicycle smells bad."
    (before,) = own.tag([Input(text, lang="en")])
    (after,) = tags_with(own, adapt(own, said), text)
    assert "smell" in [theme.name for theme in before.themes]
    assert "smell" not in [theme.name for theme in after.themes]


def test_stars_teach_sides_and_leave_neutral_alone(own: Tagger) -> None:
    stars = [
        Label(label.text, lang="en", sentiment=label.sentiment, weight=0.25, by_stars=True)
        for label in brand_words(400)
    ]
    adapted = adapt(own, stars)
    neutral = "Does it come with a cable?"
    (before,) = own.tag([Input(neutral, lang="en")])
    bad, good, same = tags_with(own, adapted, "It is a florp.", "It is zindy.", neutral)
    assert bad.sentiment_score < good.sentiment_score
    assert same.sentiment == before.sentiment == "neutral"


def test_a_model_comes_back_from_disk_as_it_was(own: Tagger, taught: Adapted, tmp_path: Path) -> None:
    assert taught.tables is not None
    texts = ("My bicycle is a florp.", "zindy, but late", "ok")
    before = tags_with(own, taught, *texts)
    BrandModel("b1", taught.tables).to_disk(tmp_path)
    own.set_brand_model(BrandModel.from_disk("b1", tmp_path, ["en"]))
    assert own.tag([Input(text, lang="en") for text in texts]) == before
    own.set_brand_model(None)
    (tmp_path / "en" / "scores.npz").write_bytes(b"broken")
    with pytest.raises(SettingsError, match="cannot be read"):
        BrandModel.from_disk("b1", tmp_path, ["en"])


labels = st.lists(
    st.builds(
        Label,
        text=st.sampled_from(["good", "Good ", "bad", "so so"]),
        sentiment=st.sampled_from(["negative", "neutral", "positive", None]),
        themes=st.dictionaries(st.sampled_from(["price", "smell"]), st.booleans()),
        weight=st.sampled_from([0.25, 1.0]),
        by_stars=st.booleans(),
    ),
    max_size=8,
)


@given(some=labels, dice=st.randoms(use_true_random=False))
def test_merging_hangs_neither_on_order_nor_on_copies(some: list[Label], dice: random.Random) -> None:
    again = [*some, *some]
    dice.shuffle(again)
    assert merge(again) == merge(some)
    assert merge(merge(some)) == merge(some)


def test_a_person_is_heard_before_stars() -> None:
    stars = [Label("Fine!", sentiment="positive", weight=0.25, by_stars=True)] * 9
    (merged,) = merge([*stars, Label("fine!", sentiment="neutral")])
    assert (merged.sentiment, merged.by_stars) == ("neutral", False)


def test_nothing_gained_is_not_better() -> None:
    tags = [Tags(lang="en", sentiment="positive", sentiment_score=0.9, model="m")] * 50
    said = [Label(str(n), sentiment="positive" if n % 2 else "negative") for n in range(50)]
    found = compare(said, tags, tags)
    assert (found.wrong, found.sure, found.better) == ((25.0, 25.0), 0.0, False)
    right = [Tags(lang="en", sentiment=label.sentiment, sentiment_score=0, model="m") for label in said]  # type: ignore[arg-type]
    assert compare(said, tags, right).better
    assert not compare(said, right, tags).better

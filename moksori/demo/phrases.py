"""Composes what the invented customers write, from many clauses, so that hardly two say the same."""

import random
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

Language = Literal["ko", "en"]
Mood = Literal["positive", "neutral", "negative"]
_BLANK: Final = re.compile(r"\{(\w+)\}")
_KO_TAILS: Final = {
    "positive": ("", "", "", "", "!", "!!", " ㅎㅎ", "~", " ^^", " ♡"),
    "neutral": ("", "", ".", ""),
    "negative": ("", "", "", "", " ㅠㅠ", "...", " ㅡㅡ", "!!", ";;", " 하"),
}


@dataclass(frozen=True, slots=True)
class Product:
    """Something that the invented brand sells. page: how its page is built."""

    slug: str
    name: str
    category: str
    share: int
    item: tuple[str, str]
    good: tuple[str, ...]
    bad: tuple[str, ...]
    page: str = "plain"


def read_yaml(name: str) -> dict[str, Any]:
    """A data file of the demo."""
    data = yaml.safe_load(files("moksori.demo").joinpath(name).read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


@cache
def products() -> tuple[Product, ...]:
    """The shop's range, most talked about ones as their shares say."""
    entries: list[dict[str, Any]] = read_yaml("products.yaml")["products"]
    lists = ("item", "good", "bad")
    return tuple(Product(**{**entry, **{name: tuple(entry[name]) for name in lists}}) for entry in entries)


@cache
def _texts(language: Language) -> dict[str, Any]:
    return read_yaml(f"texts_{language}.yaml")


class Voice:
    """Speaks one language with the given randomness; the same seed says the same."""

    def __init__(self, language: Language, rng: random.Random) -> None:
        self._texts = _texts(language)
        self._rng = rng
        self.language: Language = language

    def about_product(self, mood: Mood, theme: str, product: Product) -> str:
        """A review of a product that is mainly about one theme."""
        if mood == "neutral":
            return self._fill(self._rng.choice(self._texts["neutral"]), product)
        clauses = list(self._texts[mood][theme])
        if theme == "quality" and self.language == "ko":
            clauses += [*(product.good if mood == "positive" else product.bad)] * 3
        said = [self._rng.choice(clauses)]
        if mood == "positive" and self._rng.random() < 0.6:
            other = self._rng.choice(["quality", "quality", "delivery", "price", "service"])
            said += [self._rng.choice(self._texts[mood][other])]
        elif mood == "negative" and self._rng.random() < 0.35:
            said += [self._rng.choice(clauses)]
        return self._join(mood, list(dict.fromkeys(said)), product)

    def about_surge(self, product: Product) -> str:
        """A complaint of the days on which one product does not arrive."""
        said = self._rng.sample(self._texts["surge_delivery"], k=1 + (self._rng.random() < 0.3))
        return self._join("negative", said, product)

    def about_app(self, mood: Mood) -> str:
        """A review of the app."""
        if mood == "neutral":
            return self._fill(self._rng.choice(self._texts["neutral"]), None)
        said = self._rng.sample(self._texts[f"app_{mood}"], k=1 + (self._rng.random() < 0.4))
        return self._join(mood, said, None, opener="")  # openers speak of things bought

    def post(self, text: str, product: Product) -> str:
        """The text as a public post with the brand's hashtag."""
        return self._fill(self._rng.choice(self._texts["post"]), product).replace("{text}", text)

    def contact(self) -> str:
        """A sentence that gives a telephone number or an address; the numbers are nobody's."""
        phone = f"010-55{self._rng.randrange(100):02d}-{self._rng.randrange(10000):04d}"
        email = f"user{self._rng.randrange(1000)}@mail.example"
        sentence: str = self._rng.choice(self._texts["contact"])
        return sentence.replace("{phone}", phone).replace("{email}", email)

    def spam(self) -> str:
        text: str = self._rng.choice(self._texts["spam"])
        return text

    def title(self, mood: Mood) -> str:
        if mood == "neutral":
            return ""
        text: str = self._rng.choice(self._texts[f"title_{mood}"])
        return text

    def author(self) -> str:
        return f"{self._rng.choice(self._texts['authors'])}{self._rng.choice(['', '', self._rng.randrange(1, 999)])}"

    def _join(self, mood: Mood, clauses: list[str], product: Product | None, opener: str | None = None) -> str:
        if opener is None:
            opener = self._rng.choice(self._texts[f"opener_{mood}"])
        closer = self._rng.choice(self._texts[f"closer_{mood}"])
        parts = [opener, *(self._end(mood, clause) for clause in clauses), closer]
        text = self._fill(" ".join(part for part in parts if part), product)
        if self.language == "en":
            text = re.sub(r"(^|[.!?:] )([a-z])", lambda m: m[1] + m[2].upper(), text)
        return text

    def _end(self, mood: Mood, clause: str) -> str:
        if self.language == "en":
            return clause + self._rng.choice([".", ".", ".", "!"])
        return clause + self._rng.choice(_KO_TAILS[mood]) if clause[-1] not in ".!?" else clause

    def _fill(self, text: str, product: Product | None) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] == "item":
                return (product.item[0 if self.language == "ko" else 1]) if product else "app"
            if match[1] in self._texts["slots"]:
                return str(self._rng.choice(self._texts["slots"][match[1]]))
            return match[0]

        return _BLANK.sub(value, text)

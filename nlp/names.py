"""The brand's dictionary: names of brands and products, which stay whole as one token."""

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Final
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _written(name: str) -> str:
    name = normalize("NFC", " ".join(name.split()))
    if not any(letter.isalnum() for letter in name):
        raise ValueError("a name needs at least one letter or digit")
    return name


Written = Annotated[str, AfterValidator(_written), Field(min_length=1, max_length=100)]


class Name(BaseModel):
    """A brand or product, and the other ways in which customers write it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Written
    aliases: tuple[Written, ...] = ()


class NamesConfig(BaseModel):
    """config/names.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brands: tuple[Name, ...] = ()
    products: tuple[Name, ...] = ()

    def all_names(self) -> tuple[str, ...]:
        """Every name and alias once, for `Tagger.set_names`."""
        entries = (*self.brands, *self.products)
        return tuple(dict.fromkeys(written for entry in entries for written in (entry.name, *entry.aliases)))


_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]")
# What may follow a short Korean name without a blank: otherwise 배달의민족 would be found inside any longer word.
_PARTICLES: Final = (
    "은|는|이|가|을|를|의|에|에서|에게|로|으로|와|과|랑|이랑|도|만|까지|부터|보다|처럼|께|한테|하고|이나|나|이라|라|이다|"
    "입니다|인데|예요|이에요|고"
)


class NameFinder:
    """Finds the names of a dictionary in a text: the longest first, in any case, with or without inner blanks."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names: tuple[str, ...] = tuple(
            sorted({_written(name).lower() for name in names if name.strip()}, key=lambda name: (-len(name), name))
        )
        self._pattern = re.compile("|".join(map(_as_pattern, self.names)), re.IGNORECASE) if self.names else None

    def find(self, text: str) -> Sequence[tuple[int, int]]:
        """[start, end) of each name, in order, without overlaps."""
        return [match.span() for match in self._pattern.finditer(text)] if self._pattern else []


def as_token(name: str) -> str:
    """A name as one token: lower case, NFC, no blanks."""
    return "".join(normalize("NFC", name).lower().split())


def _as_pattern(name: str) -> str:
    body = r"\s?".join(re.escape(part) for part in name.split())
    if _HANGUL.search(name[-1]):
        if len(name) >= 3:
            return rf"(?<![a-z0-9]){body}" if not _HANGUL.match(name) else body
        return rf"(?<!\w){body}(?=(?:{_PARTICLES})?(?!\w))"
    return rf"(?<![^\W\uac00-\ud7a3]){body}(?![^\W\uac00-\ud7a3])"

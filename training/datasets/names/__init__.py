"""names: first names of 3 to 10 letters from the 1990 census of the United States.

The lists lie beside this file; SOURCE.md says where they are from.
"""

import hashlib
import string
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from training.datasets import Dataset, Split
from training.errors import DataError

ALPHABET = tuple(string.ascii_lowercase)
SHORTEST, LONGEST = 3, 10
FILES = {
    "female": "bd2f310fc4e5d5e5ea122c9d4342c9821145823118eb20db1647f305ec77b358",
    "male": "0a5078ef6effe3b483d15b0f7f95047662126c9bfb624ecd5e5b978fc0f2470b",
}
LABELS = ("female", "male", "both")


class Name(NamedTuple):
    """A first name, in lower case, and its share of the women and of the men, in percent."""

    letters: str
    female: float
    male: float

    @property
    def label(self) -> int:
        """Of which list it is, a place in LABELS."""
        return LABELS.index(
            "both" if self.female and self.male else "female" if self.female else "male"
        )


def read(folder: Path = Path(__file__).parent) -> list[Name]:
    """All names of 3 to 10 letters, by the hash of their letters, so that any part is a fair one.

    Raises:
        DataError: if a list is not the one that SOURCE.md describes.
    """
    shares: dict[str, dict[str, float]] = {}
    for sex, sha256 in FILES.items():
        file = folder / f"dist.{sex}.first"
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DataError(f"{file} could not be read; install the package again.") from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DataError(
                f"{file} is not the list of the 1990 census; install the package again."
            )
        for line in content.decode("ascii").splitlines():
            name, share, *_ = line.split()
            shares.setdefault(name.lower(), {})[sex] = float(share)
    names = [
        Name(letters, of.get("female", 0), of.get("male", 0))
        for letters, of in shares.items()
        if SHORTEST <= len(letters) <= LONGEST
    ]
    return sorted(names, key=lambda name: hashlib.sha256(name.letters.encode("ascii")).digest())


def tokens(word: str, alphabet: tuple[str, ...] = ALPHABET, longest: int = LONGEST) -> list[int]:
    """A word as its letters' places in the alphabet, from 1, filled up with 0 to `longest`.

    Raises:
        DataError: if the word is empty or too long, or a letter is not in the alphabet.
    """
    letters = word.strip().lower()
    if not letters:
        raise DataError(f"The word is empty; type 1 to {longest} letters.")
    for letter in letters:
        if letter not in alphabet:
            raise DataError(
                f"{letter!r} is not in the alphabet of this model, which is {alphabet[0]} to "
                f"{alphabet[-1]}."
            )
    if len(letters) > longest:
        raise DataError(
            f"{letters!r:.40} has {len(letters)} letters; this model reads at most {longest}."
        )
    places = [alphabet.index(letter) + 1 for letter in letters]
    return places + [0] * (longest - len(places))


def word(tokens: list[int] | tuple[int, ...], alphabet: tuple[str, ...] = ALPHABET) -> str:
    """The letters up to the first 0."""
    ends = [*tokens, 0].index(0)
    return "".join(alphabet[token - 1] for token in tokens[:ends])


def names() -> Dataset:
    """The names as a data set of words; a tenth of them each to validate and to test."""
    every = read()
    tenth = len(every) // 10
    parts = {
        "train": every[2 * tenth :],
        "validation": every[tenth : 2 * tenth],
        "test": every[:tenth],
    }
    return Dataset(
        name="names",
        source="1990 census of the United States, first names, as in PyPI's names 0.3.0",
        licence="public domain",
        shape=(LONGEST,),
        splits={
            part: Split(
                torch.tensor([tokens(name.letters) for name in parts[part]], dtype=torch.uint8),
                torch.tensor([name.label for name in parts[part]], dtype=torch.int32),
                _unpack,
            )
            for part in parts
        },
        labels=LABELS,
        alphabet=ALPHABET,
    )


def _unpack(stored: Tensor) -> Tensor:
    return stored.long()

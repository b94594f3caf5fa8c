"""The names: which they are, how a word becomes tokens, and what is refused."""

import shutil
from pathlib import Path

import pytest

from training.datasets import names
from training.errors import DataError


def test_the_names_of_the_1990_census() -> None:
    read = names.read()
    assert len(read) == 5124
    assert len({name.letters for name in read}) == 5124
    by_letters = {name.letters: name for name in read}
    assert by_letters["mary"] == ("mary", 2.629, 0.009)
    assert by_letters["robert"].male == 3.143
    assert [name.letters for name in sorted(read, key=lambda name: -name.male)[:3]] == [
        *("james", "john", "robert")
    ]
    labels = [name.label for name in read]
    assert [labels.count(place) for place in range(3)] == [3912, 882, 330]
    assert not {"jo", "christopher"} & by_letters.keys()  # two letters and eleven


def test_words_and_tokens() -> None:
    assert names.tokens("maria") == [13, 1, 18, 9, 1, 0, 0, 0, 0, 0]
    assert names.tokens(" Zoe ") == [26, 15, 5, 0, 0, 0, 0, 0, 0, 0]
    for name in names.read():
        assert names.word(names.tokens(name.letters)) == name.letters


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("", "The word is empty; type 1 to 10 letters."),
        ("  ", "The word is empty; type 1 to 10 letters."),
        ("josé", "'é' is not in the alphabet of this model, which is a to z."),
        ("anna-lena", "'-' is not in the alphabet of this model, which is a to z."),
        ("christopher", "'christopher' has 11 letters; this model reads at most 10."),
    ],
)
def test_words_that_are_refused(word: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        names.tokens(word)
    assert str(caught.value) == message


def test_another_list_is_refused(tmp_path: Path) -> None:
    source = Path(names.__file__).parent
    for file in ("dist.female.first", "dist.male.first"):
        shutil.copy(source / file, tmp_path)
    with (tmp_path / "dist.male.first").open("a") as file:
        file.write("MAX 0.1 0.1 9999\n")
    with pytest.raises(DataError, match=r"male\.first is not the list of the 1990 census"):
        names.read(tmp_path)
    (tmp_path / "dist.female.first").unlink()
    with pytest.raises(DataError, match=r"female\.first could not be read"):
        names.read(tmp_path)

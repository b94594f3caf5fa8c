"""A folder without a card: which of the causes it is, and a command only where it would work."""

import shlex
from pathlib import Path

import pytest

from training.contract import absence
from training.contract.absence import why_no_card
from training.contract.card import CARD, MODEL
from training.contract.files import read_card
from training.contract.version1 import FILES
from training.errors import CheckpointError

CAUSES = {
    "begun": ([absence.RESUME, absence.METRICS], "its training has not finished"),
    "at its first step": ([absence.METRICS], "its training has not finished"),
    "measured, with all files": ([absence.RESUME, *FILES], "its training has not finished"),
    "embed was cut off": ([absence.READY, *FILES, absence.METRICS], "was cut off; run `python -m"),
    "a copy that was cut off": ([*FILES, absence.METRICS], "copy the whole folder again"),
    "Hugging Face's": (["config.json", MODEL], "another program made these weights"),
    "PyTorch's": (["last.PT", "log.txt"], "another program made these weights"),
    "a trained folder of nobody": (["notes.txt"], "nothing else of a checkpoint"),
    "empty": ([], "nothing else of a checkpoint"),
}


@pytest.mark.parametrize(("names", "words"), CAUSES.values(), ids=CAUSES.keys())
def test_the_cause_is_named_in_one_sentence(tmp_path: Path, names: list[str], words: str) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name == absence.READY else (tmp_path / name).touch()
    with pytest.raises(CheckpointError) as refused:
        read_card(tmp_path)
    sentence = str(refused.value)
    assert sentence.startswith(f"{tmp_path.name} has no {CARD}")
    assert words in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")


def test_a_command_can_be_pasted() -> None:
    place = "runs/my model's"
    said = why_no_card("mine", [absence.READY], place)
    command = said.split("`")[1]
    assert shlex.split(command) == ["python", "-m", "training", "embed", place]
    assert "embed` on this folder again" in why_no_card("mine", [absence.READY])

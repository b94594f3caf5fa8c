"""What a job is to do, as it is kept with the job, and read as strictly as a form."""

from __future__ import annotations

import json

import msgspec

from explorer.jobs.exchange import Form, Treatment
from training.contract.fields import Magnitude, Positive, Record, Text
from training.contract.reading import read


class Training(Record, frozen=True, tag_field="do", tag="train"):
    """The run of a filled-in form.

    Fields:
        seconds: that it may take.
        recipe, overrides: of `python -m training train`.
        images: the id of a visitor's images, and `zip` their file; empty of a run on other data.
    """

    title: Text
    steps: Positive
    seconds: Magnitude
    recipe: Text
    overrides: tuple[Text, ...]
    form: Form
    images: Text = ""
    zip: Text = ""


class Treating(Record, frozen=True, tag_field="do", tag="treat"):
    """A patient of the collapse clinic, trained anew with a cure."""

    title: Text
    steps: Positive
    seconds: Magnitude
    form: Treatment


Asked = Training | Treating


def written(asked: Asked) -> str:
    """As it is kept."""
    return msgspec.json.encode(asked).decode()


def kept(text: str) -> Asked:
    """What was kept.

    Raises:
        ConfigError: naming the field, if it is not what this version keeps.
    """
    tree = {"do": "train", **json.loads(text)}  # which an earlier version left out
    for name in ("patient", "cure"):  # which it kept beside the form that has them
        tree.pop(name, None)
    return read(Asked, tree, "job")  # type: ignore[arg-type]

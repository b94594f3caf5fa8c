"""What the explorer and `training.workers.live` say to each other, a line of JSON each."""

from typing import Literal

from training.contract.fields import Count, Magnitude, Number, Record, Text


class Order(Record, frozen=True, omit_defaults=True):
    """What the worker is to do; only `job` and what its kind needs is given.

    Fields:
        do: `train` begins a run, or goes on with the one that the folder holds; `treat` trains a
            script of the collapse clinic anew with a cure; `finish` makes a whole checkpoint of a
            run's best weights; `pause` saves the run that is on, and leaves it.
        folder: of the job. `data` is that of the data sets, `images` the file of a visitor's
            images, whose path no configuration has.
        patient, cure: from 1, and from 0.
    """

    do: Literal["train", "treat", "finish", "pause", "end"]
    job: Text = ""
    folder: Text = ""
    data: Text = ""
    images: Text = ""
    recipe: Text = ""
    overrides: tuple[Text, ...] = ()
    title: Text = ""
    patient: Count = 0
    cure: Count = 0


class Event(Record, frozen=True, omit_defaults=True):
    """What happened.

    Fields:
        what: `ready` once the worker has loaded what it needs; of a job a `step` a few times a
            second, a `snapshot` whenever the growing model can be opened anew, and at last
            `trained`, `paused`, `finished` or `failed`.
        seconds: for which it has trained.
        train, validation: losses; None where they were not measured, or are not finite.
        name: of the files of the snapshot.
        sentence: why it failed.
    """

    what: Literal["ready", "step", "snapshot", "paused", "trained", "finished", "failed"]
    job: Text = ""
    step: Count = 0
    seconds: Magnitude = 0.0
    train: Number | None = None
    validation: Number | None = None
    name: Text = ""
    sentence: Text = ""

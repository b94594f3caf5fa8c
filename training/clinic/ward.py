"""What the page of the clinic shows, measured beforehand: every patient and every cure."""

import base64
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from training.clinic import patients
from training.clinic.run import PICTURED, VALIDATION, Record, binary, train
from training.clinic.script import Script, line_of
from training.contract.clinic import Cure, Measured, Patient, Seen, Ward
from training.contract.files import as_json, write_bytes
from training.contract.reading import checked
from training.datasets import Dataset


def seen(record: Record) -> Seen:
    """A record as it is written: four digits are what a plot shows."""
    test = {name: _short(value, 6) for name, value in record.test.items()}
    return Seen(
        steps=tuple(record.steps),
        reported=_curve(record.reported),
        reconstruction=_curve(record.reconstruction),
        kl=_curve(record.kl),
        honest=_curve(record.honest),
        encoder=_curve(record.encoder),
        decoder=_curve(record.decoder),
        kl_by_latent=_curve(record.kl_by_latent),
        reconstructions=_packed(record.reconstructions),
        samples=_packed(record.samples),
        test=Measured(**test) if test else None,
    )


def _curve(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(_short(value, 4) for value in values)


def _short(value: float, digits: int) -> float | None:
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _packed(pictures: Sequence[Sequence[int]]) -> str:
    return base64.b64encode(bytes(pixel for picture in pictures for pixel in picture)).decode()


def ward(dataset: Dataset, on_run: Callable[[str], None]) -> Ward:
    """Train every patient, and every cure that is offered to one.

    Args:
        on_run: is called with a line on each run that ended.
    """
    records: dict[Script, Record] = {}

    def number_of(script: Script, title: str) -> int:
        if script not in records:
            found = train(script, dataset, lambda *_: False)
            assert found is not None
            records[script] = found
            on_run(f"{title}: −ELBO {found.test['neg_elbo']:.1f} nats")
        return list(records).index(script)

    images = binary(dataset, "test")
    floor = patients.floor(images)
    healthy = number_of(Script(), "Without a fault")
    written = []
    for number, one in enumerate(patients.PATIENTS, 1):
        words = {
            "floor": f"{floor:.1f}",
            "images": one.script.images,
            "epochs": one.script.epochs,
        }
        patient = Patient(
            complaint=one.complaint.format(**words),
            record=number_of(one.script, f"Patient {number}"),
            found=one.found,
            others=one.others,
            cures=tuple(
                Cure(cure.label, number_of(one.treated(at), f"  {cure.label}"))
                for at, cure in enumerate(one.cures)
            ),
            right=one.right,
            wrong=line_of(one.wrong),
            correct=line_of(one.correct),
            because=one.because.format(**words),
        )
        written.append(patient)
    made = Ward(
        source=dataset.source,
        licence=dataset.licence,
        torch=str(torch.__version__),
        held_out=min(VALIDATION, len(dataset.splits["validation"])),
        test=len(images),
        floor=round(floor, 1),
        originals=_packed((images[:PICTURED] * 255).int().tolist()),
        diagnoses=patients.DIAGNOSES,
        healthy=healthy,
        records=tuple(seen(record) for record in records.values()),
        patients=tuple(written),
    )
    return checked(made, "the ward")


def write(made: Ward, path: Path) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, as_json(made))

"""What commands print and return when they are done."""

from pathlib import Path

from training.contract.card import Card
from training.contract.measurements import Metric
from training.contract.outputs import Pixels

INTERRUPTED = 130


def report(folder: Path, card: Card) -> None:
    """Print what was measured."""
    print(f"{folder} · {card.summary}")
    for metric in card.metrics:
        print(f"  {metric.label:19} {metric.value:9.2f} {metric.unit:7} {where_from(metric)}")


def report_map(folder: Path, card: Card) -> None:
    """Print what was embedded, and how faithful the maps are."""
    examples = card.examples
    if examples is None:
        return
    sheets = len(examples.sheets)
    if isinstance(card.output, Pixels):
        on = f"images on {sheets} sheet{'s' if sheets > 1 else ''}"
        print(f"{folder} · codes and thumbnails of {examples.count:,} {examples.split} {on}")
    else:
        print(f"{folder} · codes of {examples.count:,} {examples.split} words")
    for metric in card.map.metrics if card.map else ():
        print(f"  {metric.label:23} {metric.value:8.4f} {metric.unit:12} {where_from(metric)}")


def where_from(metric: Metric) -> str:
    """The examples and the seed that a number is measured with."""
    return f"{metric.split}, {metric.samples:,} examples, seed {metric.seed}"

"""`python -m explorer lessons check [LESSON …]`: hold every lesson to the models that are here.

`python -m explorer lessons materials --out FOLDER` writes what a teacher takes from each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from explorer.lessons import LESSONS
from explorer.lessons.bench import Bench, shipped
from explorer.lessons.check import measure, outside, read_all
from explorer.lessons.translation import translations
from training.contract.errors import UserError


def main(arguments: Sequence[str]) -> int:
    """Return 0 where every figure is in its band, 1 after a sentence for each that is not."""
    parser = argparse.ArgumentParser(prog="python -m explorer lessons")
    commands = parser.add_subparsers(required=True, dest="command")
    check = commands.add_parser("check", help="measure every figure and hold it to its band")
    check.add_argument(
        "lesson", nargs="*", choices=[[], *LESSONS], help="one of " + ", ".join(LESSONS)
    )
    handed = commands.add_parser(
        "materials", help="write teacher's pages, worksheets, quizzes and notebooks"
    )
    handed.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.command == "materials":
        return _materials(options.out)
    return run(options.lesson or LESSONS, shipped())


def _materials(folder: Path) -> int:
    from explorer.materials import files  # it imports this module

    try:
        count = sum(1 for _ in files.write(folder))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{folder} could not be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"{folder} · {count} files for {len(LESSONS)} lessons.")
    return 0


def run(names: Sequence[str], bench: Bench) -> int:
    """Measure the lessons of these names, and print what was found."""
    wrong = 0
    try:
        models = model_names(bench)
        lessons = read_all(names, models)
        translated = list(translations(lessons, models))
        for lesson in lessons:
            values = measure(lesson, bench)
            print(f"{lesson.front.id} ({lesson.front.title})")
            for name, probe in lesson.front.figures.items():
                low, high = probe.band
                written = f"{values[name]:.{probe.decimals}f} {probe.unit}".strip()
                print(f"  {name:20} {written:>24}   [{low:g}, {high:g}]")
            for sentence in outside(lesson, values):
                wrong += 1
                print(sentence, file=sys.stderr)
            for language, words, ones in translated:
                for one in ones:
                    if one.front.id == lesson.front.id:
                        title = f"{words.name}: {one.front.title}"
                        print(f"  the same figures and bands in {language} ({title})")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 1 if wrong else 0


def model_names(bench: Bench) -> list[str]:
    """The ids that a lesson may open."""
    return sorted(folder.name for folder in bench.models.iterdir() if folder.is_dir())

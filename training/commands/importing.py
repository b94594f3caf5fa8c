"""`import`: take a model of another program over into a checkpoint folder."""

import argparse
import shlex
import sys
from pathlib import Path
from typing import get_args

from training.commands.arguments import RUNS, add_no_map
from training.contract.outputs import LikelihoodName
from training.errors import ConfigError
from training.importing.found import Said, Shape, Values

HELP = "import a model of pythae, diffusers, Lightning, PyTorch or ONNX"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument(
        "model",
        type=Path,
        help="a folder of pythae or diffusers, a state dict, a Lightning checkpoint, decoder.onnx",
    )
    parser.add_argument("--out", type=Path, help="the checkpoint folder (default: runs/NAME)")
    parser.add_argument(
        "--images", type=Path, help="a folder of images or a .npz, for codes, map and examples"
    )
    parser.add_argument(
        "--class",
        dest="network",
        metavar="MODULE:CLASS",
        help="the class whose weights these are; importing it runs its code",
    )
    parser.add_argument("--args", metavar="JSON", help="the arguments of the class, as JSON")
    parser.add_argument(
        "--encoder", type=Path, help="the encoder's ONNX file, if the model is a decoder's"
    )
    parser.add_argument("--shape", help="of an image: channels,height,width, like 1,28,28")
    parser.add_argument(
        "--latents", type=int, help="how many latents there are, if there is no encoder"
    )
    parser.add_argument(
        "--prior", choices=["normal", "none"], help="whether N(0, I) was the prior of the latents"
    )
    parser.add_argument("--likelihood", choices=[*get_args(LikelihoodName), "none"])
    parser.add_argument(
        "--values",
        choices=get_args(Values),
        help="what the decoder gives: in [0, 1] (unit), in [-1, 1], logits, or cut to [0, 1]",
    )
    parser.add_argument(
        "--directions", type=int, help="principal directions of latents that are images (16)"
    )
    parser.add_argument("--title", help="what the explorer calls it")
    parser.add_argument("--source", default="not said", help="where the training data come from")
    parser.add_argument("--licence", default="not said", help="the licence of the training data")
    add_no_map(parser)


def run(options: argparse.Namespace) -> int:
    """Write the checkpoint folder; say what was not taken over, and how to give it."""
    from training.importing.import_model import import_model

    said = Said(
        network=options.network,
        arguments=options.args,
        encoder=options.encoder,
        shape=None if options.shape is None else _shape(options.shape),
        latents=options.latents,
        prior=options.prior,
        likelihood=options.likelihood,
        values=options.values,
        directions=options.directions,
    )
    folder = options.out or RUNS / _name(options.model)
    card, left = import_model(
        *(options.model, folder, said, options.images, options.title),
        *(options.source, options.licence, not options.no_map),
    )
    numbers = [f"{metric.label} {metric.value:.4g} {metric.unit}" for metric in card.metrics]
    opened = f"latent-explorer {shlex.quote(str(folder))}"
    print(f"{folder}: {'; '.join([card.summary, *numbers])}. Open it: {opened}")
    for sentence in left:
        print(f"Not imported: {sentence.rstrip('.')}.", file=sys.stderr)
    return 0


def _name(model: Path) -> str:
    """A folder's or file's name, without spaces; `final_model` is pythae's for every model."""
    place = model.resolve()
    name = place.parent.name if place.name in ("final_model", "vae") else place.stem
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)


def _shape(text: str) -> Shape:
    try:
        channels, height, width = (int(word) for word in text.replace("x", ",").split(","))
    except ValueError as error:
        raise ConfigError(f"--shape got {text!r:.60}; it takes 1,28,28: channels first.") from error
    return channels, height, width

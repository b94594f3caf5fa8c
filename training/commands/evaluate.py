"""`evaluate`: measure a checkpoint on the test split again."""

import argparse

from msgspec.structs import replace

from training.checkpoints.locking import changing
from training.commands.arguments import add_data, add_folder, add_seed, data_of, seed_of
from training.commands.report import report
from training.commands.taken_over import refuse_taken_over
from training.config import configuration
from training.contract.files import write_card

HELP = "measure a checkpoint on the test split again"


def add(parser: argparse.ArgumentParser) -> None:
    """Its arguments."""
    parser.add_argument(
        "--likelihood",
        type=int,
        metavar="K",
        help="also the importance-weighted bound on ln p(x), with K samples an image: 5,000 are "
        "usual, and take minutes to hours",
    )
    add_folder(parser)
    add_seed(parser)
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Measure again and put the numbers into the card."""
    from training.checkpoints import checkpoint
    from training.evaluation.evaluate import measure, measure_likelihood
    from training.evaluation.factors import measure_factors
    from training.evaluation.reconstructions import measure_reconstructions
    from training.evaluation.samples import measure_samples

    with changing(options.folder):
        refuse_taken_over(
            options.folder,
            "What its card says was measured then. To measure it on other images, make it again "
            "with them: `python -m training import MODEL --images FOLDER --out NEW`.",
        )
        model, card = checkpoint.load(options.folder)
        config = configuration(card, options.folder.name)
        seed = seed_of(options, card)
        dataset = data_of(options, card)
        metrics, latents, provenance = measure(model, dataset, config, seed)
        if options.likelihood is not None:
            metrics += measure_likelihood(model, dataset, config, seed, options.likelihood)
        metrics += measure_reconstructions(config.model, model, dataset, seed)
        of_factors, information = measure_factors(model, dataset, config, seed)
        card = replace(
            card,
            metrics=metrics + measure_samples(config.model, model, dataset, seed) + of_factors,
            latents=latents,
            latents_provenance=provenance,
            information=information,
            parameters=sum(parameter.numel() for parameter in model.parameters()),
        )
        card = write_card(options.folder, card)
    report(options.folder, card)
    return 0

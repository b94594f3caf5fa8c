"""The tables that `reproduce` makes: recipes, seeds, and the published figures beside them.

Nothing here needs torch.
"""

from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from training.checkpoints.locking import writing_to
from training.config import RunConfig, from_json, with_seed
from training.contract.reading import plain
from training.contract.table import TABLE, Published, Row, Run, Table, read_table, write_table
from training.errors import ConfigError
from training.recipes import RECIPES

SEEDS = (0, 1, 2)
PATIENCE_S = 60.0  # writing a table takes a moment
REPLAYED = ("sprites-beta1", "sprites-beta4", "sprites-beta16", "sprites-tcvae", "sprites-capacity")
BURDA = "Burda et al. 2016, Table 1, 5,000 samples"
KIM = "Kim & Mnih 2018, 300,000 steps (recalled, not checked)"
CHEN = (
    "the code of Chen et al. 2018, as a user reports (issue 64 of "
    "YannDubs/disentangling-vae): a dense network, sampled codes, shape left out"
)


@dataclass(frozen=True)
class Plan:
    """A table without its runs, and what is kept of every run.

    Fields:
        ships: the runs, recipe and seed, that become whole checkpoints, with their maps.
        keeps_models: whether decoder and codes of every other run lie beside table.json.
        keeps_weights: whether the weights of every run do, from which it can be measured again.
        replays: recipe and seed of the runs whose snapshots are measured, and kept, as well.
        likelihood_samples: of q(z|x) an image, for the bound on ln p(x); 0: it is not measured.
    """

    table: Table
    ships: tuple[tuple[str, int], ...] = ()
    keeps_models: bool = False
    keeps_weights: bool = False
    replays: tuple[tuple[str, int], ...] = ()
    likelihood_samples: int = 0

    def checkpoint(self, recipe: str, seed: int) -> str | None:
        """The name of the whole checkpoint that a run becomes; None: it becomes none."""
        if (recipe, seed) not in self.ships:
            return None
        return f"{recipe}-seed{seed}" if seed else recipe


@dataclass(frozen=True)
class Places:
    """Where data are read, where runs are trained, and where tables are written.

    A table refers to shipped checkpoints as `../../models`, so these lie beside `tables`.
    """

    data: Path
    runs: Path
    tables: Path

    def run(self, table: str, recipe: str, seed: int) -> Path:
        """The folder in which a run trains."""
        return self.runs / table / f"{recipe}-s{seed}"

    @property
    def models(self) -> Path:
        """The folder of shipped checkpoints."""
        return self.tables.parent / "models"


def _rung(beta: float) -> Row:
    published = (Published("factor_vae_score", 0.73, KIM),) if beta == 4 else ()
    return Row(
        recipe=f"sprites-beta{beta:g}",
        title=f"β = {beta:g}",
        intent="A VAE" if beta == 1 else "β-VAE",
        seeds=SEEDS,
        beta=beta,
        published=published,
    )


SPRITES = Table(
    name="sprites",
    title="Disentanglement on sprites",
    intent="Ten latents under different objectives, and how well each latent keeps to one factor "
    "of the images. The runs differ in the objective, some also in precision, and see 4.8 million "
    "images each.",
    command="python -m training reproduce sprites",
    metrics=(
        "mig",
        "factor_vae_score",
        "beta_vae_score",
        "dci_disentanglement",
        "dci_completeness",
        "sap",
        "modularity",
        "info_modularity",
        "info_compactness",
        "info_explicitness",
        "neg_elbo",
        "kl",
        "reconstruction",
        "iou_heart",
        "share_shape",
        "share_orientation",
    ),
    rows=(
        *(_rung(beta) for beta in (0.5, 1, 2, 4, 8, 16)),
        Row(
            "sprites-tcvae",
            "β-TCVAE",
            "β-TCVAE with β = 4",
            SEEDS,
            published=(Published("mig", 0.5, CHEN),),
            formerly=("sprites-tcvae-short", "sprites-tcvae-long"),
        ),
        Row(
            "sprites-factor",
            "FactorVAE",
            "FactorVAE with γ = 20",
            SEEDS,
            published=(Published("factor_vae_score", 0.82, KIM),),
            formerly=("sprites-factor-long",),
        ),
        Row("sprites-capacity", "Capacity", "C from 0 to 20 nats", SEEDS),
    ),
    examples="sprites-beta4",
    images=1000,
)

QUANTIZED = Table(
    name="quantized",
    title="Latents of a few values",
    intent="Twelve latents that take one of ten values each, under weights that are pressed hard "
    "(Hsu et al. 2023), to set beside the ladder of β above and beside a β-VAE of scenes. The "
    "paper trains for 200,000 steps; ours for 20,000, of 64 images each.",
    command="python -m training reproduce quantized",
    metrics=(
        "info_modularity",
        "info_compactness",
        "info_explicitness",
        "mig",
        "dci_disentanglement",
        "dci_completeness",
        "reconstruction",
        "levels_used",
        "active_units",
    ),
    rows=(
        Row("sprites-qlae", "Sprites", "Quantized autoencoder", SEEDS),
        Row("scenes-qlae", "Scenes", "Quantized autoencoder", SEEDS),
        Row(
            "scenes-qlae-tc",
            "Scenes, total correlation",
            "Quantized autoencoder, total correlation pressed with γ = 10",
            SEEDS,
        ),
        Row("scenes", "Scenes, β-VAE", "β = 4, ten latents of any value, 30,000 steps", (0,)),
    ),
)

MNIST = Table(
    name="mnist",
    title="Likelihood on MNIST",
    intent="The networks of Burda et al. 2016 with one stochastic layer of 50 latents, on digits "
    "whose pixels are drawn anew from their grey levels at every use. The paper trains for 3,280 "
    "epochs; ours see 1.2 million images each (22 epochs), in the same batches and precision, with "
    "one seed.",
    command="python -m training reproduce mnist",
    metrics=("neg_log_likelihood", "neg_elbo", "kl", "reconstruction", "active_units"),
    rows=(
        Row(
            "burda-vae",
            "VAE",
            "The ELBO with one sample, 22 epochs of batches of 20",
            (0,),
            published=(Published("neg_log_likelihood", 86.76, BURDA),),
        ),
        Row(
            "burda-iwae",
            "IWAE-50",
            "The importance-weighted bound with 50 samples, 22 epochs of batches of 20",
            (0,),
            published=(Published("neg_log_likelihood", 84.78, BURDA),),
        ),
    ),
)

PLANS = {
    plan.table.name: plan
    for plan in (
        Plan(
            SPRITES,
            ships=(*((row.recipe, 0) for row in SPRITES.rows), ("sprites-beta16", 1)),
            keeps_models=True,
            replays=tuple((recipe, 0) for recipe in REPLAYED),
        ),
        Plan(QUANTIZED, ships=(("scenes-qlae", 0), ("scenes", 0))),
        Plan(MNIST, keeps_weights=True, likelihood_samples=5000),
    )
}


def plan(name: str) -> Plan:
    """The plan of that name.

    Raises:
        ConfigError: if there is none.
    """
    if name not in PLANS:
        raise ConfigError(f"There is no table {name!r:.60}; choose one of {', '.join(PLANS)}.")
    return PLANS[name]


def current(plan: Plan, tables: Path) -> Table:
    """The table as it is planned, with the runs that were made so far.

    Raises:
        CheckpointError: if there is a table that cannot be read.
    """
    folder = tables / plan.table.name
    made = read_table(folder).runs if (folder / TABLE).exists() else ()
    planned = {(row.recipe, seed) for row in plan.table.rows for seed in row.seeds}
    runs = [run for run in made if (run.recipe, run.seed) in planned]
    # What a recipe made before it changed does not belong among what it makes now.
    runs = [run for run in runs if _config(run) == config_of(run.recipe, run.seed)]
    return replace(plan.table, runs=tuple(runs))


def config_of(recipe: str, seed: int) -> RunConfig:
    """What a run computes: the recipe's configuration, with its seed."""
    return with_seed(RECIPES[recipe].run, seed)


def missing(table: Table) -> tuple[tuple[str, int], ...]:
    """Recipe and seed of the runs to make: not in the table, or of a recipe that has changed."""
    made = {(run.recipe, run.seed): _config(run) for run in table.runs}
    planned = [(row.recipe, seed) for row in table.rows for seed in row.seeds]
    return tuple(run for run in planned if made.get(run) != config_of(*run))


def _config(run: Run) -> RunConfig | None:
    """What a run of the table computed; None if that is not a configuration of this program."""
    try:
        return from_json(plain(run.config), "config")
    except ConfigError:
        return None


def describe(table: Table) -> list[str]:
    """What the table holds, and what it costs to make the rest: a line a row."""
    lacking = missing(table)
    lines = [f"{table.name}: {table.title}"]
    for row in table.rows:
        left = [seed for recipe, seed in lacking if recipe == row.recipe]
        made = len(row.seeds) - len(left)
        rest = f", missing {', '.join(map(str, left))}" if left else ""
        lines.append(
            f"  {row.recipe:20} {made} of {len(row.seeds)} seeds{rest}"
            + (f" · {RECIPES[row.recipe].cost} each on two cores" if left else "")
        )
    if lacking:
        lines.append(f"  `{table.command}` makes what is missing.")
    return lines


def put(plan: Plan, run: Run, tables: Path) -> None:
    """Write the table with this run in it; another process may have put others there meanwhile."""
    folder = tables / plan.table.name
    with writing_to(folder, "wait for it", timeout=PATIENCE_S):
        table = current(plan, tables)
        others = [r for r in table.runs if (r.recipe, r.seed) != (run.recipe, run.seed)]
        order = [row.recipe for row in plan.table.rows]
        runs = sorted((*others, run), key=lambda r: (order.index(r.recipe), r.seed))
        write_table(folder, replace(table, runs=tuple(runs)))


def refresh(plan: Plan, tables: Path) -> None:
    """Write a table that is there as it is planned now: its words, rows and published figures."""
    folder = tables / plan.table.name
    if not (folder / TABLE).exists():
        return
    with writing_to(folder, "wait for it", timeout=PATIENCE_S):
        table = current(plan, tables)
        if table != read_table(folder):
            write_table(folder, table)

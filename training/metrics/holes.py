"""How much of a prior lies where the data have no codes.

With many latents no average of posteriors says what q(z) is anywhere: the nearest of 10,000 codes
is far from every draw. A classifier that tells codes from draws of the prior does: where it is as
good as it can be, its logit is ln q(z) − ln p(z) (Sugiyama et al. 2012; Rosca et al. 2018).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

FACTOR = 10  # q(z) below p(z) by this much is a hole
UNITS, STEPS, BATCH, RATE = 128, 1_000, 500, 3e-3


@dataclass(frozen=True)
class Holes:
    """The share of draws of the prior where q(z) < p(z) / 10, in percent."""

    percent: float
    protocol: str = (
        f"Share of draws of the prior where q(z) < p(z) / {FACTOR}, by the logit of a network that "
        f"learned to tell codes from other draws ({STEPS:,} steps of {BATCH} each)"
    )


def holes(codes: Tensor, prior: Tensor, seed: int) -> Holes:
    """Learn the ratio from codes (N, D) and draws of the prior (M, D); every tenth draw is judged.

    The judged ones are not learned from.
    """
    judged, learned = prior[::10], prior[torch.arange(len(prior)) % 10 != 0]
    ratio = log_ratio(codes, learned, seed)
    with torch.no_grad():
        thin = (ratio(judged)[:, 0] < -math.log(FACTOR)).double().mean().item()
    return Holes(100 * thin)


@torch.enable_grad()
def log_ratio(codes: Tensor, prior: Tensor, seed: int) -> nn.Module:
    """ln q(z) − ln p(z) of (B, D), as (B, 1), learned from samples of both."""
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(codes.shape[1], UNITS),
            nn.SiLU(),
            nn.Linear(UNITS, UNITS),
            nn.SiLU(),
            nn.Linear(UNITS, 1),
        )
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        some = codes[torch.randint(len(codes), (BATCH,), generator=generator)]
        others = prior[torch.randint(len(prior), (BATCH,), generator=generator)]
        loss = softplus(-network(some)).mean() + softplus(network(others)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network

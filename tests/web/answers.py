"""Known answers for the tests of the front end, asked of other programs: `answers.json`.

The likelihoods are those of `training.distributions`, in torch; the χ quantiles and the arc are
SciPy's; the resampled pictures are Pillow's. Run this file to write the answers again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.spatial import geometric_slerp
from scipy.stats import chi

from training import distributions

FILE = Path(__file__).with_name("answers.json")
SIGMA = 0.07
LIKELIHOODS: dict[str, Callable[[torch.Tensor], distributions.ImageDistribution]] = {
    "bernoulli": distributions.Bernoulli,
    "continuous_bernoulli": distributions.ContinuousBernoulli,
    "gaussian": lambda outputs: distributions.Gaussian(
        0.5 + outputs / 40, torch.tensor(SIGMA**2).log()
    ),
}


def answers() -> dict[str, Any]:
    return {
        "sigma": SIGMA,
        "likelihoods": [_likelihood(name) for name in LIKELIHOODS],
        "continuousBernoulli": [
            _continuous_bernoulli(eta)
            for eta in (-1e4, -300.0, -20.0, -1e-3, 0.0, 1e-3, 20.0, 300.0, 1e4)
        ],
        "bounds": [
            _bound(name, output)
            for name, output in (("bernoulli", 40.0), ("bernoulli", -110.0), ("gaussian", 60.0))
        ],
        "chi": [_chi(dimensions) for dimensions in (1, 2, 3, 10, 64, 1024)],
        "slerp": _slerp(),
        "resampled": [
            _resampled(size, to)
            for size, to in (
                ((40, 30), (28, 28)),
                ((5, 3), (28, 20)),
                ((1, 1), (4, 4)),
                ((64, 96), (8, 12)),
            )
        ],
    }


def _nats(distribution: distributions.ImageDistribution, x: torch.Tensor) -> float:
    return -distribution.log_prob(x).double().sum().item()


def _likelihood(name: str) -> dict[str, Any]:
    random = torch.Generator().manual_seed(0)
    outputs = torch.cat(
        [14 * (2 * torch.rand(400, generator=random) - 1), torch.linspace(-0.4, 0.4, 41)]
    )
    x = torch.rand(len(outputs), generator=random)
    x[:200] = (x[:200] > 0.5).float()
    distribution = LIKELIHOODS[name](outputs)
    values = {"mean": distribution.mean.tolist(), "x": x.tolist()}
    return {"name": name, **values, "expected": _nats(distribution, x)}


def _continuous_bernoulli(eta: float) -> dict[str, Any]:
    distribution = distributions.ContinuousBernoulli(torch.tensor([eta]))
    greys = [[x, _nats(distribution, torch.tensor([x]))] for x in (0.0, 0.3, 1.0)]
    return {"eta": eta, "mean": distribution.mean.item(), "greys": greys}


def _bound(name: str, output: float) -> dict[str, Any]:
    """How improbable a value is that the mean, rounded to float32, all but excludes."""
    distribution = LIKELIHOODS[name](torch.tensor([output]))
    surprising = (1 - distribution.mean).round()
    return {
        "name": name,
        "output": output,
        "mean": distribution.mean.item(),
        "surprising": surprising.item(),
        "exact": _nats(distribution, surprising),
    }


def _chi(dimensions: int) -> dict[str, Any]:
    shares = [0.005, 0.025, 0.5, 0.975, 0.995]
    quantiles = chi.ppf(shares, dimensions).tolist()
    return {"dimensions": dimensions, "shares": shares, "quantiles": quantiles}


def _slerp() -> dict[str, Any]:
    times = [0.0, 0.1, 1 / 3, 0.5, 0.875, 1.0]
    a, b = np.random.default_rng(0).standard_normal((2, 10)) * [[1.0], [2.5]]
    arc = geometric_slerp(a / np.linalg.norm(a), b / np.linalg.norm(b), times)
    return {"a": a.tolist(), "b": b.tolist(), "times": times, "arc": arc.tolist()}


def _resampled(size: tuple[int, int], to: tuple[int, int]) -> dict[str, Any]:
    # Slopes with sharp edges; `image.test.js` makes the same.
    y, x, channel = np.mgrid[: size[0], : size[1], :3]
    picture = Image.fromarray(((7 * x + 3 * y + 80 * channel) % 256).astype(np.uint8))
    resized = picture.resize(to[::-1], Image.Resampling.BILINEAR)
    expected = np.asarray(resized).transpose(2, 0, 1).ravel().tolist()
    return {"size": size, "to": to, "expected": expected}


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), separators=(",", ":"), ensure_ascii=False) + "\n")

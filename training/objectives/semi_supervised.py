"""Learning from few labels and many images: Kingma et al. 2014, Eq. 8 and 9."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.distributions import DiagonalGaussian, standard_normal
from training.models.semi_supervised import M2


@dataclass(frozen=True)
class FewLabels:
    """J^α per image: U of those without a label, L of those with one, and α times q(y|f)'s loss.

    Fields:
        alpha: weighs −ln q(y|f) of the labelled; 0.1 N over the sums of the paper is 0.1 here.
        share: of the images that have a label.
    """

    alpha: float
    share: float

    def __call__(
        self,
        model: M2,
        codes: DiagonalGaussian,
        known: DiagonalGaussian,
        labels: Tensor,
        generator: torch.Generator,
    ) -> Tensor:
        """The loss: a scalar, nats.

        Args:
            codes: q(f|x) of images without a label, (B, F).
            known: the same of images with `labels`, (K, F) and (K,).
        """

        def noise(count: int) -> Tensor:
            return standard_normal(count, model.latents, labels.device, generator)

        f, g = codes.sample(generator), known.sample(generator)
        y = F.one_hot(labels.long(), model.labels).float()
        unlabelled = model.unlabelled_nats(f, noise(len(f))).mean()
        labelled = model.labelled_nats(g, y, noise(len(g))).mean()
        wrong = F.nll_loss(model.classify(g), labels.long())
        return unlabelled + self.share * labelled + self.alpha * wrong

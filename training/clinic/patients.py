"""The patients of the clinic: scripts with a line that is wrong, and what may be thought of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from training.clinic.script import (
    Script,
    alias_by_training,
    alias_by_validation,
    averaged_over_pixels,
    copied_by_training,
    copied_by_validation,
    cut_from_the_graph,
    kl_added,
    kl_left_out,
    kl_subtracted,
    logits_as_they_are,
    mean_alone,
    reparameterised,
    sigmoid_before_logits,
    summed_over_pixels,
)

# What a person may find.
DIAGNOSES = {
    "sigmoid": "There is a sigmoid before a loss that has its own",
    "averaged": "The reconstruction is averaged over pixels, the KL is not",
    "left_out": "The KL is not in the loss",
    "sign": "The KL has the wrong sign in the loss",
    "sigma": "σ is trained, but z is drawn without it",
    "cut": "No gradient gets through z to the encoder",
    "kept": "The wrong weights are kept at the end",
    "latents": "It has too few latents",
    "rate": "The learning rate is too high",
    "fine": "Nothing is wrong",
}


@dataclass(frozen=True)
class Cure:
    """A change of a script, and what it says on its button."""

    label: str
    changes: dict[str, Any]


FEWER = Cure("Give it 8 latents instead of 32", {"latents": 8})
MORE = Cure("Give it 64 latents instead of 32", {"latents": 64})
SLOWER = Cure("Divide the learning rate by ten", {"learning_rate": 1e-4})
FASTER = Cure("Multiply the learning rate by three", {"learning_rate": 3e-3})
CLIPPED = Cure("Cut gradients to a length of 1", {"clip": 1.0})
CHEAPER = Cure("Multiply the KL by β = 0.1", {"beta": 0.1})
DEARER = Cure("Multiply the KL by β = 4", {"beta": 4.0})
DRAWN = Cure("Draw z = μ + σ ε, with gradients through μ and σ", {"draw": reparameterised})
ADDED = Cure("Add the KL to the loss", {"loss": kl_added})


@dataclass(frozen=True)
class Patient:
    """A script that somebody shows.

    Fields:
        complaint: what its owner says.
        found: what it has, among DIAGNOSES.
        others: what it may be taken for, with what the plots say against that.
        cures: of which the one at `right` cures it.
        wrong, correct: the two lines.
        because: what it was.
    """

    complaint: str
    script: Script
    found: str
    others: dict[str, str]
    cures: tuple[Cure, Cure, Cure]
    right: int
    wrong: Callable[..., object]
    correct: Callable[..., object]
    because: str

    def treated(self, cure: int) -> Script:
        """The script with a cure."""
        return replace(self.script, **self.cures[cure].changes)


# Few enough to be learnt by heart.
SMALL = Script(images=300, batch=25, epochs=150)

PATIENTS = (
    Patient(
        complaint="The loss falls for a moment and then stands still. All reconstructions look "
        "alike.",
        script=Script(output=sigmoid_before_logits),
        found="sigmoid",
        others={
            "rate": "A rate that is too high makes the loss jump. This one is smooth, and stands "
            "still far too high.",
            "latents": "No latent is used: the KL of each is zero. More of them would not be used "
            "either.",
            "averaged": "Then the printed reconstruction would be a fraction of one nat. This one "
            "is too large.",
        },
        cures=(
            FASTER,
            Cure("Remove the decoder's sigmoid", {"output": logits_as_they_are}),
            CHEAPER,
        ),
        right=1,
        wrong=sigmoid_before_logits,
        correct=logits_as_they_are,
        because="The loss applies its own sigmoid to what it is given. With probabilities taken "
        "for logits, every pixel is white with a probability of at least one half: even a"
        " perfect reconstruction would read {floor} nats. A code improves so little that "
        "it is not worth its KL.",
    ),
    Patient(
        complaint="My loss is lower than anybody else's: below one. Why do all images look the "
        "same?",
        script=Script(reduce=averaged_over_pixels),
        found="averaged",
        others={
            "sigmoid": "Then the printed reconstruction would stand at some hundreds of nats. This "
            "one is less than one.",
            "cut": "Then the encoder's gradient would be small, but the printed reconstruction "
            "would still be some hundreds of nats an image.",
            "latents": "No latent is used: the KL of each is zero. More of them would not be used "
            "either.",
        },
        cures=(
            Cure("Sum the loss over the pixels of an image", {"reduce": summed_over_pixels}),
            FASTER,
            MORE,
        ),
        right=0,
        wrong=averaged_over_pixels,
        correct=summed_over_pixels,
        because="An average over 784 pixels and a sum over latents were added. That is a β-VAE "
        "with β = 784: at this price no code is worth having.",
    ),
    Patient(
        complaint="The sharpest reconstructions of all. But its samples from the prior are "
        "scribbles.",
        script=Script(loss=kl_left_out),
        found="left_out",
        others={
            "sigma": "Without σ in the draw the KL would be small, because it would cost nothing "
            "to make σ equal to the prior's. Here it grows and grows.",
            "fine": "Each code is measured as costing hundreds of nats, and the measured −ELBO "
            "rises. The reconstruction is one of two terms.",
            "sign": "Then the loss would fall below zero. It stays at what the reconstruction is.",
        },
        cures=(SLOWER, FEWER, ADDED),
        right=2,
        wrong=kl_left_out,
        correct=kl_added,
        because="The KL is computed and printed, but the loss is the reconstruction alone: this "
        "is an autoencoder. It puts each image into a far corner of its own, where no "
        "draw of the prior ever lands.",
    ),
    Patient(
        complaint="The loss has fallen far below zero. It has never been so good.",
        script=Script(loss=kl_subtracted),
        found="sign",
        others={
            "rate": "The loss does not jump about. It runs away in one direction, down: something"
            " in it has no lower limit.",
            "left_out": "Then the loss would be the reconstruction, which is never below zero.",
            "sigmoid": "Then the loss could not come below some hundreds of nats. This one is "
            "negative.",
        },
        cures=(CLIPPED, ADDED, SLOWER),
        right=1,
        wrong=kl_subtracted,
        correct=kl_added,
        because="The loss is −ELBO = reconstruction + KL. With a minus in place of the plus, the "
        "optimiser makes the KL as large as it can, and the KL has no upper limit.",
    ),
    Patient(
        complaint="Loss and reconstructions are better than those of a healthy run, and the KL is"
        " modest. Only the measured −ELBO does not agree.",
        script=Script(draw=mean_alone),
        found="sigma",
        others={
            "kept": "Images learnt by heart raise the −ELBO of other images late and slowly. Here "
            "it is far above the printed loss from early on.",
            "left_out": "Then the KL would grow to hundreds of nats. It is modest.",
            "fine": "A few nats of KL cannot tell so much about an image. The printed loss is too "
            "good to be true, as the measured −ELBO says.",
        },
        cures=(DRAWN, DEARER, FEWER),
        right=0,
        wrong=mean_alone,
        correct=reparameterised,
        because="z was the mean, without noise. The encoder then makes σ equal to the prior's, "
        "which costs nothing, and hides everything in tiny differences of μ. The printed KL is the "
        "price of a draw that never happens.",
    ),
    Patient(
        complaint="Since z is drawn with a library's normal distribution, all images look alike.",
        script=Script(draw=cut_from_the_graph),
        found="cut",
        others={
            "averaged": "Then the printed reconstruction would be a fraction of one nat. It is "
            "some hundreds, as it should be without a code.",
            "sigmoid": "Then the loss would stand still far higher: this is the level that a "
            "decoder reaches without a code, and the printed loss agrees with the "
            "measured one.",
            "left_out": "Then the KL would grow. It has fallen to zero.",
        },
        cures=(CHEAPER, FASTER, DRAWN),
        right=2,
        wrong=cut_from_the_graph,
        correct=reparameterised,
        because="The draw was cut out of the graph, as happens with `Normal(mean, std).sample()` "
        "instead of `rsample()`. The only gradient that reaches the encoder is that of "
        "the KL, so it makes the KL zero.",
    ),
    Patient(
        complaint="It learns from {images} images, {epochs} times, and hands over its best "
        "weights. The loss is lower than anybody else's.",
        script=replace(SMALL, keep=alias_by_training),
        found="kept",
        others={
            "rate": "A rate that is too high makes the loss jump. This one falls smoothly.",
            "sigma": "Then the measured −ELBO would be far above the printed loss from early on. "
            "They part slowly here.",
            "left_out": "Then the KL would grow to hundreds of nats.",
        },
        cures=(
            Cure(
                "Keep a copy of the weights with the lowest training loss",
                {"keep": copied_by_training},
            ),
            Cure(
                "Keep the model with the lowest held-out loss, without a copy",
                {"keep": alias_by_validation},
            ),
            Cure(
                "Keep a copy of the weights with the lowest held-out loss",
                {"keep": copied_by_validation},
            ),
        ),
        right=2,
        wrong=alias_by_training,
        correct=copied_by_validation,
        because="Two faults in one line. The training loss is lowest when the images are known by"
        " heart. And `best = model` copies nothing: it is a second name for the same "
        "weights, which go on changing.",
    ),
)


def floor(images: Tensor) -> float:
    """What a perfect reconstruction of binary images (N, P) reads after a second sigmoid, in nats.

    Its best logit for a white pixel is 1, for a black one 0: ln(1 + 1/e) and ln 2.
    """
    white = images.sum(1).mean().item()
    return white * math.log1p(math.exp(-1)) + (images.shape[1] - white) * math.log(2)

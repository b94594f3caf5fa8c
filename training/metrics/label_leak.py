"""Can the label still be read off the codes of a conditional VAE?"""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

UNITS = 64
Codes = NDArray[np.floating]
Labels = NDArray[np.integer]


def label_leak(
    codes: tuple[Codes, Labels], held_out: tuple[Codes, Labels], seed: int
) -> dict[str, float]:
    """How often the label is guessed right from codes (N, D), by classifiers trained on others.

    Returns:
        The accuracy on `held_out` of a `linear` classifier, of a `network` with one hidden layer,
        and of `chance`, which always guesses the label that is commonest among `codes`.
    """
    commonest = np.bincount(codes[1]).argmax()
    accuracies = {"chance": float((held_out[1] == commonest).mean())}
    network = MLPClassifier((UNITS,), early_stopping=True, max_iter=100, random_state=seed)
    for name, classifier in {
        "linear": LogisticRegression(max_iter=500),
        "network": network,
    }.items():
        pipeline: Pipeline = make_pipeline(StandardScaler(), classifier)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # then it is as good as it got
            pipeline.fit(*codes)
        accuracies[name] = float(pipeline.score(*held_out))
    return accuracies

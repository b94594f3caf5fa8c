"""A small convolutional classifier, whose features tell how alike two sets of images are."""

import torch
from torch import Tensor, nn

FEATURES = 128


class Classifier(nn.Module):
    """Three convolutions and two dense layers for grey images of 28×28: 188,000 weights.

    The features are what the last layer sees: (B, 128), none below 0.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3, stride=2, padding=1),  # (B, 64, 4, 4)
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, FEATURES),
            nn.ReLU(),
        )
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(FEATURES, labels)

    def features(self, x: Tensor) -> Tensor:
        """Of images (B, 1, 28, 28) in [0, 1]: (B, 128)."""
        features: Tensor = self.body(x)
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, labels) of images (B, 1, 28, 28) in [0, 1]."""
        logits: Tensor = self.head(self.drop(self.features(x)))
        return logits

    @torch.no_grad()
    def accuracy(self, x: Tensor, labels: Tensor) -> float:
        """The share of images (N, 1, 28, 28) that get their label (N,)."""
        guesses = torch.cat([self(some).argmax(1) for some in x.split(500)])
        return float((guesses == labels).double().mean())

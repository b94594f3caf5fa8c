"""What the examples of the data sets that come along look like, known before any is read.

Nothing here needs torch, so that a model which cannot learn them is refused at once.
"""

import string

from training.families.family import Form

FORMS = {
    "digits": Form((1, 28, 28), tuple(string.digits)),
    "fashion": Form(
        (1, 28, 28),
        (
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
    "sprites": Form((1, 64, 64)),
    "scenes": Form((3, 64, 64)),
    "names": Form((10,), ("female", "male", "both"), tuple(string.ascii_lowercase)),
}

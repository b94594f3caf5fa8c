"""Damage by seed: bytes and parsed JSON as somebody careless or hostile would leave them."""

from __future__ import annotations

import copy
import random
from typing import Any

LETTERS = 'az09 .,:;/\\%&=#?"<>{}[]()~-_+*|\0\n\u202e\ud800\udfff\ufeffβ🙂'
NASTY: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53 + 1, -(2**63), 10**400, 1e308, -0.0, 0.5),
    *("", " ", "\0", "\ud800", "x" * 5000, "../x", "NaN", "\u202e", "1", [], {}, [[]], [None]),
    *({"kind": "pixels"}, [0] * 2000, {"": ""}),
)


def bytes_of(random: random.Random, content: bytes) -> bytes:
    """The content with one to eight pieces flipped, cut out, doubled, zeroed or moved."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 8)):
        if not changed:
            break
        # Heads and ends are where the lengths stand that lead a reader.
        near = random.choice((len(changed), min(len(changed), 200)))
        at = random.randrange(near) if random.random() < 0.7 else -1 - random.randrange(near)
        at %= len(changed)
        end = at + random.choice((1, 2, 4, 8, 100))
        match random.randrange(6):
            case 0:
                changed[at] ^= 1 << random.randrange(8)
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case 3:
                changed[at:end] = bytes(len(changed[at:end]))
            case 4:
                changed[at:end] = random.randbytes(len(changed[at:end]))
            case _:
                del changed[end:]
    return bytes(changed)


def tree_of(random: random.Random, tree: Any) -> Any:
    """Parsed JSON with one to four places changed."""
    changed = copy.deepcopy(tree)
    for _ in range(random.randint(1, 4)):
        _change(random, changed)
    return changed


def _change(random: random.Random, tree: Any) -> None:
    """Walk down to some place and put something else there."""
    while isinstance(tree, dict | list) and tree:
        key = random.choice(list(tree) if isinstance(tree, dict) else range(len(tree)))
        inside = tree[key]
        if isinstance(inside, dict | list) and inside and random.random() < 0.8:
            tree = inside
            continue
        match random.randrange(6):
            case 0:
                del tree[key]
            case 1 if isinstance(tree, dict):
                tree[text(random)] = inside
            case 1:
                tree.append(inside)
            case 2 if isinstance(inside, str):
                tree[key] = inside + text(random)
            case 3 if isinstance(inside, int | float):
                tree[key] = random.choice((-inside, inside * 1000, str(inside)))
            case _:
                tree[key] = copy.deepcopy(random.choice(NASTY))
        return


def text(random: random.Random, longest: int = 40) -> str:
    """A text of letters that mean something to somebody."""
    return "".join(random.choices(LETTERS, k=random.randrange(longest)))

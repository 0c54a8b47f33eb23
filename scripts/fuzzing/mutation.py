"""Invent texts of a language: pieced together from its fragments, or sound ones damaged in a few places."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

_TOKEN = re.compile(r"\w+|[ \t]+|\r?\n|.", re.DOTALL)
MOST = 400
"""Longer texts are cut to as many characters: what is wrong shows in short ones, and these are read faster."""
_POOL = 3000


def parts(text: str) -> list[str]:
    """The words, spaces and other characters of a text."""
    return _TOKEN.findall(text)


class Inventor:
    """Texts from fragments and from a pool of sound texts, which grows with the sound ones that come of it."""

    def __init__(self, fragments: Sequence[str], seeds: Sequence[str], rng: random.Random, most: int = MOST) -> None:
        self.fragments = fragments
        self.rng = rng
        self.most = most
        self.seeds = len(seeds)
        self.pool = [parts(text[: self.most]) for text in seeds]

    def text(self) -> str:
        """One more text."""
        rng = self.rng
        if rng.random() < 0.25:
            return "".join(rng.choices(self.fragments, k=rng.randint(1, 14)))
        return self.damaged(self.pool[int(rng.random() * len(self.pool))])

    def damaged(self, tokens: list[str]) -> str:
        """A text like this one, changed in some places."""
        rng = self.rng
        changed = tokens.copy()
        for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
            at = int(rng.random() * (len(changed) + 1))
            kind = rng.random()
            if kind < 0.4:
                changed[at:at] = [rng.choice(self.fragments)]
            elif kind < 0.65:
                changed[at : at + rng.choice((1, 1, 2))] = [rng.choice(self.fragments)]
            elif kind < 0.8:
                del changed[at : at + rng.choice((1, 1, 2, 5, 20))]
            else:
                source = changed if kind < 0.9 else self.pool[int(rng.random() * len(self.pool))]
                begin = int(rng.random() * (len(source) + 1))
                changed[at:at] = source[begin : begin + rng.choice((1, 2, 4, 8, 20))]
        return "".join(changed)[: self.most]

    def keep(self, text: str) -> None:
        """Remember a sound text, in the place of another one once there are many."""
        tokens = parts(text)
        if len(self.pool) < self.seeds + _POOL:
            self.pool.append(tokens)
        else:
            self.pool[self.rng.randrange(self.seeds, len(self.pool))] = tokens

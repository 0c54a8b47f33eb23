"""What a target of fuzzing is: texts of one kind, what natsvalues makes of each, and who judges it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from fuzzing.judge import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CORPUS = os.path.join(ROOT, "tests", "fuzz", "corpus")


class Asked(NamedTuple):
    """A question for the judge, and what natsvalues says, which may be REFUSED."""

    question: bytes
    ours: Any


class Difference(Exception):
    """What natsvalues does with a text is wrong, and no judge is needed to see it."""


class Target(NamedTuple):
    """Texts and their trial.

    `trial` returns the question for the judge, or None where there is nothing to ask; it raises Difference, and
    whatever natsvalues should not. `agrees` compares our answer with the judge's. `alone`: there is no judge. `most`:
    longer texts are cut to as many characters.
    """

    name: str
    about: str
    fragments: Sequence[str]
    seeds: Callable[[], list[str]]
    trial: Callable[[str], Asked | None]
    agrees: Callable[[Any, Any], bool]
    alone: bool = False
    most: int = 400


def texts_in(folder: str, *endings: str) -> list[str]:
    """The texts of all files below a folder with these endings; none where there is no such folder."""
    texts = []
    for at, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(endings):
                with open(os.path.join(at, name), encoding="utf-8", errors="ignore", newline="") as file:
                    texts.append(file.read())
    return texts


def corpus(name: str) -> list[dict[str, Any]]:
    """The texts that once made a difference, or could, with what Go makes of them: tests/fuzz/corpus/NAME.json."""
    with open(os.path.join(CORPUS, f"{name}.json"), encoding="utf-8") as file:
        listed: list[dict[str, Any]] = json.load(file)
    return listed


def beside(*path: str) -> str:
    """A folder beside the checkout, which most clones do not have."""
    return os.path.join(os.path.dirname(ROOT), "shared", *path)

"""What each verb imports, counted in modules: an import budget, because imports are most of what a short run costs."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import NamedTuple

import pytest

GOLDEN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "golden")
CASE = os.path.join(GOLDEN, "stage-join-seed")
START = "import sys; sys.argv[0] = 'natsvalues'; from natsvalues.__main__ import main; main()"


class Budget(NamedTuple):
    """How many modules a verb may import beside those of the bare interpreter: of ours, and all together."""

    ours: int
    all: int
    words: tuple[str, ...]


BUDGETS = {
    "post-render": Budget(111, 176, ("post-render", "--region=us-east", "--overlays={overlays}")),
    "krm": Budget(112, 176, ("krm",)),
    "diff": Budget(154, 213, ("diff", "{before}", "{after}")),
    "lint": Budget(260, 523, ("lint", "{overlays}")),
    "explain": Budget(259, 523, ("explain", "--region=us-east", "--overlays={overlays}")),
    "last": Budget(258, 523, ("last",)),
    "schema": Budget(258, 523, ("schema",)),
}
"""Of ours exactly as many as are imported today; all together some more, because other versions of Python and of the
libraries have others. A verb of the command-line library imports what declares all of them."""


@pytest.fixture
def imported(run):
    """The modules that a verb imports beside those of the bare interpreter, as Python itself lists them."""
    places = {
        "overlays": os.path.join(CASE, "overlays"),
        "before": os.path.join(GOLDEN, "prior-same", "prior.yaml"),
        "after": os.path.join(CASE, "input.yaml"),
    }
    with open(places["after"], encoding="utf-8") as file:
        release = file.read()

    def modules(*words):
        done = run(sys.executable, "-X", "importtime", "-c", *words, stdin=release)
        names = [
            line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")
        ]
        return dict.fromkeys(names), done

    def of(budget):
        bare, _ = modules("pass")
        names, done = modules(START, *(word.format(**places) for word in budget.words))
        assert done.returncode in (0, 1, 3), done.stderr
        return [name for name in names if name not in bare]

    return of


@pytest.mark.parametrize("verb", BUDGETS)
def test_a_verb_imports_no_more_than_its_budget(imported, verb):
    """A failure names what came: the packages with the number of their modules, and of ours all that are imported."""
    budget = BUDGETS[verb]
    names = imported(budget)
    ours = [name for name in names if name.split(".")[0] == "natsvalues"]
    packages = Counter(name.split(".")[0].lstrip("_") for name in names if name not in ours)

    assert len(ours) <= budget.ours, f"{verb} imports {len(ours)} of our modules: {' '.join(ours)}"
    assert len(names) <= budget.all, f"{verb} imports {len(names)} modules: {packages.most_common()}"

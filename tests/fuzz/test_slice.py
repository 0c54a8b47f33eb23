"""Some seconds of each target of scripts/fuzz.py, with another seed in each run; docs/fuzzing.md has the long runs."""

from __future__ import annotations

import os
import random

import pytest
from fuzzing.mutation import Inventor
from fuzzing.session import Session
from fuzzing.targets import TARGETS

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("NATSVALUES_FUZZ_SEED") or random.SystemRandom().randrange(10**6))
"""NATSVALUES_FUZZ_SEED repeats a run."""
TEXTS = {"conf": 10_000, "yaml": 10_000, "stream": 10_000, "conf-edit": 5_000, "yaml-edit": 4_000, "post-render": 80}


@pytest.mark.parametrize("name", TARGETS)
def test_no_text_makes_a_difference(name, go_judge):
    """Readers agree, edits do what they should, and post-rendering ends in a result or an error of our own."""
    rng = random.Random(SEED)  # noqa: S311 - texts, no secrets
    target = TARGETS[name]
    inventor = Inventor(target.fragments, target.seeds(), rng, target.most)
    session = Session(target, go_judge, lambda text: inventor.keep(text) if rng.random() < 0.05 else None)
    for _ in range(TEXTS[name]):
        session.add(inventor.text())
    session.ask()
    assert session.differences == [], f"NATSVALUES_FUZZ_SEED={SEED} repeats it"
    assert session.read > TEXTS[name] / 10

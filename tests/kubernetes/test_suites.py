"""The suites that CI plays on real clusters; `python scripts/kubernetes_suites.py` plays all of them."""

from __future__ import annotations

import pytest
from playing import charts_of, play
from suites import SUITES

IN_CI = [suite for suite in SUITES if suite.in_ci]


@pytest.mark.kubernetes
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("suite", IN_CI, ids=[suite.name for suite in IN_CI])
def test_each_act_has_its_verdict(suite, built, shared, tmp_path):
    """Converged, stuck or lossy, as the suite says; nothing that was acknowledged is lost."""
    played = play(suite, charts_of(suite, str(tmp_path), shared), str(tmp_path), built)
    assert [(item.act.name, item.word) for item in played] == [(act.name, act.expect) for act in suite.acts]
    for item in played:
        if item.word == "converged":
            assert all(stream["fate"] == "kept" and not stream["lost"] for stream in item.scenario["streams"])

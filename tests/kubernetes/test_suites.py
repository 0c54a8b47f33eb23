"""The suites that CI plays on real clusters; `python scripts/kubernetes_suites.py` plays all of them."""

from __future__ import annotations

import doctor_faults
import pytest
from playing import charts_of, play
from suites import SUITES

SEEDED = ("the gateway's Service selects no pod", "a remote has a wrong name")
IN_CI = [suite for suite in SUITES if suite.in_ci]


@pytest.mark.kubernetes
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("suite", IN_CI, ids=[suite.name for suite in IN_CI])
def test_each_act_has_its_verdict(suite, built, shared, tmp_path):
    """Converged, stuck or lossy, as the suite says; nothing that was acknowledged is lost.

    Then doctor has nothing to say, and names a fault or two, which it does not say any more when they are undone.
    """
    verdicts = []
    played = play(
        suite, charts_of(suite, str(tmp_path), shared), str(tmp_path), built,
        lambda stage: verdicts.extend(doctor_faults.faults_on(stage, SEEDED)),
    )  # fmt: skip
    assert [(item.act.name, item.word) for item in played] == [(act.name, act.expect) for act in suite.acts]
    for item in played:
        if item.word == "converged":
            assert all(stream["fate"] == "kept" and not stream["lost"] for stream in item.scenario["streams"])
    assert [(verdict.fault, verdict.is_right) for verdict in verdicts] == [(name, True) for name in SEEDED]

"""What natsvalues accepts starts: a few generated cases on real servers; `scripts/check_starts.py` runs more."""

from __future__ import annotations

import json
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "scripts", "check_starts.py")
CASES = ("8/1", "8/2", "8/11", "9/0", "9/4", "9/7", "9/10", "9/13")


@pytest.mark.helm
@pytest.mark.nats
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_generated_cases_start_or_are_rightly_refused(run, binaries, tmp_path):
    """No case fails, whichever way and from whichever stage it starts."""
    records = tmp_path / "records.jsonl"
    words = ["--only", ",".join(CASES), "--jobs", "2", "--records", str(records)]

    done = run(sys.executable, SCRIPT, *words, env={"NATSVALUES_TOOLS": binaries.tools()}, timeout=390)

    assert done.returncode == 0, done.stdout + done.stderr
    results = {item["case"]: item["result"] for item in map(json.loads, records.read_text("utf-8").splitlines())}
    assert set(results) == set(CASES)
    assert set(results.values()) <= {"started", "refused rightly"}, done.stdout
    assert sum(result == "started" for result in results.values()) > len(CASES) / 2, done.stdout

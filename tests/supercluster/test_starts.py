"""What natsvalues accepts starts: a few generated cases on real servers; `scripts/check_starts.py` runs more."""

from __future__ import annotations

import json
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "scripts", "check_starts.py")
SEED, CASES = 7, 10


@pytest.mark.helm
@pytest.mark.nats
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_generated_cases_start_or_are_rightly_refused(run, binaries, tmp_path):
    """No case of a fixed seed fails, and most of them start."""
    records = tmp_path / "records.jsonl"
    words = ["--seed", str(SEED), "--cases", str(CASES), "--jobs", "2", "--records", str(records)]

    done = run(sys.executable, SCRIPT, *words, env={"NATSVALUES_TOOLS": binaries.tools()}, timeout=390)

    results = [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]
    assert done.returncode == 0, [item for item in results if item["result"] == "FAILED"] or done.stderr
    assert len(results) == CASES
    assert sum(item["result"] == "started" for item in results) > CASES / 3, results

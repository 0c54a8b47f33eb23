"""Two hundred regions, each dialling all the others, are linted in the time a person waits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time

import pytest
import yaml

from natsvalues.lint.rules import RULES
from natsvalues.manifests.chart import find_nats
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plans
from natsvalues.text.natsconf import read

REGIONS = 200
TIMES = 4
"""Of the CPU time that reading the configurations alone takes in this very run: 2.4 were measured, whatever the machine
did meanwhile. In seconds: 2.3 on a quiet one (docs/lint.md)."""


@pytest.fixture
def supercluster(stand_in, tmp_path):
    """Overlays of all regions in `o`, their renderings in `r`."""
    (tmp_path / "o").mkdir()
    (tmp_path / "r").mkdir()
    shared = {"kind": "Supercluster", "name": "acme", "jetstream": {"scope": "supercluster"}}
    (tmp_path / "o" / "supercluster.yaml").write_text(yaml.safe_dump(shared), encoding="utf-8")
    for number in range(REGIONS):
        name = f"region-{number:03}"
        region = {
            "kind": "Region",
            "name": name,
            "joins": "empty" if number else "seed",
            "stage": "join",
            "serverNames": {"prefix": f"{name}-"},
            "gateway": {"host": f"nats-gw-{name}.example.com"},
            "loadBalancer": {"provider": "aws-lbc-ip", "scheme": "internal"},
        }
        (tmp_path / "o" / f"{name}.yaml").write_text(yaml.safe_dump(region), encoding="utf-8")
    overlays = load(str(tmp_path / "o"))
    for name, planned in plans(overlays).items():
        text = render(Release(stand_in.plain), planned).release.text()
        (tmp_path / "r" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def reading(folder) -> float:
    """The CPU seconds that it takes to read the configuration in each rendering of a folder."""
    texts = [find_nats(Release(file.read_text(encoding="utf-8"))).conf for file in sorted(folder.iterdir())]
    begun = time.process_time()
    for text in texts:
        read(text)
    return time.process_time() - begun


@pytest.mark.slow
@pytest.mark.helm
@pytest.mark.timeout(600)
def test_many_regions(supercluster):
    """Overlays and renderings together: nothing to find, and quickly."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "natsvalues", "lint", "o", "r", "--fail-on", "note"],
        cwd=supercluster,
        env={"PATH": os.defpath, "HOME": str(supercluster)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert (done.returncode, done.stderr) == (0, "")
    rules = sum(rule.applies_to not in ("rehearsal", "server") for rule in RULES)
    total = f"no findings: {rules} rules on the overlays of {REGIONS} regions and {REGIONS} renderings"
    first = ", ".join(f"region-{number:03}" for number in range(8))
    assert done.stdout == f"{total} ({first}, {REGIONS - 8} more)\n"
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent < TIMES * reading(supercluster / "r")

"""What a power cut costs, in the words of `explain`, until the overlays prevent it; `diff` says when that ends."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from natsvalues.supercluster.power_cuts import REMEDY

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASE = os.path.join(ROOT, "tests", "golden", "stage-join-seed", "overlays")

pytestmark = pytest.mark.helm
WORDS = ["--region=us-east", "--overlays=overlays"]


@pytest.fixture
def post_rendered(helm3, nats_chart, run, tmp_path):
    """Post-render the chart, or explain that, with a line added to the region's file."""
    settings = "config.cluster.enabled=true,config.jetstream.enabled=true"
    text = run(helm3, "template", "nats", nats_chart, "--set", settings, check=True).stdout

    def call(command, line, *words):
        shutil.rmtree(tmp_path / "overlays", ignore_errors=True)
        shutil.copytree(CASE, tmp_path / "overlays")
        with open(tmp_path / "overlays" / "us-east.yaml", "a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
        return run("natsvalues", command, *WORDS, *words, stdin=text, cwd=tmp_path, check=True).stdout

    return call


@pytest.mark.parametrize(
    ("line", "interval"), [("", "2m"), ("sync: 10s", "10s"), ("sync: always", None)], ids=["default", "10s", "always"]
)
def test_explain_says_what_is_lost_and_what_prevents_it(line, interval, post_rendered):
    """With the interval that the servers have; nothing where a power cut loses nothing."""
    said = [item for item in json.loads(post_rendered("explain", line, "--json"))["guidance"] if "power cut" in item]

    assert len(said) == (0 if interval is None else 1)
    assert all(f"every {interval} (sync_interval). {REMEDY}: `natsvalues docs stages`" in item for item in said)


def test_diff_stops_a_region_that_gives_it_up(post_rendered, run, tmp_path):
    """`--fail-on data-loss` fails then, and not where a region takes it."""
    for name, line in (("early", ""), ("safe", "sync: always")):
        (tmp_path / f"{name}.yaml").write_text(post_rendered("post-render", line), encoding="utf-8")
    codes = [
        run("natsvalues", "diff", f"{old}.yaml", f"{new}.yaml", "--fail-on", "data-loss", cwd=tmp_path).returncode
        for old, new in (("early", "safe"), ("safe", "early"))
    ]

    assert codes == [0, 4]

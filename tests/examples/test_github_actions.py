"""The workflow for GitHub: its commands, run; `diff` is in tests/cluster, because it needs a cluster."""

import json
import os
import re
import shlex

import pytest
import yaml

from natsvalues.lint.rules import RULES

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(*path):
    """A YAML file."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return yaml.safe_load(file)


@pytest.fixture
def here(examples, helm3):
    """The example."""
    return examples(helm=helm3)


@pytest.fixture
def jobs(here):
    """The jobs of the workflow."""
    return load(here.folder, "github-actions", "nats.yml")["jobs"]


@pytest.mark.helm
def test_lint(here, jobs):
    """What the workflow gives the action are inputs of it, and natsvalues finds nothing that fails with them."""
    [step] = [step for step in jobs["lint"]["steps"] if step.get("uses", "").startswith("OWNER/natsvalues@")]
    action = load(ROOT, "action.yml")
    assert step["with"].keys() <= action["inputs"].keys()
    asked = re.findall(r"steps\.lint\.outputs\.(\w+)", yaml.safe_dump(jobs["lint"]))
    assert set(asked) == set(action["outputs"])

    here.job("lint", {}, {})
    words = shlex.join(["natsvalues", "lint", *step["with"]["args"].split(), "--fail-on", step["with"]["fail-on"]])
    rules = sum(rule.applies_to not in ("rehearsal", "server") for rule in RULES)
    assert f"{rules} rules on the overlays of 3 regions and 3 renderings" in here.shell(words, "github-actions").stdout


@pytest.mark.helm
def test_regions(here, jobs, regions):
    """The matrix is the list of regions, and the job that uses it waits for it."""
    name, _, told = here.job("regions", {}, {})["GITHUB_OUTPUT"].strip().partition("=")

    assert (name, sorted(json.loads(told))) == ("regions", sorted(regions))
    assert jobs["regions"]["outputs"] == {"regions": "${{ steps.list.outputs.regions }}"}
    assert jobs["diff"]["needs"] == "regions"
    assert jobs["diff"]["strategy"]["matrix"] == {"region": "${{ fromJSON(needs.regions.outputs.regions) }}"}


@pytest.mark.helm
@pytest.mark.nats
def test_rehearse(here, nats_server):
    """The regions of the overlays come up from cold, with real servers; the report is where it is fetched from."""
    tools = os.path.dirname(os.path.dirname(nats_server("2.14.2")))
    here.job("rehearse", {}, {"NATSVALUES_TOOLS": tools})

    with open(os.path.join(here.folder, "github-actions", "rehearsal.xml"), encoding="utf-8") as file:
        assert 'failures="0"' in file.read()

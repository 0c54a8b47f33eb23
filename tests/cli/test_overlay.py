"""`natsvalues overlay list`: the regions for scripts, and for tools that want JSON."""

import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OVERLAYS = os.path.join(ROOT, "charts", "overlays")
REGIONS = ["us-east", "ap-south", "eu-west"]
"""In the order of their upgrades: the seed first."""


def test_the_regions_one_a_line(run):
    """A shell loops over them; the folder is found as for every verb."""
    done = run("natsvalues", "overlay", "list", cwd=os.path.join(ROOT, "tests"))

    assert (done.returncode, done.stdout, done.stderr) == (0, "\n".join(REGIONS) + "\n", "")


def test_the_regions_as_json(run):
    """One line, as a job's output in CI has to be."""
    done = run("natsvalues", "overlay", "list", "--json", "--overlays", OVERLAYS)

    assert (done.returncode, json.loads(done.stdout), done.stdout.count("\n")) == (0, REGIONS, 1)


def test_no_overlays(run):
    """An error, and nothing on standard output that a loop could take for a region."""
    done = run("natsvalues", "overlay", "list", "--json")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error[NV-O002]: there is no folder charts/overlays in the working directory")

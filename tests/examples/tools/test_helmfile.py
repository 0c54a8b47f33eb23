"""Helmfile with its example and with what its page says, on the API server."""

import json
import os

import pytest
import yaml

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def helmfile(here, program):
    """The examples with helmfile on PATH, and one helm: `helmfile(4)`."""

    def copy(major):
        walkthrough = here(major)
        os.symlink(program("helmfile"), os.path.join(walkthrough.path.partition(os.pathsep)[0], "helmfile"))
        return walkthrough

    return copy


@pytest.mark.parametrize("major", [3, 4])
def test_the_example(major, helmfile, saw, regions, wanted, same_objects):
    """Rendered by the post-renderer and from an export: what post-rendering gives, for each region."""
    walkthrough = helmfile(major)
    printed = walkthrough.follow("helmfile")
    assert "error[" not in printed
    values = os.path.join(walkthrough.folder, "helmfile", "values.yaml")
    for region in regions:
        for form in ("rendered", "by-export"):
            with open(os.path.join(walkthrough.folder, "helmfile", form, f"{region}.yaml"), encoding="utf-8") as file:
                same_objects(file.read(), wanted(region, values))
    saw(f"{len(regions)} regions equal in both forms")


@pytest.mark.parametrize("major", [3, 4])
def test_sync(major, helmfile, service, saw):
    """`helmfile -l region=us-east sync` installs, and upgrades compared with the release before; the Service stays."""
    walkthrough = helmfile(major)
    walkthrough.shell("helmfile -l region=us-east sync", "helmfile")
    before = service()
    walkthrough.shell("helmfile -l region=us-east sync", "helmfile")
    assert service() == before
    prior = json.loads(walkthrough.shell("natsvalues last --json", "helmfile").stdout)["prior"]
    assert prior["revision"] == 1
    saw("revision 2 was compared with revision 1; the same Service")


def test_typo_and_deleted_overlay(helmfile, service, saw):
    """An invalid overlay fails the command; a deleted one leaves the region's release as it is."""
    walkthrough = helmfile(4)
    walkthrough.shell("helmfile -l region=us-east sync", "helmfile")
    before = service()
    overlays = os.path.join(os.path.dirname(walkthrough.folder), "charts", "overlays")
    path = os.path.join(overlays, "us-east.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("stage:", "stagee:"))
    wrong = walkthrough.shell("helmfile -l region=us-east sync", "helmfile", check=False)
    assert wrong.returncode
    assert "stagee" in wrong.stdout + wrong.stderr

    os.remove(path)
    gone = walkthrough.shell("helmfile -l region=us-east sync", "helmfile", check=False)
    assert gone.returncode
    assert service() == before
    shown = walkthrough.shell("helm list -n nats -o yaml", "helmfile").stdout
    assert [(item["name"], item["revision"]) for item in yaml.safe_load(shown)] == [("nats", "1")]
    saw(f"exit codes {wrong.returncode} and {gone.returncode}; the release stays at revision 1")

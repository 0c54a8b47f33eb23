"""Helmfile with its example and with what its page says, on the API server."""

import json
import os
import re
import shutil

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


@pytest.fixture
def with_diff(helmfile, program):
    """The same with the plugin helm-diff."""

    def copy(major):
        import tool_builds

        walkthrough = helmfile(major)
        plugins = walkthrough.shell("helm env HELM_PLUGINS", "helmfile").stdout.strip()
        plugin = os.path.join(plugins, "helm-diff")
        os.makedirs(os.path.join(plugin, "bin"))
        os.symlink(program("helm-diff"), os.path.join(plugin, "bin", "diff"))
        shutil.copyfile(
            os.path.join(tool_builds.source("helm-diff"), "plugin.yaml"), os.path.join(plugin, "plugin.yaml")
        )
        return walkthrough

    return copy


@pytest.mark.parametrize("major", [3, 4])
def test_diff_and_apply(major, with_diff, service, saw):
    """`diff` and `apply` with the plugin helm-diff: a change of an overlay is shown, applied once, and then no more."""
    walkthrough = with_diff(major)
    diff, apply = walkthrough.blocks("helmfile", "sh cluster")[0].splitlines()
    walkthrough.shell(apply, "helmfile")
    before = service()
    again = walkthrough.shell(f"{diff} --detailed-exitcode && {apply}", "helmfile")
    assert revisions(walkthrough) == ["1"]

    path = os.path.join(os.path.dirname(walkthrough.folder), "charts", "overlays", "us-east.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("nats-gw-us-east.example.com", "elsewhere.example.com"))
    shown = walkthrough.shell(f"{diff} --detailed-exitcode", "helmfile", check=False)
    assert shown.returncode == 2
    assert '+       "advertise": "elsewhere.example.com:7222"' in plain(shown.stdout), shown.stdout
    walkthrough.shell(apply, "helmfile")
    assert revisions(walkthrough) == ["2"]
    assert service() == before
    assert json.loads(walkthrough.shell("natsvalues last --json", "helmfile").stdout)["prior"]["revision"] == 1
    assert "nats-gateway" not in plain(again.stdout)
    saw("no difference of what is deployed; the edited overlay is shown, and is revision 2, compared with revision 1")


def plain(text):
    """A text without colours."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def revisions(walkthrough):
    """The newest revision of each release."""
    return [
        item["revision"] for item in yaml.safe_load(walkthrough.shell("helm list -n nats -o yaml", "helmfile").stdout)
    ]


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
    assert revisions(walkthrough) == ["1"]
    saw(f"exit codes {wrong.returncode} and {gone.returncode}; the release stays at revision 1")

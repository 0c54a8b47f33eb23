"""What the tests of the examples share: what post-rendering gives, to compare with."""

from __future__ import annotations

import os

import pytest
import yaml

from natsvalues.delivery.equality import unequal
from natsvalues.delivery.flux import KEPT
from natsvalues.manifests.release import Release
from natsvalues.overlays.folder import load
from natsvalues.overlays.pipeline import render
from natsvalues.overlays.plan import plan

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REGIONS = ("ap-south", "eu-west", "us-east")


def read(*path):
    """A file's text."""
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def regions():
    """Give the names of the regions."""
    return REGIONS


@pytest.fixture
def wanted(helm3, chart_repository, run):
    """Give what post-rendering makes of the chart with an example's values: `wanted("us-east", values)`."""
    plain = {}

    def post_rendered(region, values):
        if values not in plain:
            command = [helm3, "template", "nats", "nats", "--repo", chart_repository, "-n", "nats", "-f", values]
            plain[values] = run(*command, check=True).stdout
        overlays = load(os.path.join(ROOT, "charts", "overlays"))
        return render(Release(plain[values]), plan(overlays, region)).release.text()

    return post_rendered


@pytest.fixture
def same_objects():
    """Fail unless two streams have the same objects, read by another YAML library: `same_objects(found, wanted)`.

    `without` names what is on none of the wanted ones, as (kind, name, path).
    """

    def check(found, expected):
        assert objects(found) == objects(expected)

    return check


@pytest.fixture
def same_but_declared():
    """Fail unless two streams differ only as values and post-rendering do: `same_but_declared(found, wanted)`."""

    def check(found, expected):
        assert list(unequal(Release(found), Release(expected))) == []

    return check


@pytest.fixture
def as_in_a_release():
    """Give the Service beside a HelmRelease as the chart's release has it: without what keeps it, and Helm's."""

    def change(service):
        del service["metadata"]["namespace"]  # the Kustomization's, which is the release's
        for name in KEPT:
            del service["metadata"]["annotations"][name]
        service["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
        return service

    return change


def objects(text):
    """The objects of a stream by kind, namespace and name."""
    documents = [document for document in yaml.safe_load_all(text) if document]
    found = {
        (value["kind"], value["metadata"].get("namespace"), value["metadata"]["name"]): value for value in documents
    }
    assert len(found) == len(documents)
    return found

"""What the tests of deliveries share: renderings, overlays in every stage, and objects as Kubernetes reads them."""

from __future__ import annotations

import os
import re
import shutil
from typing import NamedTuple

import pytest

from natsvalues.manifests.release import Release

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VALUES = "config.cluster.enabled=true,config.jetstream.enabled=true,config.gateway.enabled=true"
REGIONS = ("us-east", "eu-west", "ap-south")
STAGES = ("local", "expose", "join")
SCOPES = ("supercluster", "region")


class Rendering(NamedTuple):
    """A rendered release: where it comes from, and its text."""

    name: str
    text: str


@pytest.fixture(scope="session")
def root() -> str:
    """Folder of the checkout."""
    return ROOT


@pytest.fixture
def renderings(helm3, helm4, helm4_plugin, nats_chart, run):
    """The chart of the tests as a post-renderer gets it of Helm 3 and of Helm 4: `renderings(3)`.

    The checksum is on, and the namespace is written out, as in the upstream chart's usual renderings.
    """

    def render(major, settings=VALUES):
        command = [{3: helm3, 4: helm4}[major], "template", "nats", nats_chart, "-n", "nats", "--set", settings]
        command += ["--set", "namespaceOverride=nats,podTemplate.configChecksumAnnotation=true"]
        if major == 4:
            command += ["--post-renderer", helm4_plugin("tee", "tee", "given.yaml")]
        text = run(*command, check=True).stdout
        if major == 4:
            text = run("cat", "given.yaml", check=True).stdout
        return Rendering(f"helm {major}", text)

    return render


@pytest.fixture
def overlays_in(tmp_path):
    """Write the shipped overlays in a stage and a scope: `overlays_in("join", "region")` gives the folder.

    `accounts` are the system accounts of regions in scope `region`; the seed has the default one, others their own.
    """

    def write(stage="join", scope="supercluster", nats=None, accounts=None):
        folder = tmp_path / f"overlays-{stage}-{scope}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(os.path.join(ROOT, "charts", "overlays"), folder)
        for path in folder.iterdir():
            text = re.sub(r"^stage: \w+", f"stage: {stage}", path.read_text(), flags=re.MULTILINE)
            text = text.replace("scope: supercluster", f"scope: {scope}")
            if scope == "region" and "kind: Region" in text:
                account = (accounts or {}).get(path.stem) or ("$SYS" if "joins: seed" in text else f"SYS-{path.stem}")
                text = re.sub(r"^joins: \w+\n", f"systemAccount: {account}\n", text, flags=re.MULTILINE)
            if nats and "kind: Region" in text:
                text += f"nats: {{name: {nats}}}\n"
            path.write_text(text)
        return str(folder)

    return write


@pytest.fixture(scope="session")
def objects():
    """Give the objects of a stream by their identity, as Kubernetes reads them: `objects(text)`."""

    def read(text):
        release = Release(text)
        found = release.manifests(release.numbers(), lambda manifest: True)  # noqa: ARG005   # all of them
        assert len({manifest.key for manifest in found}) == len(found)
        return {manifest.key: manifest.value for manifest in found}

    return read
